"""The page on the cluster and data collection: capabilities, features, collectors, requests and transactions."""

from collections.abc import Callable, Sequence
from functools import partial

from dash import Dash, html

from dashboards.cluster_tables import capabilities, collectors, features, transactions
from dashboards.components.controls import grid_card
from dashboards.components.parts import asked, card, count_tile, tile
from dashboards.feed import Cells
from dashboards.fill import Now, Part, fill
from dashboards.grids import Grid, column
from dashboards.links import CLUSTER
from monitor.analysis.derive.completeness import failure, why_not_all_groups, why_not_all_topics
from monitor.model.levels import ABOVE_ZERO, STATE_NOT_KEPT
from monitor.model.snapshot import NO_LEADER
from monitor.model.text import UNKNOWN, count, size
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.requests import REQUEST

PATH = CLUSTER
TITLE = "Cluster"

GRID = Grid(
    REQUEST,
    ("api", "broker"),
    column("api", "API", 220, pinned="left", minWidth=110),
    column("broker", "Broker", 100, headerTooltip="kmon uses the bootstrap address until it knows the brokers"),
    column("requests", "Requests", 110, sort="desc"),
    column("errors", "Errors", 90),
    column("seconds", "Seconds", 105),
    column("mean_seconds", "Mean", 105, field="mean"),
    column("received_bytes", "Received", 110, field="bytes"),
    column("mean_bytes", "Per response", 110, field="each", flex=1, minWidth=100),
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
                    card("Collectors", html.Div(id="cluster-collectors", className="live")),
                ],
                className="halves",
            ),
            card("Transactions", html.Div(id="cluster-transactions"), aside=html.Span(id="cluster-transactions-age")),
            grid_card("requests", GRID, html.H2("Requests since kmon started"), "Filter requests"),
        ],
        className="page",
    )


def rows(view: View) -> Cells:
    """A row an API and broker."""
    brokers = view.snapshot.requests.broker.tolist()
    return GRID.cells(view, broker=("bootstrap" if each == NO_LEADER else str(each) for each in brokers))


def tiles(view: View, newest: View) -> list[html.Div]:
    """The cluster, and how much kmon asks of it and keeps; `newest` is the View of the last poll."""
    shown, table = view.snapshot, view.snapshot.requests
    versions = sorted({str(each) for each in shown.brokers.version if each is not None})
    no_topics, no_groups = why_not_all_topics(view.snapshot), why_not_all_groups(view.snapshot)
    trouble = newest.state_trouble
    requests, errors = float(table.requests.sum()), float(table.errors.sum())
    return [
        tile("Cluster id", shown.cluster_id or UNKNOWN, failure(view.snapshot, "cluster"), wide=True),
        tile("Kafka", ", ".join(versions) or UNKNOWN, "inferred from the supported APIs"),
        count_tile("Topics", view.totals.topics, no_topics, f"{int(shown.topics.watched.sum()):,} of them monitored"),
        count_tile(
            "Groups",
            view.totals.groups,
            no_groups,
            f"and {shown.hidden_groups:,} excluded" if shown.hidden_groups else "none excluded",
        ),
        tile("Requests", count(requests), "since kmon started"),
        tile("Errors", count(errors), "failed requests", ABOVE_ZERO["errors"] if errors else ""),
        tile("Received", size(float(table.received_bytes.sum())), "since kmon started"),
        *([tile("Alert state", "not kept", trouble, STATE_NOT_KEPT, wide=True)] if trouble else []),
    ]


PARTS = ("tiles", "capabilities", "collectors", "transactions", "transactions-age", "features")


def make(now: Now) -> tuple[Sequence[Part], Callable[[], Cells]]:
    """What makes each part of the page, and its rows."""
    view = now.view
    parts = (
        partial(tiles, view, now.newest),
        partial(capabilities, view),
        partial(collectors, now.newest),
        partial(transactions, view, now.kept),
        partial(asked, view, "transactions"),
        partial(features, view),
    )
    return parts, partial(rows, view)


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, [f"cluster-{part}" for part in PARTS], make, grid="requests")
