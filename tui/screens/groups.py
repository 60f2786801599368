"""Every group, the worst first."""

import numpy as np

from monitor.analysis.derive.emptiness import no_groups
from monitor.poll.source import Point
from monitor.subjects.groups import GROUP
from tui.format import spark
from tui.screens.base import MonitorScreen
from tui.screens.lag_columns import lag_columns, named_columns
from tui.widgets.columns import WIDE, Cell, Column
from tui.widgets.rows import Rows, column, every, reasons

TREND_POINTS = 10


def trend_points(points: tuple[Point, ...]) -> list[Point]:
    """At most TREND_POINTS of the points, evenly spaced, the newest included."""
    if len(points) <= TREND_POINTS:
        return list(points)
    return [points[int(place)] for place in np.linspace(0, len(points) - 1, TREND_POINTS)]


def _trend(rows: Rows, row: int) -> Cell:
    name = str(rows.word("group", row))
    return Cell(spark([point.lag_of(name) for point in trend_points(rows.picture.points)]), "bar")


GROUP_COLUMNS = every(
    GROUP,
    *named_columns(GROUP),
    column(GROUP, "members", "Members", "M", 7, rank=4),
    Column(
        "trend",
        "Trend",
        TREND_POINTS,
        _trend,
        "lag over the last hour, from 0 to its largest; a dot is unknown",
        rank=2,
    ),
    *lag_columns(GROUP),
    column(GROUP, "partitions", "Parts", "P", 7, rank=WIDE),
    column(GROUP, "unknown_partitions", "Unknown", "K", 8, rank=WIDE),
    column(GROUP, "stable_lag", "Stable lag", "B", 11, rank=WIDE),
    column(GROUP, "reconciling_partitions", "Pending", "E", 8, rank=WIDE),
    column(GROUP, "coordinator", "Coord", "C", 7, rank=WIDE),
    reasons(GROUP),
)


class GroupsScreen(MonitorScreen):
    """Every group with its lag, status and reason."""

    KEY, NAME, TITLE = "2", "groups", "Groups"
    SUBJECT = GROUP
    OPENS = ("group",)
    COLUMNS = GROUP_COLUMNS
    NOUN = "group"

    def why_empty(self, rows: Rows) -> str:
        return no_groups(rows.view).sentence
