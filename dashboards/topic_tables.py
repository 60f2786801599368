"""The small tables of topics: configs, the groups that read one, its producers, partitions in trouble or moving."""

from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import (
    MOST_LISTED,
    card,
    known,
    listing,
    meter,
    name_link,
    nothing,
    status_mark,
    text,
    tile,
)
from dashboards.links import group_path, link, topic_path
from dashboards.text import ago, failure, nodes, oldest, switch, unasked
from monitor.analysis.derive.judged.order import worst_first
from monitor.analysis.derive.times import NOT_DATED
from monitor.model.cluster_tables import Reassignments
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import NO_LEADER
from monitor.model.text import UNKNOWN, at_least, count, duration, plural, size, visible
from monitor.model.view import View

INHERITED_LOCALLY = -2.0
"""What local.retention.ms says where the tiered topic keeps everything locally as long as retention.ms says."""


def tiles(view: View, row: int) -> list[html.Div]:
    """The topic in this row of the View in numbers."""
    topics, totals, configs_ = view.snapshot.topics, view.topic_totals, view.snapshot.topic_configs
    described = bool(topics.partitions[row])
    why = "" if described else view.reasons[topics.reason[row]] or "not in metadata"
    told = len(configs_) == len(topics)
    min_isr = float(configs_.min_insync_replicas[row]) if told else float("nan")
    unconfigured = (view.reasons[configs_.reason[row]] if told else "") or unasked(view, "configs")

    def number(value: float) -> str:
        return count(float(value) if described else None)

    return [
        html.Div(
            [
                html.Dt("Status"),
                html.Dd(status_mark(view.judged.topics, row), className="tile-value"),
                html.Dd(visible(why) or ("internal" if topics.internal[row] else ""), className="tile-note muted"),
            ],
            className="tile",
        ),
        tile(
            "Partitions",
            number(topics.partitions[row]),
            why or f"{count(float(totals.replication_factor[row]))} replicas each",
        ),
        tile("Min ISR", count(min_isr), "replicas in sync" if min_isr == min_isr else unconfigured),  # noqa: PLR0124  NaN alone differs from itself
        tile(
            "Offline",
            number(totals.offline[row]),
            "without a leader",
            ABOVE_ZERO["offline"] if totals.offline[row] else "",
        ),
        tile(
            "Under min ISR",
            count(float(totals.under_min_isr[row])),
            unconfigured if np.isnan(totals.under_min_isr[row]) else "writes with acks=all fail",
            ABOVE_ZERO["under_min_isr"] if totals.under_min_isr[row] > 0 else "",
        ),
        tile(
            "Under-replicated",
            number(totals.under_replicated[row]),
            "",
            ABOVE_ZERO["under_replicated"] if totals.under_replicated[row] else "",
        ),
        tile(
            "Size",
            size(float(totals.size_bytes[row])),
            (unasked(view, "log_dirs") or "a log dir is unknown")
            if np.isnan(totals.size_bytes[row])
            else "of the leaders",
        ),
        tile("Records", count(float(totals.records[row])), why or "from log start to log end"),
        tile(
            "Lag",
            at_least(float(totals.lag[row]), float(totals.lag_at_least[row])),
            f"of {plural(int(totals.groups[row]), 'group')}",
        ),
    ]


def readers(view: View, row: int, kept: str) -> Any:
    """The groups that read the topic in this row of the View, with their lag on it, the worst first."""
    lags, groups = view.group_topic_lags, view.snapshot.groups
    at = np.flatnonzero(lags.topic == row)
    if not len(at):
        why = failure(view, "groups", "commits")
        return nothing("Groups unknown" if why else "No group reads this topic", why)
    at = at[worst_first(view.judged.group_topics.severity[at], lags.lag_at_least[at])]
    rows: list[Any] = [
        (
            name_link(name := str(groups.group[lags.group[each]]), link(group_path(name), kept)),
            status_mark(view.judged.group_topics, each),
            known(
                at_least(float(lags.lag[each]), float(lags.lag_at_least[each])), why := view.reasons[lags.reason[each]]
            ),
            known(count(float(lags.max_lag[each])), why),
            known(oldest(lags, each), why or NOT_DATED),
            count(float(lags.partitions[each])),
            count(float(lags.members[each])),
            text(groups.group_type[lags.group[each]]),
        )
        for each in at[:MOST_LISTED].tolist()
    ]
    numbers = ("Lag", "Max lag", "Time lag", "Partitions", "Members")
    return listing(("Group", "Status", *numbers, "Type"), rows, numbers=numbers, more=len(at) - len(rows))


def configs(view: View, row: int) -> Any:
    """The configs of the topic in this row of the View that matter to a monitor, under Kafka's own names."""
    table = view.snapshot.topic_configs
    why = view.reasons[table.reason[row]] if row < len(table) else ""
    if row >= len(table) or why or table.digest[row] is None:
        return nothing("Configs unknown", why or unasked(view, "configs") or "not reported by the broker")
    local = float(table.local_retention_seconds[row])
    rows = [
        ("min.insync.replicas", count(float(table.min_insync_replicas[row]))),
        ("cleanup.policy", table.cleanup_policy[row] or UNKNOWN),
        ("retention.ms", duration(float(table.retention_seconds[row]))),
        ("retention.bytes", size(float(table.retention_bytes[row]))),
        ("remote.storage.enable", switch(float(table.remote_storage[row]))),
        ("local.retention.ms", "as retention.ms" if local == INHERITED_LOCALLY else duration(local)),
        ("unclean.leader.election.enable", switch(float(table.unclean_election[row]))),
        ("message.timestamp.type", table.timestamp_type[row] or UNKNOWN),
        ("digest of all configs", table.digest[row][:8]),
    ]
    return listing(("Config", "Value"), [(head, known(value, "not supported by the broker")) for head, value in rows])


def producers(view: View, row: int) -> Any:
    """The producers that the partitions of a topic remember; nothing where they were not asked."""
    table = view.snapshot.producers
    at = np.flatnonzero(table.topic == row)
    if not len(at):
        return None
    open_ = ~np.isnan(table.transaction_start_offset[at])
    at = at[np.lexsort((table.partition[at], ~open_))]
    rows = [
        (
            str(table.partition[each]),
            count(float(table.producer_id[each])),
            str(table.producer_epoch[each]),
            ago(view.time - float(table.last_timestamp[each])),
            known(count(float(table.transaction_start_offset[each])), "no open transaction"),
        )
        for each in at[:MOST_LISTED].tolist()
    ]
    heads = ("Partition", "Producer id", "Epoch", "Last record", "Open transaction from")
    return card("Producers", listing(heads, rows, numbers=heads, more=len(at) - len(rows)))


def move(table: Reassignments, row: int) -> str:
    """Which replicas a reassignment adds and removes, such as +4 −3."""
    adding, removing = table.adding.row(row), table.removing.row(row)
    return " ".join([*(f"+{each}" for each in adding), *(f"−{each}" for each in removing)]) or "no change"


def troubled(view: View, kept: str, most: int) -> Any:
    """The partitions that are not well or on the move, the worst first; None when there is none."""
    judged, table = view.judged.partitions, view.snapshot.partitions
    at = np.flatnonzero(judged.status)
    if not len(at):
        return None
    at = at[worst_first(judged.severity[at])]
    moving, eligible = view.snapshot.reassignments, view.snapshot.eligible_replicas
    moves = dict(
        zip(zip(moving.topic.tolist(), moving.partition.tolist(), strict=True), range(len(moving)), strict=True)
    )
    able = dict(
        zip(zip(eligible.topic.tolist(), eligible.partition.tolist(), strict=True), range(len(eligible)), strict=True)
    )
    rows = []
    for each in at[:most].tolist():
        place = (int(table.topic[each]), int(table.partition[each]))
        name = str(view.snapshot.topics.topic[place[0]])
        leader = int(table.leader[each])
        share = float(view.partition_health.reassigned[each])
        rows.append(
            (
                html.Span([name_link(name, link(topic_path(name), kept)), f" {place[1]}"]),
                status_mark(judged, each),
                known(UNKNOWN, "no leader") if leader == NO_LEADER else str(leader),
                nodes(table.replicas.row(each)),
                nodes(table.isr.row(each)) or "none",
                (nodes(eligible.eligible.row(able[place])) or "none") if place in able else "",
                move(moving, moves[place]) if place in moves else "",
                meter(share, "progress not reported by the log dirs") if place in moves else "",
            )
        )
    heads = ("Partition", "Status", "Leader", "Replicas", "In sync", "Eligible", "Moving", "Moved")
    return listing(heads, rows, more=len(at) - len(rows))
