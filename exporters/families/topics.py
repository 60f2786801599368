"""Metrics of topics: their totals, and the configs that say how safe and how long their records are kept."""

from exporters.family import Family, StateSet
from monitor.collect import requests as sources
from monitor.subjects.topics import TOPIC, TOPIC_CONFIG

METADATA = (sources.METADATA,)
CONFIGS = (sources.TOPIC_CONFIGS,)

TOPIC_FAMILIES = (
    StateSet(
        "kmon_topic_status", TOPIC, "status", (*METADATA, *CONFIGS, sources.REASSIGNMENTS), where='status != "ok"'
    ),
    Family("kmon_topic_partitions", TOPIC, "partitions", METADATA),
    Family("kmon_topic_replication_factor", TOPIC, "replication_factor", METADATA),
    Family("kmon_topic_offline_partitions", TOPIC, "offline_partitions", METADATA),
    Family("kmon_topic_under_replicated_partitions", TOPIC, "under_replicated_partitions", METADATA),
    Family("kmon_topic_under_min_isr_partitions", TOPIC, "under_min_isr_partitions", (*METADATA, *CONFIGS)),
    Family("kmon_topic_size_bytes", TOPIC, "size_bytes", (*METADATA, sources.LOG_DIRS)),
    Family("kmon_topic_min_insync_replicas", TOPIC_CONFIG, "min_insync_replicas", CONFIGS),
    Family("kmon_topic_retention_seconds", TOPIC_CONFIG, "retention_seconds", CONFIGS),
    Family("kmon_topic_retention_bytes", TOPIC_CONFIG, "retention_bytes", CONFIGS),
)
