"""Metrics of partitions and their replicas. What tells of trouble has a line only where there is some."""

from exporters import sources
from exporters.family import Family, Label, of_watched
from monitor.model.table import Flags
from monitor.model.view import View


def not_preferred(view: View) -> Flags:
    health = view.partition_health
    return ~health.preferred & ~health.offline


def lagging(view: View) -> Flags:
    replicas = view.snapshot.replicas
    return (replicas.offset_lag > 0) & ~replicas.future


PARTITION = (
    Label("topic", "snapshot.topics.topic", "snapshot.partitions.topic"),
    Label("partition", "snapshot.partitions.partition"),
)
ELIGIBLE = (
    Label("topic", "snapshot.topics.topic", "snapshot.eligible_replicas.topic"),
    Label("partition", "snapshot.eligible_replicas.partition"),
)
TIERED = (
    Label("topic", "snapshot.topics.topic", "snapshot.tiered_offsets.topic"),
    Label("partition", "snapshot.tiered_offsets.partition"),
)
REPLICA = (
    Label("broker", "snapshot.replicas.broker"),
    Label("topic", "snapshot.topics.topic", "snapshot.replicas.topic"),
    Label("partition", "snapshot.replicas.partition"),
)
OF_PARTITION = "snapshot.partitions.topic"
METADATA = (sources.METADATA,)
OFFSETS = (sources.LIST_OFFSETS,)
LOG_DIRS = (sources.LOG_DIRS,)

PARTITION_FAMILIES = (
    Family(
        "kmon_partition_start_offset",
        "Log start offset of the partition",
        "snapshot.offsets.start_offset",
        PARTITION,
        unit="records",
        rows=of_watched(OF_PARTITION),
        sources=OFFSETS,
    ),
    Family(
        "kmon_partition_end_offset",
        "Log end offset (high watermark) of the partition",
        "snapshot.offsets.end_offset",
        PARTITION,
        unit="records",
        rows=of_watched(OF_PARTITION),
        sources=OFFSETS,
    ),
    Family(
        "kmon_partition_stable_offset",
        "Last stable offset of the partition, up to which a read_committed consumer can read",
        "snapshot.offsets.stable_offset",
        PARTITION,
        unit="records",
        rows=of_watched(OF_PARTITION),
        sources=OFFSETS,
    ),
    Family(
        "kmon_partition_size_bytes",
        "Size of the partition's log on its leader",
        "partition_health.size_bytes",
        PARTITION,
        unit="bytes",
        rows=of_watched(OF_PARTITION),
        sources=(*METADATA, *LOG_DIRS),
    ),
    Family(
        "kmon_partition_offline",
        "1 for an offline partition, which has no leader; only for such partitions",
        1,
        PARTITION,
        rows=of_watched(OF_PARTITION, "partition_health.offline"),
        sources=METADATA,
    ),
    Family(
        "kmon_partition_out_of_sync_replicas",
        "Replicas of the partition that are out of sync, except those that a reassignment is adding; only for "
        "partitions that have any",
        "partition_health.missing",
        PARTITION,
        rows=of_watched(OF_PARTITION, "partition_health.under_replicated"),
        sources=(*METADATA, sources.REASSIGNMENTS),
    ),
    Family(
        "kmon_partition_under_min_isr",
        "1 for a partition with fewer in-sync replicas than min.insync.replicas, where writes with acks=all fail; only "
        "for such partitions",
        1,
        PARTITION,
        rows=of_watched(OF_PARTITION, lambda view: view.partition_health.under_min_isr == 1),
        sources=(*METADATA, sources.TOPIC_CONFIGS),
    ),
    Family(
        "kmon_partition_at_min_isr",
        "1 for a partition at min.insync.replicas with replicas out of sync: one more and writes with acks=all fail; "
        "only for such partitions",
        1,
        PARTITION,
        rows=of_watched(OF_PARTITION, lambda view: view.partition_health.at_min_isr == 1),
        sources=(*METADATA, sources.TOPIC_CONFIGS),
    ),
    Family(
        "kmon_partition_not_preferred_leader",
        "1 for a partition that is not led by its preferred leader; only for such partitions",
        1,
        PARTITION,
        rows=of_watched(OF_PARTITION, not_preferred),
        sources=METADATA,
    ),
    Family(
        "kmon_partition_reassigning",
        "1 for a partition whose replicas are being reassigned; only for such partitions",
        1,
        PARTITION,
        rows=of_watched(OF_PARTITION, "partition_health.reassigning"),
        sources=(sources.REASSIGNMENTS,),
    ),
    Family(
        "kmon_partition_reassigned_ratio",
        "Progress of the reassignment: smallest share of the leader's bytes on a replica being added, 0 to 1; absent "
        "while a size is unknown",
        "partition_health.reassigned",
        PARTITION,
        unit="ratio",
        whole=False,
        rows=of_watched(OF_PARTITION, "partition_health.reassigning"),
        sources=(sources.REASSIGNMENTS, *LOG_DIRS),
    ),
    Family(
        "kmon_partition_open_transaction_records",
        "Records beyond the last stable offset, held back by open transactions; only for partitions that have any",
        "partition_health.unstable",
        PARTITION,
        unit="records",
        rows=of_watched(OF_PARTITION, lambda view: view.partition_health.unstable > 0),
        sources=OFFSETS,
    ),
    Family(
        "kmon_partition_eligible_leader_replicas",
        "Out-of-sync replicas that hold all committed records; only for partitions short of in-sync replicas",
        "snapshot.eligible_replicas.eligible.counts",
        ELIGIBLE,
        rows=of_watched("snapshot.eligible_replicas.topic"),
        sources=(sources.TOPIC_PARTITIONS,),
    ),
    Family(
        "kmon_partition_local_start_offset",
        "Oldest offset on the brokers' local disks; only for topics with remote storage",
        "snapshot.tiered_offsets.local_start_offset",
        TIERED,
        unit="records",
        rows=of_watched("snapshot.tiered_offsets.topic"),
        sources=(*OFFSETS, sources.TOPIC_CONFIGS),
    ),
    Family(
        "kmon_partition_tiered_end_offset",
        "Newest offset in remote storage; only for topics with remote storage",
        "snapshot.tiered_offsets.tiered_end_offset",
        TIERED,
        unit="records",
        rows=of_watched("snapshot.tiered_offsets.topic"),
        sources=(*OFFSETS, sources.TOPIC_CONFIGS),
    ),
    Family(
        "kmon_replica_offset_lag",
        "Records by which the replica's log end is behind the high watermark; only for replicas that are behind",
        "snapshot.replicas.offset_lag",
        REPLICA,
        unit="records",
        rows=of_watched("snapshot.replicas.topic", lagging),
        sources=LOG_DIRS,
    ),
    Family(
        "kmon_future_replica_offset_lag",
        "Records still to copy for a replica being moved to another log dir of its broker; only for such replicas",
        "snapshot.replicas.offset_lag",
        (*REPLICA, Label("path", "snapshot.log_dirs.path", "snapshot.replicas.log_dir")),
        unit="records",
        rows=of_watched("snapshot.replicas.topic", "snapshot.replicas.future"),
        sources=LOG_DIRS,
    ),
)
