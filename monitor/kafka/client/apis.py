"""The Kafka APIs that kmon uses, each with the versions that kmon can write and read."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Api:
    """A Kafka API: its key, its name as Kafka spells it, and the versions kmon speaks (both ends included).

    `flexible` is the first version with compact types and tagged fields; `throttled` says that answers open with
    throttle_time_ms, `plain_header` that their header has no tagged fields in any version, as only ApiVersions does.
    """

    key: int
    name: str
    oldest: int
    newest: int
    flexible: int
    throttled: bool = True
    plain_header: bool = False

    def version(self, served: dict[int, tuple[int, int]]) -> int | None:
        """The newest version that both sides speak, None where there is none. `served` maps a key to (min, max)."""
        low, high = served.get(self.key, (1, 0))
        version = min(high, self.newest)
        return version if version >= max(low, self.oldest) else None

    def is_flexible(self, version: int) -> bool:
        return version >= self.flexible

    def since(self, version: int) -> "Api":
        """The same API from a version on that does more."""
        return replace(self, oldest=version)


LIST_OFFSETS = Api(2, "ListOffsets", 4, 11, 6)
# The leader epochs of older versions may be stale (KAFKA-9212), and kmon tells by them which broker to believe.
METADATA = Api(3, "Metadata", 9, 13, 9)
# Older versions do not know these offsets: of the oldest record on local disk, of the newest in remote storage.
LOCAL_OFFSETS = LIST_OFFSETS.since(8)
TIERED_OFFSETS = LIST_OFFSETS.since(9)
# Version 10 names topics by id only, and so says nothing of a commit on a topic that is gone.
OFFSET_FETCH = Api(9, "OffsetFetch", 5, 9, 6)
# Older versions are about one group a request.
BATCHED_OFFSET_FETCH = OFFSET_FETCH.since(8)
DESCRIBE_GROUPS = Api(15, "DescribeGroups", 5, 6, 5)
# Before version 4 without the states of groups, which DescribeGroups has as well.
LIST_GROUPS = Api(16, "ListGroups", 3, 5, 3)
GROUP_TYPES = LIST_GROUPS.since(5)
API_VERSIONS = Api(18, "ApiVersions", 3, 4, 3, throttled=False, plain_header=True)
DESCRIBE_CONFIGS = Api(32, "DescribeConfigs", 1, 4, 4)
DESCRIBE_LOG_DIRS = Api(35, "DescribeLogDirs", 1, 5, 2)
# Older versions do not report total and usable bytes.
VOLUMES = DESCRIBE_LOG_DIRS.since(4)
LIST_PARTITION_REASSIGNMENTS = Api(46, "ListPartitionReassignments", 0, 0, 0)
DESCRIBE_QUORUM = Api(55, "DescribeQuorum", 0, 2, 0, throttled=False)
DESCRIBE_CLUSTER = Api(60, "DescribeCluster", 0, 2, 0)
# Older versions do not tell of fenced brokers.
FENCED_BROKERS = DESCRIBE_CLUSTER.since(2)
DESCRIBE_PRODUCERS = Api(61, "DescribeProducers", 0, 0, 0)
DESCRIBE_TRANSACTIONS = Api(65, "DescribeTransactions", 0, 0, 0)
LIST_TRANSACTIONS = Api(66, "ListTransactions", 0, 1, 0)
CONSUMER_GROUP_DESCRIBE = Api(69, "ConsumerGroupDescribe", 0, 1, 0)
DESCRIBE_TOPIC_PARTITIONS = Api(75, "DescribeTopicPartitions", 0, 0, 0)
SHARE_GROUP_DESCRIBE = Api(77, "ShareGroupDescribe", 1, 1, 0)
STREAMS_GROUP_DESCRIBE = Api(89, "StreamsGroupDescribe", 0, 0, 0)
DESCRIBE_SHARE_GROUP_OFFSETS = Api(90, "DescribeShareGroupOffsets", 0, 1, 0)
SHARE_LAG = DESCRIBE_SHARE_GROUP_OFFSETS.since(1)
