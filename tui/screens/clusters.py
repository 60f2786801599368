"""Every cluster that is monitored, the worst first, with its status and the age of its data."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from monitor.analysis.derive.completeness import lists_groups, lists_topics
from monitor.model.levels import ABOVE_ZERO, LEVEL_AT, LEVELS, OF_VERDICTS, SEVERITIES, SIGNS
from monitor.model.snapshot import Snapshot
from monitor.model.status import UNKNOWN
from monitor.model.table import Flags, Floats, objects
from monitor.model.text import plural
from monitor.model.view import View
from monitor.subjects import column as subjects
from monitor.subjects.kinds import COUNT, RECORDS, SECONDS, WORD, Kind
from monitor.subjects.tables import numbers, texts
from tui.heading import FLEET
from tui.picture import Picture, Watched, data_age
from tui.screens.base import MonitorScreen
from tui.verdict import age_kind, polling
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons, statuses

POLLING = "polling"


def _texts(name: str, meaning: str, of: Callable[[Watched], str], words: tuple[str, ...] = ()) -> subjects.Column:
    return texts(name, meaning, lambda picture: objects(map(of, picture.clusters)), words=words, kind=WORD)


def _numbers(name: str, kind: Kind, meaning: str, of: Callable[[View], float | None]) -> subjects.Column:
    """A number of the View that is shown of each cluster, unknown where there is none."""

    def values(picture: Picture) -> Floats:
        views = [
            each.view if each.view and (each.view.up or each.view.last_good) else None for each in picture.clusters
        ]
        known = (None if view is None else of(view.shown) for view in views)
        return np.array([np.nan if each is None else each for each in known], np.float64)

    return numbers(name, kind, meaning, values, otherwise="no data yet")


def _of_all(
    name: str, meaning: str, of: Callable[[View], float], complete: Callable[[Snapshot], bool]
) -> subjects.Column:
    """A column of how many a cluster has, or how many of them this user may see."""

    def partial(picture: Picture, rows: Any) -> Flags:
        views = [each.view for each in picture.clusters]
        some: Flags = np.array([view is not None and not complete(view.shown.snapshot) for view in views], bool)[rows]
        return some

    level = ABOVE_ZERO.get(name, "")
    return replace(
        _numbers(name, COUNT, meaning, of), partial=partial, otherwise="ACLs may hide some", above_zero=level
    )


def _verdict(cluster: Watched) -> int:
    return UNKNOWN if cluster.view is None else cluster.view.verdict.status


def _why(cluster: Watched) -> str:
    return polling(cluster) if cluster.view is None else cluster.view.verdict.sentence


def _ages(picture: Picture) -> Floats:
    known = (data_age(each.view, picture.now) for each in picture.clusters)
    return np.array([np.nan if each is None else each for each in known], np.float64)


CLUSTERS = subjects.Subject(
    "clusters",
    "a cluster that is monitored, in a Picture",
    ("cluster",),
    lambda picture: len(picture.clusters),
    (
        _texts(
            "status",
            "status of the cluster; polling: the first poll is not over",
            lambda each: POLLING if each.view is None else each.view.verdict.level,
            (POLLING, *OF_VERDICTS),
        ),
        _texts("level", "how bad that is", lambda each: LEVEL_AT[_verdict(each)], LEVELS),
        _texts("why", "reason for the status", _why),
        _texts("cluster", "name of the cluster", lambda each: each.cluster),
        _numbers("brokers", COUNT, "brokers that are up", lambda view: view.totals.brokers),
        _of_all("partitions", "partitions", lambda view: view.totals.partitions, lists_topics),
        _of_all(
            "offline", "offline partitions: those without a leader", lambda view: view.totals.offline, lists_topics
        ),
        _of_all(
            "under_replicated", "under-replicated partitions", lambda view: view.totals.under_replicated, lists_topics
        ),
        _of_all("groups", "groups", lambda view: view.totals.groups, lists_groups),
        _of_all(
            "behind",
            "groups that are behind or have lost records",
            lambda view: view.totals.groups_behind + view.totals.groups_lost,
            lists_groups,
        ),
        replace(
            _numbers("lag", RECORDS, "lag of all its groups", lambda view: view.totals.lag), at_least="lag_at_least"
        ),
        _numbers("lag_at_least", RECORDS, "the part of it that is known", lambda view: view.totals.lag_at_least),
        numbers("age", SECONDS, "age of the data shown", _ages, otherwise="no data yet"),
    ),
)


def _age(rows: Rows, row: int) -> Cell:
    """The age of the data in the colour that it has in the verdict's line."""
    interval = rows.picture.clusters[int(rows.pick[row])].interval_seconds
    return Cell(rows.shown("age").text(row), age_kind(rows.number("age", row), interval))


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(CLUSTERS, "lag", width=13),
    column(CLUSTERS, "cluster", "Cluster", "C", 14, grow=1, most=40),
    column(CLUSTERS, "brokers", "Brokers", "B", 8, rank=3),
    column(CLUSTERS, "partitions", "Partitions", "P", 11, rank=6),
    column(CLUSTERS, "offline", "Offline", "O", 8, rank=4),
    column(CLUSTERS, "under_replicated", "Under", "U", 6, rank=5),
    column(CLUSTERS, "groups", "Groups", "R", 7, rank=2),
    column(CLUSTERS, "behind", "Behind", "H", 7),
    column(CLUSTERS, "lag", "Lag", "A", 11),
    column(CLUSTERS, "age", "Data age", "E", 8, cell=_age),
    reasons(CLUSTERS, width=16),
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
        rows = np.arange(len(picture.clusters))
        names = [each.cluster for each in picture.clusters]
        return Rows(picture, CLUSTERS, rows, rows.tolist(), names, source=picture)

    def open(self, key: Hashable) -> None:
        assert isinstance(key, int)
        self.app.watch_cluster(key)
