"""What of a cluster is asked, chosen before any request: topics and groups by name, limits, and how often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.model.broker_metrics import Endpoints
from monitor.model.patterns import Pattern


@dataclass(frozen=True)
class Names:
    """Which names are wanted: those that an `include` matches whole (all, without any) and no `exclude` does."""

    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()

    @classmethod
    def of(cls, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> "Names":
        """Names by regular expressions. Raises ValueError."""
        return cls(tuple(map(Pattern, include)), tuple(map(Pattern, exclude)))

    def wants(self, name: str) -> bool:
        if self.include and not any(each.matches(name) for each in self.include):
            return False
        return not any(each.matches(name) for each in self.exclude)


@dataclass(frozen=True)
class Choice:
    """What the settings choose of one cluster.

    `empty_group_seconds` is how long a group without members is still asked for; None for ever. `every` maps names of
    slow collectors to seconds. `producers` switches on what needs Read on topics. `endpoints` are those of brokers'
    metrics; without one they are not requested.
    """

    topics: Names = Names()
    internal_topics: bool = True
    groups: Names = Names()
    empty_group_seconds: float | None = None
    max_partitions: int = 200_000
    max_groups: int = 20_000
    every: Mapping[str, float] = field(default_factory=dict)
    producers: bool = False
    endpoints: Endpoints = field(default_factory=Endpoints)
