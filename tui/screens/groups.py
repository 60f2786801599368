"""Every group, the worst first."""

from collections.abc import Hashable

import numpy as np

from monitor.derive.lag import STATUSES
from monitor.derive.rollup import GroupLags
from monitor.derive.verdict import group_why
from monitor.snapshot import KNOWN, Groups
from monitor.source import Point
from monitor.table import Floats
from tui.format import spark
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import STATUS_MEANING, GroupScreen
from tui.widgets.columns import WIDE, Cell, Column, meaning
from tui.widgets.rows import Make, Rows, counts, names, reasons, statuses, totals

TREND_POINTS = 10

_TOTALS = GroupLags


def _lags(name: str) -> Make:
    return lambda rows: getattr(rows.view.group_lags, name)[rows.pick]


def _groups(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.groups, name)[rows.pick]


def trend_points(points: tuple[Point, ...]) -> list[Point]:
    """At most TREND_POINTS of the points, evenly spaced, the newest included."""
    if len(points) <= TREND_POINTS:
        return list(points)
    return [points[int(place)] for place in np.linspace(0, len(points) - 1, TREND_POINTS)]


def _lost(rows: Rows) -> Floats:
    """Lost records, unknown where lag is: what could not be asked may have lost some."""
    lags = rows.view.group_lags
    return np.where(np.isnan(lags.lag), np.nan, lags.lost)[rows.pick]


def _partitions(name: str) -> Make:
    """A number of partitions of each group, unknown where its commits could not be asked."""

    def make(rows: Rows) -> Floats:
        lags = rows.view.group_lags
        unknown = (lags.partitions == 0) & (lags.reason != KNOWN)
        return np.where(unknown, np.nan, getattr(lags, name))[rows.pick]

    return make


def _trend(rows: Rows, row: int) -> Cell:
    name = rows.names[row]
    return Cell(spark([point.lag_of(name) for point in trend_points(rows.picture.points)]), "bar")


GROUP_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(STATUSES, _lags("lag_at_least"), STATUS_MEANING),
    names("group", "Group", "R", _groups("group"), meaning(Groups, "group"), width=20, grow=3, most=44, empty='""'),
    names("type", "Type", "T", _groups("group_type"), meaning(Groups, "group_type"), width=8, rank=5),
    names("state", "State", "E", _groups("state"), meaning(Groups, "state"), width=10, rank=3),
    counts("members", "Members", "M", _groups("members"), meaning(Groups, "members"), width=8, rank=4),
    totals(
        "lag",
        "Lag",
        "A",
        _lags("lag"),
        f"{meaning(_TOTALS, 'lag')}; ≥ stands before the part that is known",
        known=_lags("lag_at_least"),
        width=11,
    ),
    Column(
        "trend",
        "Trend",
        TREND_POINTS,
        _trend,
        "lag over the last hour, from 0 to its largest; a dot is unknown",
        rank=2,
    ),
    counts("max", "Max lag", "X", _lags("max_lag"), meaning(_TOTALS, "max_lag"), width=10, rank=7),
    totals(
        "lost",
        "Lost",
        "O",
        _lost,
        "records deleted before the group read them; ≥ while a part of its partitions is unknown",
        known=_lags("lost"),
        width=9,
        rank=6,
        kind="lost",
    ),
    counts(
        "partitions",
        "Parts",
        "P",
        _partitions("partitions"),
        "partitions it has committed on or is assigned",
        width=7,
        rank=8,
    ),
    counts(
        "unknown",
        "Unknown",
        "U",
        _partitions("unknown_partitions"),
        "partitions whose lag is unknown",
        width=8,
        rank=WIDE,
        kind="unknown",
    ),
    counts(
        "stable",
        "Stable lag",
        "B",
        _lags("stable_lag"),
        meaning(_TOTALS, "stable_lag"),
        width=11,
        rank=WIDE,
    ),
    counts(
        "reconciling",
        "Handing",
        "H",
        _lags("reconciling"),
        meaning(_TOTALS, "reconciling"),
        width=8,
        rank=WIDE,
        kind="behind",
    ),
    counts(
        "coordinator",
        "Coord",
        "C",
        _groups("coordinator"),
        meaning(Groups, "coordinator"),
        width=7,
        rank=WIDE,
        falling=False,
    ),
    reasons(
        lambda rows, row: group_why(rows.view, int(rows.pick[row]), rows.write),
        "why it stands so: the partition with the largest lag, what is lost, what is unknown and the reason",
    ),
)


def group_rows(picture: Picture) -> Rows:
    """A row a group."""
    view = picture.shown
    ids = [str(each) for each in view.snapshot.groups.group]
    return Rows(picture, ids, ids, view.group_lags.status, np.arange(len(ids)))


class GroupsScreen(MonitorScreen):
    """Every group with its lag and the reason it stands so."""

    KEY, NAME, TITLE = "2", "groups", "Groups"
    COLUMNS = GROUP_COLUMNS
    EMPTY = "no group matches"

    def rows(self, picture: Picture) -> Rows:
        return group_rows(picture)

    def target(self, key: Hashable) -> MonitorScreen:
        return GroupScreen(str(key))
