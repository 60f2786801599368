"""The page on the cluster and data collection: capabilities, features, collectors, requests and transactions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, State, html

from dashboards.cells import decimals, whole
from dashboards.cluster_tables import capabilities, collectors, features, transactions
from dashboards.components.controls import above_zero, column, drive_grid, grid_card
from dashboards.components.parts import asked, card, tile
from dashboards.feed import Cells, Feed, cells_of
from dashboards.links import CLUSTER
from dashboards.shell import newest
from dashboards.text import counted, failure, not_all_groups, not_all_topics
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import NO_LEADER
from monitor.model.text import UNKNOWN, count, size
from monitor.model.view import View
from monitor.poll.source import Source

PATH = CLUSTER
TITLE = "Cluster"

COLUMNS = (
    column("api", "API", width=220, pinned="left", minWidth=110),
    column("broker", "Broker", width=100, headerTooltip="kmon uses the bootstrap address until it knows the brokers"),
    column("requests", "Requests", number=True, width=110, sort="desc"),
    column("errors", "Errors", number=True, width=90, **above_zero("errors")),
    column("seconds", "Seconds", number="precise", width=105, headerTooltip="Total response time since kmon started"),
    column("mean", "Mean", number="milliseconds", width=105, headerTooltip="Mean response time"),
    column("bytes", "Received", number="bytes", width=110),
    column("each", "Per response", number="bytes", width=110, flex=1, minWidth=100),
)


def layout() -> html.Div:
    return html.Div(
        [
            html.Div([html.H1("Cluster and data collection")], className="toolbar"),
            html.Dl(id="cluster-tiles", className="tiles"),
            html.Div(
                [
                    html.Div(
                        [
                            card("Capabilities", html.Div(id="cluster-capabilities")),
                            card("Features", html.Div(id="cluster-features")),
                        ],
                        className="stack",
                    ),
                    card("Collectors", html.Div(id="cluster-collectors")),
                ],
                className="halves",
            ),
            card("Transactions", html.Div(id="cluster-transactions"), aside=html.Span(id="cluster-transactions-age")),
            grid_card("requests", COLUMNS, html.H2("Requests since kmon started"), "Filter requests"),
        ],
        className="page",
    )


def rows(view: View) -> Cells:
    """A row an API and broker."""
    table = view.snapshot.requests
    answered = np.where(table.requests > table.errors, table.requests - table.errors, np.nan)
    sent = np.where(table.requests > 0, table.requests, np.nan)
    brokers = ["bootstrap" if each == NO_LEADER else str(each) for each in table.broker.tolist()]
    return cells_of(
        {
            "id": (f"{api}/{broker}" for api, broker in zip(table.api.tolist(), brokers, strict=True)),
            "api": table.api.tolist(),
            "broker": brokers,
            "requests": whole(table.requests),
            "errors": whole(table.errors),
            "seconds": decimals(table.seconds),
            "mean": decimals(table.seconds / sent),
            "bytes": whole(table.received_bytes),
            "each": whole(table.received_bytes / answered),
        }
    )


def tiles(view: View) -> list[html.Div]:
    """The cluster, and how much kmon asks of it."""
    shown, table = view.snapshot, view.snapshot.requests
    versions = sorted({str(each) for each in shown.brokers.version if each is not None})
    no_topics, no_groups = not_all_topics(view), not_all_groups(view)
    requests, errors = float(table.requests.sum()), float(table.errors.sum())
    return [
        tile("Cluster id", shown.cluster_id or UNKNOWN, failure(view, "cluster"), wide=True),
        tile("Kafka", ", ".join(versions) or UNKNOWN, "inferred from the supported APIs"),
        tile(
            "Topics",
            counted(view.totals.topics, no_topics),
            no_topics or f"{int(shown.topics.watched.sum()):,} of them monitored",
        ),
        tile(
            "Groups",
            counted(view.totals.groups, no_groups),
            no_groups or (f"and {shown.hidden_groups:,} excluded" if shown.hidden_groups else "none excluded"),
        ),
        tile("Requests", count(requests), "since kmon started"),
        tile("Errors", count(errors), "failed requests", ABOVE_ZERO["errors"] if errors else ""),
        tile("Received", size(float(table.received_bytes.sum())), "since kmon started"),
    ]


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed()

    def update(seen: dict[str, Any] | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source, kept, view = newest(sources, search, seen)
        shown = view.shown
        return (
            *feed.send([source.cluster], shown.time, rows(shown), base),
            tiles(shown),
            capabilities(shown),
            collectors(view),
            transactions(shown, kept),
            asked(shown, "transactions"),
            features(shown),
        )

    app.callback(
        Output("requests-feed", "data"),
        Output("requests-base", "data"),
        Output("cluster-tiles", "children"),
        Output("cluster-capabilities", "children"),
        Output("cluster-collectors", "children"),
        Output("cluster-transactions", "children"),
        Output("cluster-transactions-age", "children"),
        Output("cluster-features", "children"),
        Input("view", "data"),
        State("requests-base", "data"),
        State("url", "search"),
    )(update)

    drive_grid(app, "requests")
