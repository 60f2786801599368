"""Metrics of brokers: what they are, hold and lead, their log dirs and the defaults that they are configured with."""

from exporters.family import Family, StateSet
from monitor.collect import requests as sources
from monitor.subjects.brokers import BROKER, BROKER_CONFIG, LOG_DIR

METADATA = (sources.METADATA,)
LOG_DIRS = (sources.LOG_DIRS,)
CONFIGS = (sources.BROKER_CONFIGS,)

BROKER_FAMILIES = (
    Family(
        "kmon_broker_info",
        BROKER,
        "",
        (sources.METADATA, sources.DESCRIBE_CLUSTER, sources.API_VERSIONS),
        "Always 1. Labels: the broker's advertised address, its rack, and the Kafka version inferred from its APIs",
        labels=("broker", "host", "port", "rack", "version"),
        where="described == true",
    ),
    Family(
        "kmon_broker_controller",
        BROKER,
        "controller",
        (sources.METADATA, sources.DESCRIBE_QUORUM),
        where="described == true",
    ),
    Family("kmon_broker_fenced", BROKER, "fenced", (sources.DESCRIBE_CLUSTER,)),
    StateSet("kmon_broker_status", BROKER, "status", (sources.METADATA, sources.DESCRIBE_CLUSTER, sources.LOG_DIRS)),
    Family("kmon_broker_leaders", BROKER, "leaders", METADATA),
    Family("kmon_broker_replicas", BROKER, "replicas", METADATA),
    Family("kmon_broker_out_of_sync_replicas", BROKER, "out_of_sync_replicas", METADATA),
    Family("kmon_broker_preferred_leaders_missing", BROKER, "preferred_leaders_missing", METADATA),
    Family("kmon_broker_preferred_leaders_missing_ratio", BROKER, "preferred_leaders_missing_ratio", METADATA),
    Family("kmon_broker_leader_skew_ratio", BROKER, "leader_skew", METADATA),
    Family("kmon_broker_size_bytes", BROKER, "size_bytes", LOG_DIRS),
    Family("kmon_broker_certificate_seconds", BROKER, "certificate_seconds"),
    Family("kmon_broker_size_skew_ratio", BROKER, "size_skew", LOG_DIRS),
    Family("kmon_log_dir_total_bytes", LOG_DIR, "total_bytes", LOG_DIRS),
    Family("kmon_log_dir_usable_bytes", LOG_DIR, "usable_bytes", LOG_DIRS),
    StateSet("kmon_log_dir_status", LOG_DIR, "status", LOG_DIRS),
    StateSet("kmon_log_dir_level", LOG_DIR, "level", LOG_DIRS, where='level != "ok"'),
    Family(
        "kmon_log_dir_error",
        LOG_DIR,
        "",
        LOG_DIRS,
        "1 for a log dir that is offline or could not be described; only for such log dirs",
        where='status == "offline"',
    ),
    Family("kmon_broker_default_min_insync_replicas", BROKER_CONFIG, "min_insync_replicas", CONFIGS),
    Family("kmon_broker_default_replication_factor", BROKER_CONFIG, "replication_factor", CONFIGS),
    Family("kmon_broker_unclean_election", BROKER_CONFIG, "unclean_election", CONFIGS),
)
