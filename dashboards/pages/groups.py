"""Every group of the cluster in one table that filters and sorts in the browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html

from dashboards.cells import blamed, decimals, first_codes, judged_cells, unknowns, whole
from dashboards.components.controls import STATUS, column, drive_grid, grid, grid_tools, link_to
from dashboards.components.parts import nothing
from dashboards.feed import Cells, Feed, Whys, cells_of
from dashboards.links import GROUPS
from dashboards.shell import newest
from dashboards.text import not_all_groups
from dashboards.time_cells import AGE, ENDS, RATES, SINCE, time_cells, time_codes
from monitor.analysis.derive.emptiness import no_groups
from monitor.analysis.derive.judged.groups import known_partitions
from monitor.analysis.derive.verdict import group_why
from monitor.model.snapshot import KNOWN
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source

PATH = GROUPS
TITLE = "Groups"

COLUMNS = (
    column("id", "Group", width=230, pinned="left", minWidth=110, **link_to(GROUPS)),
    column("status", "Status", width=110, sort="desc", sortIndex=0, **STATUS),
    SINCE,
    column("lag", "Lag", number="total", width=110, sort="desc", sortIndex=1),
    AGE,
    column("why", "Why", width=240, flex=1, minWidth=220, tooltipField="why"),
    *RATES,
    *ENDS,
    column("lost", "Lost", number=True, width=80, headerTooltip="Records deleted before they were read"),
    column("members", "Members", number=True, width=95),
    column("state", "State", width=100),
    column("type", "Type", width=95),
    column("max_lag", "Max lag", number=True, width=100),
    column("partitions", "Partitions", number=True, width=100),
    column("unknown", "Unknown", number=True, width=95, headerTooltip="Partitions whose lag is unknown"),
)


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


def rows(view: View) -> Cells:
    """A row a group; `at_least` is the known part of a lag that is not known whole, `age_at_least` that of an age."""
    groups, lags = view.snapshot.groups, view.group_lags
    partial = np.isnan(lags.lag)
    keys, whys = _unknowns(view)
    return cells_of(
        {
            "id": groups.group.tolist(),
            **judged_cells(view.judged.groups),
            "lag": whole(lags.lag),
            "max_lag": whole(lags.max_lag),
            "lost": whole(lags.lost),
            "members": whole(groups.members),
            "state": groups.state.tolist(),
            "type": groups.group_type.tolist(),
            "partitions": whole(known_partitions(view, "partitions")),
            "unknown": whole(known_partitions(view, "unknown_partitions")),
            "why": (group_why(view, row) for row in range(len(groups))),
            "at_least": whole(np.where(partial, lags.lag_at_least, np.nan)),
            **time_cells(lags, lags, view.time),
            "age_at_least": decimals(np.where(np.isnan(lags.lag_seconds), lags.lag_seconds_at_least, np.nan), 1),
            "whys": keys,
        },
        whys,
    )


def _unknowns(view: View) -> tuple[list[str | None], Whys]:
    """Why numbers of each group are unknown."""
    groups, lags, reasons = view.snapshot.groups, view.group_lags, list(view.reasons)
    unread = known_partitions(view, "partitions")
    missing = np.where(groups.unread == KNOWN, lags.reason, groups.unread)
    ages = first_codes(len(groups), view.lag.group, view.lag_times.reason)
    return unknowns(
        reasons,
        **time_codes(
            lags,
            lags,
            reasons,
            ages=np.where(lags.reason == KNOWN, ages, lags.reason),
            lags=lags.reason,
        ),
        lag=blamed(lags.lag, reasons, "no response", lags.reason),
        max_lag=blamed(lags.max_lag, reasons, "no partitions", lags.reason),
        lost=blamed(lags.lost, reasons, "no response", lags.reason),
        members=blamed(groups.members, reasons, "not described", groups.reason),
        partitions=blamed(unread, reasons, "no response", missing),
        unknown=blamed(unread, reasons, "no response", missing),
    )


def note(view: View) -> Any:
    """Why the table is empty or not whole; nothing when it is whole."""
    why = not_all_groups(view)
    if len(view.snapshot.groups):
        return html.P(f"Some groups may be missing: {visible(why)}", className="notice") if why else None
    return nothing(*no_groups(view))


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed()

    def update(seen: dict[str, Any] | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source, _, view = newest(sources, search, seen)
        shown = view.shown
        return *feed.send([source.cluster], shown.time, rows(shown), base), note(shown)

    app.callback(
        Output("groups-feed", "data"),
        Output("groups-base", "data"),
        Output("groups-note", "children"),
        Input("view", "data"),
        State("groups-base", "data"),
        State("url", "search"),
    )(update)

    drive_grid(app, "groups")
