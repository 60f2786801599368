"""Topics, and what belongs to one: partitions, their replicas, reassignments, producers and configs."""

import numpy as np

from monitor.analysis.derive.judged.partitions import partition_health_why, topic_why
from monitor.analysis.derive.partitions import partition_rows, rows_of_partitions
from monitor.analysis.derive.rates import topic_rate
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
from monitor.model.rates import PartitionRates
from monitor.model.snapshot import Offsets, Partitions, Topics
from monitor.model.table import Flags, Ints
from monitor.model.totals import TopicTotals
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.tables import cluster, computed, judged, of, sentences, subject


def count(view: View) -> int:
    return len(view.snapshot.topics)


def _described(view: View) -> Flags:
    return np.greater(view.snapshot.topics.partitions, 0)


def _configured(view: View) -> Ints:
    """The row of each topic's configs, -1 while those of none are known."""
    rows = np.arange(count(view), dtype=np.int32)
    return rows if len(view.snapshot.topic_configs) else np.full_like(rows, -1)


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
            leave=("groups", "lag", "lag_at_least"),
            known=_described,
            offline="offline_partitions",
            under_replicated="under_replicated_partitions",
            under_min_isr="under_min_isr_partitions",
        ),
        *of("topic_totals", TopicTotals, "groups", "lag", "lag_at_least"),
        *judged("topics", JudgedTopics),
        sentences("why", "reason for the status", count, topic_why),
        *computed(PartitionRates, topic_rate),
    ),
)

TOPIC_CONFIG = Subject(
    "topic_config",
    "topic: its configs that kmon uses, and a digest of the others",
    ("topic",),
    count,
    (*of("snapshot.topics", Topics, "topic"), *of("snapshot.topic_configs", TopicConfigs, by=_configured)),
)


def _tiered(view: View) -> Ints:
    return rows_of_partitions(view.snapshot, view.snapshot.tiered_offsets)


def _eligible(view: View) -> Ints:
    return rows_of_partitions(view.snapshot, view.snapshot.eligible_replicas)


def _moving(view: View) -> Ints:
    """The partition of each reassignment, -1 where metadata does not name it."""
    moving = view.snapshot.reassignments
    return partition_rows(view.snapshot, moving.topic, moving.partition)


def _partitions(view: View) -> int:
    return len(view.snapshot.partitions)


PARTITION = Subject(
    "partition",
    "partition of a topic",
    ("topic", "partition"),
    _partitions,
    (
        *of("snapshot.partitions", Partitions, offline="offline_replicas"),
        *of(
            "snapshot.eligible_replicas",
            EligibleReplicas,
            "eligible",
            by=_eligible,
            eligible="eligible_leader_replicas",
        ),
        *of(
            "partition_health",
            PartitionHealth,
            preferred="preferred_leader",
            missing="out_of_sync_replicas",
            unstable="open_transaction_records",
            reassigned="reassigned_ratio",
        ),
        *judged("partitions", JudgedPartitions),
        sentences("why", "reason for the status", _partitions, partition_health_why),
        *of("snapshot.offsets", Offsets, end_reason="reason"),
        *of("snapshot.tiered_offsets", TieredOffsets, "local_start_offset", "tiered_end_offset", by=_tiered),
        *of("partition_rates", PartitionRates),
    ),
)

REASSIGNMENT = Subject(
    "reassignment",
    "partition that is being reassigned",
    ("topic", "partition"),
    lambda view: len(view.snapshot.reassignments),
    (
        *of("snapshot.reassignments", Reassignments),
        *of("partition_health", PartitionHealth, "reassigned", by=_moving, reassigned="reassigned_ratio"),
    ),
)

REPLICA = subject("replica", "snapshot.replicas", Replicas, "broker", "log_dir", "topic", "partition")
PRODUCER = subject("producer", "snapshot.producers", Producers, "topic", "partition", "producer_id")

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
