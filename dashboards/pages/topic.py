"""One topic: its partitions with their replicas and offsets, its configs, and the groups that read it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, html

from dashboards.cells import (
    blamed,
    decimals,
    judged_cells,
    leaders,
    lists,
    unknowns,
    whole,
    worst_rows,
)
from dashboards.components.controls import STATUS, above_zero, column, grid_card
from dashboards.components.parts import asked, card, nothing
from dashboards.feed import Cells, cells_of
from dashboards.health_tables import events_about
from dashboards.links import TOPICS
from dashboards.named import Named
from dashboards.text import nodes, not_all_topics, unasked
from dashboards.topic_tables import configs, move, producers, readers, tiles
from monitor.analysis.derive.judged.partitions import partition_health_why
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.snapshot import KNOWN, reason_code
from monitor.model.table import Floats, Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.poll.source import Source

PATH = "/topics/{topic:path}"
TITLE = "Topic"

COLUMNS = (
    column("partition", "Partition", number=True, width=100, pinned="left"),
    column("status", "Status", width=145, sort="desc", sortIndex=0, **STATUS),
    column("leader", "Leader", number=True, width=85),
    column("preferred", "Preferred", width=108, headerTooltip="Whether it is led by its preferred leader"),
    column("replicas", "Replicas", width=110, tooltipField="replicas"),
    column("isr", "In sync", width=110, tooltipField="isr"),
    column(
        "missing",
        "Missing",
        number=True,
        width=90,
        headerTooltip="Out-of-sync replicas",
        **above_zero("missing"),
    ),
    column("eligible", "Eligible", width=105, headerTooltip="Eligible leader replicas: out of sync but complete"),
    column("progress", "Reassigned", number="percent", width=130, cellRenderer="Meter"),
    column("moving", "Moving", width=120, tooltipField="moving", headerTooltip="Replicas being added and removed"),
    column("start", "Log start", number=True, width=105),
    column("stable", "Last stable", number=True, width=110),
    column("end", "Log end", number=True, width=105),
    column(
        "unstable",
        "Open",
        number=True,
        width=85,
        headerTooltip="Records of open transactions",
        **above_zero("unstable"),
    ),
    column("size", "Size", number="bytes", width=95, headerTooltip="Size of the leader's replica"),
    column("follower_lag", "Follower lag", number=True, width=115, headerTooltip="Lag of the replica furthest behind"),
    column("local", "Local start", number=True, width=105, headerTooltip="Oldest offset on local disk"),
    column("tiered", "Tiered end", number=True, width=105, headerTooltip="Newest offset in remote storage"),
    column("why", "Why", width=200, flex=1, minWidth=160, tooltipField="why"),
)


def layout() -> html.Div:
    return html.Div(
        [
            *PAGE.head(),
            grid_card("replicas", COLUMNS, html.H2("Partitions"), "Filter partitions", "topic-note"),
            html.Div(
                [
                    card("Groups that read it", html.Div(id="topic-readers")),
                    card("Configs", html.Div(id="topic-configs"), aside=html.Span(id="topic-configs-age")),
                ],
                className="halves",
            ),
            html.Div(id="topic-producers"),
            html.Div(id="topic-events"),
        ],
        className="page",
    )


def partitions_of(view: View, row: int) -> Ints:
    """The rows of `partitions` of the topic in this row; of a topic with very many the worst."""
    topics = view.snapshot.topics
    wanted = np.zeros(len(view.snapshot.partitions), bool)
    first = int(topics.first_row[row])
    wanted[first : first + int(topics.partitions[row])] = True
    return worst_rows(wanted, view.judged.partitions.severity)


def rows(view: View, row: int, at: Ints) -> Cells:
    """A row for each of these partitions of the topic in this row."""
    table, offsets, health = view.snapshot.partitions, view.snapshot.offsets, view.partition_health
    numbers = table.partition[at].tolist()
    reasons = list(view.reasons)
    follower_lag = _follower_lag(view)[at]
    local, tiered, untold = _tiered(view)
    disks = unasked(view, "log_dirs") or "log dir of the leader unknown"
    keys, whys = unknowns(
        reasons,
        start=blamed(offsets.start_offset, reasons, "", offsets.start_reason)[at],
        stable=blamed(offsets.stable_offset, reasons, "", offsets.stable_reason)[at],
        end=blamed(offsets.end_offset, reasons, "", offsets.end_reason)[at],
        unstable=blamed(health.unstable, reasons, "", np.maximum(offsets.end_reason, offsets.stable_reason))[at],
        size=blamed(health.size_bytes, reasons, disks)[at],
        follower_lag=blamed(follower_lag, reasons, disks),
        progress=blamed(health.reassigned, reasons, "not being reassigned")[at],
        local=blamed(local, reasons, "no remote storage", untold)[at],
        tiered=blamed(tiered, reasons, "nothing in remote storage")[at],
        leader=np.where(health.offline, reason_code(reasons, "no leader"), KNOWN)[at],
    )
    preferred = np.where(health.offline, "", np.where(health.preferred, "yes", "no"))
    eligible, moving = _eligible(view), _moves(view)
    return cells_of(
        {
            "id": map(str, numbers),
            "partition": numbers,
            **judged_cells(view.judged.partitions, at),
            "leader": leaders(table.leader[at]),
            "preferred": preferred[at].tolist(),
            "replicas": lists(table.replicas, at),
            "isr": lists(table.isr, at),
            "missing": whole(health.missing[at]),
            "eligible": [eligible.get(each, "") for each in at.tolist()],
            "start": whole(offsets.start_offset[at]),
            "stable": whole(offsets.stable_offset[at]),
            "end": whole(offsets.end_offset[at]),
            "unstable": whole(health.unstable[at]),
            "size": whole(health.size_bytes[at]),
            "follower_lag": whole(follower_lag),
            "progress": decimals(health.reassigned[at]),
            "moving": [moving.get(each, "") for each in at.tolist()],
            "local": whole(local[at]),
            "tiered": whole(tiered[at]),
            "why": [partition_health_why(view, each) for each in at.tolist()],
            "whys": keys,
        },
        whys,
        unused(view, row),
    )


def _follower_lag(view: View) -> Floats:
    """For each partition how far the replica is behind that is furthest, unknown where none tells."""
    replicas = view.snapshot.replicas
    at = partition_rows(view.snapshot, replicas.topic, replicas.partition)
    told = (at >= 0) & ~replicas.future & ~np.isnan(replicas.offset_lag)
    worst = np.full(len(view.snapshot.partitions), np.nan)
    np.fmax.at(worst, at[told], replicas.offset_lag[told])
    return worst


def _tiered(view: View) -> tuple[Floats, Floats, Ints]:
    """For each partition its local start and tiered end, unknown without remote storage, and why the first is."""
    table, count_ = view.snapshot.tiered_offsets, len(view.snapshot.partitions)
    at = partition_rows(view.snapshot, table.topic, table.partition)
    there = at >= 0
    local, tiered, why = np.full(count_, np.nan), np.full(count_, np.nan), np.zeros(count_, np.int32)
    local[at[there]] = table.local_start_offset[there]
    tiered[at[there]] = table.tiered_end_offset[there]
    why[at[there]] = table.reason[there]
    return local, tiered, why


def _eligible(view: View) -> dict[int, str]:
    """What is known of eligible leader replicas, by row of `partitions`: few partitions are short of replicas."""
    table = view.snapshot.eligible_replicas
    at = partition_rows(view.snapshot, table.topic, table.partition).tolist()
    said = {}
    for row, place in enumerate(at):
        eligible, last = table.eligible.row(row), table.last_known.row(row)
        said[place] = nodes(eligible) or (f"none; last {nodes(last)}" if last else "none")
    return said


def _moves(view: View) -> dict[int, str]:
    """Which replicas a partition gets and gives up, by row of `partitions`."""
    table = view.snapshot.reassignments
    at = partition_rows(view.snapshot, table.topic, table.partition).tolist()
    return {place: move(table, row) for row, place in enumerate(at)}


def unused(view: View, row: int) -> list[str]:
    """The columns that say nothing of the topic in this row, and are not shown."""
    snapshot = view.snapshot
    hidden = [] if (snapshot.reassignments.topic == row).any() else ["progress", "moving"]
    hidden += [] if (snapshot.eligible_replicas.topic == row).any() else ["eligible"]
    return hidden + ([] if (snapshot.tiered_offsets.topic == row).any() else ["local", "tiered"])


def absent(view: View) -> html.Div:
    """What stands in place of a topic that the View does not have."""
    if why := not_all_topics(view):
        return nothing("This topic is unknown", why)
    return nothing(
        "No such topic", "It was not in the last response: deleted, excluded by settings, or hidden by ACLs."
    )


def note(view: View, row: int, shown: int) -> Any:
    """Why the partitions are not all there or not all known; nothing when they are."""
    topics = view.snapshot.topics
    if not topics.partitions[row]:
        return nothing("Partitions unknown", view.reasons[topics.reason[row]] or "not in metadata")
    if not topics.watched[row]:
        return html.P("Not monitored: only its metadata is known.", className="muted small")
    count_ = int(topics.partitions[row])
    if shown < count_:
        return html.P(f"The worst {shown:,} of {plural(count_, 'partition')} are shown.", className="muted small")
    return None


def tell(view: View, topic: str, kept: str) -> tuple[Cells, tuple[Any, ...]]:
    """The partitions of a topic, and what each part of the page holds."""
    row = view.topic_rows.get(topic)
    if row is None:
        return Cells((), []), (absent(view), *[None] * (len(PAGE.parts) - 1))
    at = partitions_of(view, row)
    return rows(view, row, at), (
        note(view, row, len(at)),
        tiles(view, row),
        readers(view, row, kept),
        configs(view, row),
        asked(view, "configs"),
        producers(view, row),
        events_about(view, view.events.topic == topic),
    )


PAGE = Named(
    "topic",
    "Topics",
    TOPICS,
    "replicas",
    ("note", "tiles", "readers", "configs", "configs-age", "producers", "events"),
    tell,
)


def register(app: Dash, sources: Sequence[Source]) -> None:
    PAGE.register(app, sources)
