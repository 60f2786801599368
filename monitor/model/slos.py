"""Objectives for the time lag of groups, and how well each group keeps its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from monitor.model.patterns import Pattern
from monitor.model.table import Floats, Table, column
from monitor.model.time_scale import lasting

WINDOWS: Mapping[str, float] = {
    name: lasting(seconds)
    for name, seconds in {"5m": 300.0, "30m": 1_800.0, "1h": 3_600.0, "6h": 21_600.0, "3d": 259_200.0}.items()
}
"""Seconds of each window over which a burn rate is known, by the end of its column's name."""

COVERED = 0.9
"""Share of a window that has to be observed for its burn rate to be known; else only its least is."""


@dataclass(frozen=True)
class Slo:
    """Groups whose whole name a pattern matches are to have at most this time lag for this share (0 to 1) of time."""

    groups: tuple[Pattern, ...]
    lag_seconds: float
    objective: float


BURN = "burn rate over the last {}: late share of the observed time relative to what the objective allows; 1 uses it up"
LEAST = "the least that burn_rate_{} can be: time that was not observed counts as fresh"


@dataclass(frozen=True, eq=False, kw_only=True)
class Freshness(Table):
    """One row per group, in the order of `groups`. All is unknown for groups without an objective."""

    slo_lag_seconds: Floats = column("f8", "objective: largest time lag at which the group is fresh", "seconds")
    slo_objective: Floats = column("f8", "objective: share of the observed time in which the group is fresh", "ratio")
    fresh_seconds: Floats = column(
        "f8", "time for which the time lag was known and within the objective, since kmon started", "seconds"
    )
    observed_seconds: Floats = column("f8", "time for which it was known whether the group is fresh", "seconds")
    burn_rate_5m: Floats = column("f8", BURN.format("5 minutes"), "times")
    burn_rate_5m_at_least: Floats = column("f8", LEAST.format("5m"), "times")
    burn_rate_30m: Floats = column("f8", BURN.format("30 minutes"), "times")
    burn_rate_30m_at_least: Floats = column("f8", LEAST.format("30m"), "times")
    burn_rate_1h: Floats = column("f8", BURN.format("hour"), "times")
    burn_rate_1h_at_least: Floats = column("f8", LEAST.format("1h"), "times")
    burn_rate_6h: Floats = column("f8", BURN.format("6 hours"), "times")
    burn_rate_6h_at_least: Floats = column("f8", LEAST.format("6h"), "times")
    burn_rate_3d: Floats = column("f8", BURN.format("3 days"), "times")
    burn_rate_3d_at_least: Floats = column("f8", LEAST.format("3d"), "times")

    @classmethod
    def without(cls, groups: int) -> "Freshness":
        """That of so many groups of which none has an objective."""
        return cls(**{each.name: np.full(groups, np.nan) for each in cls.schema()})
