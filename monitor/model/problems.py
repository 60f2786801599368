"""What a problem is, and the ranked table of all of a cluster."""

from dataclasses import dataclass, field

import numpy as np

from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Floats, Ints, Ragged, Table, Texts, column

Key = tuple[str, str]
"""Kind and subject, by which a problem is known from View to View and as the cause of others."""


@dataclass(frozen=True)
class Problem:
    """One problem. `sentence` and `subject` are lines of visible text, names are as Kafka has them.

    `level` is critical, degraded, attention or note. `explained_by` are keys of problems of which any that is there is
    the cause. `partitions` are rows of the partitions that it is about, and `count` how many things are; `since` is
    known where the thing itself tells, and `at_latest` where it tells that it began by then. -1 and None are none.
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
    partitions: Ints = field(default_factory=lambda: np.empty(0, np.int64), compare=False)

    @property
    def key(self) -> Key:
        return self.kind, self.subject


@dataclass(frozen=True, eq=False, kw_only=True)
class Problems(Table):
    """One row a problem, the worst first. Those with a cause are explained by it and need no look of their own."""

    rank: Ints = column("i4", "1 for the worst", "number")
    level: Texts = column("O", "critical, degraded, attention or note")
    kind: Texts = column("O", "what sort of problem; docs/health.md lists them")
    subject: Texts = column("O", "what it is about, in words; unique within a kind")
    broker: Ints = column("i4", "node id, -1 where it is about none", "node")
    topic: Texts = column("O", "name of the topic, None where it is about none or several")
    group: Texts = column("O", "group id, the worst of several; None where it is about none")
    count: Ints = column("i4", "how many things of its kind it stands for")
    since: Floats = column("f8", "unix time when it began, or of the first poll that saw it", "unix seconds")
    cause: Ints = column("i4", "row of the problem that explains it, -1 where none does")
    partitions: Ragged = column("i4", "rows of the partitions that it is about, none where it is about none")
    sentence: Texts = column("O", "the problem in words, with what it explains")
