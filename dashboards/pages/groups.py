"""Every group of the cluster in one table that filters and sorts in the browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from dashboards.cells import Whys, blamed, unknowns, whole
from dashboards.components.controls import STATUS, column, drive_grid, grid, grid_tools, link_to
from dashboards.components.parts import nothing
from dashboards.feed import Feed, Row
from dashboards.links import GROUPS, source_of
from dashboards.text import failure, status
from monitor.derive.verdict import group_why
from monitor.source import Source
from monitor.text import visible
from monitor.view import View

PATH = GROUPS
TITLE = "Groups"

COLUMNS = (
    column("id", "Group", width=230, pinned="left", minWidth=110, **link_to(GROUPS)),
    column("status", "Status", width=110, **STATUS),
    column("lag", "Lag", number="total", width=115, sort="desc"),
    column("max_lag", "Max lag", number=True, width=105),
    column("lost", "Lost", number=True, width=85),
    column("members", "Members", number=True, width=100),
    column("state", "State", width=110),
    column("type", "Type", width=100),
    column("partitions", "Partitions", number=True, width=100),
    column("unknown", "Unknown", number=True, width=100, headerTooltip="Partitions whose lag is unknown"),
    column("why", "Why", width=230, flex=1, minWidth=200, tooltipField="why"),
)
FIELDS = (
    "id",
    "status",
    "lag",
    "max_lag",
    "lost",
    "members",
    "state",
    "type",
    "partitions",
    "unknown",
    "why",
    "at_least",
    "whys",
)
"""The cells of a row as they travel; `at_least` is the known part of a lag that is not known whole."""


def layout() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Groups"),
                    *grid_tools("groups", "Filter groups"),
                ],
                className="toolbar",
            ),
            html.Div(id="groups-note"),
            grid("groups", COLUMNS, "Groups", base=GROUPS),
        ],
        className="page page-full",
    )


def rows(view: View) -> tuple[list[Row], Whys]:
    """A row a group, cells in the order of FIELDS, and why some are unknown."""
    groups, lags = view.snapshot.groups, view.group_lags
    partial = np.isnan(lags.lag) & (lags.lag_at_least > 0)
    # Of a group whose commits could not be read, "0 partitions" and "0 lost" would be claims.
    unread = np.isnan(lags.lag) & (lags.partitions == 0)
    keys, whys = _unknowns(view)
    table: list[Row] = list(
        zip(
            groups.group.tolist(),
            map(status, lags.status.tolist()),
            whole(lags.lag),
            whole(lags.max_lag),
            whole(np.where(np.isnan(lags.lag_at_least), np.nan, lags.lost)),
            whole(groups.members),
            groups.state.tolist(),
            groups.group_type.tolist(),
            whole(np.where(unread, np.nan, lags.partitions)),
            whole(np.where(unread, np.nan, lags.unknown_partitions)),
            (group_why(view, row) for row in range(len(groups))),
            whole(np.where(partial, lags.lag_at_least, np.nan)),
            keys,
            strict=True,
        )
    )
    return table, whys


def _unknowns(view: View) -> tuple[list[str | None], Whys]:
    """Why numbers of each group are unknown."""
    groups, lags, reasons = view.snapshot.groups, view.group_lags, list(view.reasons)
    lost = np.where(np.isnan(lags.lag_at_least), np.nan, lags.lost)
    unread = np.where(np.isnan(lags.lag) & (lags.partitions == 0), np.nan, lags.partitions)
    return unknowns(
        reasons,
        lag=blamed(lags.lag, reasons, "not answered", lags.reason),
        max_lag=blamed(lags.max_lag, reasons, "it reads no partition", lags.reason),
        lost=blamed(lost, reasons, "not answered", lags.reason),
        members=blamed(groups.members, reasons, "not described", groups.reason),
        partitions=blamed(unread, reasons, "not answered", lags.reason),
        unknown=blamed(unread, reasons, "not answered", lags.reason),
    )


def note(view: View) -> Any:
    """Why the table is empty or not whole; nothing when it is whole."""
    no_groups = failure(view, "groups")
    if len(view.snapshot.groups):
        return html.P(f"Some groups may be missing: {visible(no_groups)}", className="notice") if no_groups else None
    if no_groups:
        return nothing("The groups are unknown", no_groups)
    return nothing("No groups", "Nobody has committed an offset or joined a group on this cluster.")


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed()

    def update(seen: dict[str, Any] | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source = source_of(sources, search)
        view = source.latest()
        if seen is None or view is None:
            raise PreventUpdate
        shown = view.shown
        known = base[1] if base and base[0] == source.cluster else None
        table, whys = rows(shown)
        changes = feed.send(source.cluster, shown.time, table, known)
        return {"fields": FIELDS, "whys": whys, **changes}, [source.cluster, shown.time], note(shown)

    app.callback(
        Output("groups-feed", "data"),
        Output("groups-base", "data"),
        Output("groups-note", "children"),
        Input("view", "data"),
        State("groups-base", "data"),
        State("url", "search"),
    )(update)

    drive_grid(app, "groups")
