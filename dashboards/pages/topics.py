"""Every topic of the cluster: how it stands, how large it is, who reads it, and how long it is kept."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import Dash, Input, Output, State, html

from dashboards.cells import (
    blamed,
    first_codes,
    judged_cells,
    unknowns,
    whole,
    worst_rows,
)
from dashboards.components.controls import (
    STATUS,
    above_zero,
    column,
    drive_grid,
    grid,
    grid_tools,
    keep_in_url,
    link_to,
)
from dashboards.components.parts import nothing
from dashboards.feed import Cells, Feed, Whys, cells_of
from dashboards.links import TOPICS
from dashboards.shell import newest
from dashboards.text import failure, not_all_topics, unasked
from monitor.analysis.derive.emptiness import no_topics
from monitor.analysis.derive.judged.partitions import topic_why
from monitor.model.snapshot import KNOWN, reason_code
from monitor.model.table import Ints
from monitor.model.text import plural, visible
from monitor.model.view import View
from monitor.poll.source import Source

PATH = TOPICS
TITLE = "Topics"

COLUMNS = (
    column("id", "Topic", width=210, pinned="left", minWidth=110, **link_to(TOPICS)),
    column("status", "Status", width=145, sort="desc", sortIndex=0, **STATUS),
    column("partitions", "Partitions", number=True, width=105),
    column("factor", "Replicas", number=True, width=95, headerTooltip="Replication factor"),
    column("min_isr", "Min ISR", number=True, width=90, headerTooltip="min.insync.replicas"),
    column(
        "offline",
        "Offline",
        number=True,
        width=90,
        headerTooltip="Partitions without a leader",
        **above_zero("offline"),
    ),
    column(
        "under",
        "Under-repl.",
        number=True,
        width=110,
        headerTooltip="Under-replicated partitions",
        **above_zero("under_replicated"),
    ),
    column(
        "under_min",
        "Under min",
        number=True,
        width=105,
        headerTooltip="Partitions under min ISR",
        **above_zero("under_min_isr"),
    ),
    column("size", "Size", number="bytes", width=100, headerTooltip="Size of the leaders' replicas"),
    column("records", "Records", number=True, width=115),
    column("groups", "Groups", number=True, width=90, headerTooltip="Groups that read it, of those that are visible"),
    column(
        "lag", "Lag", number="total", width=110, sort="desc", sortIndex=1, headerTooltip="Of all groups that read it"
    ),
    column("retention", "Retention", number="span", width=105),
    column("retention_bytes", "Kept size", number="bytes", width=105, headerTooltip="retention.bytes of a partition"),
    column("cleanup", "Cleanup", width=125, headerTooltip="cleanup.policy"),
    column("why", "Why", width=200, flex=1, minWidth=180, tooltipField="why"),
)


def layout() -> html.Div:
    show = dmc.SegmentedControl(
        id="topics-show",
        data=[{"value": "watched", "label": "Monitored"}, {"value": "all", "label": "All"}],
        value="watched",
        size="xs",
        radius="sm",
        **{"aria-label": "Which topics"},
    )
    return html.Div(
        [
            html.Div([html.H1("Topics"), show, *grid_tools("topics", "Filter topics")], className="toolbar"),
            html.Div(id="topics-note"),
            grid("topics", COLUMNS, "Topics", base=TOPICS),
        ],
        className="page page-full",
    )


def chosen_rows(view: View, show: str | None) -> Ints:
    """The rows of the topics that are shown: those that are watched, or all; the worst where they are too many."""
    watched = view.snapshot.topics.watched
    wanted = watched | (show == "all")
    return worst_rows(wanted, view.judged.topics.severity, np.nan_to_num(view.topic_totals.lag_at_least))


def rows(view: View, at: Ints) -> Cells:
    """A row for each topic in these rows; `at_least` is the known part of a lag that is not known whole."""
    topics, totals, configs = view.snapshot.topics, view.topic_totals, view.snapshot.topic_configs
    named = topics.partitions > 0
    nan = np.full(len(topics), np.nan)
    configured = len(configs) == len(topics)

    def config(name: str) -> Any:
        return getattr(configs, name) if configured else nan

    # Of a topic that metadata does not name, and of commits that could not be read, "0" would be a claim.
    lag_known = np.where(np.isnan(totals.lag_at_least), np.nan, totals.lag_at_least)
    partial = np.isnan(totals.lag)
    keys, whys = _unknowns(view, at)
    cleanup = configs.cleanup_policy[at].tolist() if configured else [None] * len(at)
    return cells_of(
        {
            "id": topics.topic[at].tolist(),
            **judged_cells(view.judged.topics, at),
            "partitions": whole(np.where(named, topics.partitions, np.nan)[at]),
            "factor": whole(np.where(named, totals.replication_factor, np.nan)[at]),
            "min_isr": whole(config("min_insync_replicas")[at]),
            "offline": whole(np.where(named, totals.offline, np.nan)[at]),
            "under": whole(np.where(named, totals.under_replicated, np.nan)[at]),
            "under_min": whole(totals.under_min_isr[at]),
            "size": whole(totals.size_bytes[at]),
            "records": whole(totals.records[at]),
            "groups": whole(np.where(bool(failure(view, "groups")), np.nan, totals.groups)[at]),
            "lag": whole(totals.lag[at]),
            "retention": whole(config("retention_seconds")[at]),
            "retention_bytes": whole(config("retention_bytes")[at]),
            "cleanup": cleanup,
            "why": [topic_why(view, row) for row in at.tolist()],
            "at_least": whole(np.where(partial, lag_known, np.nan)[at]),
            "whys": keys,
        },
        whys,
    )


def _unknowns(view: View, at: Ints) -> tuple[list[str | None], Whys]:
    """Why numbers of each topic are unknown."""
    snapshot, totals, count = view.snapshot, view.topic_totals, len(view.snapshot.topics)
    reasons, topic = list(view.reasons), snapshot.partitions.topic
    offsets, configs, lag = snapshot.offsets, snapshot.topic_configs, view.lag
    records = first_codes(count, topic, np.where(offsets.end_reason != KNOWN, offsets.end_reason, offsets.start_reason))
    told = configs.reason if len(configs) == count else np.zeros(count, np.int32)
    unread = first_codes(count, lag.topic, lag.reason)
    not_all = failure(view, "groups", "commits") or "a group that may read it is unknown"
    disks = unasked(view, "log_dirs") or "log dir of a leader unknown"
    config = unasked(view, "configs")
    own = snapshot.topics.reason
    codes = {
        "size": blamed(totals.size_bytes, reasons, disks, own),
        "records": blamed(totals.records, reasons, "some offsets unknown", np.where(own, own, records)),
        "lag": blamed(totals.lag, reasons, not_all, unread),
        "under_min": blamed(totals.under_min_isr, reasons, config, np.where(own, own, told)),
        **{
            field: blamed(
                getattr(configs, name) if len(configs) == count else np.full(count, np.nan),
                reasons,
                config,
                np.where(own, own, told),
            )
            for field, name in (
                ("min_isr", "min_insync_replicas"),
                ("retention", "retention_seconds"),
                ("retention_bytes", "retention_bytes"),
            )
        },
    }
    gone = np.where(snapshot.topics.partitions > 0, KNOWN, reason_code(reasons, "not in metadata"))
    gone = np.where((gone != KNOWN) & (own != KNOWN), own, gone)
    codes |= dict.fromkeys(("partitions", "factor", "offline", "under"), gone)
    return unknowns(reasons, **{field: code[at] for field, code in codes.items()})


def note(view: View, shown: int, show: str | None) -> Any:
    """Why the table is empty or not whole, and what of the cluster it leaves out."""
    topics, why = view.snapshot.topics, not_all_topics(view)
    watched = int(topics.watched.sum())
    if not shown:
        if why or not len(topics):
            return nothing(*no_topics(view))
        return nothing("No topic is monitored", "All are excluded by settings. “All” lists them from metadata.")
    wanted = len(topics) if show == "all" else watched
    parts = [f"Some topics may be missing: {why}"] if why else []
    if shown < wanted:
        parts.append(f"the worst {shown:,} of {plural(wanted, 'topic')} are shown")
    rest = len(topics) - watched
    if rest and show != "all":
        parts.append(f"{plural(rest, 'topic')} not monitored")
    return html.P(visible("; ".join(parts)), className="notice" if why else "muted small") if parts else None


def register(app: Dash, sources: Sequence[Source]) -> None:
    feed = Feed()

    def update(seen: Any, show: str | None, base: list[Any] | None, search: str | None) -> tuple[Any, ...]:
        source, _, view = newest(sources, search, seen)
        shown = view.shown
        at = chosen_rows(shown, show)
        sent = feed.send([source.cluster, show or "watched"], shown.time, rows(shown, at), base)
        return *sent, note(shown, len(at), show)

    app.callback(
        Output("topics-feed", "data"),
        Output("topics-base", "data"),
        Output("topics-note", "children"),
        Input("view", "data"),
        Input("topics-show", "value"),
        State("topics-base", "data"),
        State("url", "search"),
    )(update)

    keep_in_url(app, "topics-show")
    drive_grid(app, "topics")
