"""The ranked problems of a cluster, and the verdict: its status in one sentence."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from monitor.model.levels import OF_VERDICTS, PLACE_OF, SIGNS
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Floats, Ints, Ragged, Table, Texts, column

Key = tuple[str, str]
"""Kind and subject, by which a problem is known from View to View and as the cause of others."""


class Lasting(NamedTuple):
    """When a problem began and was last seen, in unix seconds."""

    kind: str
    subject: str
    since: float
    seen: float


@dataclass(frozen=True)
class Problem:
    """One problem. `sentence` and `subject` are lines of visible text, names are as Kafka has them.

    `level` is critical, degraded, attention or note. `explained_by` are keys of problems of which any that is there is
    the cause. `partitions` are rows of the partitions that it is about, and `count` how many things are; `since` is
    known where the thing itself tells, and `at_latest` where it tells that it began by then. `alerts` are names of
    rules whose alerts on it fire. -1 and None are none.
    """

    level: str
    kind: str
    subject: str
    sentence: str
    broker: int = NO_LEADER
    topic: str | None = None
    group: str | None = None
    count: int = 1
    since: float | None = None
    at_latest: float | None = None
    explained_by: tuple[Key, ...] = ()
    alerts: tuple[str, ...] = ()
    partitions: Ints = field(default_factory=lambda: np.empty(0, np.int64), compare=False)

    @property
    def key(self) -> Key:
        return self.kind, self.subject


@dataclass(frozen=True, eq=False, kw_only=True)
class Problems(Table):
    """One row per problem, the worst first. Fixing its cause fixes a problem that has one."""

    rank: Ints = column("i4", "position in the list; 1 is the worst", "number")
    level: Texts = column("O", "critical, degraded, attention or note")
    kind: Texts = column("O", "kind of problem; docs/health.md lists them")
    subject: Texts = column("O", "what the problem is about, in words; unique within a kind")
    broker: Ints = column("i4", "node id, if the problem concerns a broker", "node")
    topic: Texts = column("O", "topic name, if the problem concerns one topic")
    group: Texts = column("O", "group id, or that of the worst group, if the problem concerns groups")
    count: Ints = column("i4", "number of partitions, groups or other things that have the problem")
    since: Floats = column("f8", "unix time when the problem began, or of the first poll that saw it", "unix seconds")
    cause: Ints = column("i4", "row of the problem that causes this one; -1 if none does")
    partitions: Ragged = column("i4", "rows in `partitions` of the partitions that have the problem")
    alerts: Texts = column("O", "names of the rules whose alerts on it are firing", "texts")
    sentence: Texts = column("O", "the problem, as a sentence, with the number of problems that it causes")


class Clause(NamedTuple):
    """One thing that is so, as one line of visible text, and the level in OF_VERDICTS that it gives the cluster.

    `rank` is that of the first problem that it is about; 0 for none.
    """

    level: str
    text: str
    rank: int = 0

    @property
    def status(self) -> int:
        return PLACE_OF[OF_VERDICTS[self.level]]


@dataclass(frozen=True)
class Verdict:
    """The worst level among the clauses, and the clauses, the worst first. A clause of level "ok" is a note."""

    level: str
    clauses: tuple[Clause, ...]

    @property
    def status(self) -> int:
        """The place of the level in SIGNS."""
        return PLACE_OF[OF_VERDICTS[self.level]]

    @property
    def glyph(self) -> str:
        return SIGNS[self.status]

    @property
    def sentence(self) -> str:
        return " · ".join(each.text for each in self.clauses)
