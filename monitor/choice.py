"""What of a cluster is asked, chosen before any request: topics and groups by name, limits, and how often."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Names:
    """Which names are wanted: those that an `include` matches whole (all, without any) and no `exclude` does."""

    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> "Names":
        """Names by regular expressions. Raises re.error."""
        return cls(tuple(map(re.compile, include)), tuple(map(re.compile, exclude)))

    def wants(self, name: str) -> bool:
        if self.include and not any(each.fullmatch(name) for each in self.include):
            return False
        return not any(each.fullmatch(name) for each in self.exclude)


@dataclass(frozen=True)
class Choice:
    """What the settings choose of one cluster.

    `empty_group_seconds` is how long a group without members is still asked for; None for ever. `every` maps names of
    slow collectors to seconds. `producers` switches on what needs Read on topics.
    """

    topics: Names = Names()
    internal_topics: bool = True
    groups: Names = Names()
    empty_group_seconds: float | None = None
    max_partitions: int = 200_000
    max_groups: int = 20_000
    every: Mapping[str, float] = field(default_factory=dict)
    producers: bool = False
