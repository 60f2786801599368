"""A Snapshot in the making: what collectors read from and write to during one poll."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from monitor.kafka.client.client import BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.model.broker_metrics import BrokerMetrics, BrokerRequests, DeprecatedRequests
from monitor.model.cluster_tables import (
    BrokerConfigs,
    Certificates,
    EligibleReplicas,
    Features,
    LogDirs,
    Producers,
    Quorum,
    Reassignments,
    Replicas,
    TieredOffsets,
    TopicConfigs,
    TransactionPartitions,
    Transactions,
)
from monitor.model.reasons import NO_REASON, Kind, Reason, ReasonCodes
from monitor.model.selection import Choice
from monitor.model.snapshot import KNOWN, NO_LEADER, Partitions, Topics
from monitor.model.table import Floats, Ints


@dataclass
class OffsetColumn:
    """One number a partition with the reasons where it is unknown, in the order of `partitions`."""

    offset: Floats
    reason: Ints


@dataclass
class MemberRow:
    """A member as a describe answer gives it; `assigned` and `target` are (topic name, partition number).

    `target` is None where it is what is assigned. `tasks` are (subtopology, partition, role), streams groups only.
    `subscribed` are topic names, None where they cannot be decoded; a broker resolves `subscribed_regex` to more.
    """

    member_id: str
    client_id: str
    host: str
    instance_id: str | None
    rack: str | None
    assigned: list[tuple[str, int]]
    epoch: float | None = None
    target: list[tuple[str, int]] | None = None
    tasks: list[tuple[str, int, str]] = field(default_factory=list)
    subscribed: tuple[str, ...] | None = None
    subscribed_regex: str | None = None


class SubtopologyRow(NamedTuple):
    """A subtopology of a streams group: its id, and names of source, repartition and changelog topics."""

    subtopology: str
    source_topics: tuple[str, ...]
    repartition_topics: tuple[str, ...]
    changelog_topics: tuple[str, ...]


@dataclass
class GroupDescription:
    """One group in a describe response; `error` is why it could not be described.

    `assignment_error` is why what some members are assigned is not known.
    """

    error: Reason = NO_REASON
    state: str | None = None
    epoch: float | None = None
    assignment_epoch: float | None = None
    topology_epoch: float | None = None
    assignor: str | None = None
    subtopologies: list[SubtopologyRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    assignment_error: Reason = NO_REASON


class ListedGroup(NamedTuple):
    """A group as ListGroups gives it, with the broker that coordinates it; `reason` is why its state is unknown.

    A coordinator that is not `ready` may answer with what it knew before, so it is not asked about the group.
    """

    group: str
    group_type: str | None
    protocol_type: str
    state: str | None
    coordinator: int
    reason: Reason = NO_REASON
    ready: bool = True

    @property
    def askable(self) -> bool:
        """Whether a broker can be asked about it."""
        return self.ready and self.coordinator != NO_LEADER


@dataclass
class CommitRows:
    """Commits of one answer by name: `groups` and `topics` are names, `group` and `topic` indexes in them."""

    groups: list[str]
    topics: list[str]
    group: Ints
    topic: Ints
    partition: Ints
    committed_offset: Floats
    reported_lag: Floats
    reason: Ints


@dataclass
class Draft:
    """One poll under way. `deadline` is a time of the monotonic clock."""

    cluster: str
    time: float
    started: float
    deadline: float
    choice: Choice = field(default_factory=Choice)
    interval_seconds: float | None = None
    overruns: int = 0
    errors: tuple[Reason, ...] = ()
    """Why nothing of the cluster could be asked; empty where something could."""
    cluster_id: str | None = None
    controller: int | None = None
    brokers: list[BrokerAddress] = field(default_factory=list)
    failed: dict[int, Reason] = field(default_factory=dict)
    """Brokers that did not answer in this poll and are not asked again in it, with the reason."""
    topics: Topics = field(default_factory=Topics.empty)
    partitions: Partitions = field(default_factory=Partitions.empty)
    groups: list[ListedGroup] = field(default_factory=list)
    descriptions: dict[str, GroupDescription] = field(default_factory=dict)
    commits: list[CommitRows] = field(default_factory=list)
    commit_faults: dict[str, Reason] = field(default_factory=dict)
    starts: OffsetColumn | None = None
    ends: OffsetColumn | None = None
    stables: OffsetColumn | None = None
    fenced: dict[int, BrokerAddress] | None = None
    """Fenced brokers by node id; None where the cluster does not tell."""
    versions: dict[int, str] = field(default_factory=dict)
    """The Kafka version of each broker that kmon is connected to, inferred from the APIs that it serves."""
    certificates: Certificates | None = None
    """Of the brokers that the poll is connected to by TLS."""
    features: Features | None = None
    capabilities: dict[str, tuple[float, Reason]] = field(default_factory=dict)
    """Name to (1, 0 or NaN, why): see `Capabilities`."""
    quorum: Quorum | None = None
    quorum_epoch: int | None = None
    quorum_silent: bool | None = None
    """Whether brokers that respond get no answer from the active controller; None while that is unknown."""
    reassignments: Reassignments | None = None
    eligible_replicas: EligibleReplicas | None = None
    tiered_offsets: TieredOffsets | None = None
    log_dirs: LogDirs | None = None
    replicas: Replicas | None = None
    topic_configs: TopicConfigs | None = None
    """In the order of `topics`; rows of topics that only commits name are added later."""
    broker_configs: BrokerConfigs | None = None
    transactions: Transactions | None = None
    transaction_partitions: TransactionPartitions | None = None
    producers: Producers | None = None
    broker_metrics: BrokerMetrics | None = None
    broker_requests: BrokerRequests | None = None
    deprecated_requests: DeprecatedRequests | None = None
    hidden_topics: int = 0
    hidden_groups: int = 0
    cut_topics: frozenset[str] = frozenset()
    """Names of topics beyond the limit on partitions."""
    cut_groups: int = 0
    notices: list[str] = field(default_factory=list)
    reasons: ReasonCodes = field(default_factory=ReasonCodes)

    @property
    def nodes(self) -> set[int]:
        """Ids of the brokers that metadata names."""
        return {each.node for each in self.brokers}

    @property
    def up(self) -> list[int]:
        """Ids of the brokers that are worth a question: those that have not failed in this poll."""
        return [each.node for each in self.brokers if each.node not in self.failed]

    def note(self, fault: Fault) -> Fault:
        """Remember a fault's broker as failed, unless the broker did answer; the fault."""
        if isinstance(fault.node, int) and fault.kind is not Kind.UNSUPPORTED:
            self.failed.setdefault(fault.node, fault)
        return fault

    def codes(self, reasons: Iterable[Reason]) -> Ints:
        """The codes of reasons, shape (reasons,)."""
        return np.array([self.reasons[each] if each else KNOWN for each in reasons], np.int32)

    def unknown_offsets(self, why: Reason) -> OffsetColumn:
        """A column of unknown values."""
        count = len(self.partitions)
        return OffsetColumn(np.full(count, np.nan), np.full(count, self.reasons[why], np.int32))
