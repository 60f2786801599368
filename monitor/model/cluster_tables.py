"""Tables of a Snapshot beyond topics, offsets and groups: quorum, disks, configs, reassignments, transactions and more.

Like all of a Snapshot they hold what Kafka said. Those that are asked less often than each poll keep their last answer;
the Outcome of their collector tells how old it is. Rows of other tables are named by index, -1 for none.
"""

from dataclasses import dataclass

import numpy as np

from monitor.model.table import Flags, Floats, Ints, Ragged, Table, Texts, column


@dataclass(frozen=True, eq=False, kw_only=True)
class Features(Table):
    """One row a feature that the cluster has finalized, such as metadata.version, by name."""

    feature: Texts = column("O", "name")
    level: Ints = column("i4", "finalized version level")


SWITCHED_OFF = "disabled by settings"
"""Why a capability is not there that the settings switch off: nothing that is missing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Capabilities(Table):
    """One row a thing that kmon can ask of a cluster, by name: whether this one answers it to this user."""

    capability: Texts = column("O", "name, as in monitor.collect.requests")
    available: Floats = column("f8", "1 when it is, 0 when it is not, unknown while it could not be asked", "flag")
    why: Texts = column("O", "why it is not, or not known to be, available; empty where it is")

    @property
    def switched_off(self) -> Flags:
        """Which capabilities the settings switch off."""
        return np.array([each == SWITCHED_OFF for each in self.why], bool)


@dataclass(frozen=True, eq=False, kw_only=True)
class Quorum(Table):
    """One row a voter or observer of the metadata quorum, voters first, then by id. Empty without KRaft."""

    node: Ints = column("i4", "node id", "node")
    voter: Flags = column("?", "votes; else it observes")
    leader: Flags = column("?", "leads the quorum: the active controller")
    log_end_offset: Floats = column("f8", "end of its metadata log", "records")
    last_fetch: Floats = column(
        "f8", "unix time of its last fetch by the leader's clock, unknown for none", "unix seconds"
    )
    last_caught_up: Floats = column("f8", "unix time when it last had the leader's log end", "unix seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reassignments(Table):
    """One row a partition that is being reassigned, by topic and partition."""

    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    replicas: Ragged = column("i4", "node ids that hold it now")
    adding: Ragged = column("i4", "node ids that are to hold it")
    removing: Ragged = column("i4", "node ids that will not hold it any more")


@dataclass(frozen=True, eq=False, kw_only=True)
class EligibleReplicas(Table):
    """One row a partition that is short of replicas in sync, and whose eligible leader replicas were asked."""

    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    eligible: Ragged = column("i4", "node ids out of sync that hold all committed records")
    last_known: Ragged = column("i4", "node ids that were eligible last, where none is any more")


@dataclass(frozen=True, eq=False, kw_only=True)
class TieredOffsets(Table):
    """One row a partition of a topic with remote storage, by topic and partition."""

    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    local_start_offset: Floats = column("f8", "oldest record on the brokers' own disks", "records")
    tiered_end_offset: Floats = column("f8", "newest record in remote storage, unknown where there is none", "records")
    reason: Ints = column("i4", "why the local start offset is unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordTimes(Table):
    """One row a record that was dated by asking for offsets by timestamp, by topic, partition and offset."""

    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    offset: Floats = column("f8", "the record is the first at or after this offset", "records")
    earliest: Floats = column(
        "f8", "unix time that its timestamp is not before; unknown while nothing told", "unix seconds"
    )
    latest: Floats = column(
        "f8", "unix time that its timestamp is not after; unknown while nothing told", "unix seconds"
    )
    unordered: Flags = column("?", "answers contradict one another: timestamps are not in the order of offsets")


@dataclass(frozen=True, eq=False, kw_only=True)
class LogDirs(Table):
    """One row a log dir of a broker, by broker and path."""

    broker: Ints = column("i4", "node id", "node")
    path: Texts = column("O", "path on the broker")
    total_bytes: Floats = column("f8", "size of its volume; unknown before Kafka 3.3", "bytes")
    usable_bytes: Floats = column("f8", "free space of its volume; unknown before Kafka 3.3", "bytes")
    reason: Ints = column("i4", "what is wrong with the log dir; its replicas are then unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class Replicas(Table):
    """One row a replica on a log dir, by topic, partition and broker; only of topics that metadata names."""

    log_dir: Ints = column("i4", "row of the log dir")
    broker: Ints = column("i4", "node id", "node")
    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    size_bytes: Floats = column("f8", "size of its log segments", "bytes")
    offset_lag: Floats = column("f8", "how far its log end is behind the high watermark", "records")
    future: Flags = column("?", "is being moved to this log dir and will take the place of the current replica")


@dataclass(frozen=True, eq=False, kw_only=True)
class TopicConfigs(Table):
    """One row a topic, in the order of `topics`: the configs that kmon reasons with, and a digest of the others.

    A limit that is switched off (-1) is infinite.
    """

    min_insync_replicas: Floats = column("f8", "min.insync.replicas", "replicas")
    retention_seconds: Floats = column("f8", "retention.ms", "seconds")
    retention_bytes: Floats = column("f8", "retention.bytes of a partition", "bytes")
    local_retention_seconds: Floats = column("f8", "local.retention.ms; -2 there means retention.ms", "seconds")
    cleanup_policy: Texts = column("O", "cleanup.policy: delete, compact or both with a comma; None while unknown")
    unclean_election: Floats = column("f8", "unclean.leader.election.enable: 1 or 0", "flag")
    timestamp_type: Texts = column("O", "message.timestamp.type: CreateTime or LogAppendTime; None while unknown")
    remote_storage: Floats = column(
        "f8", "remote.storage.enable: 1 or 0; 0 where the broker knows no such config", "flag"
    )
    digest: Texts = column("O", "digest of all configs that are not sensitive, None while unknown")
    reason: Ints = column("i4", "why the configs are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerConfigs(Table):
    """One row a broker that was asked, by id: its defaults that kmon reasons with, and a digest of the others."""

    broker: Ints = column("i4", "node id", "node")
    min_insync_replicas: Floats = column("f8", "default min.insync.replicas", "replicas")
    replication_factor: Floats = column("f8", "default.replication.factor", "replicas")
    retention_seconds: Floats = column("f8", "log.retention of topics that set none", "seconds")
    offsets_retention_seconds: Floats = column("f8", "how long commits of empty groups are kept", "seconds")
    transaction_max_timeout_seconds: Floats = column("f8", "transaction.max.timeout.ms", "seconds")
    unclean_election: Floats = column("f8", "default unclean.leader.election.enable: 1 or 0", "flag")
    auto_create_topics: Floats = column("f8", "auto.create.topics.enable: 1 or 0", "flag")
    digest: Texts = column("O", "digest of what should be equal on all brokers, None while unknown")
    reason: Ints = column("i4", "why the configs are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class Transactions(Table):
    """One row a transaction that is under way, by transactional id."""

    transactional_id: Texts = column("O", "transactional.id")
    producer_id: Floats = column("f8", "producer id", "number")
    state: Texts = column("O", "state as Kafka names it, such as Ongoing")
    coordinator: Ints = column("i4", "node id of its coordinator", "node")
    started: Floats = column("f8", "unix time when it began, by the coordinator's clock", "unix seconds")
    timeout_seconds: Floats = column("f8", "after this long the coordinator aborts it", "seconds")
    reason: Ints = column("i4", "why no more is known of it")


@dataclass(frozen=True, eq=False, kw_only=True)
class TransactionPartitions(Table):
    """One row a partition that a transaction has written to."""

    transaction: Ints = column("i4", "row of the transaction")
    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")


@dataclass(frozen=True, eq=False, kw_only=True)
class Producers(Table):
    """One row a producer that a partition remembers; only asked where it is switched on."""

    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    producer_id: Floats = column("f8", "producer id", "number")
    producer_epoch: Ints = column("i4", "producer epoch", "number")
    last_timestamp: Floats = column("f8", "unix time of its last record", "unix seconds")
    transaction_start_offset: Floats = column("f8", "where its open transaction begins, unknown for none", "records")


@dataclass(frozen=True, eq=False, kw_only=True)
class Tasks(Table):
    """One row a task that a member of a streams group has."""

    member: Ints = column("i4", "row of the member")
    subtopology: Texts = column("O", "subtopology id")
    partition: Ints = column("i4", "partition number of its source topics", "number")
    role: Texts = column("O", "active, standby or warmup")


@dataclass(frozen=True, eq=False, kw_only=True)
class Subtopologies(Table):
    """One row a subtopology of a streams group, by group and id."""

    group: Ints = column("i4", "row of the group")
    subtopology: Texts = column("O", "subtopology id")
    source_topics: Texts = column("O", "names of the topics that it reads, a tuple", "texts")
    repartition_topics: Texts = column("O", "names of the internal topics that it reads, a tuple", "texts")
    changelog_topics: Texts = column("O", "names of the topics that keep its state, a tuple", "texts")
