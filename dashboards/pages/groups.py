"""Every group of the cluster in one table that filters and sorts in the browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html
from dash.exceptions import PreventUpdate

from dashboards.components.controls import STATUS, column, drive_grid, grid, grid_tools
from dashboards.components.parts import nothing
from dashboards.feed import Feed, Row
from dashboards.links import source_of
from dashboards.text import failure, status
from monitor.derive.verdict import group_why
from monitor.source import Source
from monitor.table import Floats
from monitor.text import visible
from monitor.view import View

PATH = "/groups"
TITLE = "Groups"

COLUMNS = (
    column("id", "Group", width=230, pinned="left", cellRenderer="GroupLink", minWidth=110),
    column("status", "Status", width=110, **STATUS),
    column(
        "lag",
        "Lag",
        number=True,
        width=115,
        valueFormatter={"function": "total(params)"},
        sort="desc",
        comparator={"function": "knownFirst"},
    ),
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
            grid("groups", COLUMNS, "Groups"),
        ],
        className="page page-full",
    )


def rows(view: View) -> list[Row]:
    """A row a group, its cells in the order of FIELDS; unknown numbers are None."""
    groups, lags = view.snapshot.groups, view.group_lags
    partial = np.isnan(lags.lag) & (lags.lag_at_least > 0)
    # Of a group whose commits could not be read, "0 partitions" and "0 lost" would be claims.
    unread = np.isnan(lags.lag) & (lags.partitions == 0)
    return list(
        zip(
            groups.group.tolist(),
            map(status, lags.status.tolist()),
            numbers(lags.lag),
            numbers(lags.max_lag),
            numbers(np.where(np.isnan(lags.lag_at_least), np.nan, lags.lost)),
            numbers(groups.members),
            groups.state.tolist(),
            groups.group_type.tolist(),
            numbers(np.where(unread, np.nan, lags.partitions)),
            numbers(np.where(unread, np.nan, lags.unknown_partitions)),
            (group_why(view, row) for row in range(len(groups))),
            numbers(np.where(partial, lags.lag_at_least, np.nan)),
            strict=True,
        )
    )


def numbers(values: Floats) -> list[int | None]:
    """Whole numbers of a column, None where it is unknown."""
    return [None if value != value else int(value) for value in values.tolist()]  # noqa: PLR0124  NaN alone differs from itself


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
        changes = feed.send(source.cluster, shown.time, rows(shown), known)
        return {"fields": FIELDS, **changes}, [source.cluster, shown.time], note(shown)

    app.callback(
        Output("groups-feed", "data"),
        Output("groups-base", "data"),
        Output("groups-note", "children"),
        Input("view", "data"),
        State("groups-base", "data"),
        State("url", "search"),
    )(update)

    drive_grid(app, "groups")
