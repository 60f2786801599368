"""What changed when lag grows: more is produced, or less is read."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from monitor.analysis.diagnosis.signs import Signs
from monitor.model.diagnoses import Diagnosis
from monitor.model.table import Flags, Floats
from monitor.model.text import rate

SPED_UP = 1.5
SLOWED = 1 / 1.5
"""How a rate over 5 minutes stands to that over the time before it where it has changed."""
STEADY = 1.25
"""By up to this factor more or less it is about the same."""
SHORT = 0.99
"""What is read falls short when it is less than this share of what is produced."""


class _Rates(NamedTuple):
    """Records a second of every group: over the last 5 minutes, and over an hour, or 15 minutes while that is all."""

    produced: Floats
    consumed: Floats
    produced_before: Floats
    consumed_before: Floats
    hourly: Flags

    def evidence(self, group: int) -> tuple[tuple[str, float], ...]:
        before = "60m" if self.hourly[group] else "15m"
        return (
            ("produce_rate_5m", float(self.produced[group])),
            (f"produce_rate_{before}", float(self.produced_before[group])),
            ("consume_rate_5m", float(self.consumed[group])),
            (f"consume_rate_{before}", float(self.consumed_before[group])),
        )

    def before(self, group: int) -> str:
        return "60 min" if self.hourly[group] else "15 min"


def _rates(signs: Signs) -> _Rates:
    produced, consumed = signs.produced("60m"), signs.consumed("60m")
    hourly = ~np.isnan(produced + consumed)
    return _Rates(
        signs.produced("5m"),
        signs.consumed("5m"),
        np.where(hourly, produced, signs.produced("15m")),
        np.where(hourly, consumed, signs.consumed("15m")),
        hourly,
    )


def producers_sped_up(signs: Signs) -> Iterable[Diagnosis]:
    """More is produced than before, and as much is read, which is not enough."""
    rates = _rates(signs)
    faster = (rates.produced >= SPED_UP * rates.produced_before) & (rates.produced_before > 0)
    found = faster & _steady(rates.consumed, rates.consumed_before) & (rates.consumed < SHORT * rates.produced)
    for group in np.flatnonzero(found).tolist():
        times = rates.produced[group] / rates.produced_before[group]
        sentence = (
            f"producers sped up {times:.1f}×: in rate {rate(rates.produced[group])} over 5 min, "
            f"{rate(rates.produced_before[group])} over {rates.before(group)}; "
            f"out rate about unchanged at {rate(rates.consumed[group])}"
        )
        yield Diagnosis("producers_sped_up", group, sentence, rates.evidence(group))


def consumers_slowed(signs: Signs) -> Iterable[Diagnosis]:
    """Less is read than before, and as much is produced, which is more."""
    rates = _rates(signs)
    slower = (rates.consumed <= SLOWED * rates.consumed_before) & (rates.consumed > 0)
    found = slower & _steady(rates.produced, rates.produced_before) & (rates.consumed < SHORT * rates.produced)
    for group in np.flatnonzero(found & (signs.view.snapshot.groups.members > 0)).tolist():
        share = 100 * rates.consumed[group] / rates.consumed_before[group]
        sentence = (
            f"consumers slowed to {share:.0f} %: out rate {rate(rates.consumed[group])} over 5 min, "
            f"{rate(rates.consumed_before[group])} over {rates.before(group)}; "
            f"in rate about unchanged at {rate(rates.produced[group])}{_brokers(signs, group)}"
        )
        yield Diagnosis("consumers_slowed", group, sentence, rates.evidence(group))


def _brokers(signs: Signs, group: int) -> str:
    """That it is not the brokers, where their own metrics show that none of those that the group reads from is slow."""
    leaders = np.unique(signs.leader[signs.rows[signs.view.lag.group[signs.rows] == group]]).tolist()
    return "; its brokers are not slow" if all(signs.brokers.get(each) == "" for each in leaders) else ""


def _steady(now: Floats, before: Floats) -> Flags:
    """Whether rates are about what they were."""
    return (now * STEADY >= before) & (now <= before * STEADY)
