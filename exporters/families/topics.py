"""Metrics of topics: their totals, and the configs that say how safe and how long their records are kept."""

from exporters import sources
from exporters.family import Family, StateSet
from monitor.subjects.topics import TOPIC, TOPIC_CONFIG

METADATA = (sources.METADATA,)
CONFIGS = (sources.TOPIC_CONFIGS,)

TOPIC_FAMILIES = (
    StateSet(
        "kmon_topic_status",
        TOPIC,
        "status",
        (*METADATA, *CONFIGS, sources.REASSIGNMENTS),
        "1 for the topic's current status, which is the worst status of its partitions, 0 for every other status; only "
        "for topics that are not ok",
        where='status != "ok"',
    ),
    Family("kmon_topic_partitions", TOPIC, "partitions", METADATA, "Partitions of the topic"),
    Family("kmon_topic_replication_factor", TOPIC, "replication_factor", METADATA),
    Family("kmon_topic_offline_partitions", TOPIC, "offline_partitions", METADATA),
    Family("kmon_topic_under_replicated_partitions", TOPIC, "under_replicated_partitions", METADATA),
    Family("kmon_topic_under_min_isr_partitions", TOPIC, "under_min_isr_partitions", (*METADATA, *CONFIGS)),
    Family("kmon_topic_size_bytes", TOPIC, "size_bytes", (*METADATA, sources.LOG_DIRS)),
    Family("kmon_topic_min_insync_replicas", TOPIC_CONFIG, "min_insync_replicas", CONFIGS),
    Family(
        "kmon_topic_retention_seconds",
        TOPIC_CONFIG,
        "retention_seconds",
        CONFIGS,
        "retention.ms of the topic; +Inf for no limit",
    ),
    Family(
        "kmon_topic_retention_bytes",
        TOPIC_CONFIG,
        "retention_bytes",
        CONFIGS,
        "retention.bytes of the topic, a limit per partition; +Inf for no limit",
    ),
)
