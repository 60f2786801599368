"""Every metric family kmon exports, declared once: its name, meaning, what it reads of a View, labels, unit and type.

docs/metrics.md is this table for people; a test holds the two together.
"""

from exporters.family import (
    Family,
    Label,
    cluster_named,
    controller,
    described,
    last_successful_poll,
    lost,
    nodes,
    of_answered_groups,
    offline,
    ones,
    out_of_sync,
    outcomes,
    poll_duration,
    total,
)
from monitor.table import objects

BROKER = (Label("broker", "snapshot.brokers.broker"),)
TOPIC = (Label("topic", "snapshot.topics.topic"),)
PARTITION = (
    Label("topic", "snapshot.topics.topic", "snapshot.partitions.topic"),
    Label("partition", "snapshot.partitions.partition"),
)
GROUP = (Label("group", "snapshot.groups.group"),)
GROUP_PARTITION = (
    Label("group", "snapshot.groups.group", "lag.group"),
    Label("topic", "snapshot.topics.topic", "lag.topic"),
    Label("partition", "lag.partition"),
)
COLLECTOR = (Label("collector", lambda view: objects(each.collector for each in view.snapshot.outcomes)),)
REQUEST = (
    Label("api", "snapshot.requests.api"),
    Label("broker", nodes("snapshot.requests.broker", "bootstrap")),
)

PROCESS_FAMILIES = (
    Family(
        "kmon_build_info",
        "1, labelled with the versions of kmon and of Python",
        lambda _: 1,
        (Label("version", lambda process: objects([process.version])), Label("python", lambda p: objects([p.python]))),
    ),
    Family(
        "kmon_web_open",
        "1 when kmon is served beyond loopback without TLS and a password (--insecure-allow-open), else 0",
        "web_open",
    ),
)

CLUSTER_FAMILIES = (
    Family("kmon_cluster_up", "1 when any of the cluster answered the last poll, else 0", "up", always=True),
    Family(
        "kmon_cluster_info",
        "1, labelled with the id that the cluster gave itself",
        cluster_named,
        (Label("cluster_id", lambda view: objects([view.snapshot.cluster_id])),),
    ),
    Family("kmon_cluster_brokers", "Brokers in metadata", total("brokers")),
    Family("kmon_cluster_topics", "Topics in metadata", total("topics")),
    Family("kmon_cluster_partitions", "Partitions in metadata", total("partitions")),
    Family("kmon_cluster_offline_partitions", "Partitions without a leader", total("offline")),
    Family(
        "kmon_cluster_under_replicated_partitions",
        "Partitions with fewer replicas in sync than replicas",
        total("under_replicated"),
    ),
    Family("kmon_cluster_groups", "Groups of every type", total("groups")),
    Family(
        "kmon_cluster_lag",
        "Lag of all groups; no line while that of any partition is unknown",
        total("lag"),
        unit="records",
    ),
    Family(
        "kmon_broker_info",
        "1, labelled with the broker's advertised address and its rack",
        ones("snapshot.brokers"),
        (
            *BROKER,
            Label("host", "snapshot.brokers.host"),
            Label("port", "snapshot.brokers.port"),
            Label("rack", "snapshot.brokers.rack"),
        ),
    ),
    Family(
        "kmon_broker_controller",
        "1 for the broker that metadata names as the controller, else 0; no line while none is named",
        controller,
        BROKER,
    ),
    Family("kmon_topic_partitions", "Partitions of the topic", described("snapshot.topics.partitions"), TOPIC),
    Family(
        "kmon_topic_replication_factor",
        "Replicas of the topic's partition 0",
        described("topic_totals.replication_factor"),
        TOPIC,
    ),
    Family(
        "kmon_topic_offline_partitions",
        "Partitions of the topic without a leader",
        described("topic_totals.offline"),
        TOPIC,
    ),
    Family(
        "kmon_topic_under_replicated_partitions",
        "Partitions of the topic with fewer replicas in sync than replicas",
        described("topic_totals.under_replicated"),
        TOPIC,
    ),
    Family(
        "kmon_partition_start_offset",
        "Log start offset of the partition",
        "snapshot.offsets.start_offset",
        PARTITION,
        unit="records",
    ),
    Family(
        "kmon_partition_end_offset",
        "Log end offset (high watermark) of the partition",
        "snapshot.offsets.end_offset",
        PARTITION,
        unit="records",
    ),
    Family(
        "kmon_partition_offline",
        "1 for a partition without a leader; only such partitions have a line",
        offline,
        PARTITION,
    ),
    Family(
        "kmon_partition_out_of_sync_replicas",
        "Replicas of the partition that are not in sync; only partitions that have any have a line",
        out_of_sync,
        PARTITION,
    ),
    Family(
        "kmon_group_info",
        "1, labelled with the group's type, its state as Kafka names it and its coordinator's node id",
        ones("snapshot.groups"),
        (
            *GROUP,
            Label("type", "snapshot.groups.group_type"),
            Label("state", "snapshot.groups.state"),
            Label("coordinator", nodes("snapshot.groups.coordinator", "")),
        ),
    ),
    Family("kmon_group_members", "Members of the group", "snapshot.groups.members", GROUP),
    Family(
        "kmon_group_lag",
        "Lag of the group over all its partitions; no line while that of any partition is unknown",
        "group_lags.lag",
        GROUP,
        unit="records",
    ),
    Family(
        "kmon_group_lag_at_least",
        "Lag of the group over the partitions whose lag is known; no line while none is",
        "group_lags.lag_at_least",
        GROUP,
        unit="records",
    ),
    Family(
        "kmon_group_partitions",
        "Partitions that the group has committed or is assigned",
        of_answered_groups("group_lags.partitions"),
        GROUP,
    ),
    Family(
        "kmon_group_unknown_partitions",
        "Partitions of the group whose lag is unknown, those without a commit among them",
        of_answered_groups("group_lags.unknown_partitions"),
        GROUP,
    ),
    Family(
        "kmon_group_partition_lag",
        "Records that the group still has to read of the partition",
        "lag.lag",
        GROUP_PARTITION,
        unit="records",
    ),
    Family(
        "kmon_group_partition_committed_offset",
        "Next offset of the partition that the group will read; of a share group its share-partition start offset",
        "lag.committed_offset",
        GROUP_PARTITION,
        unit="records",
    ),
    Family(
        "kmon_group_partition_lost",
        "Records of the partition deleted before the group read them; only partitions that lost any have a line",
        lost,
        GROUP_PARTITION,
        unit="records",
    ),
    Family(
        "kmon_collector_success",
        "1 when the collector got every answer in the last poll, else 0",
        outcomes("success"),
        COLLECTOR,
        always=True,
    ),
    Family(
        "kmon_collector_duration_seconds",
        "How long the collector took in the last poll",
        outcomes("duration_seconds"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_collector_last_collected_timestamp_seconds",
        "Unix time of the newest answer in the collector's tables; no line before the first",
        outcomes("collected_at"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_requests_total",
        "Requests sent to Kafka; the broker is bootstrap before its id is known",
        "snapshot.requests.requests",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_errors_total",
        "Requests sent to Kafka that had no usable answer",
        "snapshot.requests.errors",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_seconds_total",
        "Time from asking Kafka to its answer, summed over requests",
        "snapshot.requests.seconds",
        REQUEST,
        unit="seconds",
        type="counter",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_received_bytes_total",
        "Size of Kafka's answers",
        "snapshot.requests.received_bytes",
        REQUEST,
        unit="bytes",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_last_successful_poll_timestamp_seconds",
        "Unix time when the last poll that the cluster answered began; no line before the first",
        last_successful_poll,
        unit="seconds",
        whole=False,
        always=True,
    ),
    # Last, because it ends when all the others are rendered.
    Family(
        "kmon_poll_duration_seconds",
        "How long the last poll took, from its first request to its metrics rendered",
        poll_duration,
        unit="seconds",
        whole=False,
        always=True,
    ),
)

FAMILIES = (*PROCESS_FAMILIES, *CLUSTER_FAMILIES)
