"""Rows of topics, and of the partitions and replicas of one."""

from collections.abc import Sequence

import numpy as np

from exporters.rows.plain import Row, config_row, flags, grouped, node, number, numbers, reason, rows_of
from monitor.derive.partitions import partition_rows
from monitor.model.table import Floats, Ints
from monitor.model.view import View


def topic_rows(view: View, rows: Sequence[int] | Ints | None = None) -> list[Row]:
    """Watched topics with their totals; of one that metadata does not name all numbers but its readers are None."""
    topics, totals, configs = view.snapshot.topics, view.topic_totals, view.snapshot.topic_configs
    rows = np.flatnonzero(topics.watched) if rows is None else np.asarray(rows, np.intp)
    described = topics.partitions > 0

    def where_described(column: Ints | Floats) -> Floats:
        return np.where(described, column, np.nan)

    return rows_of(
        {
            "topic": topics.topic[rows],
            "topic_id": topics.topic_id[rows],
            "internal": topics.internal[rows].tolist(),
            "partitions": numbers(where_described(topics.partitions), rows),
            "replication_factor": numbers(where_described(totals.replication_factor), rows),
            "offline_partitions": numbers(where_described(totals.offline), rows),
            "under_replicated_partitions": numbers(where_described(totals.under_replicated), rows),
            "under_min_isr_partitions": numbers(totals.under_min_isr, rows),
            "size_bytes": numbers(totals.size_bytes, rows),
            "records": numbers(totals.records, rows),
            "end_offset": numbers(totals.end_offset, rows),
            "groups": numbers(totals.groups, rows),
            "lag": numbers(totals.lag, rows),
            "lag_at_least": numbers(totals.lag_at_least, rows),
            "reason": [reason(view, code) for code in topics.reason[rows]],
            "config": [
                config_row(view, configs, row if len(configs) else None, ("unclean_election", "remote_storage"))
                for row in rows.tolist()
            ],
        }
    )


def partition_rows_of(view: View, topic: int) -> list[Row]:
    """The partitions of a topic, by number; `reason` is why its end offset is unknown."""
    snapshot, health = view.snapshot, view.partition_health
    first = int(snapshot.topics.first_row[topic])
    numbered = range(first, first + int(snapshot.topics.partitions[topic]))
    rows = np.array(numbered, np.intp)
    partitions, offsets = snapshot.partitions, snapshot.offsets
    held, tiered, eligible = _replicas(view, topic, rows), _tiered(view, rows), _eligible(view, topic)
    return rows_of(
        {
            "partition": partitions.partition[rows].tolist(),
            "leader": [node(leader) for leader in partitions.leader[rows].tolist()],
            "leader_epoch": partitions.leader_epoch[rows].tolist(),
            "replicas": [partitions.replicas.row(row) for row in numbered],
            "isr": [partitions.isr.row(row) for row in numbered],
            "offline_replicas": [partitions.offline.row(row) for row in numbered],
            "eligible_leader_replicas": [eligible.get(row - first) for row in numbered],
            "preferred_leader": health.preferred[rows].tolist(),
            "out_of_sync_replicas": numbers(health.missing, rows),
            "under_min_isr": flags(health.under_min_isr[rows]),
            "at_min_isr": flags(health.at_min_isr[rows]),
            "reassigning": health.reassigning[rows].tolist(),
            "reassigned_ratio": numbers(health.reassigned, rows),
            "start_offset": numbers(offsets.start_offset, rows),
            "start_reason": [reason(view, code) for code in offsets.start_reason[rows]],
            "end_offset": numbers(offsets.end_offset, rows),
            "reason": [reason(view, code) for code in offsets.end_reason[rows]],
            "stable_offset": numbers(offsets.stable_offset, rows),
            "stable_reason": [reason(view, code) for code in offsets.stable_reason[rows]],
            "open_transaction_records": numbers(health.unstable, rows),
            "local_start_offset": [number(start) for start, _ in tiered],
            "tiered_end_offset": [number(end) for _, end in tiered],
            "size_bytes": numbers(health.size_bytes, rows),
            "log_dirs": held,
        }
    )


def _replicas(view: View, topic: int, rows: Ints) -> list[list[Row]]:
    """What brokers hold of each of these partitions of a topic."""
    replicas, dirs = view.snapshot.replicas, view.snapshot.log_dirs
    mine = np.flatnonzero(replicas.topic == topic)
    place = partition_rows(view.snapshot, replicas.topic[mine], replicas.partition[mine])
    by_place = {row: mine[each] for row, each in grouped(place).items()}

    def held(row: int) -> list[Row]:
        each = by_place.get(row, mine[:0])
        return rows_of(
            {
                "broker": replicas.broker[each].tolist(),
                "path": dirs.path[replicas.log_dir[each]],
                "size_bytes": numbers(replicas.size_bytes, each),
                "offset_lag": numbers(replicas.offset_lag, each),
                "future": replicas.future[each].tolist(),
            }
        )

    return [held(row) for row in rows.tolist()]


def _tiered(view: View, rows: Ints) -> list[tuple[float, float]]:
    """The local start and tiered end offsets of these partitions."""
    tiered = view.snapshot.tiered_offsets
    place = partition_rows(view.snapshot, tiered.topic, tiered.partition).tolist()
    pairs = zip(tiered.local_start_offset.tolist(), tiered.tiered_end_offset.tolist(), strict=True)
    known = dict(zip(place, pairs, strict=True))
    return [known.get(row, (np.nan, np.nan)) for row in rows.tolist()]


def _eligible(view: View, topic: int) -> dict[int, list[int]]:
    """The eligible leader replicas of the partitions of a topic that were asked for them, by partition number."""
    eligible = view.snapshot.eligible_replicas
    mine = np.flatnonzero(eligible.topic == topic)
    return {int(eligible.partition[row]): eligible.eligible.row(row) for row in mine.tolist()}
