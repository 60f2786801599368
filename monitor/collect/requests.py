"""What kmon requests of Kafka: each request with its ACLs, the Kafka that has it, and what is unknown without it.

Collectors, metric families and `kmon doctor` refer to these declarations.
"""

from dataclasses import dataclass
from typing import NamedTuple

from monitor.kafka.client import apis
from monitor.kafka.client.apis import Api


class Grant(NamedTuple):
    """An ACL in Kafka's words: an operation on all resources of a type, such as Describe on Topic '*'."""

    operation: str
    resource: str

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource}" + ("" if self.resource == "Cluster" else " '*'")


class Permission(NamedTuple):
    """An ACL that kmon's user needs, the capability that reports whether it is granted, and what is lost without it."""

    capability: str
    grant: Grant
    without: str


CLUSTER = Permission(
    "describe_cluster",
    Grant("Describe", "Cluster"),
    "quorum, log dirs and reassignments are unknown; groups that are not granted by name are hidden",
)
TOPIC = Permission(
    "describe_all_topics",
    Grant("Describe", "Topic"),
    "topics that are not granted by name are hidden, and so are the commits on them",
)
GROUP = Permission(
    "describe_all_groups",
    Grant("Describe", "Group"),
    "members and commits of groups that are not granted by name are unknown",
)
TOPIC_CONFIG = Permission(
    "describe_topic_configs",
    Grant("DescribeConfigs", "Topic"),
    "min.insync.replicas, retention and cleanup of topics are unknown",
)
BROKER_CONFIG = Permission(
    "describe_broker_configs",
    Grant("DescribeConfigs", "Cluster"),
    "the brokers' defaults and differences between them are unknown",
)
TRANSACTIONAL_ID = Permission(
    "describe_transactional_ids",
    Grant("Describe", "TransactionalId"),
    "transactions whose id is not granted by name are hidden",
)
READ_TOPIC = Permission(
    "producers", Grant("Read", "Topic"), "producers of transactions that block a partition are unknown"
)
PERMISSIONS = (CLUSTER, TOPIC, GROUP, TOPIC_CONFIG, BROKER_CONFIG, TRANSACTIONAL_ID)
"""What everything takes that kmon requests by default."""


GROUPS_A_POLL = 900
"""About how many groups a broker is asked in a poll where each takes a request: more wait for later polls."""


@dataclass(frozen=True)
class Request:
    """A request that kmon sends, in versions from `api.oldest` on, which is what it is for.

    `without` is what is unknown where a broker does not serve it or denies it, `kafka` the first release that serves it
    ("" where all do that kmon supports), `capability` the name in `Capabilities` that reports whether it is served.
    """

    api: Api
    without: str
    permissions: tuple[Permission, ...] = ()
    kafka: str = ""
    capability: str = ""

    @property
    def acls(self) -> tuple[str, ...]:
        """The ACLs in the words of kafka-acls, such as "Describe Topic"."""
        return tuple(" ".join(each.grant) for each in self.permissions)


API_VERSIONS = Request(apis.API_VERSIONS, "versions and finalized features are unknown", capability="features")
METADATA = Request(apis.METADATA, "nothing can be monitored", (TOPIC,))
DESCRIBE_CLUSTER = Request(apis.DESCRIBE_CLUSTER, "whether groups are hidden is unknown")
FENCED_BROKERS = Request(apis.FENCED_BROKERS, "fenced brokers are not shown", kafka="4.0", capability="fenced_brokers")
DESCRIBE_QUORUM = Request(
    apis.DESCRIBE_QUORUM,
    "the metadata quorum is unknown (with ZooKeeper there is none)",
    (CLUSTER,),
    capability="quorum",
)
REASSIGNMENTS = Request(
    apis.LIST_PARTITION_REASSIGNMENTS, "reassignments are unknown", (CLUSTER,), capability="reassignments"
)
TOPIC_PARTITIONS = Request(
    apis.DESCRIBE_TOPIC_PARTITIONS,
    "eligible leader replicas are unknown",
    (TOPIC,),
    kafka="3.8",
    capability="eligible_replicas",
)
LIST_OFFSETS = Request(apis.LIST_OFFSETS, "offsets, and so lag, are unknown", (TOPIC,))
LOCAL_OFFSETS = Request(
    apis.LOCAL_OFFSETS,
    "oldest records on the local disks of tiered topics are unknown",
    (TOPIC,),
    kafka="3.5",
    capability="tiered_offsets",
)
TIERED_OFFSETS = Request(
    apis.TIERED_OFFSETS,
    "newest records in the remote storage of tiered topics are unknown",
    (TOPIC,),
    kafka="3.9",
    capability="tiered_end_offsets",
)
LOG_DIRS = Request(
    apis.DESCRIBE_LOG_DIRS, "sizes of replicas and errors of log dirs are unknown", (CLUSTER,), capability="log_dirs"
)
VOLUMES = Request(
    apis.VOLUMES, "sizes and free space of volumes are unknown", (CLUSTER,), kafka="3.3", capability="volumes"
)
_CONFIGS_UNKNOWN = "min.insync.replicas, retention and the brokers' defaults are unknown"
TOPIC_CONFIGS = Request(apis.DESCRIBE_CONFIGS, _CONFIGS_UNKNOWN, (TOPIC_CONFIG,), capability="topic_configs")
BROKER_CONFIGS = Request(apis.DESCRIBE_CONFIGS, _CONFIGS_UNKNOWN, (BROKER_CONFIG,), capability="broker_configs")
LIST_GROUPS = Request(apis.LIST_GROUPS, "groups are unknown", (CLUSTER,))
GROUP_TYPES = Request(
    apis.GROUP_TYPES,
    "types of groups are unknown: each is treated as classic",
    (CLUSTER,),
    kafka="3.8",
    capability="group_types",
)
OFFSET_FETCH = Request(apis.OFFSET_FETCH, "commits, and so lag, are unknown", (GROUP, TOPIC))
BATCHED_COMMITS = Request(
    apis.BATCHED_OFFSET_FETCH,
    f"commits are read one group at a time, those of at most {GROUPS_A_POLL:,} groups per broker in each poll",
    (GROUP, TOPIC),
    capability="batched_commits",
)
SHARE_OFFSETS = Request(
    apis.DESCRIBE_SHARE_GROUP_OFFSETS, "offsets of share groups are unknown", (GROUP, TOPIC), kafka="4.1"
)
SHARE_LAG = Request(
    apis.SHARE_LAG, "lag of share groups is unknown", (GROUP, TOPIC), kafka="4.2", capability="share_lag"
)
DESCRIBE_GROUPS = Request(apis.DESCRIBE_GROUPS, "members of classic groups are unknown", (GROUP,))
CONSUMER_GROUPS = Request(
    apis.CONSUMER_GROUP_DESCRIBE, "members of KIP-848 consumer groups are unknown", (GROUP, TOPIC), kafka="3.8"
)
SHARE_GROUPS = Request(apis.SHARE_GROUP_DESCRIBE, "members of share groups are unknown", (GROUP, TOPIC), kafka="4.1")
STREAMS_GROUPS = Request(
    apis.STREAMS_GROUP_DESCRIBE, "members and tasks of streams groups are unknown", (GROUP, TOPIC), kafka="4.2"
)
LIST_TRANSACTIONS = Request(
    apis.LIST_TRANSACTIONS, "transactions are unknown", (TRANSACTIONAL_ID,), capability="transactions"
)
DESCRIBE_TRANSACTIONS = Request(
    apis.DESCRIBE_TRANSACTIONS, "age and partitions of transactions are unknown", (TRANSACTIONAL_ID,)
)
DESCRIBE_PRODUCERS = Request(apis.DESCRIBE_PRODUCERS, READ_TOPIC.without, (READ_TOPIC,), capability="producers")

NEW_GROUPS = (CONSUMER_GROUPS, SHARE_GROUPS, STREAMS_GROUPS)
"""What describes groups of the types that have epochs and target assignments."""
GROUPS = (DESCRIBE_GROUPS, *NEW_GROUPS)
COMMITS = (OFFSET_FETCH, SHARE_OFFSETS)
LAG = (*COMMITS, LIST_OFFSETS)
