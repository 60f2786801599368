"""Every cluster that is monitored, the worst first, with its status and the age of its data."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

import numpy as np

from monitor.analysis.derive.completeness import lists_groups, lists_topics
from monitor.model.levels import ABOVE_ZERO, LEVEL_AT, SEVERITIES, SIGNS
from monitor.model.snapshot import Snapshot
from monitor.model.status import UNKNOWN
from monitor.model.table import Floats, objects
from monitor.model.text import plural
from monitor.model.view import View
from tui.heading import FLEET
from tui.picture import Picture, data_age
from tui.screens.base import MonitorScreen
from tui.verdict import age_kind, polling
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
    return "polling" if view is None else view.verdict.level


def _why(rows: Rows, row: int) -> str:
    cluster = rows.picture.clusters[int(rows.pick[row])]
    return polling(cluster) if cluster.view is None else cluster.view.verdict.sentence


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


def _of_all(
    name: str,
    title: str,
    letter: str,
    number: Callable[[View], float],
    words: str,
    *,
    complete: Callable[[Snapshot], bool],
    width: int,
    rank: int = 0,
    kind: str = "",
) -> Column[Rows]:
    """A column of how many a cluster has, or how many of them this user may see."""
    total = _number(lambda view: number(view) if complete(view.snapshot) else None)
    words = f"{words}; ≥ where ACLs may hide some"
    return totals(name, title, letter, total, words, known=_number(number), width=width, rank=rank, kind=kind)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(_level, _lag_at_least, "status of the cluster; polling: the first poll is not over", width=13),
    names(
        "cluster",
        "Cluster",
        "C",
        lambda rows: objects(rows.picture.clusters[int(place)].cluster for place in rows.pick),
        "name of the cluster",
        width=14,
        grow=1,
        most=40,
        empty='""',
    ),
    counts(
        "brokers", "Brokers", "B", _number(lambda view: view.totals.brokers), "brokers that are up", width=8, rank=3
    ),
    _of_all(
        "partitions",
        "Partitions",
        "P",
        lambda view: view.totals.partitions,
        "partitions",
        complete=lists_topics,
        width=11,
        rank=6,
    ),
    _of_all(
        "offline",
        "Offline",
        "O",
        lambda view: view.totals.offline,
        "offline partitions: those without a leader",
        complete=lists_topics,
        width=8,
        rank=4,
        kind=ABOVE_ZERO["offline"],
    ),
    _of_all(
        "under",
        "Under",
        "U",
        lambda view: view.totals.under_replicated,
        "under-replicated partitions",
        complete=lists_topics,
        width=6,
        rank=5,
        kind=ABOVE_ZERO["under_replicated"],
    ),
    _of_all("groups", "Groups", "R", lambda view: view.totals.groups, "groups", complete=lists_groups, width=7, rank=2),
    _of_all(
        "behind",
        "Behind",
        "H",
        lambda view: view.totals.groups_behind + view.totals.groups_lost,
        "groups that are behind or have lost records",
        complete=lists_groups,
        width=7,
    ),
    totals(
        "lag",
        "Lag",
        "A",
        _number(lambda view: view.totals.lag),
        "lag of all its groups; ≥ where only a part is known",
        known=_lag_at_least,
        width=11,
        kind="",
    ),
    _aged(ages("age", "Data age", "E", _age, "age of the data shown", width=8)),
    reasons(_why, "reason for the status", width=16),
)


class ClustersScreen(MonitorScreen):
    """One row a cluster."""

    KEY, NAME, TITLE = "0", FLEET, "Clusters"
    COLUMNS = COLUMNS
    EMPTY = "No clusters"
    NOUN = "cluster"

    def has_something(self, picture: Picture) -> bool:
        return True

    def verdict(self, picture: Picture) -> Line:
        levels = [UNKNOWN if each.view is None else each.view.verdict.status for each in picture.clusters]
        worst = max(levels, key=lambda each: SEVERITIES[each])
        counts = ((status, levels.count(status)) for status in range(len(SIGNS)))
        parts = [Part(f" {SIGNS[status]} {number} ", LEVEL_AT[status]) for status, number in counts if number]
        return Line([Part(f" {plural(len(levels), 'cluster')} ", f"badge-{LEVEL_AT[worst]}"), Part(" "), *parts])

    def rows(self, picture: Picture) -> Rows:
        clusters = picture.clusters
        status = [UNKNOWN if each.view is None else each.view.verdict.status for each in clusters]
        names = [each.cluster for each in clusters]
        return Rows(picture, range(len(clusters)), names, np.array(status), np.arange(len(clusters)))

    def open(self, key: Hashable) -> None:
        assert isinstance(key, int)
        self.app.watch_cluster(key)
