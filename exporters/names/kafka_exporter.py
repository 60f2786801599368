"""The metrics of kafka_exporter (danielqsj/kafka_exporter): its names, labels and meanings.

docs/coming-from.md has the differences, and what is not served.
"""

from functools import partial

import numpy as np

from exporters.family import Family
from exporters.names.shared import GROUP_TOPIC_SUMS, active, extended
from monitor.collect import requests as sources
from monitor.subjects.brokers import BROKER
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.groups import GROUP
from monitor.subjects.kinds import FLAG
from monitor.subjects.lag import LAG
from monitor.subjects.tables import numbers
from monitor.subjects.topics import PARTITION, TOPIC

METADATA = (sources.METADATA,)
OFFSETS = (sources.LIST_OFFSETS,)

PARTITIONS = extended(
    PARTITION,
    numbers(
        "under_replicated",
        FLAG,
        "1 for a partition with out-of-sync replicas, except those that a reassignment is adding, else 0",
        lambda view: np.asarray(view.partition_health.under_replicated),
    ),
)

family = partial(Family, rename={"group": "consumergroup", "broker": "id"}, sole_cluster="")

KAFKA_EXPORTER = (
    family("kafka_brokers", CLUSTER, "brokers", METADATA),
    family(
        "kafka_broker_info",
        BROKER,
        "",
        METADATA,
        "Always 1. Labels: the broker's node id, and its advertised host and port",
        labels=("broker", "address"),
        where=active,
    ),
    family("kafka_topic_partitions", TOPIC, "partitions", METADATA),
    family("kafka_topic_partition_current_offset", PARTITIONS, "end_offset", OFFSETS),
    family("kafka_topic_partition_oldest_offset", PARTITIONS, "start_offset", OFFSETS),
    family("kafka_topic_partition_leader", PARTITIONS, "leader", METADATA),
    family("kafka_topic_partition_replicas", PARTITIONS, "replicas", METADATA, "Number of replicas of the partition"),
    family(
        "kafka_topic_partition_in_sync_replica",
        PARTITIONS,
        "isr",
        METADATA,
        "Number of in-sync replicas of the partition",
    ),
    family(
        "kafka_topic_partition_leader_is_preferred",
        PARTITIONS,
        "preferred_leader",
        METADATA,
        "1 for a partition that is led by its preferred leader, else 0",
    ),
    family(
        "kafka_topic_partition_under_replicated_partition",
        PARTITIONS,
        "under_replicated",
        (*METADATA, sources.REASSIGNMENTS),
    ),
    family("kafka_consumergroup_current_offset", LAG, "committed_offset", sources.COMMITS),
    family("kafka_consumergroup_current_offset_sum", GROUP_TOPIC_SUMS, "committed_offset", sources.COMMITS),
    family("kafka_consumergroup_lag", LAG, "lag", sources.LAG),
    family("kafka_consumergroup_lag_sum", GROUP_TOPIC_SUMS, "committed_lag", sources.LAG),
    family("kafka_consumergroup_members", GROUP, "members", sources.GROUPS),
)
