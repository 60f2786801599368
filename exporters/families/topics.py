"""Metrics of topics, their partitions and replicas. Metrics of problems have lines only where there is one."""

from exporters.family import Family, StateSet
from monitor.collect import requests as sources
from monitor.subjects.topics import ELIGIBLE, PARTITION, REPLICA, TIERED, TOPIC, TOPIC_CONFIG

METADATA = (sources.METADATA,)
CONFIGS = (sources.TOPIC_CONFIGS,)
OFFSETS = (sources.LIST_OFFSETS,)
LOG_DIRS = (sources.LOG_DIRS,)
MIN_ISR = (*METADATA, *CONFIGS)
TIERED_OFFSETS = (*OFFSETS, *CONFIGS)
REMOTE = "topics with remote storage"
ON_BROKER = ("broker", "topic", "partition")

TOPIC_FAMILIES = (
    StateSet("kmon_topic_status", TOPIC, "status", (*MIN_ISR, sources.REASSIGNMENTS), where='status != "ok"'),
    Family(
        "kmon_topic_owner_info",
        TOPIC,
        "",
        help="Always 1. Labels: the owner and the team that the settings name; only for topics that have one",
        labels=("topic", "owner", "team"),
        where="owner is not unknown or team is not unknown",
    ),
    Family("kmon_topic_partitions", TOPIC, "partitions", METADATA),
    Family("kmon_topic_replication_factor", TOPIC, "replication_factor", METADATA),
    Family("kmon_topic_offline_partitions", TOPIC, "offline_partitions", METADATA),
    Family("kmon_topic_under_replicated_partitions", TOPIC, "under_replicated_partitions", METADATA),
    Family("kmon_topic_under_min_isr_partitions", TOPIC, "under_min_isr_partitions", MIN_ISR),
    Family("kmon_topic_records", TOPIC, "records", OFFSETS),
    Family("kmon_topic_spare_replicas", TOPIC, "spare_replicas", MIN_ISR, where="spare_replicas <= 0"),
    Family("kmon_topic_unclean_election", TOPIC, "unclean_election", CONFIGS, where="unclean_election == true"),
    Family("kmon_topic_size_bytes", TOPIC, "size_bytes", (*METADATA, *LOG_DIRS)),
    Family("kmon_topic_min_insync_replicas", TOPIC_CONFIG, "min_insync_replicas", CONFIGS),
    Family("kmon_topic_retention_seconds", TOPIC_CONFIG, "retention_seconds", CONFIGS),
    Family("kmon_topic_retention_bytes", TOPIC_CONFIG, "retention_bytes", CONFIGS),
)

PARTITION_FAMILIES = (
    Family("kmon_partition_start_offset", PARTITION, "start_offset", OFFSETS),
    Family("kmon_partition_end_offset", PARTITION, "end_offset", OFFSETS),
    Family("kmon_partition_stable_offset", PARTITION, "stable_offset", OFFSETS),
    Family("kmon_partition_size_bytes", PARTITION, "size_bytes", (*METADATA, *LOG_DIRS)),
    Family("kmon_partition_offline", PARTITION, "offline", METADATA, where="offline == true"),
    Family(
        "kmon_partition_out_of_sync_replicas",
        PARTITION,
        "out_of_sync_replicas",
        (*METADATA, sources.REASSIGNMENTS),
        where="out_of_sync_replicas > 0",
    ),
    Family("kmon_partition_under_min_isr", PARTITION, "under_min_isr", MIN_ISR, where="under_min_isr == true"),
    Family("kmon_partition_at_min_isr", PARTITION, "at_min_isr", MIN_ISR, where="at_min_isr == true"),
    Family(
        "kmon_partition_not_preferred_leader",
        PARTITION,
        "",
        METADATA,
        "1 for a partition that is not led by its preferred leader; only for such partitions",
        where="preferred_leader == false and offline == false",
    ),
    Family(
        "kmon_partition_reassigning", PARTITION, "reassigning", (sources.REASSIGNMENTS,), where="reassigning == true"
    ),
    Family(
        "kmon_partition_reassigned_ratio",
        PARTITION,
        "reassigned_ratio",
        (sources.REASSIGNMENTS, *LOG_DIRS),
        where="reassigning == true",
    ),
    Family(
        "kmon_partition_open_transaction_records",
        PARTITION,
        "open_transaction_records",
        OFFSETS,
        where="open_transaction_records > 0",
    ),
    Family(
        "kmon_partition_eligible_leader_replicas",
        ELIGIBLE,
        "eligible",
        (sources.TOPIC_PARTITIONS,),
        only="partitions short of in-sync replicas",
    ),
    Family("kmon_partition_local_start_offset", TIERED, "local_start_offset", TIERED_OFFSETS, only=REMOTE),
    Family("kmon_partition_tiered_end_offset", TIERED, "tiered_end_offset", TIERED_OFFSETS, only=REMOTE),
    Family(
        "kmon_replica_offset_lag",
        REPLICA,
        "offset_lag",
        LOG_DIRS,
        labels=ON_BROKER,
        where="offset_lag > 0 and future == false",
    ),
    Family(
        "kmon_future_replica_offset_lag",
        REPLICA,
        "offset_lag",
        LOG_DIRS,
        "Records still to copy for a replica being moved to another log dir of its broker; only for such replicas",
        labels=(*ON_BROKER, "log_dir"),
        where="future == true",
    ),
)
