"""The small tables of brokers: log dirs, the metadata quorum, and configs that differ from broker to broker."""

from collections import Counter
from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import known, listing, meter, nothing, reason, status_mark, text
from dashboards.text import ago, switch, unasked
from monitor.analysis.derive.judged.brokers import disk_used, log_dir_why, quorum_why
from monitor.analysis.derive.judged.order import worst_first
from monitor.model.cluster_tables import BrokerConfigs, Quorum
from monitor.model.levels import ODD
from monitor.model.snapshot import KNOWN
from monitor.model.text import UNKNOWN, count, duration, plural, size
from monitor.model.view import View

UNTOLD = "the broker does not report the size of its volumes"


def disks(view: View) -> Any:
    """The log dirs, the worst first, then the fullest."""
    dirs = view.snapshot.log_dirs
    if not len(dirs):
        return nothing("Log dirs unknown", unasked(view, "log_dirs") or "not reported by any broker")
    shares, judged = disk_used(view), view.judged.log_dirs
    held = _held(view)
    order = worst_first(judged.severity, shares)
    return listing(
        ("Broker", "Path", "Used", "Free", "Total", "Replicas", "Size of logs", "Status", "Why"),
        [
            (
                str(dirs.broker[row]),
                text(dirs.path[row]),
                meter(float(shares[row]), why := view.reasons[dirs.reason[row]] or UNTOLD, str(judged.levels[row])),
                known(size(float(dirs.usable_bytes[row])), why),
                known(size(float(dirs.total_bytes[row])), why),
                *(known(UNKNOWN, why) if each is None else each for each in held[row]),
                status_mark(judged, row),
                reason(log_dir_why(view, row)),
            )
            for row in order.tolist()
        ],
        numbers=("Free", "Total", "Replicas", "Size of logs"),
    )


def _held(view: View) -> list[tuple[str | None, str | None]]:
    """How many replicas each log dir holds and their size; unknown for an unhealthy one."""
    dirs, replicas = view.snapshot.log_dirs, view.snapshot.replicas
    counts = np.bincount(replicas.log_dir, minlength=len(dirs))
    sizes = np.bincount(replicas.log_dir, replicas.size_bytes, minlength=len(dirs))
    return [
        (count(held), size(float(total))) if code == KNOWN else (None, None)
        for held, total, code in zip(counts.tolist(), sizes, dirs.reason.tolist(), strict=True)
    ]


def role_of(table: Quorum, row: int) -> str:
    """What a node is in the quorum."""
    return "leader" if table.leader[row] else "voter" if table.voter[row] else "observer"


def quorum(view: View) -> Any:
    """The voters and observers of the metadata quorum and how far each is behind its leader."""
    table, lags = view.snapshot.quorum, view.quorum_lags
    if not len(table):
        return nothing("Quorum unknown", unasked(view, "quorum") or "the cluster has none or does not report it")
    why = "not reported by the leader"
    rows = [
        (
            str(table.node[row]),
            html.Span(status_mark(view.judged.quorum, row), title=quorum_why(view, row) or None),
            role_of(table, row),
            known(count(float(lags.lag[row])), why),
            "–" if table.leader[row] else known(ago(float(lags.behind_seconds[row])), why),
            "–" if table.leader[row] else known(ago(float(lags.fetch_age_seconds[row])), why),
            known(count(float(table.log_end_offset[row])), why),
        )
        for row in range(len(table))
    ]
    return [
        html.P(quorum_line(view), className="muted small"),
        listing(
            ("Node", "Status", "Role", "Lag", "Caught up", "Fetched", "Log end"),
            rows,
            numbers=("Lag", "Caught up", "Fetched", "Log end"),
        ),
    ]


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
            parts.append(f"node {table.node[worst]} is {count(float(lags.lag[worst]))} records behind")
        else:
            parts.append("all caught up")
    return " · ".join(parts)


CONFIGS = (
    ("Min ISR", "min_insync_replicas", count),
    ("Replication factor", "replication_factor", count),
    ("Retention", "retention_seconds", duration),
    ("Offsets retention", "offsets_retention_seconds", duration),
    ("Transaction timeout", "transaction_max_timeout_seconds", duration),
    ("Unclean election", "unclean_election", switch),
    ("Auto-create topics", "auto_create_topics", switch),
)
"""The defaults of a broker that a person compares: head, column of BrokerConfigs, how it is written."""


def drift(view: View) -> Any:
    """The defaults of every broker; what differs from the most is marked, and so is a digest of the rest."""
    table = view.snapshot.broker_configs
    if not len(table):
        return nothing("Configs unknown", unasked(view, "configs") or "not reported by any broker")
    columns = [[write(float(value)) for value in getattr(table, name)] for _, name, write in CONFIGS]
    digests = [UNKNOWN if each is None else each[:8] for each in table.digest]
    usual = [_usual(column) for column in (*columns, digests)]
    odd = odd_brokers(table)
    said = (
        f"Broker {', '.join(map(str, odd))} has different configs than the other brokers"
        if odd
        else "All brokers that responded have the same configs"
    )
    rows = [
        (
            str(table.broker[row]),
            *(
                _cell(column[row], common, view.reasons[table.reason[row]])
                for column, common in zip((*columns, digests), usual, strict=True)
            ),
        )
        for row in range(len(table))
    ]
    heads = ("Broker", *(head for head, _, _ in CONFIGS), "Digest of all")
    return [html.P(said, className="notice small" if odd else "muted small"), listing(heads, rows, numbers=heads[1:6])]


def odd_brokers(table: BrokerConfigs) -> list[int]:
    """The brokers whose configs are not those of the most; none where their configs are unknown."""
    known_ = [each for each in table.digest if each is not None]
    usual = _usual(known_)
    return [int(node) for node, each in zip(table.broker, table.digest, strict=True) if each not in (None, usual)]


def _usual(values: list[str]) -> str | None:
    return Counter(value for value in values if value != UNKNOWN).most_common(1)[0][0] if values else None


def _cell(value: str, usual: str | None, why: str) -> Any:
    if value in (UNKNOWN, usual):
        return known(value, why)
    return html.Span([value, html.Span(" differs", className="small")], className=f"level-{ODD}")
