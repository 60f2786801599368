"""Topics, and what belongs to one: partitions, their replicas, reassignments, producers and configs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from monitor.analysis.derive.completeness import failure, why_not_all_groups
from monitor.analysis.derive.judged.partitions import partition_health_why, topic_why
from monitor.analysis.derive.partitions import partition_rows, rows_of_partitions
from monitor.analysis.derive.rates import topic_rate
from monitor.analysis.derive.times import NO_RATES
from monitor.model.cluster_tables import (
    EligibleReplicas,
    Producers,
    Reassignments,
    RecordTimes,
    Replicas,
    TieredOffsets,
    TopicConfigs,
)
from monitor.model.conditions import PartitionHealth
from monitor.model.judgements import JudgedPartitions, JudgedTopics
from monitor.model.lag import PartitionRates
from monitor.model.snapshot import KNOWN, Offsets, Partitions, Topics
from monitor.model.table import Flags, Floats, Ints, Texts, objects, values_at
from monitor.model.totals import TopicTotals
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import RATE, RECORDS, REPLICAS, SECONDS
from monitor.subjects.owners import of_topics, owned
from monitor.subjects.tables import (
    NO_CONFIGS,
    NO_DISKS,
    cluster,
    computed,
    first_codes,
    hidden,
    judged,
    numbers,
    of,
    reasons,
    sentences,
    size,
    subject,
    texts,
)

count = size("snapshot.topics")
_partitions = size("snapshot.partitions")


def _described(view: View) -> Flags:
    return np.greater(view.snapshot.topics.partitions, 0)


def _configured(view: View) -> Ints:
    """The row of each topic's configs, -1 while those of none are known."""
    rows = np.arange(count(view), dtype=np.int32)
    return rows if len(view.snapshot.topic_configs) else np.full_like(rows, -1)


def _own(view: View, codes: Ints) -> Ints:
    """The reason of each topic, or else one of these."""
    own = view.snapshot.topics.reason
    return np.where(own != KNOWN, own, codes)


def _spare_replicas(view: View) -> Floats:
    least: Floats = values_at(view.snapshot.topic_configs.min_insync_replicas, _configured(view), np.nan)
    return np.where(_described(view), view.topic_totals.replication_factor, np.nan) - least


def _records_reason(view: View) -> Ints:
    offsets = view.snapshot.offsets
    codes = np.where(offsets.end_reason != KNOWN, offsets.end_reason, offsets.start_reason)
    return _own(view, first_codes(count(view), view.snapshot.partitions.topic, codes))


def _lag_reason(view: View) -> Ints:
    return first_codes(count(view), view.lag.topic, view.lag.reason)


def _config_reason(view: View) -> Ints:
    return _own(view, values_at(view.snapshot.topic_configs.reason, _configured(view), KNOWN))


def _no_lag(view: View) -> str:
    return failure(view.snapshot, "groups", "commits") or "a group that may read it is unknown"


def _no_size(view: View) -> str:
    """Why the size of some topic is unknown: the first reason of a log dir, or else of all of them."""
    told = view.snapshot.log_dirs.reason
    return view.reasons[told[told != KNOWN][0]] if (told != KNOWN).any() else NO_DISKS(view)


def _readers_known(view: View) -> Flags:
    return np.full(count(view), not failure(view.snapshot, "groups"))


LAGS = ("lag", "lag_at_least")
CONFIGS = ("min_insync_replicas", "retention_seconds", "retention_bytes", "cleanup_policy")
"""The configs of a topic that stand beside its numbers."""

TOPIC = Subject(
    "topic",
    "topic; if metadata does not list it, only the groups that read it are known",
    ("cluster", "topic"),
    count,
    (
        cluster(count),
        *of("snapshot.topics", Topics, "topic", "topic_id", "internal", "watched", "reason"),
        *of("snapshot.topics", Topics, "partitions", known=_described),
        *of(
            "topic_totals",
            TopicTotals,
            leave=("records", "size_bytes", "under_min_isr", "groups", "lag", "lag_at_least"),
            known=_described,
            why="reason",
            offline="offline_partitions",
            under_replicated="under_replicated_partitions",
        ),
        *of("topic_totals", TopicTotals, "records", known=_described, why="records_reason"),
        *(
            replace(each, otherwise=_no_size)
            for each in of("topic_totals", TopicTotals, "size_bytes", known=_described, why="reason")
        ),
        reasons("records_reason", "why records is unknown", _records_reason),
        *hidden(of("topic_totals", TopicTotals, "groups", known=_readers_known), why_not_all_groups),
        *(replace(each, otherwise=_no_lag) for each in of("topic_totals", TopicTotals, *LAGS, why="lag_reason")),
        reasons("lag_reason", "why lag is unknown", _lag_reason),
        *of(
            "topic_totals", TopicTotals, "under_min_isr", why="config_reason", under_min_isr="under_min_isr_partitions"
        ),
        *of("snapshot.topic_configs", TopicConfigs, *CONFIGS, by=_configured, why="config_reason"),
        *of("snapshot.topic_configs", TopicConfigs, "unclean_election", by=_configured, why="config_reason"),
        numbers(
            "spare_replicas",
            REPLICAS,
            "replicas that can be out of sync while writes with acks=all succeed: replication factor - "
            "min.insync.replicas; 0 or negative: they fail while one replica is out of sync",
            _spare_replicas,
            reason="config_reason",
            otherwise=NO_CONFIGS,
        ),
        reasons("config_reason", "why its configs are unknown", _config_reason),
        *judged("judged.topics", JudgedTopics),
        sentences("why", "reason for the status", count, topic_why),
        *computed(PartitionRates, topic_rate),
        *owned(of_topics),
    ),
    judged="topics",
)

TOPIC_CONFIG = Subject(
    "topic_config",
    "topic: its configs that kmon uses, and a digest of the others",
    ("topic",),
    count,
    (*of("snapshot.topics", Topics, "topic"), *of("snapshot.topic_configs", TopicConfigs, by=_configured)),
)


def _rows_of(table: str) -> Callable[[View], Ints]:
    """The row of each partition in this table of the Snapshot, -1 for none."""
    return lambda view: rows_of_partitions(view.snapshot, getattr(view.snapshot, table))


def _moving(view: View) -> Ints:
    """The partition of each reassignment, -1 where metadata does not name it."""
    moving = view.snapshot.reassignments
    return partition_rows(view.snapshot, moving.topic, moving.partition)


def _moves(view: View) -> Texts:
    """What each reassignment adds and removes, such as +4 −3."""
    table = view.snapshot.reassignments
    return objects(
        " ".join([*(f"+{each}" for each in adding), *(f"−{each}" for each in removing)]) or "no change"
        for adding, removing in ((table.adding.row(row), table.removing.row(row)) for row in range(len(table)))
    )


def _current_replicas(view: View) -> tuple[Ints, Ints]:
    """Rows of `replicas` that are assigned and not on their way to another log dir, and the partition of each."""
    replicas, assigned = view.snapshot.replicas, view.snapshot.partitions.replicas
    at = partition_rows(view.snapshot, replicas.topic, replicas.partition)
    wanted = np.repeat(np.arange(len(assigned)), assigned.counts) << 32 | assigned.values
    rows = np.flatnonzero((at >= 0) & ~replicas.future & np.isin(at.astype(np.int64) << 32 | replicas.broker, wanted))
    return rows, at[rows]


def _follower_lag(view: View, *, known_part: bool) -> Floats:
    """The largest lag of the replicas of each partition; also where some are unknown, as the `known_part`."""
    rows, at = _current_replicas(view)
    lag = view.snapshot.replicas.offset_lag[rows]
    known = ~np.isnan(lag)
    worst = np.full(_partitions(view), np.nan)
    np.fmax.at(worst, at, lag)
    whole = np.bincount(at[known], minlength=len(worst)) == view.snapshot.partitions.replicas.counts
    return worst if known_part else np.where(whole, worst, np.nan)


def _follower_lag_reason(view: View) -> Ints:
    rows, at = _current_replicas(view)
    return first_codes(_partitions(view), at, view.snapshot.replicas.offset_lag_reason[rows])


def _produced(view: View) -> Floats:
    rates = view.partition_rates
    return np.where(np.isnan(rates.produce_rate_5m), rates.produce_rate_1m, rates.produce_rate_5m)


TIERED_COLUMNS = ("local_start_offset", "tiered_end_offset", "reason")

PARTITION = Subject(
    "partition",
    "partition of a topic",
    ("topic", "partition"),
    _partitions,
    (
        *of("snapshot.partitions", Partitions, offline="offline_replicas"),
        texts("moving", "replicas that its reassignment adds and removes", _moves, _rows_of("reassignments")),
        *of(
            "snapshot.eligible_replicas",
            EligibleReplicas,
            "eligible",
            by=_rows_of("eligible_replicas"),
            eligible="eligible_leader_replicas",
        ),
        *of(
            "partition_health",
            PartitionHealth,
            leave=("unstable",),
            preferred="preferred_leader",
            missing="out_of_sync_replicas",
            reassigned="reassigned_ratio",
        ),
        *of("partition_health", PartitionHealth, "unstable", why="stable_reason", unstable="open_transaction_records"),
        replace(
            numbers(
                "follower_lag",
                RECORDS,
                "lag of the replica furthest behind",
                partial(_follower_lag, known_part=False),
                reason="follower_lag_reason",
                otherwise=NO_DISKS,
            ),
            at_least="follower_lag_at_least",
        ),
        numbers(
            "follower_lag_at_least",
            RECORDS,
            "known part of follower_lag: the largest lag of the replicas that are known",
            partial(_follower_lag, known_part=True),
            otherwise=NO_DISKS,
        ),
        reasons("follower_lag_reason", "why follower_lag is unknown", _follower_lag_reason),
        *judged("judged.partitions", JudgedPartitions),
        sentences("why", "reason for the status", _partitions, partition_health_why, numbers=True),
        *of("snapshot.offsets", Offsets, end_reason="reason"),
        *of(
            "snapshot.tiered_offsets",
            TieredOffsets,
            *TIERED_COLUMNS,
            by=_rows_of("tiered_offsets"),
            why="tiered_reason",
            reason="tiered_reason",
        ),
        *of("partition_rates", PartitionRates),
        numbers(
            "records",
            RECORDS,
            "records in its log: end - start offset",
            lambda view: view.snapshot.offsets.end_offset - view.snapshot.offsets.start_offset,
            reason="reason",
        ),
        numbers(
            "produce_rate",
            RATE,
            "records produced a second in the last 5 minutes, or the last one",
            _produced,
            otherwise=NO_RATES,
        ),
    ),
    judged="partitions",
)

REASSIGNMENT = Subject(
    "reassignment",
    "partition that is being reassigned",
    ("topic", "partition"),
    size("snapshot.reassignments"),
    (
        *of("snapshot.reassignments", Reassignments),
        *of("partition_health", PartitionHealth, "reassigned", by=_moving, reassigned="reassigned_ratio"),
    ),
)

REPLICA = subject("replica", "snapshot.replicas", Replicas, "broker", "log_dir", "topic", "partition")

PRODUCER = subject(
    "producer",
    "snapshot.producers",
    Producers,
    "topic",
    "partition",
    "producer_id",
    more=(
        numbers(
            "idle_seconds",
            SECONDS,
            "time since its last record",
            lambda view: view.time - view.snapshot.producers.last_timestamp,
        ),
    ),
)

ELIGIBLE = subject("eligible_replicas", "snapshot.eligible_replicas", EligibleReplicas, "topic", "partition")
TIERED = subject("tiered_offsets", "snapshot.tiered_offsets", TieredOffsets, "topic", "partition")

TOPICS = (
    TOPIC,
    TOPIC_CONFIG,
    PARTITION,
    REASSIGNMENT,
    REPLICA,
    ELIGIBLE,
    TIERED,
    PRODUCER,
    subject("record_time", "record_times", RecordTimes, "topic", "partition", "offset"),
)
