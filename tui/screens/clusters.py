"""Every cluster that is monitored, the worst first, with its status and the age of its data."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from monitor.analysis.derive.completeness import why_not_all_groups, why_not_all_topics
from monitor.model.levels import ABOVE_ZERO, LEVEL_AT, LEVELS, OF_VERDICTS, SEVERITIES, SIGNS
from monitor.model.snapshot import Snapshot
from monitor.model.status import UNKNOWN
from monitor.model.table import Flags, Floats, objects
from monitor.model.text import plural
from monitor.model.view import View
from monitor.subjects import column as subjects
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.kinds import SECONDS, WORD
from monitor.subjects.tables import numbers, texts
from tui.heading import FLEET, age_kind, polling
from tui.picture import Picture, Watched, data_age
from tui.screens.base import MonitorScreen
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons, statuses

POLLING = "polling"
NO_DATA = "no data yet"
HIDDEN = f"{NO_DATA}, or ACLs may hide some"


def _texts(name: str, meaning: str, of: Callable[[Watched], str], words: tuple[str, ...] = ()) -> subjects.Column:
    return texts(name, meaning, lambda picture: objects(map(of, picture.clusters)), words=words, kind=WORD)


def _total(
    name: str, why: Callable[[Snapshot], str] | None = None, of: Callable[[View], float | None] | None = None
) -> subjects.Column:
    """A column of the subject "cluster", of the View that is shown of each; `why` some of what it counts is hidden.

    Where there is a reason, the number is only a known part. `of` is the number, by default the total of this name.
    """
    declared, total = CLUSTER.schema[name], of or (lambda view: getattr(view.totals, name))

    def read(picture: Picture, rows: subjects.Rows) -> subjects.Values:
        known = (None if view is None else total(view) for view in _views(picture))
        return subjects.Numbers(np.array([np.nan if each is None else each for each in known], np.float64)[rows])

    def partial(picture: Picture, rows: subjects.Rows) -> Flags:
        some: Flags = np.array([view is not None and bool(why and why(view.snapshot)) for view in _views(picture)])[
            rows
        ]
        return some

    level = ABOVE_ZERO.get(name, "")
    return replace(
        declared, read=read, partial=partial if why else None, otherwise=HIDDEN if why else NO_DATA, above_zero=level
    )


def _views(picture: Picture) -> Iterable[View | None]:
    """The View that is shown of each cluster, None where there is none."""
    views = (each.view for each in picture.clusters)
    return (None if each is None or not (each.up or each.last_good) else each.shown for each in views)


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
        _total("brokers"),
        _total("partitions", why_not_all_topics),
        _total("offline", why_not_all_topics),
        _total("under_replicated", why_not_all_topics),
        _total("groups", why_not_all_groups),
        _total("groups_behind", why_not_all_groups, lambda view: view.totals.groups_behind + view.totals.groups_lost),
        replace(_total("lag"), at_least="lag_at_least", otherwise=f"{NO_DATA}, or the lag of some group is unknown"),
        _total("lag_at_least"),
        numbers("age", SECONDS, "age of the data shown", _ages, otherwise=NO_DATA),
    ),
)


def _age(rows: Rows, row: int) -> Cell:
    """The age of the data in the colour that it has in the verdict's line."""
    interval = rows.picture.clusters[int(rows.pick[row])].interval_seconds
    return Cell(rows.shown("age").text(row), age_kind(rows.number("age", row), interval))


def _figures(*columns: Column[Rows]) -> Iterable[Column[Rows]]:
    """Columns whose cells are dimmed in the rows of unreachable clusters: these are last known, as old as `age`."""

    def dimmed(of: Callable[[Rows, int], Cell]) -> Callable[[Rows, int], Cell]:
        def cell(rows: Rows, row: int) -> Cell:
            view = rows.picture.clusters[int(rows.pick[row])].view
            return of(rows, row) if view is None or view.up else of(rows, row)._replace(kind="dim")

        return cell

    return (replace(each, cell=dimmed(each.cell)) for each in columns)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(CLUSTERS, "lag", width=13),
    column(CLUSTERS, "cluster", "Cluster", "C", 14, grow=1, most=40),
    *_figures(
        column(CLUSTERS, "brokers", "Brokers", "B", 8, rank=3),
        column(CLUSTERS, "partitions", "Partitions", "P", 11, rank=6),
        column(CLUSTERS, "offline", "Offline", "O", 8, rank=4),
        column(CLUSTERS, "under_replicated", "Under", "U", 6, rank=5),
        column(CLUSTERS, "groups", "Groups", "R", 7, rank=2),
        column(CLUSTERS, "groups_behind", "Behind", "H", 7, note="or that have lost records"),
        column(CLUSTERS, "lag", "Lag", "A", 11),
    ),
    column(CLUSTERS, "age", "Data age", "E", 8, cell=_age),
    reasons(CLUSTERS, width=16),
)


class ClustersScreen(MonitorScreen):
    """One row a cluster."""

    KEY, NAME, TITLE = "0", FLEET, "Clusters"
    SUBJECT = CLUSTERS
    LIVE = True
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

    def source(self, picture: Picture) -> Picture:
        return picture

    def open(self, rows: Rows, row: int) -> None:
        self.app.watch_cluster(row)
