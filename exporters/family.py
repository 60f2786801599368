"""What a metric family is, and the readers that turn a View into its numbers and label columns."""

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from operator import attrgetter
from typing import Any

import numpy as np

from exporters.exposition import LabelColumn
from exporters.rows import known_totals
from monitor.snapshot import KNOWN, NO_LEADER
from monitor.table import Flags, Floats, Ints, objects
from monitor.view import View


@dataclass(frozen=True)
class Process:
    """What is said of kmon itself. `web_open`: it is served beyond loopback without TLS and a password."""

    web_open: bool = False
    version: str = field(default_factory=lambda: version("kmon-kafka"))
    python: str = field(default_factory=platform.python_version)


@dataclass(frozen=True)
class Label:
    """A label and its column: a path in a View or a function of it; `codes`, if any, are rows of that column."""

    name: str
    values: str | Callable[[Any], Any]
    codes: str = ""

    def column(self, subject: View | Process) -> LabelColumn:
        return _read(self.values, subject), attrgetter(self.codes)(subject) if self.codes else None


@dataclass(frozen=True)
class Family:
    """A metric family. `values` is a path in a View or a function of it, one number a row, NaN where there is no line.

    `always`: it tells of kmon, so it is there while the cluster is unreachable too. `whole`: its numbers are integers.
    """

    name: str
    meaning: str
    values: str | Callable[[Any], Any]
    labels: tuple[Label, ...] = ()
    unit: str = ""
    type: str = "gauge"
    whole: bool = True
    always: bool = False

    def columns(self, subject: View | Process) -> tuple[LabelColumn, ...]:
        return tuple(label.column(subject) for label in self.labels)

    def numbers(self, subject: View | Process) -> Floats:
        return np.atleast_1d(np.asarray(_read(self.values, subject), np.float64))


def _read(source: str | Callable[[Any], Any], subject: View | Process) -> Any:
    return attrgetter(source)(subject) if isinstance(source, str) else source(subject)


def where(wanted: Flags, values: Any) -> Floats:
    """`values` where wanted, NaN elsewhere."""
    return np.where(wanted, np.asarray(values, np.float64), np.nan)


def total(name: str) -> Callable[[View], Any]:
    """A total of the cluster, unknown unless its collector got every answer."""
    return lambda view: np.nan if (value := known_totals(view)[name]) is None else value


def described(total: str) -> Callable[[View], Floats]:
    """A number of every topic that metadata names; topics that only commits mention have none."""
    return lambda view: where(view.snapshot.topics.partitions > 0, attrgetter(total)(view))


def of_answered_groups(column: str) -> Callable[[View], Floats]:
    """A count over a group's partitions, unknown where its commits or its description failed."""

    def read(view: View) -> Floats:
        groups = view.snapshot.groups
        answered = (groups.commits_reason == KNOWN) & (groups.reason == KNOWN)
        return where(answered, attrgetter(column)(view))

    return read


def ones(table: str) -> Callable[[View], Floats]:
    return lambda view: np.ones(len(attrgetter(table)(view)))


def cluster_named(view: View) -> float:
    return np.nan if view.snapshot.cluster_id is None else 1.0


def controller(view: View) -> Floats:
    known = np.full(len(view.snapshot.brokers), view.snapshot.controller is not None)
    return where(known, view.snapshot.brokers.broker == view.snapshot.controller)


def out_of_sync(view: View) -> Floats:
    missing: Ints = view.snapshot.partitions.replicas.counts - view.snapshot.partitions.isr.counts
    return where(missing > 0, missing)


def offline(view: View) -> Floats:
    offline = view.partition_health.offline
    return where(offline, offline)


def lost(view: View) -> Floats:
    return where(view.lag.lost > 0, view.lag.lost)


def nodes(column: str, instead: str) -> Callable[[View], Any]:
    """Node ids as label values, `instead` for the number that Kafka uses for none."""
    nodes = attrgetter(column)
    return lambda view: objects(instead if node == NO_LEADER else str(node) for node in nodes(view).tolist())


def outcomes(name: str) -> Callable[[View], Floats]:
    return lambda view: np.array([getattr(each, name) for each in view.snapshot.outcomes], np.float64)


def last_successful_poll(view: View) -> float:
    return view.shown.time if view.shown.up else np.nan


def poll_duration(view: View) -> float:
    return time.monotonic() - view.snapshot.started
