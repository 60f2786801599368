"""What changed in the cluster between polls, the newest first, in a table that filters in the browser."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, html

from dashboards.components.controls import grid, grid_tools, keep_in_url
from dashboards.components.parts import nothing
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import Grid, column
from dashboards.health_tables import event_cells
from dashboards.links import EVENTS
from dashboards.text import words
from monitor.model.events import KINDS
from monitor.model.table import Ints
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.health import EVENT

PATH = EVENTS
TITLE = "Events"

WHEN: dict[str, Any] = {
    "headerTooltip": "After a gap in the polls, the span in which it happened",
    "valueFormatter": {"function": "when(params)"},
    "tooltipValueGetter": {"function": "clock(params)"},
    "getQuickFilterText": {"function": "unsearched(params)"},
    "comparator": {"function": "knownFirst('')"},
    "sortingOrder": ["desc", "asc", None],
}
GRID = Grid(
    EVENT,
    ("id",),
    column("when", "When", 190, field="time", sort="desc", **WHEN),
    column("kind", "Event", 160),
    column("subject", "Subject", 215, cellRenderer="PlaceLink"),
    column("before", "Before", 150),
    column("after", "After", 150),
    column("text", "What", 300, flex=1, minWidth=260),
    column("clock", "Time (UTC)", 175, sortable=False),
    column("count", "Count", 85),
)


def layout() -> html.Div:
    kinds = dmc.Select(
        id="events-kind",
        data=[{"value": kind, "label": words(kind)} for kind in KINDS],
        placeholder="All kinds",
        clearable=True,
        searchable=True,
        size="sm",
        className="filter choice",
        **{"aria-label": "Kind of event"},
    )
    return html.Div(
        [
            html.Div([html.H1("Events"), kinds, *grid_tools("events", "Filter events")], className="toolbar"),
            html.Div(id="events-note"),
            grid("events", GRID, "Events"),
        ],
        className="page page-full",
    )


def chosen_rows(view: View, kind: str | None) -> Ints:
    """The rows of the events of a kind, of all where it is none."""
    return np.flatnonzero(view.events.kind == kind) if kind else np.arange(len(view.events))


def rows(view: View, kind: str | None, kept: str) -> Cells:
    """A row an event of this kind, the newest first."""
    chosen = chosen_rows(view, kind)
    return GRID.cells(view, chosen, **event_cells(view, chosen, kept))


def note(view: View, kind: str | None) -> Any:
    """Why there is nothing, or what is not listed any more; nothing where all there was is listed."""
    known = kind if kind in view.event_counts else None
    happened = sum(view.event_counts.values()) if known is None else view.event_counts[known]
    at = chosen_rows(view, kind)
    if not len(at):
        what = f"No event of the kind {visible(words(kind))}" if kind else "No events"
        return nothing(what, "None since kmon started." if not happened else "None recently.")
    stands_for = int(view.events.count[at].sum())
    if stands_for == happened:
        return None
    return html.P(f"The newest {stands_for:,} of {happened:,} since kmon started.", className="muted small")


def make(now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
    """What makes each part of the page, and its rows."""
    (kind,) = now.choices
    return [partial(note, now.view, kind)], partial(rows, now.view, kind, now.kept)


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, ["events-note"], make, grid="events", choices=[("events-kind", "value")])
    keep_in_url(app, "events-kind")
