"""One group: what it is, who its members are, and how far it is on every partition."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from dash import Dash, html
from dash.exceptions import PreventUpdate

from dashboards.charts import window_figure
from dashboards.components.controls import chart, drive_chart, grid_card, link_to, range_choice
from dashboards.components.parts import absent, card
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import SINCE, TIMES, Grid, column, worst_rows
from dashboards.group_tables import members, streams, tiles
from dashboards.health_tables import diagnoses_of, events_about
from dashboards.links import GROUPS, TOPICS, group_of
from dashboards.named import Named
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
    wanted[view.lag.of_group(row)] = True
    return worst_rows(wanted, view.judged.lag.severity, view.lag.lag)


def rows(view: View, row: int) -> Cells:
    """A row a partition of the group in this row."""
    at = partitions_of(view, row)
    return GRID.cells(view, at, why=(partition_why(view, each) for each in at.tolist()))


def missing(view: View) -> html.Div:
    """What stands in place of a group that the View does not have."""
    if why := why_not_all_groups(view.snapshot):
        return absent("This group is unknown", why)
    return absent("No such group", "It was not in the last poll: it may be deleted, or the name is wrong.")


def note(view: View, row: int, shown: int) -> Any:
    """That not all partitions are shown; nothing when they are."""
    total = int(view.group_lags.partitions[row])
    if shown == total:
        return None
    return html.P(f"The worst {shown:,} of {plural(total, 'partition')} are shown.", className="muted small")


def tell(view: View, group: str, kept: str) -> tuple[Callable[[], Cells], Sequence[Part]]:
    """What makes the rows of a group's partitions, and each part of the page."""
    row = view.group_rows.get(group)
    if row is None:
        return partial(Cells, (), []), [partial(missing, view), *[lambda: None] * (len(PAGE.parts) - 1)]
    return partial(rows, view, row), (
        lambda: note(view, row, len(partitions_of(view, row))),
        partial(tiles, view, row),
        partial(diagnoses_of, view, row),
        partial(members, view, row),
        partial(streams, view, row, kept),
        lambda: events_about(view, view.events.group == group),
    )


def draw(now: Now) -> tuple[Sequence[Part], None]:
    """What makes the chart: lag of the group over the range."""
    pathname, range_name = now.choices
    group = group_of(pathname)
    if group is None:
        raise PreventUpdate
    return [lambda: window_figure(now.source, now.newest, [group], range_name, group)], None


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
    shown = [("url", "pathname"), ("group-range", "value")]
    fill(app, sources, ["group-chart-figure.data"], draw, choices=shown, mark="group-chart-frame")
    drive_chart(app, "group-chart")
