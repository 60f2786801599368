"""One group: what it is, who its members are, and how far it is on every partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboards.charts import lag_figure
from dashboards.components.controls import (
    NAME,
    STATUS,
    chart,
    column,
    drive_chart,
    drive_grid,
    grid,
    grid_tools,
    range_choice,
)
from dashboards.components.parts import card, listing, nothing, status_mark, text, tile
from dashboards.feed import Feed, Row
from dashboards.links import GROUPS, group_of, link, range_seconds, source_of
from dashboards.pages.groups import numbers
from dashboards.text import failure, status
from monitor.derive.verdict import group_why, partition_why
from monitor.source import Source
from monitor.text import UNKNOWN, at_least, count, plural, visible
from monitor.view import View

PATH = "/groups/{group:path}"
TITLE = "Group"

COLUMNS = (
    column("topic", "Topic", width=150, pinned="left", tooltipField="topic"),
    column("partition", "Partition", number=True, width=90),
    column("status", "Status", width=105, **STATUS),
    column("lag", "Lag", number=True, width=95, sort="desc"),
    column("lost", "Lost", number=True, width=70),
    column("why", "Why", width=170, flex=1, minWidth=150, tooltipField="why"),
    column("committed", "Committed", number=True, width=105),
    column("start", "Log start", number=True, width=95),
    column("end", "Log end", number=True, width=95),
    column("client", "Client id", width=120, **NAME),
    column("host", "Host", width=105, **NAME),
    column("member", "Member id", width=140, **NAME),
)
FIELDS = (
    "id",
    "topic",
    "partition",
    "status",
    "lag",
    "lost",
    "committed",
    "start",
    "end",
    "client",
    "host",
    "member",
    "why",
)
"""The cells of a row as they travel."""


def layout() -> html.Div:
    return html.Div(
        [
            html.Nav(
                dcc.Link("Groups", href=GROUPS, id="group-up"), className="crumbs", **{"aria-label": "Breadcrumb"}
            ),
            html.Div(html.H1(id="group-name", className="hostile"), className="toolbar"),
            html.Dl(id="group-tiles", className="tiles"),
            card(
                "Lag over time",
                html.Div(chart("group-chart", "Lag of the group over time"), className="low"),
                aside=range_choice("group-range"),
            ),
            html.Section(
                [
                    html.Div(
                        [html.H2("Partitions"), *grid_tools("partitions", "Filter partitions")], className="toolbar"
                    ),
                    html.Div(id="group-note"),
                    grid("partitions", COLUMNS, "Partitions"),
                ],
                className="card card-grid",
            ),
            card("Members", html.Div(id="group-members")),
        ],
        className="page",
    )


def rows(view: View, row: int) -> list[Row]:
    """A row a partition of the group in this row of the View, its cells in the order of FIELDS."""
    lag, topics, members = view.lag, view.snapshot.topics, view.snapshot.members
    bounds = np.searchsorted(lag.group, [row, row + 1]).tolist()
    mine = slice(*bounds)
    names = topics.topic[lag.topic[mine]].tolist()
    partitions = lag.partition[mine].tolist()
    owners = lag.member[mine].tolist()
    return list(
        zip(
            (f"{name}/{partition}" for name, partition in zip(names, partitions, strict=True)),
            names,
            partitions,
            map(status, lag.status[mine].tolist()),
            numbers(lag.lag[mine]),
            numbers(lag.lost[mine]),
            numbers(lag.committed_offset[mine]),
            numbers(lag.start_offset[mine]),
            numbers(lag.end_offset[mine]),
            (None if owner < 0 else members.client_id[owner] for owner in owners),
            (None if owner < 0 else members.host[owner] for owner in owners),
            (None if owner < 0 else members.member_id[owner] for owner in owners),
            (partition_why(view, each) for each in range(*bounds)),
            strict=True,
        )
    )


def tiles(view: View, row: int) -> list[html.Div]:
    """What is known of the group in this row of the View."""
    groups, lags = view.snapshot.groups, view.group_lags
    not_described = view.reasons[int(groups.reason[row])]
    unknown = int(lags.unknown_partitions[row])
    lost = None if np.isnan(lags.lag_at_least[row]) else float(lags.lost[row])
    coordinator, why = int(groups.coordinator[row]), group_why(view, row)
    return [
        html.Div(
            [
                html.Dt("Status"),
                html.Dd(status_mark(status(int(lags.status[row]))), className="tile-value"),
                html.Dd(why, className="tile-note muted", title=why or None),
            ],
            className="tile",
        ),
        tile(
            "Lag",
            at_least(float(lags.lag[row]), float(lags.lag_at_least[row])),
            _spread(int(lags.partitions[row]), unknown, failed=bool(np.isnan(lags.lag[row]))),
        ),
        tile("Max lag", count(float(lags.max_lag[row])), "of one partition"),
        tile("Lost", count(lost), "deleted unread", "bad" if lags.lost[row] > 0 else ""),
        tile("State", groups.state[row] or UNKNOWN, not_described or _kind(view, row)),
        tile(
            "Members", count(float(groups.members[row])), not_described or f"assignor {groups.assignor[row] or UNKNOWN}"
        ),
        tile("Coordinator", UNKNOWN if coordinator < 0 else str(coordinator), "broker"),
    ]


def _spread(partitions: int, unknown: int, *, failed: bool) -> str:
    """Over how many partitions a group's lag is known or not."""
    if unknown:
        return f"unknown on {plural(unknown, 'partition')}"
    return "" if failed else f"on {plural(partitions, 'partition')}"


def _kind(view: View, row: int) -> str:
    kind = view.snapshot.groups.group_type[row]
    return f"{kind} group" if kind else ""


def members(view: View, row: int) -> Any:
    """The group's members and how many partitions each has, those with none marked idle."""
    table = view.snapshot.members
    mine = np.flatnonzero(table.group == row)
    if not len(mine):
        not_described = view.reasons[int(view.snapshot.groups.reason[row])]
        return nothing("The members are unknown" if not_described else "No members", not_described)
    assigned = np.bincount(view.snapshot.assignments.member, minlength=len(table))
    ordered = sorted(mine.tolist(), key=lambda each: (-assigned[each], str(table.client_id[each])))
    return listing(
        ("Client id", "Host", "Member id", "Instance id", "Partitions"),
        [
            (
                text(table.client_id[each]),
                text(table.host[each]),
                text(table.member_id[each]),
                text(table.instance_id[each]),
                str(assigned[each]) if assigned[each] else "idle",
            )
            for each in ordered
        ],
        numbers=("Partitions",),
    )


def absent(view: View) -> html.Div:
    """What stands in place of a group that the View does not have."""
    no_groups = failure(view, "groups")
    if no_groups:
        return nothing("This group is unknown", no_groups)
    return nothing("No such group", "It was not in the last answer: it may have been deleted, or its name differs.")


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed(keep=8)

    def update(seen: Any, pathname: str | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source, group = source_of(sources, search), group_of(pathname)
        view = source.latest()
        if seen is None or view is None or group is None:
            raise PreventUpdate
        shown = view.shown
        key = [source.cluster, group]
        row = shown.group_rows.get(group)
        table = [] if row is None else rows(shown, row)
        known = base[1] if base and base[0] == key else None
        changes = feed.send(tuple(key), shown.time, table, known)
        described = [absent(shown), None, None] if row is None else [None, tiles(shown, row), members(shown, row)]
        missing, facts, who = described
        named = visible(group) or "(empty name)"
        return link(GROUPS, search), named, facts, who, missing, {"fields": FIELDS, **changes}, [key, shown.time]

    app.callback(
        Output("group-up", "href"),
        Output("group-name", "children"),
        Output("group-tiles", "children"),
        Output("group-members", "children"),
        Output("group-note", "children"),
        Output("partitions-feed", "data"),
        Output("partitions-base", "data"),
        Input("view", "data"),
        Input("url", "pathname"),
        State("partitions-base", "data"),
        State("url", "search"),
    )(update)

    def draw(seen: Any, pathname: str | None, range_name: str | None, search: str | None) -> dict[str, Any]:
        source, group = source_of(sources, search), group_of(pathname)
        view = source.latest()
        if seen is None or view is None or group is None:
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

    drive_grid(app, "partitions")
    drive_chart(app, "group-chart")
