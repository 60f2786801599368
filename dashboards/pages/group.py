"""One group: what it is, who its members are, and how far it is on every partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from dashboards.cells import blamed, judged_cells, unknowns, whole, worst_rows
from dashboards.charts import lag_figure
from dashboards.components.controls import NAME, STATUS, chart, column, drive_chart, grid_card, link_to, range_choice
from dashboards.components.parts import card, nothing
from dashboards.feed import Cells, Whys, cells_of
from dashboards.group_tables import members, streams, tiles
from dashboards.health_tables import diagnoses_of, events_about
from dashboards.links import GROUPS, TOPICS, group_of, range_seconds
from dashboards.named import Named
from dashboards.shell import newest
from dashboards.text import not_all_groups
from dashboards.time_cells import AGE, ENDS, RATES, SINCE, time_cells, time_codes
from monitor.analysis.derive.verdict import partition_why
from monitor.model.table import Ints
from monitor.model.text import plural
from monitor.model.view import View
from monitor.poll.source import Source

PATH = "/groups/{group:path}"
TITLE = "Group"

COLUMNS = (
    column("topic", "Topic", width=150, pinned="left", **link_to(TOPICS)),
    column("partition", "Partition", number=True, width=90),
    column("status", "Status", width=105, sort="desc", sortIndex=0, **STATUS),
    SINCE,
    column("lag", "Lag", number=True, width=95, sort="desc", sortIndex=1),
    AGE,
    column("why", "Why", width=200, flex=1, minWidth=200, tooltipField="why"),
    *RATES,
    *ENDS,
    column(
        "stable_lag",
        "Stable lag",
        number=True,
        width=105,
        headerTooltip="Lag up to the last stable offset (read_committed)",
    ),
    column("lost", "Lost", number=True, width=80, headerTooltip="Records deleted before they were read"),
    column("committed", "Committed", number=True, width=105),
    column("start", "Log start", number=True, width=95),
    column("end", "Log end", number=True, width=95),
    column("client", "Client id", width=120, **NAME),
    column("host", "Host", width=105, **NAME),
    column("member", "Member id", width=140, **NAME),
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
            grid_card("partitions", COLUMNS, html.H2("Partitions"), "Filter partitions", "group-note"),
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
    lag, topics, members = view.lag, view.snapshot.topics, view.snapshot.members
    at = partitions_of(view, row)
    names = topics.topic[lag.topic[at]].tolist()
    partitions = lag.partition[at].tolist()
    owners = lag.member[at].tolist()
    keys, whys = _unknowns(view, row, at)
    return cells_of(
        {
            "id": (f"{name}/{partition}" for name, partition in zip(names, partitions, strict=True)),
            "topic": names,
            "partition": partitions,
            **judged_cells(view.judged.lag, at),
            "lag": whole(lag.lag[at]),
            "stable_lag": whole(lag.stable_lag[at]),
            "lost": whole(lag.lost[at]),
            "committed": whole(lag.committed_offset[at]),
            "start": whole(lag.start_offset[at]),
            "end": whole(lag.end_offset[at]),
            **time_cells(view.lag_times, view.lag_statuses, view.time, at),
            "client": (None if owner < 0 else members.client_id[owner] for owner in owners),
            "host": (None if owner < 0 else members.host[owner] for owner in owners),
            "member": (None if owner < 0 else members.member_id[owner] for owner in owners),
            "why": (partition_why(view, each) for each in at.tolist()),
            "whys": keys,
        },
        whys,
    )


def _unknowns(view: View, row: int, at: Ints) -> tuple[list[str | None], Whys]:
    """Why numbers of these rows of `view.lag` are unknown."""
    lag, reasons = view.lag, list(view.reasons)
    unstable = "share groups have none" if view.snapshot.groups.group_type[row] == "share" else "no response"
    fields = {
        "lag": "lag",
        "lost": "lost",
        "committed": "committed_offset",
        "start": "start_offset",
        "end": "end_offset",
    }
    codes = {
        field: blamed(getattr(lag, name)[at], reasons, "no response", lag.reason[at]) for field, name in fields.items()
    }
    codes["stable_lag"] = blamed(lag.stable_lag[at], reasons, unstable, lag.reason[at])
    ages, since = view.lag_times, view.lag_statuses
    times = time_codes(ages, since, reasons, ages=ages.reason, lags=lag.reason, at=at)
    return unknowns(reasons, **codes, **times)


def absent(view: View) -> html.Div:
    """What stands in place of a group that the View does not have."""
    if why := not_all_groups(view):
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
    "group", "Groups", GROUPS, "partitions", ("note", "tiles", "diagnoses", "members", "streams", "events"), tell
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
