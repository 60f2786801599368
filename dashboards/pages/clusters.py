"""All clusters on one page, the worst first: how each stands, in one row."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from dash import Dash, Input, Output, html
from dash.exceptions import PreventUpdate

from dashboards.components.parts import known, mark, name_link, reason, since
from dashboards.fill import attempt
from dashboards.links import CLUSTERS, OVERVIEW, on_cluster
from dashboards.listings import listing
from dashboards.text import counted
from monitor.analysis.derive.completeness import failure, why_not_all_groups, why_not_all_topics
from monitor.model.levels import OF_VERDICTS
from monitor.model.text import UNKNOWN, at_least, count
from monitor.model.view import View
from monitor.poll.source import Source

PATH = CLUSTERS
TITLE = "All clusters"


HEADS = ("Cluster", "Verdict", "What", "Brokers", "Partitions", "Groups", "Behind", "Lag", "Age")


def layout() -> html.Div:
    return html.Div(
        [
            html.Div([html.H1("All clusters")], className="toolbar"),
            html.Section(html.Div(id="clusters-table"), className="card"),
        ],
        className="page",
    )


def table(sources: Sequence[Source]) -> Any:
    """A row a cluster, the worst first; ages are against the newest View of all, and the page counts them on."""
    views = [(each, each.latest()) for each in sources]
    newest = max((view.shown.time for _, view in views if view is not None and view.shown.up), default=0.0)
    order = sorted(views, key=lambda each: -_severity(each[1]))
    rows = [_row(source, view, newest) for source, view in order]
    return listing(HEADS, rows, numbers=HEADS[3:], more=0)


def _severity(view: View | None) -> int:
    return 0 if view is None else list(OF_VERDICTS).index(view.verdict.level)


def _row(source: Source, view: View | None, newest: float) -> tuple[Any, ...]:
    name = name_link(source.cluster, on_cluster(OVERVIEW, source.cluster))
    if view is None:
        return (name, mark("waiting", "unknown"), reason("for the first poll to complete"), *[UNKNOWN] * 6)
    shown, totals = view.shown, view.shown.totals
    verdict = (name, mark(view.verdict.level, OF_VERDICTS[view.verdict.level]), reason(view.verdict.sentence))
    if not shown.up:
        return (*verdict, *[known(UNKNOWN, view.snapshot.error)] * 6)
    no_cluster, no_topics, no_groups = (
        failure(shown.snapshot, "cluster"),
        why_not_all_topics(shown.snapshot),
        why_not_all_groups(shown.snapshot),
    )
    cells = (
        known(counted(totals.brokers, no_cluster), no_cluster),
        known(counted(totals.partitions, no_topics), no_topics),
        known(counted(totals.groups, no_groups), no_groups),
        count(float(totals.groups_behind)),
        known(at_least(totals.lag, totals.lag_at_least), no_groups or "some group's lag is unknown"),
        since(newest - shown.time, "old"),
    )
    return (*verdict, *(cells if view.up else [html.Span(each, className="last-known") for each in cells]))


def register(app: Dash, sources: Sequence[Source]) -> None:
    def update(seen: dict[str, Any] | None) -> Any:
        if seen is None:
            raise PreventUpdate
        shown = [view.shown.time for each in sources if (view := each.latest()) is not None and view.shown.up]
        made = [["clusters"], seen.get("time"), max(shown, default=None)]
        return attempt("clusters-table", partial(table, sources)), json.dumps(made)

    app.callback(Output("clusters-table", "children"), Output("clusters-table", "data-made"), Input("view", "data"))(
        update
    )
