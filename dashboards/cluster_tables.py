"""What kmon can ask of a cluster and how that goes: capabilities, features, collectors, open transactions."""

from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import (
    known,
    mark,
    name_link,
    nothing,
    reason,
    since,
    status_mark,
    text,
)
from dashboards.links import link, topic_path
from dashboards.listings import Listed, listing, rows_of
from dashboards.text import failures
from monitor.analysis.derive.completeness import unasked
from monitor.analysis.derive.judged.order import transaction_order
from monitor.analysis.derive.judged.transactions import transaction_why
from monitor.model.levels import CAPABILITY_MISSING, COLLECTOR_FAILED
from monitor.model.text import latency, plural, visible
from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.transactions import TRANSACTION

AVAILABLE = {"yes": "ok", "no": CAPABILITY_MISSING, "unknown": "unknown"}
"""The level of a capability."""

NAMED_TOPICS = 4


def word(available: float) -> str:
    """Whether a capability is there."""
    return "unknown" if np.isnan(available) else "yes" if available else "no"


def capabilities(view: View) -> Any:
    """Everything that kmon can ask: what has no answer with the reason, and the names of the rest."""
    table = view.snapshot.capabilities
    if not len(table):
        return nothing("Unknown", view.snapshot.error)
    there = table.available == 1
    missing = sorted(np.flatnonzero(~there).tolist(), key=lambda row: word(float(table.available[row])))
    names = ", ".join(visible(each) for each in table.capability[there])
    rows = [
        (
            text(table.capability[row]),
            mark(there_ := word(float(table.available[row])), AVAILABLE[there_]),
            reason(table.why[row]),
        )
        for row in missing
    ]
    return [
        listing(("Capability", "Available", "Reason"), rows) if rows else html.P("Nothing is missing."),
        html.P([mark("yes", AVAILABLE["yes"]), f" {names}"], className="more") if names else None,
    ]


def gaps(view: View) -> Any:
    """What of the cluster is not shown, and why: notices, what the settings leave out, and what cannot be asked."""
    snapshot, table = view.shown.snapshot, view.shown.snapshot.capabilities
    rows: list[tuple[Any, Any]] = [(name, reason(why)) for name, why in failures(view)]
    rows += [("notice", reason(each)) for each in snapshot.notices]
    hidden = [(snapshot.hidden_topics, "topic"), (snapshot.hidden_groups, "group")]
    rows += [("settings", reason(f"{plural(number, noun)} excluded by settings")) for number, noun in hidden if number]
    rows += [
        (text(table.capability[row]), reason(table.why[row])) for row in np.flatnonzero(table.available != 1).tolist()
    ]
    if rows:
        return listing(("What", "Reason"), rows)
    number = len(view.snapshot.outcomes)
    return nothing(
        f"All {plural(number, 'collector')} complete" if number else "No collectors yet", "Nothing is missing."
    )


def features(view: View) -> Any:
    """The features that the cluster has finalized."""
    number = len(view.snapshot.features)
    if not number:
        return nothing("No features", unasked(view.snapshot, "brokers") or "clusters without KRaft have none")
    columns = (Listed("Feature", "feature"), Listed("Level", "level"))
    return rows_of(view, SUBJECTS["feature"], np.arange(number), columns)


def collectors(view: View) -> Any:
    """How every collector fared in the last poll: those that failed first, then the slowest."""
    outcomes = sorted(view.snapshot.outcomes, key=lambda each: (each.success, -(each.duration_seconds or 0.0)))
    if not outcomes:
        return nothing("No collectors yet", view.snapshot.error)
    # The page shows an older View while the cluster is unreachable, and its ages count from that one.
    rows = [
        (
            text(each.collector),
            mark("yes", "ok") if each.success else mark("no", COLLECTOR_FAILED),
            known("–", "did not run in this poll") if each.duration_seconds is None else latency(each.duration_seconds),
            known("–", "no response yet")
            if each.collected_at is None
            else since(view.shown.time - each.collected_at, "ago"),
            reason(each.error),
        )
        for each in outcomes
    ]
    return listing(
        ("Collector", "Answered", "Took", "Newest response", "Error"), rows, numbers=("Took", "Newest response")
    )


def transactions(view: View, kept: str) -> Any:
    """The transactions that are open, the worst first, then the oldest."""
    if not len(view.snapshot.transactions):
        why = unasked(view.snapshot, "transactions")
        return nothing("Transactions unknown" if why else "No open transactions", why)
    judged = view.judged.transactions
    columns = (
        Listed("Transactional id", "transactional_id"),
        Listed("Status", lambda row: html.Span(status_mark(judged, row), title=transaction_why(view, row) or None)),
        Listed("State", "state"),
        Listed("Open for", "age_seconds"),
        Listed("Timeout", "timeout_seconds"),
        Listed("Partitions", lambda row: _partitions(view, row, kept)),
        Listed("Producer id", "producer_id"),
        Listed("Coordinator", "coordinator"),
    )
    return rows_of(view, TRANSACTION, transaction_order(view), columns)


def _partitions(view: View, transaction: int, kept: str) -> Any:
    """The topics that a transaction has written to, with their partitions."""
    table = view.snapshot.transaction_partitions
    mine = np.flatnonzero(table.transaction == transaction)
    topics: dict[str, list[int]] = {}
    for row in mine.tolist():
        topics.setdefault(str(view.snapshot.topics.topic[table.topic[row]]), []).append(int(table.partition[row]))
    shown: list[Any] = []
    for name, partitions in list(topics.items())[:NAMED_TOPICS]:
        numbers = ", ".join(map(str, partitions[:NAMED_TOPICS])) + (" …" if len(partitions) > NAMED_TOPICS else "")
        shown += [", "] if shown else []
        shown += [name_link(name, link(topic_path(name), kept)), f" {numbers}"]
    more = len(topics) - NAMED_TOPICS
    return html.Span([*shown, f" and {plural(more, 'topic')} more"] if more > 0 else shown or "none yet")
