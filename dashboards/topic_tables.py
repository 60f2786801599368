"""The small tables of topics: configs, the groups that read one, its producers, partitions in trouble or moving."""

from functools import partial
from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import (
    card,
    meter,
    name_link,
    nothing,
    status_mark,
    tile,
    tile_of,
)
from dashboards.links import group_path, link, topic_path
from dashboards.listings import Listed, cell_of, listing, rows_of
from dashboards.text import ago, nodes
from monitor.analysis.derive.completeness import failure
from monitor.analysis.derive.judged.order import worst_first
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.text import duration, plural
from monitor.model.view import View
from monitor.subjects.groups import GROUP_TOPIC
from monitor.subjects.shown import shown
from monitor.subjects.topics import PARTITION, PRODUCER, TOPIC, TOPIC_CONFIG

INHERITED_LOCALLY = -2.0
"""What local.retention.ms says where the tiered topic keeps everything locally as long as retention.ms says."""


def tiles(view: View, row: int) -> list[html.Div]:
    """The topic in this row of the View in numbers."""
    reading = TOPIC.read(view, slice(row, row + 1))
    of = partial(shown, reading)
    gone = of("partitions").why(0)
    note = gone or ("internal" if view.snapshot.topics.internal[row] else "")
    return [
        tile("Status", status_mark(view.judged.topics, row), note),
        tile_of("Partitions", of("partitions"), f"{of('replication_factor').text(0)} replicas each"),
        tile_of("Min ISR", of("min_insync_replicas"), "replicas in sync"),
        tile_of("Offline", of("offline_partitions"), "without a leader"),
        tile_of("Under min ISR", of("under_min_isr_partitions"), "writes with acks=all fail"),
        tile_of("Under-replicated", of("under_replicated_partitions")),
        tile_of("Size", of("size_bytes"), "of the leaders"),
        tile_of("Records", of("records"), "from log start to log end"),
        tile_of("Lag", of("lag"), f"of {plural(int(view.topic_totals.groups[row]), 'group')}"),
    ]


def readers(view: View, row: int, kept: str) -> Any:
    """The groups that read the topic in this row of the View, with their lag on it, the worst first."""
    lags, names = view.group_topic_lags, view.snapshot.groups.group
    at = np.flatnonzero(lags.topic == row)
    if not len(at):
        why = failure(view.snapshot, "groups", "commits")
        return nothing("Groups unknown" if why else "No group reads this topic", why)
    columns = (
        Listed("Group", lambda each: name_link(name := str(names[lags.group[each]]), link(group_path(name), kept))),
        Listed("Status", "status"),
        Listed("Lag", "lag"),
        Listed("Max lag", "max_lag"),
        Listed("Time lag", "lag_seconds"),
        Listed("Partitions", "partitions"),
        Listed("Members", "members"),
        Listed("Type", "group_type"),
    )
    order = worst_first(view.judged.group_topics.severity[at], lags.lag_at_least[at])
    return rows_of(view, GROUP_TOPIC, at[order], columns)


CONFIGS = (
    ("min.insync.replicas", "min_insync_replicas"),
    ("cleanup.policy", "cleanup_policy"),
    ("retention.ms", "retention_seconds"),
    ("retention.bytes", "retention_bytes"),
    ("remote.storage.enable", "remote_storage"),
    ("local.retention.ms", "local_retention_seconds"),
    ("unclean.leader.election.enable", "unclean_election"),
    ("message.timestamp.type", "timestamp_type"),
    ("digest of all configs", "digest"),
)
"""The configs of a topic that matter to a monitor: Kafka's own name, and the column."""


def _retention(seconds: float) -> str:
    return "as retention.ms" if seconds == INHERITED_LOCALLY else duration(seconds)


def configs(view: View, row: int) -> Any:
    """The configs of the topic in this row of the View, under Kafka's own names."""
    of = partial(shown, TOPIC_CONFIG.read(view, slice(row, row + 1)))
    if not of("digest").is_known(0):
        return nothing("Configs unknown", of("min_insync_replicas").why(0))
    write = {"local_retention_seconds": _retention}
    rows = [(head, cell_of(of(name), 0, write.get(name))) for head, name in CONFIGS]
    return listing(("Config", "Value"), rows)


def producers(view: View, row: int) -> Any:
    """The producers that the partitions of a topic remember; nothing where they were not asked."""
    table = view.snapshot.producers
    at = np.flatnonzero(table.topic == row)
    if not len(at):
        return None
    open_ = ~np.isnan(table.transaction_start_offset[at])
    columns = (
        Listed("Partition", "partition"),
        Listed("Producer id", "producer_id"),
        Listed("Epoch", "producer_epoch"),
        Listed("Last record", "last_timestamp", lambda time: ago(view.time - time)),
        Listed("Open transaction from", "transaction_start_offset"),
    )
    return card("Producers", rows_of(view, PRODUCER, at[np.lexsort((table.partition[at], ~open_))], columns))


def eligible_replicas(view: View) -> dict[int, str]:
    """What is known of eligible leader replicas, by row of `partitions`: few partitions are short of replicas."""
    table = view.snapshot.eligible_replicas
    at = partition_rows(view.snapshot, table.topic, table.partition).tolist()
    said = {}
    for row, place in enumerate(at):
        eligible, last = table.eligible.row(row), table.last_known.row(row)
        said[place] = nodes(eligible) or (f"none; last {nodes(last)}" if last else "none")
    return said


def troubled(view: View, kept: str, most: int) -> Any:
    """The partitions that are not well or on the move, the worst first; None when there is none."""
    judged, table, health = view.judged.partitions, view.snapshot.partitions, view.partition_health
    at = np.flatnonzero(judged.status)
    if not len(at):
        return None
    at = at[worst_first(judged.severity[at])]
    eligible, moving = eligible_replicas(view), shown(PARTITION.read(view), "moving")

    def place(row: int) -> html.Span:
        name = str(view.snapshot.topics.topic[table.topic[row]])
        return html.Span([name_link(name, link(topic_path(name), kept)), f" {table.partition[row]}"])

    def moved(row: int) -> Any:
        share = float(health.reassigned[row])
        return meter(share, "progress not reported by the log dirs") if health.reassigning[row] else ""

    columns = (
        Listed("Partition", place),
        Listed("Status", "status"),
        Listed("Leader", "leader"),
        Listed("Replicas", "replicas"),
        Listed("In sync", lambda row: nodes(table.isr.row(row)) or "none"),
        Listed("Eligible", lambda row: eligible.get(row, "")),
        Listed("Moving", lambda row: moving.values[row] or ""),
        Listed("Moved", moved),
    )
    return rows_of(view, PARTITION, at, columns, most)
