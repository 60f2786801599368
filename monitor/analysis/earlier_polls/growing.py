"""How the lag of totals goes over minutes, and since when they grow; by name, from poll to poll."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

WINDOW_SECONDS = 300.0
"""The least lag in each window of this length counts: right after a commit, however rarely there is one."""


class Sample(NamedTuple):
    """A total at one poll: its lag, whether it is read too slowly now, and how much its lag must rise in a window."""

    lag: float
    short: bool
    least: float


@dataclass(eq=False)
class _Total:
    """The least lag of this window and of the two before it; whether it grows and is told to, and since when."""

    began: float
    low: float
    before: float = math.nan
    earlier: float = math.nan
    evidence: bool = False
    turned: float = math.nan
    told: bool = False
    since: float = math.nan


class Growing:
    """Totals that are read too slowly. Times are seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._totals: dict[Hashable, _Total] = {}
        self._last = math.nan

    def follow(
        self, now: float, behind: Mapping[Hashable, Sample], *, enter: float, leave: float
    ) -> dict[Hashable, float]:
        """Since when each total grows that does. `behind` are those read too slowly at the poll of `now`.

        That must hold for `enter` seconds to be told, and not hold for `leave`. A poll counts once.
        """
        if self._last != now:
            self._last = now
            for key in self._totals.keys() - behind.keys():
                self._turn(self._totals[key], now, enter, leave, holds=False)
            for key, sample in behind.items():
                each = self._totals.setdefault(key, _Total(now, sample.lag))
                self._turn(each, now, enter, leave, holds=_grows(each, now, sample))
            self._totals = {key: each for key, each in self._totals.items() if each.told or key in behind}
        return {key: each.since for key, each in self._totals.items() if each.told}

    @staticmethod
    def _turn(each: _Total, now: float, enter: float, leave: float, *, holds: bool) -> None:
        if each.evidence != holds:
            each.evidence, each.turned = holds, now
        if holds and not each.told and now - each.turned >= enter:
            each.told, each.since = True, each.turned
        elif each.told and not holds and now - each.turned >= leave:
            each.told = False


def _grows(each: _Total, now: float, sample: Sample) -> bool:
    """Take in a poll; whether the least lag of a window rises, and reading is too slow for that to end."""
    if now - each.began >= WINDOW_SECONDS:
        each.began, each.low, each.before, each.earlier = now, sample.lag, each.low, each.before
    each.low = min(each.low, sample.lag)
    return sample.short and each.before - each.earlier >= sample.least and each.low >= each.before
