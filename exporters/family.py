"""What a metric family is: where its numbers and label columns stand in a View, and which rows have a line."""

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from operator import attrgetter
from typing import Any

import numpy as np

from exporters.exposition import LabelColumn
from exporters.sources import ApiSource
from monitor.model.alert_counters import AlertCounters
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Flags, Floats, Ints, objects
from monitor.model.view import View

Rows = Ints | slice
"""Which rows of a table have a line: their numbers, or ALL."""

ALL = slice(None)


@dataclass(frozen=True)
class Process:
    """What is said of kmon itself. `web_open`: it is served beyond loopback without TLS and a password."""

    web_open: bool = False
    version: str = field(default_factory=lambda: version("kmon-kafka"))
    python: str = field(default_factory=platform.python_version)


Subject = View | Process | AlertCounters
"""What a family is read from."""


@dataclass(frozen=True)
class Label:
    """A label and its column: a path in a View or a function of it; so are `codes`, if any: rows of that column."""

    name: str
    values: str | Callable[[Any], Any]
    codes: str | Callable[[Any], Any] = ""

    def column(self, subject: Subject, rows: Rows = ALL) -> LabelColumn:
        values, codes = read(self.values, subject), read(self.codes, subject) if self.codes else None
        if isinstance(rows, slice):
            return values, codes
        if codes is None:
            return values[rows], None
        # Of a few rows only the names that they have are worth escaping.
        return (values[codes[rows]], None) if len(rows) < len(values) else (values, codes[rows])


@dataclass(frozen=True)
class Family:
    """A metric family. `values` is a path in a View or a function of it, one number a row, NaN where there is no line;
    or one number for all rows.

    `rows` chooses the rows that have a line, before anything is read of the others. `sources` are the APIs that its
    numbers come from. `always`: it tells of kmon, so it is there while the cluster is unreachable too. `whole`: its
    numbers are integers. `before`: its number before the first View, None for no line; only without labels.
    """

    name: str
    meaning: str
    values: str | int | Callable[[Any], Any]
    labels: tuple[Label, ...] = ()
    unit: str = ""
    type: str = "gauge"
    whole: bool = True
    always: bool = False
    before: float | None = None
    rows: Callable[[Any], Rows] | None = None
    sources: tuple[ApiSource, ...] = ()

    @property
    def apis(self) -> tuple[str, ...]:
        """Names of the Kafka APIs that its numbers come from."""
        return tuple(dict.fromkeys(source.api.name for source in self.sources))

    @property
    def acls(self) -> tuple[str, ...]:
        """The ACLs that it needs."""
        return tuple(dict.fromkeys(acl for source in self.sources for acl in source.acls))

    def lines(self, subject: Subject) -> tuple[tuple[LabelColumn, ...], Floats]:
        """The label columns and the numbers of the rows that may have a line, shape (rows,)."""
        rows = self.rows(subject) if self.rows else ALL
        columns = tuple(label.column(subject, rows) for label in self.labels)
        if isinstance(self.values, int):
            values, codes = columns[0]
            return columns, np.full(len(values if codes is None else codes), float(self.values))
        return columns, np.atleast_1d(np.asarray(read(self.values, subject), np.float64))[rows]


def read(source: str | Callable[[Any], Any], subject: Subject) -> Any:
    """What a path or a function gives of a View."""
    return attrgetter(source)(subject) if isinstance(source, str) else source(subject)


def of_watched(topic: str, flags: str | Callable[[View], Flags] | None = None) -> Callable[[View], Rows]:
    """The rows of a table whose topic (a path to their topic rows) is watched and, if given, whose flag is set."""

    def choose(view: View) -> Rows:
        watched, topics = view.snapshot.topics.watched, attrgetter(topic)(view)
        if flags is None:
            return ALL if watched.all() else np.flatnonzero(watched[topics])
        rows = np.flatnonzero(read(flags, view))
        kept: Ints = rows[watched[topics[rows]]]
        return kept

    return choose


def nodes(column: str, instead: str) -> Callable[[View], Any]:
    """Node ids as label values, `instead` for the number that Kafka uses for none."""
    nodes = attrgetter(column)
    return lambda view: objects(instead if node == NO_LEADER else str(node) for node in nodes(view).tolist())
