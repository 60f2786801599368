"""What a View says about a rule, as values: where its condition is true, false, gone or unknown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Labels = tuple[tuple[str, str], ...]
"""Names and values of labels. Those of a sample are in its rule's order, those of an alert sorted by name."""


@dataclass(frozen=True)
class Details:
    """What a page about lag has to tell beside the number. NaN, None and -1 are unknown or absent."""

    partitions: int
    unknown_partitions: int
    unknown_reason: str
    worst_topic: str | None
    worst_partition: int
    worst_lag: float
    client_id: str | None
    host: str | None
    state: str | None
    members: float


@dataclass(frozen=True)
class Sample:
    """A group or partition for which the condition is true: its labels, and its lag in records.

    `at_least` when the lag is a lower bound, because a part of it is unknown. Of a whole cluster the value is 1, and
    `why` tells the reason. Of a rule over a subject the value is that of the first number that it compares, or 1, and
    `texts` are the rule's own annotations.
    """

    labels: Labels
    value: float
    at_least: bool = False
    details: Details | None = None
    why: str = ""
    texts: Labels = ()


@dataclass(frozen=True)
class Samples:
    """What one View says about one rule.

    `true` is complete. Of the labels that were asked about, `false` are known to be at or below the threshold, `gone`
    are known to be no longer there, and all others are unknown for the reason in `unknown`, or else for `reason`.
    `unseen` are those of `true` that are not known to have been false or absent one evaluation before.
    """

    true: tuple[Sample, ...] = ()
    false: Collection[Labels] = frozenset()
    gone: Collection[Labels] = frozenset()
    unknown: Mapping[Labels, str] = field(default_factory=dict)
    reason: str = "not evaluated"
    unseen: Collection[Labels] = frozenset()
