"""Every cluster that is watched, the worst first: how each stands, and how old that is."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

import numpy as np

from monitor.derive.lag import GLYPHS, SEVERITY, STATUSES, UNKNOWN
from monitor.table import Floats, objects
from monitor.text import plural
from monitor.view import View
from tui.heading import FLEET
from tui.picture import Picture, data_age
from tui.screens.base import MonitorScreen
from tui.verdict import age_kind, asking
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Make, Rows, ages, counts, names, reasons, statuses, totals


def _views(rows: Rows) -> Iterable[View | None]:
    return (rows.picture.clusters[int(place)].view for place in rows.pick)


def _number(of: Callable[[View], float | None]) -> Make:
    """A number of the View that is shown of each cluster, unknown where there is none."""

    def make(rows: Rows) -> Floats:
        known = (None if view is None or not _shown(view) else of(view.shown) for view in _views(rows))
        return np.array([np.nan if each is None else each for each in known], np.float64)

    return make


def _shown(view: View) -> bool:
    return view.up or view.last_good is not None


_lag_at_least = _number(lambda view: view.totals.lag_at_least)


def _level(rows: Rows, row: int) -> str:
    view = rows.picture.clusters[int(rows.pick[row])].view
    return "asking" if view is None else view.verdict.level


def _why(rows: Rows, row: int) -> str:
    cluster = rows.picture.clusters[int(rows.pick[row])]
    return asking(cluster) if cluster.view is None else cluster.view.verdict.sentence


def _age(rows: Rows) -> Floats:
    known = (data_age(view, rows.picture.now) for view in _views(rows))
    return np.array([np.nan if each is None else each for each in known], np.float64)


def _aged(column: Column[Rows]) -> Column[Rows]:
    """The ages, in the colour that they have in the verdict's line."""

    def cell(rows: Rows, row: int) -> Cell:
        seconds = float(rows.array(_age)[row])
        interval = rows.picture.clusters[int(rows.pick[row])].interval_seconds
        return Cell(column.cell(rows, row).text, age_kind(seconds, interval))

    return replace(column, cell=cell)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(_level, _lag_at_least, "the verdict on it; asking: nothing has been answered yet", width=13),
    names(
        "cluster",
        "Cluster",
        "C",
        lambda rows: objects(rows.picture.clusters[int(place)].cluster for place in rows.pick),
        "its name in the settings",
        width=14,
        grow=1,
        most=40,
        empty='""',
    ),
    counts(
        "brokers", "Brokers", "B", _number(lambda view: view.totals.brokers), "brokers that are up", width=8, rank=3
    ),
    counts(
        "partitions",
        "Partitions",
        "P",
        _number(lambda view: view.totals.partitions),
        "its partitions",
        width=11,
        rank=6,
    ),
    counts(
        "offline",
        "Offline",
        "O",
        _number(lambda view: view.totals.offline),
        "partitions without a leader",
        width=8,
        rank=4,
        kind="lost",
    ),
    counts(
        "under",
        "Under",
        "U",
        _number(lambda view: view.totals.under_replicated),
        "partitions with fewer replicas in sync than they should have",
        width=6,
        rank=5,
        kind="behind",
    ),
    counts("groups", "Groups", "R", _number(lambda view: view.totals.groups), "its groups", width=7, rank=2),
    counts(
        "behind",
        "Behind",
        "H",
        _number(lambda view: view.totals.groups_behind + view.totals.groups_lost),
        "groups that are behind or have lost records",
        width=7,
    ),
    totals(
        "lag",
        "Lag",
        "A",
        _number(lambda view: view.totals.lag),
        "lag of all its groups; ≥ stands before the part that is known",
        known=_lag_at_least,
        width=11,
        kind="",
    ),
    _aged(ages("age", "Age", "E", _age, "how old its newest answers are", width=7)),
    reasons(_why, "the verdict in words", width=16),
)


class ClustersScreen(MonitorScreen):
    """One row a cluster."""

    KEY, NAME, TITLE = "0", FLEET, "Clusters"
    COLUMNS = COLUMNS
    EMPTY = "no cluster matches"

    def has_something(self, picture: Picture) -> bool:
        return True

    def verdict(self, picture: Picture) -> Line:
        levels = [UNKNOWN if each.view is None else each.view.verdict.status for each in picture.clusters]
        worst = max(levels, key=lambda each: SEVERITY[each])
        counts = ((status, levels.count(status)) for status in range(len(STATUSES)))
        parts = [Part(f" {GLYPHS[status]} {number} ", STATUSES[status]) for status, number in counts if number]
        return Line([Part(f" {plural(len(levels), 'cluster')} ", f"badge-{STATUSES[worst]}"), Part(" "), *parts])

    def rows(self, picture: Picture) -> Rows:
        clusters = picture.clusters
        status = [UNKNOWN if each.view is None else each.view.verdict.status for each in clusters]
        names = [each.cluster for each in clusters]
        return Rows(picture, range(len(clusters)), names, np.array(status), np.arange(len(clusters)))

    def open(self, key: Hashable) -> None:
        assert isinstance(key, int)
        self.app.watch_cluster(key)
