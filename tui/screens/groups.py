"""Every group, the worst first."""

from collections.abc import Hashable

import numpy as np

from monitor.analysis.derive.emptiness import no_groups
from monitor.analysis.derive.judged.groups import known_partitions
from monitor.analysis.derive.verdict import group_why
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import NO_LEADER, Groups
from monitor.model.table import Floats
from monitor.model.totals import GroupLags
from monitor.poll.source import Point
from tui.format import spark
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import GroupScreen, lag_rows
from tui.screens.lag_columns import lag_columns, named_columns, why_no_age
from tui.widgets.columns import WIDE, Cell, Column, meaning
from tui.widgets.rows import Make, Rows, counts, judged_rows, reasons

TREND_POINTS = 10


def _lags(name: str) -> Make:
    return lambda rows: getattr(rows.view.group_lags, name)[rows.pick]


def _groups(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.groups, name)[rows.pick]


def _coordinator(rows: Rows) -> Floats:
    nodes = rows.view.snapshot.groups.coordinator[rows.pick]
    return np.where(nodes == NO_LEADER, np.nan, nodes)


def trend_points(points: tuple[Point, ...]) -> list[Point]:
    """At most TREND_POINTS of the points, evenly spaced, the newest included."""
    if len(points) <= TREND_POINTS:
        return list(points)
    return [points[int(place)] for place in np.linspace(0, len(points) - 1, TREND_POINTS)]


def _partitions(name: str) -> Make:
    """A number of partitions of each group, unknown where its commits could not be asked."""
    return lambda rows: known_partitions(rows.view, name)[rows.pick]


def _trend(rows: Rows, row: int) -> Cell:
    name = rows.names[row]
    return Cell(spark([point.lag_of(name) for point in trend_points(rows.picture.points)]), "bar")


def _why(rows: Rows, row: int) -> str:
    view, group = rows.view, int(rows.pick[row])
    return "; ".join(filter(None, (group_why(view, group, rows.write), why_no_age(view, lag_rows(view, group)))))


GROUP_COLUMNS: tuple[Column[Rows], ...] = (
    *named_columns(_lags("lag_at_least"), _groups),
    counts("members", "Members", "M", _groups("members"), meaning(Groups, "members"), width=7, rank=4),
    Column(
        "trend",
        "Trend",
        TREND_POINTS,
        _trend,
        "lag over the last hour, from 0 to its largest; a dot is unknown",
        rank=2,
    ),
    *lag_columns(_lags, GroupLags),
    counts(
        "partitions",
        "Parts",
        "P",
        _partitions("partitions"),
        "partitions with a committed offset or an assignment",
        width=7,
        rank=WIDE,
    ),
    counts(
        "unknown",
        "Unknown",
        "K",
        _partitions("unknown_partitions"),
        "partitions whose lag is unknown",
        width=8,
        rank=WIDE,
        kind=ABOVE_ZERO["unknown_partitions"],
    ),
    counts(
        "stable",
        "Stable lag",
        "B",
        _lags("stable_lag"),
        meaning(GroupLags, "stable_lag"),
        width=11,
        rank=WIDE,
    ),
    counts(
        "reconciling",
        "Pending",
        "E",
        _lags("reconciling"),
        meaning(GroupLags, "reconciling"),
        width=8,
        rank=WIDE,
        kind=ABOVE_ZERO["reconciling"],
    ),
    counts(
        "coordinator",
        "Coord",
        "C",
        _coordinator,
        meaning(Groups, "coordinator"),
        width=7,
        rank=WIDE,
        falling=False,
    ),
    reasons(
        _why,
        "reason for the status: partition with the largest lag, records lost, and what is unknown",
    ),
)


def group_rows(picture: Picture) -> Rows:
    """A row a group."""
    view = picture.shown
    ids = [str(each) for each in view.snapshot.groups.group]
    return judged_rows(picture, ids, ids, view.judged.groups)


class GroupsScreen(MonitorScreen):
    """Every group with its lag, status and reason."""

    KEY, NAME, TITLE = "2", "groups", "Groups"
    COLUMNS = GROUP_COLUMNS
    NOUN = "group"

    def why_empty(self, rows: Rows) -> str:
        return no_groups(rows.view).sentence

    def rows(self, picture: Picture) -> Rows:
        return group_rows(picture)

    def target(self, key: Hashable) -> MonitorScreen:
        return GroupScreen(str(key))
