"""Every group of the cluster in one table that filters and sorts in the browser."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from dash import Dash, html

from dashboards.components.controls import grid, grid_tools, link_to
from dashboards.components.parts import nothing
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import SINCE, TIMES, Grid, column
from dashboards.links import GROUPS
from monitor.analysis.derive.completeness import why_not_all_groups
from monitor.analysis.derive.emptiness import no_groups
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.groups import GROUP

PATH = GROUPS
TITLE = "Groups"

GRID = Grid(
    GROUP,
    ("id",),
    column("group", "Group", 230, field="id", pinned="left", minWidth=110, **link_to(GROUPS)),
    column("status", "Status", 110, sort="desc", sortIndex=0),
    SINCE,
    column("lag", "Lag", 110, sort="desc", sortIndex=1),
    *TIMES,
    column("lost", "Lost", 80),
    column("members", "Members", 95),
    column("state", "State", 100),
    column("group_type", "Type", 95, field="type"),
    column("max_lag", "Max lag", 100),
    column("partitions", "Partitions", 100),
    column("unknown_partitions", "Unknown", 95, field="unknown"),
    without=(),
)


def layout() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Groups"),
                    *grid_tools("groups", "Filter groups", columns=True),
                ],
                className="toolbar",
            ),
            html.Div(id="groups-note"),
            grid("groups", GRID, "Groups", base=GROUPS),
        ],
        className="page page-full",
    )


def rows(view: View) -> Cells:
    """A row a group."""
    return GRID.cells(view)


def note(view: View) -> Any:
    """Why the table is empty or not whole; nothing when it is whole."""
    why = why_not_all_groups(view.snapshot)
    if len(view.snapshot.groups):
        return html.P(f"Some groups may be missing: {visible(why)}", className="notice") if why else None
    return nothing(*no_groups(view))


def make(now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
    """What makes each part of the page, and its rows."""
    return [partial(note, now.view)], partial(rows, now.view)


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, ["groups-note"], make, grid="groups", columns=True)
