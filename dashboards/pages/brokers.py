"""The brokers: what each leads and holds, its disks, the metadata quorum, and where their configs differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html

from dashboards.broker_tables import disks, drift, quorum, role_of
from dashboards.cells import blamed, decimals, first_codes, judged_cells, unknowns, whole
from dashboards.components.controls import NAME, STATUS, above_zero, column, drive_grid, grid_card
from dashboards.components.parts import asked, card, nothing
from dashboards.feed import Cells, Feed, cells_of
from dashboards.shell import newest
from dashboards.text import failure, unasked
from monitor.analysis.derive.judged.brokers import broker_why, fullest_disks, fullest_levels
from monitor.model.table import Ints
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Source

PATH = "/brokers"
TITLE = "Brokers"

FULLEST = {
    "cellRenderer": "Meter",
    "cellRendererParams": {"level": "disk_level"},
    "headerTooltip": "Fullest volume of the broker's log dirs",
}
COLUMNS = (
    column("broker", "Broker", number=True, width=100, pinned="left", sort="asc"),
    column("status", "Status", width=125, **STATUS),
    column("host", "Host", width=150, **NAME),
    column("rack", "Rack", width=85, **NAME),
    column("version", "Version", width=92, headerTooltip="Inferred from the supported APIs", **NAME),
    column("role", "Quorum", width=105),
    column("leaders", "Leaders", number=True, width=95),
    column("replicas", "Replicas", number=True, width=95),
    column(
        "preferred_missing",
        "Not preferred",
        number=True,
        width=120,
        headerTooltip="Partitions it is preferred leader of but does not lead",
        **above_zero("preferred_missing"),
    ),
    column("out_of_sync", "Out of sync", number=True, width=110, **above_zero("out_of_sync")),
    column("size", "Size", number="bytes", width=105),
    column("fullest", "Fullest disk", number="percent", width=140, **FULLEST),
    column(
        "leader_skew",
        "Leader skew",
        number="change",
        width=115,
        headerTooltip="Leaders relative to the mean of the brokers",
    ),
    column(
        "size_skew", "Size skew", number="change", width=105, headerTooltip="Size relative to the mean of the brokers"
    ),
    column("size_skew", "Size skew", number="change", width=105, headerTooltip="Size against the mean of the brokers"),
    column("why", "Why", width=200, flex=1, minWidth=160, tooltipField="why"),
)


def layout() -> html.Div:
    return html.Div(
        [
            grid_card("brokers", COLUMNS, html.H1("Brokers"), "Filter brokers", "brokers-note"),
            card("Log dirs", html.Div(id="brokers-disks"), aside=html.Span(id="brokers-disks-age")),
            card("Metadata quorum", html.Div(id="brokers-quorum")),
            card("Broker configs", html.Div(id="brokers-drift"), aside=html.Span(id="brokers-drift-age")),
        ],
        className="page",
    )


def rows(view: View) -> Cells:
    """A row a broker that is named or that replicas are on."""
    totals, brokers = view.broker_totals, view.snapshot.brokers
    place = {node: row for row, node in enumerate(brokers.broker.tolist())}
    nodes = totals.broker.tolist()
    at = [place.get(node) for node in nodes]
    roles, full = _roles(view), fullest_disks(view)
    reasons = list(view.reasons)
    keys, whys = unknowns(
        reasons,
        size=blamed(totals.size_bytes, reasons, unasked(view, "log_dirs") or "log dirs not reported", _dirs(view)),
        fullest=blamed(full, reasons, unasked(view, "log_dirs") or "size of its volumes not reported", _dirs(view)),
        leader_skew=blamed(totals.leader_skew, reasons, "no other broker to compare with"),
        size_skew=blamed(totals.size_skew, reasons, "the size of some broker is unknown"),
    )
    return cells_of(
        {
            "id": map(str, nodes),
            "broker": nodes,
            **judged_cells(view.judged.brokers),
            "host": [None if row is None else f"{brokers.host[row]}:{brokers.port[row]}" for row in at],
            "rack": [None if row is None else brokers.rack[row] for row in at],
            "version": [None if row is None else brokers.version[row] for row in at],
            "role": [roles.get(node) for node in nodes],
            "leaders": whole(totals.leaders),
            "replicas": whole(totals.replicas),
            "preferred_missing": whole(totals.preferred_missing),
            "out_of_sync": whole(totals.out_of_sync),
            "size": whole(totals.size_bytes),
            "fullest": decimals(full),
            "disk_level": fullest_levels(view).tolist(),
            "leader_skew": decimals(totals.leader_skew),
            "size_skew": decimals(totals.size_skew),
            "why": [broker_why(view, row) for row in range(len(nodes))],
            "whys": keys,
        },
        whys,
    )


def _dirs(view: View) -> Ints:
    """A reason code for each broker of `broker_totals`: what is wrong with its first log dir that is not well."""
    ids, dirs = view.broker_totals.broker, view.snapshot.log_dirs
    there = np.isin(dirs.broker, ids)
    return first_codes(len(ids), np.searchsorted(ids, dirs.broker[there]), dirs.reason[there])


def _roles(view: View) -> dict[int, str]:
    table = view.snapshot.quorum
    return {node: role_of(table, row) for row, node in enumerate(table.node.tolist())}


def note(view: View) -> Any:
    """Why the table is empty or not whole; nothing when it is whole."""
    why = failure(view, "cluster")
    if not len(view.broker_totals):
        return nothing("Brokers unknown", why or "no poll has completed yet")
    return html.P(f"Some brokers may be missing: {visible(why)}", className="notice") if why else None


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed()

    def update(seen: dict[str, Any] | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source, _, view = newest(sources, search, seen)
        shown = view.shown
        return (
            *feed.send([source.cluster], shown.time, rows(shown), base),
            note(shown),
            disks(shown),
            asked(shown, "log_dirs"),
            quorum(shown),
            drift(shown),
            asked(shown, "configs"),
        )

    app.callback(
        Output("brokers-feed", "data"),
        Output("brokers-base", "data"),
        Output("brokers-note", "children"),
        Output("brokers-disks", "children"),
        Output("brokers-disks-age", "children"),
        Output("brokers-quorum", "children"),
        Output("brokers-drift", "children"),
        Output("brokers-drift-age", "children"),
        Input("view", "data"),
        State("brokers-base", "data"),
        State("url", "search"),
    )(update)

    drive_grid(app, "brokers")
