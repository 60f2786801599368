"""The first page: how the cluster is, in numbers, and which groups need a look."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from dash import Dash, dcc, html

from dashboards.alert_tables import state_of
from dashboards.broker_tables import quorum_line
from dashboards.charts import undrawn, window_figure
from dashboards.cluster_tables import gaps
from dashboards.components.controls import chart, drive_chart, range_choice
from dashboards.components.parts import (
    card,
    count_tile,
    name_link,
    nothing,
    text,
    tile,
    word_mark,
)
from dashboards.fill import Now, Part, fill
from dashboards.health_tables import top_problems
from dashboards.links import GROUPS, group_path, link
from dashboards.listings import Listed, listing, rows_of
from dashboards.text import counted, nodes
from dashboards.topic_tables import troubled
from monitor.analysis.derive.completeness import failure, lists_topics, number_of, unasked, why_hidden_groups
from monitor.analysis.derive.emptiness import no_unhealthy_groups
from monitor.analysis.derive.verdict import count_groups, worst_groups
from monitor.model.levels import ABOVE_ZERO, LEVELS
from monitor.model.snapshot import KNOWN
from monitor.model.table import Floats
from monitor.model.text import UNKNOWN, at_least, duration, plural, visible
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.subjects.groups import GROUP

PATH = "/"
TITLE = "Overview"
TOP = 5
WORST = 10
CHARTED = 6


def layout() -> html.Div:
    return html.Div(
        [
            html.H1("Overview", className="sr-only"),
            html.Dl(id="overview-tiles", className="tiles"),
            html.Div(id="overview-problems", className="live"),
            html.Div(
                [
                    card("Worst groups", html.Div(id="overview-worst")),
                    card(
                        "Lag over time",
                        chart(
                            "overview-chart", "Lag of the worst groups over time; the table beside it has the numbers"
                        ),
                        html.P(id="overview-undrawn", className="muted small"),
                        aside=range_choice("overview-range"),
                    ),
                ],
                className="halves",
            ),
            html.Div(id="overview-partitions"),
            html.Div(
                [
                    card("Pending alerts", html.Div(id="overview-alerts")),
                    card("Missing data", html.Div(id="overview-gaps")),
                ],
                className="halves live",
            ),
        ],
        className="page",
    )


def charted_groups(view: View, most: int = CHARTED) -> list[str]:
    """The groups that the chart draws: the ones with the largest lag, also when all are at rest."""
    lag = view.group_lags.lag
    order = np.argsort(-lag, kind="stable")  # unknown lag sorts last
    return [str(view.snapshot.groups.group[row]) for row in order[:most] if not np.isnan(lag[row])]


def tiles(view: View) -> list[html.Div]:
    """The numbers of the cluster. What was not fully answered is "≥ n", or a dash, with the reason below it."""
    totals = view.totals
    no_cluster, no_groups = failure(view.snapshot, "cluster"), failure(view.snapshot, "groups")
    groups, hidden = count_groups(view), why_hidden_groups(view.snapshot)
    unknown = totals.groups_unknown
    partly = f"incomplete: {plural(unknown, 'group')} unknown" if unknown else no_groups or hidden
    return [
        *_cluster_tiles(view, no_cluster),
        *_partition_tiles(view, no_cluster),
        html.Div(
            [
                html.Dt("Groups"),
                html.Dd(
                    [
                        html.Span([html.B(counted(n, no_groups)), word_mark(word)], className="count")
                        for word, n in groups.items()
                        if n or word in {"ok", "behind", "lost", "unknown"}
                    ],
                    className="tile-value counts",
                ),
                html.Dd(
                    no_groups or number_of(totals.groups, "group", whole=not hidden),
                    className="tile-note muted",
                    title=no_groups or hidden or None,
                ),
            ],
            className="tile wide",
        ),
        tile(
            "Total lag",
            at_least(None if no_groups else totals.lag, totals.lag_at_least),
            partly or "unread records",
        ),
        _transactions(view),
    ]


def _cluster_tiles(view: View, no_cluster: str) -> list[html.Div]:
    shown, totals = view.snapshot, view.totals
    names = shown.brokers.broker
    fenced = names[shown.brokers.fenced == 1].tolist()
    gone = view.broker_totals.broker[~view.broker_totals.described].tolist()
    ids = f"nodes {nodes(names.tolist())}" if 0 < len(names) < 8 else ""
    odd = [f"{word} {nodes(each)}" for word, each in (("fenced", fenced), ("gone", gone)) if each]
    controller = UNKNOWN if shown.controller is None else f"node {shown.controller}"
    return [
        count_tile(
            "Brokers",
            totals.brokers,
            no_cluster,
            "; ".join(odd) or ids,
            LEVELS[int(np.max(view.judged.brokers.level, initial=0))] if gone or fenced else "",
        ),
        tile(
            "Quorum leader" if len(shown.quorum) else "Controller",
            controller,
            no_cluster or quorum_line(view) or unasked(view.snapshot, "quorum"),
            wide=True,
        ),
    ]


def _partition_tiles(view: View, no_cluster: str) -> list[html.Div]:
    totals, health = view.totals, view.partition_health
    in_all = f"of {number_of(totals.partitions, 'partition', whole=lists_topics(view.snapshot))}"
    moving = len(view.snapshot.reassignments)
    unmoved = failure(view.snapshot, "reassignments") or (
        "" if view.outcome("reassignments") or moving else "not polled"
    )
    return [
        count_tile("Offline partitions", totals.offline, no_cluster, in_all, ABOVE_ZERO["offline"]),
        _against_min(view, "Under min ISR", health.under_min_isr, "under_min_isr", no_cluster),
        _against_min(view, "At min ISR", health.at_min_isr, "at_min_isr", no_cluster),
        count_tile("Under-replicated", totals.under_replicated, no_cluster, in_all, ABOVE_ZERO["under_replicated"]),
        count_tile("Reassigning", moving, unmoved, in_all),
    ]


def _against_min(view: View, name: str, flags: Floats, column: str, no_cluster: str) -> html.Div:
    """How many partitions of watched topics are so; the configs of other topics are not asked."""
    flags = flags[view.snapshot.topics.watched[view.snapshot.partitions.topic]]
    unknown, number = int(np.isnan(flags).sum()), int(np.nansum(flags))
    what = "writes with acks=all fail" if column == "under_min_isr" else "one more replica lost and writes fail"
    why = no_cluster
    if unknown and not why:
        codes = view.snapshot.topic_configs.reason
        told = next((view.reasons[code] for code in codes.tolist() if code != KNOWN), "")
        why = f"unknown on {plural(unknown, 'partition')}: {told or unasked(view.snapshot, 'configs') or 'no configs'}"
    in_all = f"of {number_of(len(flags), 'partition', whole=lists_topics(view.snapshot))}"
    return count_tile(name, number, why, what if number else in_all, ABOVE_ZERO[column])


def _transactions(view: View) -> html.Div:
    number, why = len(view.snapshot.transactions), unasked(view.snapshot, "transactions")
    ages = view.transaction_ages.age_seconds
    oldest = f"oldest open for {duration(float(np.nanmax(ages)))}" if not np.isnan(ages).all() else ""
    return tile("Open transactions", counted(number, "" if number else why), oldest or why or "none open")


def worst(view: View, search: str | None) -> Any:
    """The table of the groups that are not at rest."""
    number = number_of(len(view.snapshot.groups), "group", whole=not why_hidden_groups(view.snapshot))
    rows = worst_groups(view)[:WORST]
    if not len(rows):
        return nothing(*no_unhealthy_groups(view))
    names = view.snapshot.groups.group
    columns = (
        Listed("Group", lambda row: name_link(str(names[row]), link(group_path(str(names[row])), search))),
        Listed("Status", "status"),
        Listed("Lag", "lag"),
        Listed("Time lag", "lag_seconds"),
        Listed("Reason", "why"),
    )
    table = rows_of(view, GROUP, rows, columns)
    return [table, html.P(dcc.Link(f"All {number}", href=link(GROUPS, search)), className="more")]


def partitions(view: View, kept: str) -> Any:
    """The unhealthy partitions; None where there is none."""
    ill = troubled(view, kept, WORST)
    return None if ill is None else card("Unhealthy partitions", ill)


def pending(view: View) -> Any:
    """The alerts that may fire soon, the oldest first; those that fire are problems."""
    waiting = sorted((each for each in view.alerts if each.state != "firing"), key=lambda each: each.active_since)
    if not waiting:
        return nothing("No pending alerts", "Alerts that fire are among the problems.")
    return listing(
        ("Alert", "State", "Severity", "Since", "What"),
        [
            (
                text(each.rule),
                state_of(each),
                each.severity,
                duration(view.time - each.active_since),
                html.Span(visible(each.summary), className="why", title=visible(each.summary)),
            )
            for each in waiting
        ],
        numbers=("Since",),
    )


PARTS = ("problems", "tiles", "worst", "partitions", "alerts", "gaps")


def make(now: Now) -> tuple[Sequence[Part], None]:
    """What makes each part of the page; it has no grid."""
    view, newest, kept = now.view, now.newest, now.kept
    return [
        partial(top_problems, newest, kept, TOP),
        partial(tiles, view),
        partial(worst, view, kept),
        partial(partitions, view, kept),
        partial(pending, newest),
        partial(gaps, newest),
    ], None


def draw(now: Now) -> tuple[Sequence[Part], None]:
    """What makes the chart: lag of the worst groups over the range."""
    (range_name,) = now.choices
    return [
        lambda: window_figure(now.source, now.newest, charted_groups(now.view), range_name, ""),
        partial(undrawn, now.view),
    ], None


def register(app: Dash, sources: Sequence[Source]) -> None:
    fill(app, sources, [f"overview-{part}" for part in PARTS], make)
    chart_parts = ["overview-chart-figure.data", "overview-undrawn"]
    fill(app, sources, chart_parts, draw, choices=[("overview-range", "value")])
    drive_chart(app, "overview-chart")
