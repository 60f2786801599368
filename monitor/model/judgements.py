"""Judgements: the status, level and since of every row of every subject of a View."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Self

import numpy as np

from monitor.model.levels import LEVELS, OF_VERDICTS, PLACES, SEVERITIES
from monitor.model.limits import QUORUM_BEHIND_SECONDS
from monitor.model.status import STATUS_MEANING, STATUSES
from monitor.model.table import Floats, Ints, Table, Texts, column, objects

PARTITION_WORDS = ("ok", "unknown", "reassigning", "under-replicated", "at min ISR", "under min ISR", "offline")
"""Statuses of partitions and topics, from best to worst."""

PARTITION_MEANING = (
    "offline: no leader; under min ISR: fewer replicas in sync than min.insync.replicas, so that writes with acks=all"
    " fail; at min ISR: they fail with one more lost; under-replicated: fewer replicas in sync than replicas"
)

_PLACES = np.array(PLACES, np.int32)


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged(Table):
    """One row per row of the subject's own table, in its order. WORDS are its statuses, from best to worst."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "unknown")
    MEANING: ClassVar[str] = "status"
    """What the statuses mean."""

    status: Ints = column("i1", "index in the subject's WORDS")
    level: Ints = column("i1", "index in LEVELS")
    since: Floats = column("f8", "unix time when the status began; unknown if before kmon started", "unix seconds")
    known_status: Ints = column("i1", "the status that was known last, where it is unknown now; else that of now")
    known_since: Floats = column("f8", "unix time when that one began; unknown if before kmon started", "unix seconds")

    @cached_property
    def words(self) -> Texts:
        """The status of each row as a word."""
        return objects(self.WORDS)[self.status]

    @cached_property
    def levels(self) -> Texts:
        """The level of each row as a word."""
        return objects(LEVELS)[self.level]

    @property
    def places(self) -> Ints:
        """The place of each row's sign in SIGNS."""
        return _PLACES[self.level]

    @property
    def severity(self) -> Ints:
        """How bad each row is beside the others of its subject; larger is worse."""
        return self.level.astype(np.int32) * len(self.WORDS) + self.status

    def at(self, rows: Ints) -> Self:
        """The judgements on these rows."""
        return type(self)(**{each.name: getattr(self, each.name)[rows] for each in self.schema()})

    def worst(self, word: str) -> str:
        """The worst level among the rows of a status."""
        return LEVELS[int(np.max(self.level[self.words == word], initial=0))]


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedBrokers(Judged):
    """One row per broker, in the order of `broker_totals`."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "slow", "out of sync", "silent", "fenced", "dir offline", "gone")
    MEANING: ClassVar[str] = (
        "gone: not in metadata; fenced: registered, but not in service; dir offline: a log dir is unreadable; silent: "
        "it did not respond to kmon; out of sync: some of its replicas are not in sync; slow: its own metrics show "
        "slow requests or busy threads"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedLogDirs(Judged):
    """One row per log dir, in the order of `log_dirs`."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "nearly full", "offline")
    MEANING: ClassVar[str] = "offline: unreadable, its replicas are unknown; nearly full: little of its volume is free"


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedQuorum(Judged):
    """One row per node of the metadata quorum, in the order of `quorum`."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "unknown", "behind")
    MEANING: ClassVar[str] = f"behind: not caught up with the leader for more than {QUORUM_BEHIND_SECONDS:.0f} s"


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedLags(Judged):
    """One row per group, a group and topic, or a row of lag, in their order."""

    WORDS: ClassVar[tuple[str, ...]] = STATUSES
    MEANING: ClassVar[str] = STATUS_MEANING

    @property
    def places(self) -> Ints:
        return self.status.astype(np.int32)

    @property
    def severity(self) -> Ints:
        return np.array(SEVERITIES, np.int32)[self.status]


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedMembers(JudgedLags):
    """One row per member, in the order of `members`: as the worst partition that is assigned to it."""

    WORDS: ClassVar[tuple[str, ...]] = (*STATUSES, "moving")
    MEANING: ClassVar[str] = (
        f"that of the worst partition assigned to it; moving: its target assignment is another; {STATUS_MEANING}"
    )

    lag_row: Ints = column("i4", "row in `lag` of the worst partition assigned to it, -1 for none")


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedPartitions(Judged):
    """One row per partition, in the order of `partitions`."""

    WORDS: ClassVar[tuple[str, ...]] = PARTITION_WORDS
    MEANING: ClassVar[str] = PARTITION_MEANING


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedTopics(Judged):
    """One row per topic, in the order of `topics`: as its worst partition is."""

    WORDS: ClassVar[tuple[str, ...]] = PARTITION_WORDS
    MEANING: ClassVar[str] = f"that of its worst partition; {PARTITION_MEANING}"


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedReplicas(Judged):
    """A broker's replica of each partition, in the order of `partitions`."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "out of sync", "offline")
    MEANING: ClassVar[str] = "offline: broker or log dir failed; out of sync: not in the ISR"


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedTransactions(Judged):
    """One row per transaction, in the order of `transactions`."""

    WORDS: ClassVar[tuple[str, ...]] = ("ok", "unknown", "hanging")
    MEANING: ClassVar[str] = (
        "hanging: no coordinator has aborted it, long after its timeout; unknown: it could not be described"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedCluster(Judged):
    """One row: the cluster as a whole."""

    WORDS: ClassVar[tuple[str, ...]] = tuple(OF_VERDICTS)
    MEANING: ClassVar[str] = "as the worst of its problems that no other one explains; alerts do not count"


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedKmon(Judged):
    """One row: what kmon itself sees of the cluster."""

    WORDS: ClassVar[tuple[str, ...]] = (
        "ok",
        "restricted",
        "state not kept",
        "overrunning",
        "incomplete",
        "unreachable",
    )
    MEANING: ClassVar[str] = (
        "unreachable: no broker responded to the last poll; incomplete: a collector failed; overrunning: polls take"
        " longer than the interval; state not kept: the state of alerts is only in memory; restricted: a permission or"
        " an API is missing, so that something is not seen"
    )


@dataclass(frozen=True)
class Judgements:
    """The judged rows of every subject of a View."""

    groups: JudgedLags = field(default_factory=JudgedLags.empty)
    group_topics: JudgedLags = field(default_factory=JudgedLags.empty)
    lag: JudgedLags = field(default_factory=JudgedLags.empty)
    members: JudgedMembers = field(default_factory=JudgedMembers.empty)
    topics: JudgedTopics = field(default_factory=JudgedTopics.empty)
    partitions: JudgedPartitions = field(default_factory=JudgedPartitions.empty)
    brokers: JudgedBrokers = field(default_factory=JudgedBrokers.empty)
    log_dirs: JudgedLogDirs = field(default_factory=JudgedLogDirs.empty)
    transactions: JudgedTransactions = field(default_factory=JudgedTransactions.empty)
    quorum: JudgedQuorum = field(default_factory=JudgedQuorum.empty)
    cluster: JudgedCluster = field(default_factory=JudgedCluster.empty)
    kmon: JudgedKmon = field(default_factory=JudgedKmon.empty)
