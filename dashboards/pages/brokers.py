"""The brokers: what each leads and holds, its disks, the metadata quorum, and where their configs differ."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dash import Dash, html

from dashboards.broker_metric_tables import deprecated, load, requests
from dashboards.broker_tables import disks, drift, quorum
from dashboards.components.controls import grid_card
from dashboards.components.parts import asked, card, nothing
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import Grid, column
from monitor.analysis.derive.completeness import failure
from monitor.analysis.derive.judged.brokers import fullest_levels
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.brokers import BROKER

PATH = "/brokers"
TITLE = "Brokers"

METER: dict[str, Any] = {"cellRenderer": "Meter", "cellRendererParams": {"level": "disk_level"}}
GRID = Grid(
    BROKER,
    ("broker",),
    column("broker", "Broker", 100, pinned="left", sort="asc"),
    column("status", "Status", 125),
    column("address", "Host", 150, field="host"),
    column("rack", "Rack", 85),
    column("version", "Version", 92),
    column("quorum_role", "Quorum", 105, field="role"),
    column("leaders", "Leaders", 95),
    column("replicas", "Replicas", 95),
    column("preferred_leaders_missing", "Not preferred", 120, field="preferred_missing"),
    column("out_of_sync_replicas", "Out of sync", 110, field="out_of_sync"),
    column("size_bytes", "Size", 105, field="size"),
    column("disk_used", "Fullest disk", 140, field="fullest", **METER),
    column("handler_idle", "Handlers idle", 120),
    column("fetch_p99_seconds", "Fetch p99", 105, field="fetch_p99"),
    column("leader_skew", "Leader skew", 115),
    column("size_skew", "Size skew", 105),
    column("why", "Why", 200, flex=1, minWidth=160),
)

OF_METRICS = ("handler_idle", "fetch_p99")
"""Columns that say nothing where no metrics endpoint is set."""


def layout() -> html.Div:
    return html.Div(
        [
            grid_card("brokers", GRID, html.H1("Brokers"), "Filter brokers", "brokers-note"),
            card("Log dirs", html.Div(id="brokers-disks"), aside=html.Span(id="brokers-disks-age")),
            card("Metadata quorum", html.Div(id="brokers-quorum")),
            card(
                "Brokers' own metrics", *(html.Div(id=f"brokers-{part}") for part in ("load", "requests", "deprecated"))
            ),
            card("Broker configs", html.Div(id="brokers-drift"), aside=html.Span(id="brokers-drift-age")),
        ],
        className="page",
    )


def rows(view: View) -> Cells:
    """A row a broker that is named or that replicas are on."""
    hidden = () if len(view.snapshot.broker_metrics) else OF_METRICS
    return GRID.cells(view, hidden=hidden, disk_level=fullest_levels(view))


def note(view: View) -> Any:
    """Why the table is empty or not whole; nothing when it is whole."""
    why = failure(view.snapshot, "cluster")
    if not len(view.broker_totals):
        return nothing("Brokers unknown", why or "no poll has completed yet")
    return html.P(f"Some brokers may be missing: {visible(why)}", className="notice") if why else None


PARTS = ("note", "disks", "disks-age", "quorum", "load", "requests", "deprecated", "drift", "drift-age")


def make(now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
    """What makes each part of the page, and its rows."""
    view = now.view
    parts = (
        partial(note, view),
        partial(disks, view),
        partial(asked, view, "log_dirs"),
        partial(quorum, view),
        partial(load, view),
        partial(requests, view),
        partial(deprecated, view),
        partial(drift, view),
        partial(asked, view, "configs"),
    )
    return parts, partial(rows, view)


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, [f"brokers-{part}" for part in PARTS], make, grid="brokers")
