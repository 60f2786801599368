"""Every topic of the cluster: how it stands, how large it is, who reads it, and how long it is kept."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, html

from dashboards.components.controls import grid, grid_tools, keep_in_url, link_to
from dashboards.components.parts import nothing
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import Grid, column, worst_rows
from dashboards.links import TOPICS
from monitor.analysis.derive.completeness import why_not_all_topics
from monitor.analysis.derive.emptiness import no_topics
from monitor.model.table import Ints
from monitor.model.text import plural, visible
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.topics import TOPIC

PATH = TOPICS
TITLE = "Topics"

GRID = Grid(
    TOPIC,
    ("id",),
    column("topic", "Topic", 210, field="id", pinned="left", minWidth=110, **link_to(TOPICS)),
    column("status", "Status", 145, sort="desc", sortIndex=0),
    column("partitions", "Partitions", 105),
    column("replication_factor", "Replicas", 95, field="factor"),
    column("min_insync_replicas", "Min ISR", 90, field="min_isr"),
    column("offline_partitions", "Offline", 90, field="offline"),
    column("under_replicated_partitions", "Under-repl.", 110, field="under"),
    column("under_min_isr_partitions", "Under min", 105, field="under_min"),
    column("size_bytes", "Size", 100, field="size"),
    column("records", "Records", 115),
    column("groups", "Groups", 90),
    column("lag", "Lag", 110, sort="desc", sortIndex=1),
    column("retention_seconds", "Retention", 105, field="retention"),
    column("retention_bytes", "Kept size", 105),
    column("cleanup_policy", "Cleanup", 125, field="cleanup"),
    column("why", "Why", 200, flex=1, minWidth=180),
    without=("watched",),
)


def layout() -> html.Div:
    show = dmc.SegmentedControl(
        id="topics-show",
        data=[{"value": "watched", "label": "Monitored"}, {"value": "all", "label": "All"}],
        value="watched",
        size="xs",
        radius="sm",
        **{"aria-label": "Which topics"},
    )
    return html.Div(
        [
            html.Div(
                [html.H1("Topics"), show, *grid_tools("topics", "Filter topics", columns=True)], className="toolbar"
            ),
            html.Div(id="topics-note"),
            grid("topics", GRID, "Topics", base=TOPICS),
        ],
        className="page page-full",
    )


def chosen_rows(view: View, show: str | None) -> Ints:
    """The rows of the topics that are shown: those that are watched, or all; the worst where they are too many."""
    watched = view.snapshot.topics.watched
    wanted = watched | (show == "all")
    return worst_rows(wanted, view.judged.topics.severity, np.nan_to_num(view.topic_totals.lag_at_least))


def rows(view: View, show: str | None) -> Cells:
    """A row for each topic that is shown."""
    return GRID.cells(view, chosen_rows(view, show))


def note(view: View, show: str | None) -> Any:
    """Why the table is empty or not whole, and what of the cluster it leaves out."""
    topics, why = view.snapshot.topics, why_not_all_topics(view.snapshot)
    watched, shown = int(topics.watched.sum()), len(chosen_rows(view, show))
    if not shown:
        if why or not len(topics):
            return nothing(*no_topics(view))
        return nothing("No topic is monitored", "All are excluded by settings. “All” lists them from metadata.")
    wanted = len(topics) if show == "all" else watched
    parts = [f"Some topics may be missing: {why}"] if why else []
    if shown < wanted:
        parts.append(f"the worst {shown:,} of {plural(wanted, 'topic')} are shown")
    rest = len(topics) - watched
    if rest and show != "all":
        parts.append(f"{plural(rest, 'topic')} not monitored")
    return html.P(visible("; ".join(parts)), className="notice" if why else "muted small") if parts else None


def make(now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
    """What makes each part of the page, and its rows."""
    (show,) = now.choices
    return [partial(note, now.view, show)], partial(rows, now.view, show)


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, ["topics-note"], make, grid="topics", choices=[("topics-show", "value")], columns=True)
    keep_in_url(app, "topics-show")
