"""What more than one of the three exporters has and kmon's own families have not: totals over committed partitions.

A partition without a commit is no part of their totals, where kmon's own are unknown while one has none. What is
unknown for another reason, such as a broker that did not respond, makes a total unknown here too.
"""

from dataclasses import replace

import numpy as np

from monitor.analysis.derive.runs import Runs, changes
from monitor.model.reasons import Kind
from monitor.model.snapshot import KNOWN
from monitor.model.table import Flags, Floats, Ints
from monitor.model.view import View
from monitor.subjects.column import Column, Subject
from monitor.subjects.groups import GROUP, GROUP_TOPIC
from monitor.subjects.kinds import COUNT, OFFSET, RECORDS, SECONDS
from monitor.subjects.tables import numbers


def extended(subject: Subject, *columns: Column) -> Subject:
    """The subject with more columns."""
    return replace(subject, columns=(*subject.columns, *columns))


def active(view: View) -> Ints:
    """The brokers that are in metadata: a fenced broker is not in the metadata that other exporters read."""
    totals, brokers = view.broker_totals, view.snapshot.brokers
    return np.flatnonzero(totals.described & ~np.isin(totals.broker, brokers.broker[brokers.fenced == 1]))


def _committed(view: View) -> Flags:
    """Which rows of lag have a commit, or may have one that is unknown."""
    without = np.array([each.kind is Kind.NO_COMMIT for each in view.reason_values], bool)
    return ~without[view.lag.reason]


def _total(view: View, runs: Runs, ufunc: np.ufunc, values: Floats) -> Floats:
    """The values of committed rows taken together for each of `runs`; NaN where a part is, or where none has a commit.

    All values are 0 or more, so that 0 stands for what is no part.
    """
    committed = _committed(view)
    found = runs.over(ufunc, np.where(committed, values, 0.0), np.nan)
    return np.where(runs.over(np.logical_or, committed, 0.0) > 0, found, np.nan)


def _by_topic(view: View) -> Runs:
    new = changes(view.lag.group) | changes(view.lag.topic)
    return Runs(np.cumsum(new, dtype=np.int32) - 1, len(view.group_topic_lags))


def _of_topic(name: str, view: View) -> Floats:
    return _total(view, _by_topic(view), np.add, getattr(view.lag, name))


def _of_group(ufunc: np.ufunc, values: Floats, view: View) -> Floats:
    """A total of each group, unknown where its commits are."""
    groups = view.snapshot.groups
    found = _total(view, Runs(view.lag.group, len(groups)), ufunc, values)
    return np.where(groups.commits_reason == KNOWN, found, np.nan)


def _assigned(view: View) -> Floats:
    """Partitions of each group's topic that are assigned to a member, unknown where the assignments are."""
    groups = view.snapshot.groups
    unknown = (groups.reason != KNOWN) | (groups.assignments_reason != KNOWN)
    found = _by_topic(view).sum(view.lag.member >= 0)
    return np.where(unknown[view.group_topic_lags.group], np.nan, found)


WITHOUT_COMMIT = "partitions without a commit do not count; unknown while any part is unknown"

GROUP_TOPIC_SUMS = extended(
    GROUP_TOPIC,
    numbers(
        "committed_offset",
        OFFSET,
        "sum of the group's committed offsets on the topic; unknown while any part is unknown",
        lambda view: _of_topic("committed_offset", view),
    ),
    numbers(
        "committed_lag",
        RECORDS,
        f"lag of the group on the topic; {WITHOUT_COMMIT}",
        lambda view: _of_topic("lag", view),
    ),
    numbers("assigned", COUNT, "partitions of the topic that are assigned to members of the group", _assigned),
)

GROUP_SUMS = extended(
    GROUP,
    numbers(
        "committed_lag",
        RECORDS,
        f"lag of the group on all partitions; {WITHOUT_COMMIT}",
        lambda view: _of_group(np.add, view.lag.lag, view),
    ),
    numbers(
        "committed_max_lag",
        RECORDS,
        f"largest lag of the group on a partition; {WITHOUT_COMMIT}",
        lambda view: _of_group(np.maximum, view.lag.lag, view),
    ),
    numbers(
        "committed_lag_seconds",
        SECONDS,
        f"largest time lag of the group on a partition; {WITHOUT_COMMIT}",
        lambda view: _of_group(np.maximum, view.lag_times.lag_seconds, view),
    ),
)
