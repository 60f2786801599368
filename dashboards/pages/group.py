"""One group: what it is, who its members are, and how far it is on every partition."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from dashboards.cells import Whys, blamed, unknowns, whole, worst_rows
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
    link_to,
    range_choice,
)
from dashboards.components.parts import card, nothing, status_mark, tile
from dashboards.feed import Feed, Row
from dashboards.group_tables import members, streams
from dashboards.links import GROUPS, TOPICS, chosen, group_of, link, range_seconds, source_of
from dashboards.text import failure, status
from monitor.derive.lag import SEVERITY
from monitor.derive.verdict import group_why, partition_why
from monitor.source import Source
from monitor.table import Ints
from monitor.text import UNKNOWN, at_least, count, plural, visible
from monitor.view import View

PATH = "/groups/{group:path}"
TITLE = "Group"

COLUMNS = (
    column("topic", "Topic", width=150, pinned="left", **link_to(TOPICS)),
    column("partition", "Partition", number=True, width=90),
    column("status", "Status", width=105, **STATUS),
    column("lag", "Lag", number=True, width=95, sort="desc"),
    column("stable_lag", "Stable lag", number=True, width=105, headerTooltip="What a read_committed consumer can read"),
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
    "stable_lag",
    "lost",
    "committed",
    "start",
    "end",
    "client",
    "host",
    "member",
    "why",
    "whys",
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
            html.Div(id="group-streams", className="stack"),
        ],
        className="page",
    )


def partitions_of(view: View, row: int) -> Ints:
    """The rows of `view.lag` of the group in this row; of a group with very many the worst."""
    wanted = np.zeros(len(view.lag), bool)
    wanted[slice(*np.searchsorted(view.lag.group, [row, row + 1]))] = True
    return worst_rows(wanted, np.array(SEVERITY)[view.lag_statuses.status], view.lag.lag)


def rows(view: View, row: int) -> tuple[list[Row], Whys]:
    """A row a partition of the group in this row, cells in the order of FIELDS, and why some are unknown."""
    lag, topics, members = view.lag, view.snapshot.topics, view.snapshot.members
    at = partitions_of(view, row)
    names = topics.topic[lag.topic[at]].tolist()
    partitions = lag.partition[at].tolist()
    owners = lag.member[at].tolist()
    keys, whys = _unknowns(view, row, at)
    table: list[Row] = list(
        zip(
            (f"{name}/{partition}" for name, partition in zip(names, partitions, strict=True)),
            names,
            partitions,
            map(status, view.lag_statuses.status[at].tolist()),
            whole(lag.lag[at]),
            whole(lag.stable_lag[at]),
            whole(lag.lost[at]),
            whole(lag.committed_offset[at]),
            whole(lag.start_offset[at]),
            whole(lag.end_offset[at]),
            (None if owner < 0 else members.client_id[owner] for owner in owners),
            (None if owner < 0 else members.host[owner] for owner in owners),
            (None if owner < 0 else members.member_id[owner] for owner in owners),
            (partition_why(view, each) for each in at.tolist()),
            keys,
            strict=True,
        )
    )
    return table, whys


def _unknowns(view: View, row: int, at: Ints) -> tuple[list[str | None], Whys]:
    """Why numbers of these rows of `view.lag` are unknown."""
    lag, reasons = view.lag, list(view.reasons)
    unstable = "share groups have none" if view.snapshot.groups.group_type[row] == "share" else "not answered"
    fields = {
        "lag": "lag",
        "lost": "lost",
        "committed": "committed_offset",
        "start": "start_offset",
        "end": "end_offset",
    }
    codes = {
        field: blamed(getattr(lag, name)[at], reasons, "not answered", lag.reason[at]) for field, name in fields.items()
    }
    codes["stable_lag"] = blamed(lag.stable_lag[at], reasons, unstable, lag.reason[at])
    return unknowns(reasons, **codes)


def tiles(view: View, row: int) -> list[html.Div]:
    """What is known of the group in this row of the View."""
    groups, lags = view.snapshot.groups, view.group_lags
    not_described = view.reasons[int(groups.reason[row])]
    unknown = int(lags.unknown_partitions[row])
    lost = None if np.isnan(lags.lag_at_least[row]) else float(lags.lost[row])
    coordinator, why = int(groups.coordinator[row]), group_why(view, row)
    share = groups.group_type[row] == "share"
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
        tile(
            "Stable lag",
            count(float(lags.stable_lag[row])),
            "share groups have none" if share else "what read_committed can read",
        ),
        tile("Lost", count(lost), "deleted unread", "bad" if lags.lost[row] > 0 else ""),
        tile("State", groups.state[row] or UNKNOWN, not_described or _kind(view, row)),
        tile(
            "Members", count(float(groups.members[row])), not_described or f"assignor {groups.assignor[row] or UNKNOWN}"
        ),
        *_epochs(view, row),
        tile("Coordinator", UNKNOWN if coordinator < 0 else str(coordinator), "broker"),
    ]


def _epochs(view: View, row: int) -> list[html.Div]:
    """The epochs of a group whose broker assigns the partitions, and what is still to be handed over."""
    groups, waiting = view.snapshot.groups, float(view.group_lags.reconciling[row])
    epoch, assigned, topology = (
        float(each[row]) for each in (groups.epoch, groups.assignment_epoch, groups.topology_epoch)
    )
    if np.isnan(epoch) and np.isnan(assigned):
        return []
    target = f"assignment {count(assigned)}" + ("" if np.isnan(topology) else f", topology {count(topology)}")
    return [
        tile("Epoch", count(epoch), target, "warn" if epoch > assigned else ""),
        tile("To hand over", count(waiting), "partitions that members are to have", "warn" if waiting > 0 else ""),
    ]


def _spread(partitions: int, unknown: int, *, failed: bool) -> str:
    """Over how many partitions a group's lag is known or not."""
    if unknown:
        return f"unknown on {plural(unknown, 'partition')}"
    return "" if failed else f"on {plural(partitions, 'partition')}"


def _kind(view: View, row: int) -> str:
    kind = view.snapshot.groups.group_type[row]
    return f"{kind} group" if kind else ""


def absent(view: View) -> html.Div:
    """What stands in place of a group that the View does not have."""
    no_groups = failure(view, "groups")
    if no_groups:
        return nothing("This group is unknown", no_groups)
    return nothing("No such group", "It was not in the last answer: it may have been deleted, or its name differs.")


def note(view: View, row: int, shown: int) -> Any:
    """That not all partitions are shown; nothing when they are."""
    total = int(view.group_lags.partitions[row])
    if shown == total:
        return None
    return html.P(f"The worst {shown:,} of {plural(total, 'partition')} are shown.", className="muted small")


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed(keep=8)

    def update(seen: Any, pathname: str | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        (source, kept), group = chosen(sources, search), group_of(pathname)
        view = source.latest()
        if seen is None or view is None or group is None:
            raise PreventUpdate
        shown = view.shown
        key = [source.cluster, group]
        row = shown.group_rows.get(group)
        table, whys = ([], {}) if row is None else rows(shown, row)
        known = base[1] if base and base[0] == key else None
        changes = feed.send(tuple(key), shown.time, table, known)
        described = (
            (absent(shown), None, None, None)
            if row is None
            else (note(shown, row, len(table)), tiles(shown, row), members(shown, row), streams(shown, row, kept))
        )
        named = visible(group) or "(empty name)"
        return link(GROUPS, kept), named, *described, {"fields": FIELDS, "whys": whys, **changes}, [key, shown.time]

    app.callback(
        Output("group-up", "href"),
        Output("group-name", "children"),
        Output("group-note", "children"),
        Output("group-tiles", "children"),
        Output("group-members", "children"),
        Output("group-streams", "children"),
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
