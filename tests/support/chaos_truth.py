"""What is so in a cluster whose faults are the test's own: a ledger, written as things happen, and read as Truth.

A value that changes is known at each moment as a span: it is at least what was confirmed before, and at most what was
begun. Times are of the monotonic clock.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Partition = tuple[str, int]

SPREADING_SECONDS = 3.0
"""What brokers may take to tell one another who is there and who leads: until then what was before may be believed."""


@dataclass(frozen=True)
class Span:
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def holds(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.low:,.0f}" if self.low == self.high else f"{self.low:,.0f} to {self.high:,.0f}"


@dataclass(frozen=True)
class Truth:
    """What is so between the begin and the end of a poll.

    `topics` gives the replicas of each partition of every topic, `ends` and `commits` are of the topics and groups that
    the test writes to: there are no others, and none has a member. `away` are brokers that are known to be out of the
    cluster all the time.
    """

    topics: Mapping[str, tuple[tuple[int, ...], ...]]
    ends: Mapping[Partition, Span]
    commits: Mapping[str, Mapping[Partition, Span]]
    brokers: frozenset[int] = frozenset({1, 2, 3})
    away: frozenset[int] = frozenset()

    def lag(self, group: str, partition: Partition) -> Span:
        """Ends are asked after commits, so lag is never too small, and records that came in between may be in it."""
        end, commit = self.ends[partition], self.commits[group][partition]
        return Span(max(0.0, end.low - commit.high), max(0.0, end.high - commit.low))

    def lag_of(self, group: str) -> Span:
        """The total of a group; a group that there is not has none."""
        return total(self.lag(group, partition) for partition in self.commits.get(group, {}))

    @property
    def partitions(self) -> int:
        return sum(map(len, self.topics.values()))

    @property
    def leaderless(self) -> int:
        """Partitions that are known to have no leader: all their replicas are away."""
        return sum(self.away.issuperset(replicas) for each in self.topics.values() for replicas in each)

    @property
    def short(self) -> int:
        """Partitions that are known to lack a replica in sync, besides those without a leader."""
        held = [replicas for each in self.topics.values() for replicas in each]
        return sum(bool(self.away.intersection(each)) and not self.away.issuperset(each) for each in held)


def total(spans: Iterable[Span]) -> Span:
    """The sum of spans."""
    parts = list(spans)
    return Span(sum(each.low for each in parts), sum(each.high for each in parts))


@dataclass
class Series:
    """A number that only grows, with when each value was begun and when it was confirmed."""

    begun: list[tuple[float, float]]
    confirmed: list[tuple[float, float]]

    @classmethod
    def at(cls, value: float) -> "Series":
        return cls([(float("-inf"), value)], [(float("-inf"), value)])

    def span(self, start: float, end: float) -> Span:
        low = max(value for at, value in self.confirmed if at <= start)
        return Span(low, max(value for at, value in self.begun if at <= end))


@dataclass
class Ledger:
    """What the test has written and broken so far. Any thread may write and read.

    `ends` and `commits` are Series by partition, and by group and partition; `away` is which brokers the cluster had
    given up, from when on.
    """

    topics: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)
    ends: dict[Partition, Series] = field(default_factory=dict)
    commits: dict[str, dict[Partition, Series]] = field(default_factory=dict)
    brokers: frozenset[int] = frozenset()
    away: list[tuple[float, frozenset[int]]] = field(default_factory=lambda: [(float("-inf"), frozenset())])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, series: Series, value: float, at: float) -> None:
        with self.lock:
            series.begun.append((at, value))

    def confirm(self, series: Series, value: float, at: float) -> None:
        with self.lock:
            series.confirmed.append((at, value))

    def give_up(self, brokers: frozenset[int], at: float) -> None:
        """From now on these brokers, and no others, are known to be out of the cluster."""
        with self.lock:
            self.away.append((at, brokers))

    def truth(self, start: float, end: float) -> Truth:
        """What was so from `start` to `end`."""
        early = start - SPREADING_SECONDS
        with self.lock:
            return Truth(
                topics=dict(self.topics),
                ends={partition: series.span(early, end) for partition, series in self.ends.items()},
                commits={
                    group: {partition: series.span(early, end) for partition, series in mine.items()}
                    for group, mine in self.commits.items()
                },
                brokers=self.brokers,
                away=self._away(early, end),
            )

    def _away(self, start: float, end: float) -> frozenset[int]:
        """Brokers that were away all that time."""
        ends = [at for at, _ in self.away[1:]] + [float("inf")]
        spells = zip(self.away, ends, strict=True)
        return frozenset.intersection(*(brokers for (at, brokers), until in spells if at <= end and until > start))
