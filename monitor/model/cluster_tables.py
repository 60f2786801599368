"""Tables of a Snapshot beyond topics, offsets and groups: quorum, disks, configs, reassignments, transactions and more.

Like all of a Snapshot they hold what Kafka said. Those that are asked less often than each poll keep their last answer;
the Outcome of their collector tells how old it is. Rows of other tables are named by index, -1 for none.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.model.reasons import Kind
from monitor.model.table import Flags, Floats, Ints, Ragged, Table, Texts, column, objects


@dataclass(frozen=True, eq=False, kw_only=True)
class Certificates(Table):
    """One row per broker that kmon is connected to by TLS, by id."""

    broker: Ints = column("i4", "node id", "node")
    certificate_expires: Floats = column(
        "f8", "unix time when the certificate that the broker shows to kmon expires", "unix seconds"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Features(Table):
    """One row per feature that the cluster has finalized, such as metadata.version, by name."""

    feature: Texts = column("O", "feature name")
    level: Ints = column("i4", "finalized level of a feature, such as metadata.version")


@dataclass(frozen=True, eq=False, kw_only=True)
class Capabilities(Table):
    """One row per permission or API, by name: whether kmon can use it on this cluster."""

    capability: Texts = column("O", "name of the capability; docs/permissions.md lists permissions")
    available: Floats = column(
        "f8", "whether kmon can use a permission or an API; unknown if the request failed", "flag"
    )
    why_not: Texts = column("O", "why it is not available, or why that is unknown; NO_REASON if it is")

    @cached_property
    def why(self) -> Texts:
        """The reasons in words."""
        return objects(str(each) for each in self.why_not)

    @cached_property
    def switched_off(self) -> Flags:
        """Which capabilities the settings switch off: nothing that is missing."""
        return np.array([each.kind is Kind.SWITCHED_OFF for each in self.why_not], bool)


@dataclass(frozen=True, eq=False, kw_only=True)
class Quorum(Table):
    """One row per voter or observer of the metadata quorum, voters first, then by id. Empty without KRaft."""

    node: Ints = column("i4", "node id", "node")
    voter: Flags = column("?", "whether the node is a voter; the others are observers")
    leader: Flags = column("?", "1 for the leader of the metadata quorum (the active controller), else 0")
    log_end_offset: Floats = column("f8", "log end offset of the node's metadata log", "records")
    last_fetch: Floats = column(
        "f8", "unix time of the node's last fetch, by the leader's clock; unknown if it has not fetched", "unix seconds"
    )
    last_caught_up: Floats = column("f8", "unix time when the node was last caught up with the leader", "unix seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reassignments(Table):
    """One row per partition that is being reassigned, by topic and partition."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    replicas: Ragged = column("i4", "node ids of all current replicas")
    adding: Ragged = column("i4", "node ids of the replicas being added")
    removing: Ragged = column("i4", "node ids of the replicas being removed")


@dataclass(frozen=True, eq=False, kw_only=True)
class EligibleReplicas(Table):
    """One row per partition that has too few in-sync replicas and whose eligible leader replicas were requested."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    eligible: Ragged = column("i4", "out-of-sync replicas that hold all committed records")
    last_known: Ragged = column("i4", "node ids of the replicas that were eligible last, if none is eligible now")


@dataclass(frozen=True, eq=False, kw_only=True)
class TieredOffsets(Table):
    """One row per partition of a topic with remote storage, by topic and partition."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    local_start_offset: Floats = column("f8", "oldest offset on the brokers' local disks", "records")
    tiered_end_offset: Floats = column("f8", "newest offset in remote storage", "records")
    reason: Ints = column("i4", "why the local start offset is unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordTimes(Table):
    """One row per record whose timestamp was found by ListOffsets requests, by topic, partition and offset."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    offset: Floats = column("f8", "requested offset; the record is the first one at or after it", "records")
    earliest: Floats = column(
        "f8", "lower bound of the record's timestamp, as unix time; unknown without a bound", "unix seconds"
    )
    latest: Floats = column(
        "f8", "upper bound of the record's timestamp, as unix time; unknown without a bound", "unix seconds"
    )
    unordered: Flags = column("?", "whether responses contradict each other because timestamps are not in offset order")


@dataclass(frozen=True, eq=False, kw_only=True)
class LogDirs(Table):
    """One row per log dir of a broker, by broker and path."""

    broker: Ints = column("i4", "node id", "node")
    path: Texts = column("O", "path of the log dir on the broker")
    total_bytes: Floats = column("f8", "size of the volume of a log dir; from Kafka 3.3", "bytes")
    usable_bytes: Floats = column("f8", "free space on the volume of a log dir; from Kafka 3.3", "bytes")
    reason: Ints = column("i4", "error of the log dir; its replicas are unknown while it has one")


@dataclass(frozen=True, eq=False, kw_only=True)
class Replicas(Table):
    """One row per replica on a log dir, by topic, partition and broker; only of topics that metadata lists."""

    log_dir: Ints = column("i4", "row in `log_dirs`: path of the log dir")
    broker: Ints = column("i4", "node id", "node")
    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    size_bytes: Floats = column("f8", "size of the replica's log segments", "bytes")
    offset_lag: Floats = column("f8", "records by which the replica's log end is behind the high watermark", "records")
    offset_lag_reason: Ints = column("i4", "why offset_lag is unknown; a broker that did not respond keeps its sizes")
    future: Flags = column("?", "whether this replica is being moved to this log dir and will replace the current one")


@dataclass(frozen=True, eq=False, kw_only=True)
class TopicConfigs(Table):
    """One row per topic, in the order of `topics`: the configs that kmon uses, and a digest of the others.

    A limit that is switched off (-1) is infinite.
    """

    min_insync_replicas: Floats = column("f8", "min.insync.replicas of the topic", "replicas")
    retention_seconds: Floats = column("f8", "retention.ms of the topic; infinite for no limit", "seconds")
    retention_bytes: Floats = column(
        "f8", "retention.bytes of the topic, a limit per partition; infinite for no limit", "bytes"
    )
    local_retention_seconds: Floats = column("f8", "local.retention.ms; if that is -2, retention.ms", "seconds")
    cleanup_policy: Texts = column("O", "cleanup.policy: delete, compact, or both separated by a comma")
    unclean_election: Floats = column("f8", "unclean.leader.election.enable", "flag")
    timestamp_type: Texts = column("O", "message.timestamp.type: CreateTime or LogAppendTime")
    remote_storage: Floats = column(
        "f8", "remote.storage.enable; false if the broker does not have this config", "flag"
    )
    digest: Texts = column("O", "digest of all configs that are not sensitive; differs when one of them changes")
    reason: Ints = column("i4", "why the configs are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerConfigs(Table):
    """One row per broker with known configs, by id: its defaults that kmon uses, and a digest of the others."""

    broker: Ints = column("i4", "node id", "node")
    min_insync_replicas: Floats = column(
        "f8", "min.insync.replicas of the broker, the default of topics that do not set it", "replicas"
    )
    replication_factor: Floats = column("f8", "default.replication.factor of the broker", "replicas")
    retention_seconds: Floats = column("f8", "log.retention.ms, .minutes or .hours: the default of topics", "seconds")
    offsets_retention_seconds: Floats = column(
        "f8", "offsets.retention.minutes, for commits of empty groups", "seconds"
    )
    transaction_max_timeout_seconds: Floats = column("f8", "transaction.max.timeout.ms", "seconds")
    unclean_election: Floats = column(
        "f8",
        "1 when the broker allows out-of-sync replicas to become leader (unclean.leader.election.enable), else 0",
        "flag",
    )
    auto_create_topics: Floats = column("f8", "auto.create.topics.enable", "flag")
    digest: Texts = column("O", "digest of the configs that should be equal on all brokers")
    reason: Ints = column("i4", "why the configs are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class Transactions(Table):
    """One row per ongoing transaction, by transactional id."""

    transactional_id: Texts = column("O", "transactional.id")
    producer_id: Floats = column("f8", "producer id", "number")
    state: Texts = column("O", "state, as Kafka names it, e.g. Ongoing")
    coordinator: Ints = column("i4", "node id of the transaction coordinator", "node")
    started: Floats = column("f8", "unix time when the transaction started, by the coordinator's clock", "unix seconds")
    timeout_seconds: Floats = column("f8", "time after which the coordinator aborts the transaction", "seconds")
    reason: Ints = column("i4", "why details of the transaction are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class TransactionPartitions(Table):
    """One row per partition that a transaction has written to."""

    transaction: Ints = column("i4", "row in `transactions`: transactional id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")


@dataclass(frozen=True, eq=False, kw_only=True)
class Producers(Table):
    """One row per producer with state on a partition; only requested with collect.producers."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    producer_id: Floats = column("f8", "producer id", "number")
    producer_epoch: Ints = column("i4", "producer epoch", "number")
    last_timestamp: Floats = column("f8", "timestamp of the producer's last record, as unix time", "unix seconds")
    transaction_start_offset: Floats = column("f8", "first offset of the open transaction, if it has one", "records")


@dataclass(frozen=True, eq=False, kw_only=True)
class Tasks(Table):
    """One row per task that is assigned to a member of a streams group."""

    member: Ints = column("i4", "row in `members`: member id")
    subtopology: Texts = column("O", "subtopology id")
    partition: Ints = column("i4", "partition number of the source topics", "number")
    role: Texts = column("O", "active, standby or warmup")


@dataclass(frozen=True, eq=False, kw_only=True)
class Subtopologies(Table):
    """One row per subtopology of a streams group, by group and id."""

    group: Ints = column("i4", "row in `groups`: group id")
    subtopology: Texts = column("O", "subtopology id")
    source_topics: Texts = column("O", "names of the source topics", "texts")
    repartition_topics: Texts = column("O", "names of the internal repartition topics that it reads", "texts")
    changelog_topics: Texts = column("O", "names of the changelog topics of its state stores", "texts")
