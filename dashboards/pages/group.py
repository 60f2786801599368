"""One group: what it is, who its members are, and how far it is on every partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from dashboards.charts import lag_figure
from dashboards.components.controls import chart, drive_chart, grid_card, link_to, range_choice
from dashboards.components.parts import card, nothing
from dashboards.feed import Cells
from dashboards.grids import SINCE, TIMES, Grid, column, worst_rows
from dashboards.group_tables import members, streams, tiles
from dashboards.health_tables import diagnoses_of, events_about
from dashboards.links import GROUPS, TOPICS, group_of, range_seconds
from dashboards.named import Named
from dashboards.shell import newest
from monitor.analysis.derive.completeness import why_not_all_groups
from monitor.analysis.derive.verdict import partition_why
from monitor.model.table import Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.lag import LAG

PATH = "/groups/{group:path}"
TITLE = "Group"

GRID = Grid(
    LAG,
    ("topic", "partition"),
    column("topic", "Topic", 150, pinned="left", **link_to(TOPICS)),
    column("partition", "Partition", 90),
    column("status", "Status", 105, sort="desc", sortIndex=0),
    SINCE,
    column("lag", "Lag", 95, sort="desc", sortIndex=1),
    *TIMES,
    column("stable_lag", "Stable lag", 105),
    column("lost", "Lost", 80),
    column("committed_offset", "Committed", 105, field="committed"),
    column("start_offset", "Log start", 95, field="start"),
    column("end_offset", "Log end", 95, field="end"),
    column("client_id", "Client id", 120, field="client"),
    column("host", "Host", 105),
    column("member_id", "Member id", 140, field="member"),
    without=("group_type", "state", "coordinator", "status_seconds"),
)


def layout() -> html.Div:
    return html.Div(
        [
            *PAGE.head(),
            html.Div(id="group-diagnoses"),
            card(
                "Lag over time",
                html.Div(chart("group-chart", "Lag of the group over time"), className="low"),
                aside=range_choice("group-range"),
            ),
            grid_card("partitions", GRID, html.H2("Partitions"), "Filter partitions", "group-note"),
            card("Members", html.Div(id="group-members")),
            html.Div(id="group-streams", className="stack"),
            html.Div(id="group-events"),
        ],
        className="page",
    )


def partitions_of(view: View, row: int) -> Ints:
    """The rows of `view.lag` of the group in this row; of a group with very many the worst."""
    wanted = np.zeros(len(view.lag), bool)
    wanted[slice(*np.searchsorted(view.lag.group, [row, row + 1]))] = True
    return worst_rows(wanted, view.judged.lag.severity, view.lag.lag)


def rows(view: View, row: int) -> Cells:
    """A row a partition of the group in this row."""
    at = partitions_of(view, row)
    return GRID.cells(view, at, why=(partition_why(view, each) for each in at.tolist()))


def absent(view: View) -> html.Div:
    """What stands in place of a group that the View does not have."""
    if why := why_not_all_groups(view.snapshot):
        return nothing("This group is unknown", why)
    return nothing("No such group", "It was not in the last poll: it may be deleted, or the name is wrong.")


def note(view: View, row: int, shown: int) -> Any:
    """That not all partitions are shown; nothing when they are."""
    total = int(view.group_lags.partitions[row])
    if shown == total:
        return None
    return html.P(f"The worst {shown:,} of {plural(total, 'partition')} are shown.", className="muted small")


def tell(view: View, group: str, kept: str) -> tuple[Cells, tuple[Any, ...]]:
    """The partitions of a group, and what each part of the page holds."""
    row = view.group_rows.get(group)
    if row is None:
        return Cells((), []), (absent(view), *[None] * (len(PAGE.parts) - 1))
    cells = rows(view, row)
    return cells, (
        note(view, row, len(cells.rows)),
        tiles(view, row),
        diagnoses_of(view, row),
        members(view, row),
        streams(view, row, kept),
        events_about(view, view.events.group == group),
    )


PAGE = Named(
    "group",
    "Groups",
    GROUPS,
    "partitions",
    ("note", "tiles", "diagnoses", "members", "streams", "events"),
    tell,
    columns=True,
)


def register(app: Dash, sources: Sequence[Source]) -> None:
    PAGE.register(app, sources)

    def draw(seen: Any, pathname: str | None, range_name: str | None, search: str | None) -> dict[str, Any]:
        source, _, view = newest(sources, search, seen)
        group = group_of(pathname)
        if group is None:
            raise PreventUpdate
        points = source.window(view.time - range_seconds(range_name))
        return lag_figure(points, [group], source.interval_seconds, f"{source.cluster} {group} {range_name}")

    app.callback(
        Output("group-chart-figure", "data"),
        Input("view", "data"),
        Input("url", "pathname"),
        Input("group-range", "value"),
        State("url", "search"),
    )(draw)

    drive_chart(app, "group-chart")
