"""What kmon can ask of a cluster, by name: which ACL each thing needs, and what is missing without it."""

from typing import NamedTuple


class Grant(NamedTuple):
    """An ACL, in the words of kafka-acls: operation and resource type; the resource is all of that type."""

    operation: str
    resource: str

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource}" + ("" if self.resource == "Cluster" else " '*'")


class Capability(NamedTuple):
    """A row of `Capabilities` that collectors may set; `grant` is None where a broker's version decides, not an ACL."""

    name: str
    asks: str
    without: str
    grant: Grant | None = None


CAPABILITIES = (
    Capability(
        "describe_cluster",
        "DescribeCluster",
        "quorum, log dirs and reassignments are unknown, and groups are hidden that are not granted by name",
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
        "defaults of the brokers and differences between them are unknown",
        Grant("DescribeConfigs", "Cluster"),
    ),
    Capability(
        "describe_transactional_ids",
        "DescribeTransactions of any id",
        "transactions are hidden whose id is not granted by name",
        Grant("Describe", "TransactionalId"),
    ),
    Capability(
        "group_types",
        "ListGroups v5, Kafka 3.8",
        "types of groups are unknown, and each is taken for a classic one",
    ),
    Capability(
        "share_lag",
        "DescribeShareGroupOffsets v1, Kafka 4.2",
        "lag of share groups is unknown",
    ),
)
"""Those that this table does not name have their reason in the row itself."""
