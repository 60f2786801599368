"""One frozen picture of one cluster at one poll: what Kafka said, and how well each question was answered.

Nothing here is computed. Tables name rows of one another by index: `partitions.topic` is a row of `topics`.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from monitor.model.broker_metrics import BrokerMetrics, BrokerRequests, DeprecatedRequests
from monitor.model.cluster_tables import (
    BrokerConfigs,
    Capabilities,
    Certificates,
    EligibleReplicas,
    Features,
    LogDirs,
    Producers,
    Quorum,
    Reassignments,
    Replicas,
    Subtopologies,
    Tasks,
    TieredOffsets,
    TopicConfigs,
    TransactionPartitions,
    Transactions,
)
from monitor.model.reasons import NO_REASON, Kind, Reason, written
from monitor.model.table import Flags, Floats, Ints, Ragged, Table, Texts, column

KNOWN = 0
"""The reason code of a number that is known: `Snapshot.reasons[KNOWN]` is NO_REASON."""

NO_LEADER = -1
"""What Kafka calls the leader of a partition that has none."""

NOT_IN_METADATA = Reason(Kind.NOT_IN_METADATA)
"""Why nothing more is known of a topic that only commits or assignments mention."""


def row_key(group: Ints, topic: Ints, partition: Ints, topics: int) -> Ints:
    """One number a row, shape (rows,), that sorts by group, topic and partition; `topics` is the number of topics."""
    return (group.astype(np.int64) * topics + topic) << 24 | partition


@dataclass(frozen=True, eq=False)
class Brokers(Table):
    """One row per broker of the cluster, by id: those in metadata, and those that are registered but fenced."""

    broker: Ints = column("i4", "node id", "node")
    host: Texts = column("O", "advertised host")
    port: Ints = column("i4", "advertised port", "number")
    rack: Texts = column("O", "rack; None if the broker has none")
    fenced: Floats = column(
        "f8", "1 for a fenced broker, which holds replicas but may not lead, else 0; unknown before Kafka 4.0", "flag"
    )
    version: Texts = column("O", "Kafka version, inferred from the APIs that the broker supports, e.g. 3.9")


@dataclass(frozen=True, eq=False)
class Topics(Table):
    """One row per topic, by name. The last rows may be topics that only commits or assignments name."""

    topic: Texts = column("O", "topic name")
    topic_id: Texts = column("O", "topic id, as Kafka prints it (base64url); None if the broker does not use topic ids")
    internal: Flags = column("?", "whether the topic is internal to Kafka, e.g. __consumer_offsets")
    partitions: Ints = column("i4", "partitions of the topic")
    first_row: Ints = column("i4", "row of its partition 0 in `partitions`")
    watched: Flags = column("?", "whether the settings select the topic; for other topics, only metadata is known")
    reason: Ints = column("i4", "why metadata of the topic is unknown")


@dataclass(frozen=True, eq=False)
class Partitions(Table):
    """One row per partition, by topic and number; the partitions of a topic are 0, 1, … without gaps."""

    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    leader: Ints = column("i4", "node id of the leader, if the partition has one", "node")
    leader_epoch: Ints = column("i4", "leader epoch", "number")
    replicas: Ragged = column("i4", "node ids of the replicas, the preferred leader first")
    isr: Ragged = column("i4", "node ids of the in-sync replicas")
    offline: Ragged = column("i4", "node ids of replicas on dead brokers or failed log dirs")


@dataclass(frozen=True, eq=False, kw_only=True)
class Offsets(Table):
    """One row per partition, in the order of `partitions`. Starts are requested before commits, ends after them."""

    start_offset: Floats = column("f8", "log start offset of the partition", "records")
    start_reason: Ints = column("i4", "why the start offset is unknown")
    end_offset: Floats = column("f8", "log end offset (high watermark) of the partition", "records")
    end_reason: Ints = column("i4", "why the end offset is unknown")
    stable_offset: Floats = column(
        "f8", "last stable offset of the partition, up to which a read_committed consumer can read", "records"
    )
    stable_reason: Ints = column("i4", "why the last stable offset is unknown")


@dataclass(frozen=True, eq=False)
class Groups(Table):
    """One row per group of any type, by id."""

    group: Texts = column("O", "group id")
    group_type: Texts = column("O", "classic, consumer, share or streams; None if the broker does not report it")
    protocol_type: Texts = column("O", "protocol type of a classic group, e.g. consumer or connect")
    state: Texts = column("O", "state, as Kafka names it, e.g. Stable; None if unknown")
    coordinator: Ints = column("i4", "node id of the group coordinator, if there is one", "node")
    epoch: Floats = column(
        "f8", "epoch of the group, which increases when its members or topics change; not for classic groups", "number"
    )
    assignment_epoch: Floats = column("f8", "group epoch of the target assignment; not for classic groups", "number")
    topology_epoch: Floats = column("f8", "epoch of the topology; streams groups only", "number")
    assignor: Texts = column("O", "partition assignor; None if the group has none")
    members: Floats = column("f8", "members of the group", "members")
    reason: Ints = column("i4", "why the description is unknown")
    commits_reason: Ints = column("i4", "why committed offsets are unknown")
    assignments_reason: Ints = column("i4", "why the assignments of some members are unknown")

    @cached_property
    def simple(self) -> Flags:
        """Which have consumers that assign partitions to themselves, and so are not their members."""
        return np.asarray((self.group_type == "classic") & (self.protocol_type == ""), bool)

    @cached_property
    def unread(self) -> Ints:
        """Why it is not known what each group reads and how far: the first reason of commits, members, assignments."""
        reason = np.where(self.commits_reason != KNOWN, self.commits_reason, self.reason)
        return np.where(reason != KNOWN, reason, self.assignments_reason).astype(np.int32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Members(Table):
    """One row per member of a group, in the order of `groups`."""

    group: Ints = column("i4", "row in `groups`: group id")
    member_id: Texts = column("O", "member id")
    client_id: Texts = column("O", "client.id")
    host: Texts = column("O", "address that the member connects from")
    instance_id: Texts = column("O", "group.instance.id; None for a dynamic member")
    rack: Texts = column("O", "client.rack; None if the member has none")
    epoch: Floats = column("f8", "member epoch; unknown for members of classic groups", "number")
    subscribed: Texts = column(
        "O", "names of the topics that the member subscribes to; unknown where its metadata cannot be decoded", "texts"
    )
    subscribed_regex: Texts = column(
        "O", "regular expression that the member subscribes with and the broker resolves; None if it has none"
    )

    def of_group(self, group: int) -> range:
        """The rows of a group, by its row in `groups`."""
        first, last = np.searchsorted(self.group, [group, group + 1]).tolist()
        return range(first, last)

    @cached_property
    def mixed(self) -> dict[int, frozenset[str] | None]:
        """By row in `groups`, the topics to which some members of a group subscribe and others do not.

        None where their regular expressions differ, or some cannot be decoded: that may be any topic.
        """
        kinds: dict[int, dict[tuple[int, str | None], tuple[str, ...] | None]] = {}
        columns = (self.group.tolist(), self.subscribed.tolist(), self.subscribed_regex.tolist())
        for group, topics, regex in zip(*columns, strict=True):
            # Members that subscribe to the same mostly have the same object.
            kinds.setdefault(group, {})[id(topics), regex] = topics
        found: dict[int, frozenset[str] | None] = {}
        for group, subscribed in kinds.items():
            if len(subscribed) > 1:
                sets = [None if topics is None else frozenset(topics) for topics in subscribed.values()]
                known = [each for each in sets if each is not None]
                alike = len(known) == len(sets) and len({regex for _, regex in subscribed}) == 1
                found[group] = frozenset.union(*known) - frozenset.intersection(*known) if alike else None
        return {group: topics for group, topics in found.items() if topics is None or topics}


@dataclass(frozen=True, eq=False, kw_only=True)
class Assignments(Table):
    """One row per partition that is assigned to a member."""

    member: Ints = column("i4", "row in `members`: member id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")


@dataclass(frozen=True, eq=False)
class Commits(Table):
    """One row per committed offset; for a share group, per start offset of a share-partition."""

    group: Ints = column("i4", "row in `groups`: group id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    committed_offset: Floats = column("f8", "committed offset: the next to read; unknown if none", "records")
    reported_lag: Floats = column("f8", "lag that the broker reports; share groups only", "records")
    reason: Ints = column("i4", "why the committed offset, or a share group's lag, is unknown")


REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the durations by which requests are counted; a last count is of those that took longer."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Requests(Table):
    """One row per API and broker: the requests that kmon has sent since it started."""

    api: Texts = column("O", "name of the API in Kafka's protocol, e.g. ListOffsets")
    broker: Ints = column("i4", "node id; none for a bootstrap connection", "node")
    requests: Floats = column("f8", "requests to Kafka, including those that could not be sent", "requests")
    errors: Floats = column("f8", "failed requests to Kafka, including those that could not be sent", "requests")
    seconds: Floats = column("f8", "total time from request to response or failure", "seconds")
    received_bytes: Floats = column("f8", "total size of Kafka's responses", "bytes")
    durations: Ragged = column(
        "i4",
        "requests that had a response or timed out, counted by duration: a count for each of REQUEST_SECONDS and one",
    )


@dataclass(frozen=True)
class Outcome:
    """How one collector fared in one poll.

    `errors` are what is missing; a collector that lost some brokers' rows has both errors and fresh rows.
    `duration_seconds` is None when it did not run in this poll: `errors` are then those of its last run, or with `ran`
    False why it has not run yet: the cluster is unreachable.
    `collected_at` is unix time of the newest answer in its tables, None before the first.
    """

    collector: str
    duration_seconds: float | None
    collected_at: float | None = None
    errors: tuple[Reason, ...] = ()
    ran: bool = True

    @property
    def success(self) -> bool:
        """Whether nothing is missing."""
        return not self.errors

    @property
    def error(self) -> str:
        """What is missing, in words."""
        return written(self.errors)


@dataclass(frozen=True)
class Snapshot:
    """What one poll of one cluster brought. `reasons[code]` is what the code of any reason column stands for.

    `time` is unix seconds and `started` the monotonic clock when the first request was sent. `errors` are why the whole
    cluster could not be asked, empty when any of it answered.
    """

    cluster: str
    time: float
    started: float
    errors: tuple[Reason, ...] = ()
    cluster_id: str | None = None
    controller: int | None = None
    brokers: Brokers = field(default_factory=Brokers.empty)
    topics: Topics = field(default_factory=Topics.empty)
    partitions: Partitions = field(default_factory=Partitions.empty)
    offsets: Offsets = field(default_factory=Offsets.empty)
    groups: Groups = field(default_factory=Groups.empty)
    members: Members = field(default_factory=Members.empty)
    assignments: Assignments = field(default_factory=Assignments.empty)
    commits: Commits = field(default_factory=Commits.empty)
    target_assignments: Assignments = field(default_factory=Assignments.empty)
    """What members are to have; only of members for whom it differs from what they have."""
    tasks: Tasks = field(default_factory=Tasks.empty)
    subtopologies: Subtopologies = field(default_factory=Subtopologies.empty)
    requests: Requests = field(default_factory=Requests.empty)
    quorum: Quorum = field(default_factory=Quorum.empty)
    quorum_epoch: int | None = None
    certificates: Certificates = field(default_factory=Certificates.empty)
    quorum_silent: bool | None = None
    """Whether brokers that respond get no answer from the active controller; None while that is unknown."""
    features: Features = field(default_factory=Features.empty)
    capabilities: Capabilities = field(default_factory=Capabilities.empty)
    reassignments: Reassignments = field(default_factory=Reassignments.empty)
    eligible_replicas: EligibleReplicas = field(default_factory=EligibleReplicas.empty)
    tiered_offsets: TieredOffsets = field(default_factory=TieredOffsets.empty)
    log_dirs: LogDirs = field(default_factory=LogDirs.empty)
    replicas: Replicas = field(default_factory=Replicas.empty)
    topic_configs: TopicConfigs = field(default_factory=TopicConfigs.empty)
    broker_configs: BrokerConfigs = field(default_factory=BrokerConfigs.empty)
    transactions: Transactions = field(default_factory=Transactions.empty)
    transaction_partitions: TransactionPartitions = field(default_factory=TransactionPartitions.empty)
    producers: Producers = field(default_factory=Producers.empty)
    broker_metrics: BrokerMetrics = field(default_factory=BrokerMetrics.empty)
    broker_requests: BrokerRequests = field(default_factory=BrokerRequests.empty)
    deprecated_requests: DeprecatedRequests = field(default_factory=DeprecatedRequests.empty)
    silent: tuple[Reason, ...] = ()
    """Why brokers that metadata names did not answer kmon in this poll, by node id."""
    hidden_topics: int = 0
    """Topics that the settings leave out."""
    hidden_groups: int = 0
    """Groups that the settings leave out, or that were empty for too long."""
    cut_topics: int = 0
    """Topics beyond the limit on partitions: chosen, and not asked about."""
    cut_groups: int = 0
    """Groups beyond the limit on groups."""
    notices: tuple[str, ...] = ()
    """What is left out of this Snapshot, and why, for people: limits that were reached, names that are hidden."""
    interval_seconds: float | None = None
    """Time between polls; None where it is not known."""
    overruns: int = 0
    """Polls skipped since kmon began to poll the cluster, because the one before was still under way."""
    outcomes: tuple[Outcome, ...] = ()
    reasons: tuple[Reason, ...] = (NO_REASON,)

    @property
    def error(self) -> str:
        """Why the whole cluster could not be asked, in words."""
        return written(self.errors)
