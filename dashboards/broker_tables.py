"""The small tables of brokers: log dirs, the metadata quorum, and configs that differ from broker to broker."""

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import known, meter, nothing, status_mark
from dashboards.listings import Listed, cell_of, rows_of
from dashboards.text import ago
from monitor.analysis.derive.completeness import unasked
from monitor.analysis.derive.judged.brokers import disk_used, quorum_why
from monitor.analysis.derive.judged.order import worst_first
from monitor.model.cluster_tables import BrokerConfigs, Quorum
from monitor.model.levels import ODD
from monitor.model.text import UNKNOWN, count, plural, records_of
from monitor.model.view import View
from monitor.subjects.brokers import BROKER_CONFIG, LOG_DIR, QUORUM
from monitor.subjects.shown import Shown, shown


def disks(view: View) -> Any:
    """The log dirs, the worst first, then the fullest."""
    dirs, shares, judged = view.snapshot.log_dirs, disk_used(view), view.judged.log_dirs
    if not len(dirs):
        return nothing("Log dirs unknown", unasked(view.snapshot, "log_dirs") or "not reported by any broker")
    used = shown(LOG_DIR.read(view), "used")
    columns = (
        Listed("Broker", "broker"),
        Listed("Path", "path"),
        Listed("Used", lambda row: meter(float(shares[row]), used.why(row), str(judged.levels[row]))),
        Listed("Free", "usable_bytes"),
        Listed("Total", "total_bytes"),
        Listed("Replicas", "replicas"),
        Listed("Size of logs", "replicas_bytes"),
        Listed("Status", "status"),
        Listed("Why", "why"),
    )
    return rows_of(view, LOG_DIR, worst_first(judged.severity, shares), columns)


def quorum(view: View) -> Any:
    """The voters and observers of the metadata quorum and how far each is behind its leader."""
    table = view.snapshot.quorum
    if not len(table):
        why = unasked(view.snapshot, "quorum") or "the cluster has none or does not report it"
        return nothing("Quorum unknown", why)
    reading = QUORUM.read(view)
    columns = (
        Listed("Node", "node"),
        Listed("Status", lambda row: html.Span(status_mark(view.judged.quorum, row), title=quorum_why(view, row))),
        Listed("Role", lambda row: "leader" if table.leader[row] else "voter" if table.voter[row] else "observer"),
        Listed("Lag", "lag"),
        Listed("Caught up", partial(_ago, table, shown(reading, "behind_seconds")), right=True),
        Listed("Fetched", partial(_ago, table, shown(reading, "fetch_age_seconds")), right=True),
        Listed("Log end", "log_end_offset"),
    )
    line = html.P(quorum_line(view), className="muted small")
    return [line, rows_of(view, QUORUM, np.arange(len(table)), columns)]


def _ago(table: Quorum, values: Shown, row: int) -> Any:
    """How long ago a node did something; the leader has nothing to fetch."""
    return UNKNOWN if table.leader[row] else cell_of(values, row, ago)


def quorum_line(view: View) -> str:
    """The quorum in one line: its size, and who is furthest behind; empty without one."""
    table, lags = view.snapshot.quorum, view.quorum_lags
    if not len(table):
        return ""
    voters = int(table.voter.sum())
    parts = [] if view.snapshot.quorum_epoch is None else [f"epoch {view.snapshot.quorum_epoch}"]
    parts.append(f"{plural(voters, 'voter')}, {plural(len(table) - voters, 'observer')}")
    if len(table) > 1 and not np.isnan(lags.lag).all():
        worst = int(np.nanargmax(lags.lag))
        if lags.lag[worst] > 0:
            parts.append(f"node {table.node[worst]} is {records_of(float(lags.lag[worst]), count, ' behind')}")
        else:
            parts.append("all caught up")
    return " · ".join(parts)


DIGEST = 8
"""How much of a digest is enough to see that two differ."""

CONFIGS = (
    ("Min ISR", "min_insync_replicas"),
    ("Replication factor", "replication_factor"),
    ("Retention", "retention_seconds"),
    ("Offsets retention", "offsets_retention_seconds"),
    ("Transaction timeout", "transaction_max_timeout_seconds"),
    ("Unclean election", "unclean_election"),
    ("Auto-create topics", "auto_create_topics"),
    ("Digest of all", "digest"),
)
"""The defaults of a broker that a person compares: head and column."""


def drift(view: View) -> Any:
    """The defaults of every broker; what differs from the most is marked, and so is a digest of the rest."""
    if not len(view.snapshot.broker_configs):
        return nothing("Configs unknown", unasked(view.snapshot, "configs") or "not reported by any broker")
    reading = BROKER_CONFIG.read(view)
    rows = np.flatnonzero(np.isin(view.broker_totals.broker, view.snapshot.broker_configs.broker))
    odd = odd_brokers(view.snapshot.broker_configs)
    digests = shown(reading, "digest")
    if digests.unknown.all():
        return nothing("Configs unknown", unasked(view.snapshot, "configs") or digests.why(0))
    said = (
        f"Broker {', '.join(map(str, odd))} has different configs than the other brokers"
        if odd
        else "All brokers that responded have the same configs"
    )
    columns = [Listed("Broker", "broker")]
    for head, name in CONFIGS:
        values = shown(reading, name)
        texts = [values.text(row)[: DIGEST if name == "digest" else None] for row in range(len(values))]
        columns.append(Listed(head, partial(_config, values, texts, _usual(texts)), right=values.column.kind.right))
    note = html.P(said, className="notice small" if odd else "muted small")
    return [note, rows_of(view, BROKER_CONFIG, rows, columns)]


def odd_brokers(table: BrokerConfigs) -> list[int]:
    """The brokers whose configs are not those of the most; none where their configs are unknown."""
    digests = [each for each in table.digest if each is not None]
    usual = _usual(digests)
    return [int(node) for node, each in zip(table.broker, table.digest, strict=True) if each not in (None, usual)]


def _usual(values: list[str]) -> str | None:
    return next((value for value, _ in Counter(value for value in values if value != UNKNOWN).most_common(1)), None)


def _config(values: Shown, texts: list[str], usual: str | None, row: int) -> Any:
    if texts[row] in (UNKNOWN, usual):
        return known(texts[row], values.why(row))
    return html.Span([texts[row], html.Span(" differs", className="small")], className=f"level-{ODD}")
