"""What kmon needs of a cluster to show all of it: ACLs for its user, and APIs that its brokers serve."""

from typing import NamedTuple

from monitor.kafka.client.apis import (
    CONSUMER_GROUP_DESCRIBE,
    DESCRIBE_CLUSTER,
    DESCRIBE_CONFIGS,
    DESCRIBE_GROUPS,
    DESCRIBE_LOG_DIRS,
    DESCRIBE_QUORUM,
    DESCRIBE_SHARE_GROUP_OFFSETS,
    DESCRIBE_TOPIC_PARTITIONS,
    DESCRIBE_TRANSACTIONS,
    LIST_GROUPS,
    LIST_OFFSETS,
    LIST_PARTITION_REASSIGNMENTS,
    LIST_TRANSACTIONS,
    METADATA,
    OFFSET_FETCH,
    SHARE_GROUP_DESCRIBE,
    STREAMS_GROUP_DESCRIBE,
    Api,
)


class Grant(NamedTuple):
    """An ACL in Kafka's words: an operation on all resources of a type, such as Describe on Topic '*'."""

    operation: str
    resource: str

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource}" + ("" if self.resource == "Cluster" else " '*'")


class Capability(NamedTuple):
    """A row of the table `Capabilities`: what is asked of the cluster, what is lost without it, and the ACL it takes.

    `grant` is None where it takes none beyond those of others.
    """

    name: str
    asks: str
    without: str
    grant: Grant | None = None


CAPABILITIES = (
    Capability(
        "describe_cluster",
        "DescribeCluster",
        "quorum, log dirs and reassignments are unknown; groups that are not granted by name are hidden",
        Grant("Describe", "Cluster"),
    ),
    Capability(
        "describe_all_topics",
        "Metadata of any topic",
        "topics that are not granted by name are hidden, and so are the commits on them",
        Grant("Describe", "Topic"),
    ),
    Capability(
        "describe_all_groups",
        "DescribeGroups of any group",
        "members and commits of groups that are not granted by name are unknown",
        Grant("Describe", "Group"),
    ),
    Capability(
        "describe_topic_configs",
        "DescribeConfigs of any topic",
        "min.insync.replicas, retention and cleanup of topics are unknown",
        Grant("DescribeConfigs", "Topic"),
    ),
    Capability(
        "describe_broker_configs",
        "DescribeConfigs of brokers",
        "the brokers' defaults and differences between them are unknown",
        Grant("DescribeConfigs", "Cluster"),
    ),
    Capability(
        "describe_transactional_ids",
        "DescribeTransactions of any id",
        "transactions whose id is not granted by name are hidden",
        Grant("Describe", "TransactionalId"),
    ),
    Capability(
        "producers",
        "DescribeProducers, where collect.producers is on",
        "producers of transactions that block a partition are unknown",
        Grant("Read", "Topic"),
    ),
    Capability("group_types", "ListGroups v5, Kafka 3.8", "types of groups are unknown: each is treated as classic"),
    Capability("share_lag", "DescribeShareGroupOffsets v1, Kafka 4.2", "lag of share groups is unknown"),
    Capability("fenced_brokers", "DescribeCluster v2, Kafka 4.0", "fenced brokers are not shown"),
    Capability("features", "ApiVersions", "finalized features are unknown"),
    Capability("quorum", "DescribeQuorum", "controller and metadata quorum are unknown"),
    Capability("reassignments", "ListPartitionReassignments", "reassignments are unknown"),
    Capability(
        "eligible_replicas",
        "DescribeTopicPartitions, Kafka 3.8",
        "eligible leader replicas are unknown",
    ),
    Capability("tiered_offsets", "ListOffsets v9, Kafka 3.9", "local and remote offsets of tiered topics are unknown"),
    Capability("transactions", "ListTransactions", "transactions are unknown"),
    Capability("topic_configs", "DescribeConfigs of topics", "min.insync.replicas, retention and cleanup are unknown"),
    Capability("broker_configs", "DescribeConfigs of brokers", "the brokers' defaults are unknown"),
    Capability("log_dirs", "DescribeLogDirs", "sizes of replicas and state of log dirs are unknown"),
)
"""Those that collectors set, in the order in which they are told."""

PERMISSIONS = {each.name: each.grant for each in CAPABILITIES if each.grant is not None and each.name != "producers"}
"""The ACL of each capability that takes one, but for what the settings have to switch on."""


class Use(NamedTuple):
    """What a version of an API is for, and the first Kafka that serves it; "" where all that kmon supports do."""

    api: Api
    version: int
    kafka: str
    without: str


USES = (
    Use(METADATA, 9, "", "nothing can be monitored"),
    Use(LIST_GROUPS, 4, "", "groups are unknown"),
    Use(LIST_GROUPS, 5, "3.8", "types of groups are unknown: each is treated as classic"),
    Use(OFFSET_FETCH, 8, "", "commits, and so lag, are unknown"),
    Use(LIST_OFFSETS, 4, "", "offsets, and so lag, are unknown"),
    Use(LIST_OFFSETS, 8, "3.5", "oldest records on the local disks of tiered topics are unknown"),
    Use(LIST_OFFSETS, 9, "3.9", "newest records in the remote storage of tiered topics are unknown"),
    Use(DESCRIBE_GROUPS, 5, "", "members of classic groups are unknown"),
    Use(CONSUMER_GROUP_DESCRIBE, 0, "3.8", "members of KIP-848 consumer groups are unknown"),
    Use(SHARE_GROUP_DESCRIBE, 1, "4.1", "members of share groups are unknown"),
    Use(STREAMS_GROUP_DESCRIBE, 0, "4.2", "members and tasks of streams groups are unknown"),
    Use(DESCRIBE_SHARE_GROUP_OFFSETS, 0, "4.1", "offsets of share groups are unknown"),
    Use(DESCRIBE_SHARE_GROUP_OFFSETS, 1, "4.2", "lag of share groups is unknown"),
    Use(DESCRIBE_CLUSTER, 0, "", "whether groups are hidden is unknown"),
    Use(DESCRIBE_CLUSTER, 2, "4.0", "fenced brokers are not shown"),
    Use(DESCRIBE_QUORUM, 0, "", "the metadata quorum is unknown (with ZooKeeper there is none)"),
    Use(LIST_PARTITION_REASSIGNMENTS, 0, "", "reassignments are unknown"),
    Use(DESCRIBE_TOPIC_PARTITIONS, 0, "3.8", "eligible leader replicas are unknown"),
    Use(DESCRIBE_CONFIGS, 1, "", "min.insync.replicas, retention and the brokers' defaults are unknown"),
    Use(DESCRIBE_LOG_DIRS, 1, "", "sizes of replicas and errors of log dirs are unknown"),
    Use(DESCRIBE_LOG_DIRS, 4, "3.3", "sizes and free space of volumes are unknown"),
    Use(LIST_TRANSACTIONS, 0, "", "transactions are unknown"),
    Use(DESCRIBE_TRANSACTIONS, 0, "", "age and partitions of transactions are unknown"),
)
"""What kmon asks by default, a row for each version of an API that it can show more with."""
