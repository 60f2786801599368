"""Where metrics come from: the Kafka APIs, each with the ACLs that its answer needs on a cluster with an authorizer."""

from dataclasses import dataclass

from monitor.kafka.client import apis
from monitor.kafka.client.apis import Api


@dataclass(frozen=True)
class ApiSource:
    """A Kafka API, and the operations and resource types that it must be allowed, in kafka-acls' words."""

    api: Api
    acls: tuple[str, ...] = ()


CLUSTER, TOPIC, GROUP = "Describe Cluster", "Describe Topic", "Describe Group"

API_VERSIONS = ApiSource(apis.API_VERSIONS)
METADATA = ApiSource(apis.METADATA, (TOPIC,))
DESCRIBE_CLUSTER = ApiSource(apis.DESCRIBE_CLUSTER)
DESCRIBE_QUORUM = ApiSource(apis.DESCRIBE_QUORUM, (CLUSTER,))
REASSIGNMENTS = ApiSource(apis.LIST_PARTITION_REASSIGNMENTS, (CLUSTER,))
TOPIC_PARTITIONS = ApiSource(apis.DESCRIBE_TOPIC_PARTITIONS, (TOPIC,))
LIST_OFFSETS = ApiSource(apis.LIST_OFFSETS, (TOPIC,))
LOG_DIRS = ApiSource(apis.DESCRIBE_LOG_DIRS, (CLUSTER,))
TOPIC_CONFIGS = ApiSource(apis.DESCRIBE_CONFIGS, ("DescribeConfigs Topic",))
BROKER_CONFIGS = ApiSource(apis.DESCRIBE_CONFIGS, ("DescribeConfigs Cluster",))
LIST_GROUPS = ApiSource(apis.LIST_GROUPS, (CLUSTER,))
OFFSET_FETCH = ApiSource(apis.OFFSET_FETCH, (GROUP, TOPIC))
SHARE_OFFSETS = ApiSource(apis.DESCRIBE_SHARE_GROUP_OFFSETS, (GROUP, TOPIC))
DESCRIBE_GROUPS = ApiSource(apis.DESCRIBE_GROUPS, (GROUP,))
CONSUMER_GROUPS = ApiSource(apis.CONSUMER_GROUP_DESCRIBE, (GROUP, TOPIC))
SHARE_GROUPS = ApiSource(apis.SHARE_GROUP_DESCRIBE, (GROUP, TOPIC))
STREAMS_GROUPS = ApiSource(apis.STREAMS_GROUP_DESCRIBE, (GROUP, TOPIC))
LIST_TRANSACTIONS = ApiSource(apis.LIST_TRANSACTIONS, ("Describe TransactionalId",))
DESCRIBE_TRANSACTIONS = ApiSource(apis.DESCRIBE_TRANSACTIONS, ("Describe TransactionalId",))

NEW_GROUPS = (CONSUMER_GROUPS, SHARE_GROUPS, STREAMS_GROUPS)
"""What describes groups of the types that have epochs and target assignments."""
GROUPS = (DESCRIBE_GROUPS, *NEW_GROUPS)
COMMITS = (OFFSET_FETCH, SHARE_OFFSETS)
LAG = (*COMMITS, LIST_OFFSETS)
