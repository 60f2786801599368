"""One topic: its partitions with their replicas and offsets, its configs, and the groups that read it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from dash import Dash, html

from dashboards.components.controls import grid_card
from dashboards.components.parts import absent, asked, card, nothing
from dashboards.feed import Cells
from dashboards.fill import Part
from dashboards.grids import Grid, column, worst_rows
from dashboards.health_tables import events_about
from dashboards.links import TOPICS
from dashboards.named import Named
from dashboards.topic_tables import configs, eligible_replicas, producers, readers, tiles
from monitor.analysis.derive.completeness import why_not_all_topics
from monitor.model.table import Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.topics import PARTITION

PATH = "/topics/{topic:path}"
TITLE = "Topic"

GRID = Grid(
    PARTITION,
    ("partition",),
    column("partition", "Partition", 100, pinned="left"),
    column("status", "Status", 145, sort="desc", sortIndex=0),
    column("leader", "Leader", 85),
    column("preferred_leader", "Preferred", 108, field="preferred"),
    column("replicas", "Replicas", 110),
    column("isr", "In sync", 110),
    column("out_of_sync_replicas", "Missing", 90, field="missing"),
    column("eligible", "Eligible", 105, headerTooltip="Eligible leader replicas: out of sync but complete"),
    column("reassigned_ratio", "Reassigned", 130, field="progress", cellRenderer="Meter"),
    column("moving", "Moving", 120),
    column("start_offset", "Log start", 105, field="start"),
    column("stable_offset", "Last stable", 110, field="stable"),
    column("end_offset", "Log end", 105, field="end"),
    column("open_transaction_records", "Open", 85, field="unstable"),
    column("size_bytes", "Size", 95, field="size"),
    column("follower_lag", "Follower lag", 115),
    column("local_start_offset", "Local start", 105, field="local"),
    column("tiered_end_offset", "Tiered end", 105, field="tiered"),
    column("why", "Why", 200, flex=1, minWidth=160),
)


def layout() -> html.Div:
    return html.Div(
        [
            *PAGE.head(),
            grid_card("replicas", GRID, html.H2("Partitions"), "Filter partitions", "topic-note"),
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
    eligible = eligible_replicas(view)
    return GRID.cells(view, at, unused(view, row), eligible=(eligible.get(each, "") for each in at.tolist()))


def unused(view: View, row: int) -> list[str]:
    """The columns that say nothing of the topic in this row, and are not shown."""
    snapshot = view.snapshot
    hidden = [] if (snapshot.reassignments.topic == row).any() else ["progress", "moving"]
    hidden += [] if (snapshot.eligible_replicas.topic == row).any() else ["eligible"]
    return hidden + ([] if (snapshot.tiered_offsets.topic == row).any() else ["local", "tiered"])


def missing(view: View) -> html.Div:
    """What stands in place of a topic that the View does not have."""
    if why := why_not_all_topics(view.snapshot):
        return absent("This topic is unknown", why)
    return absent("No such topic", "It was not in the last response: deleted, excluded by settings, or hidden by ACLs.")


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


def tell(view: View, topic: str, kept: str) -> tuple[Callable[[], Cells], Sequence[Part]]:
    """What makes the rows of a topic's partitions, and each part of the page."""
    row = view.topic_rows.get(topic)
    if row is None:
        return partial(Cells, (), []), [partial(missing, view), *[lambda: None] * (len(PAGE.parts) - 1)]
    return lambda: rows(view, row, partitions_of(view, row)), (
        lambda: note(view, row, len(partitions_of(view, row))),
        partial(tiles, view, row),
        partial(readers, view, row, kept),
        partial(configs, view, row),
        partial(asked, view, "configs"),
        partial(producers, view, row),
        lambda: events_about(view, view.events.topic == topic),
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
