"""How the lag of totals goes over minutes, and since when they grow; by name, from poll to poll."""

import math
from collections.abc import Hashable, Mapping
from typing import NamedTuple

WINDOW_SECONDS = 300.0
"""The least lag in each window of this length counts: right after a commit, however rarely there is one."""


class Sample(NamedTuple):
    """A total at one poll: its lag, whether it is read too slowly now, and how much its lag must rise in a window."""

    lag: float
    short: bool
    least: float


class Total(NamedTuple):
    """The least lag of this window, which `began` then, and of the two before it; whether it grows, as it `turned` to.

    `since` is when what is told of it began, NaN while it is not told to grow.
    """

    began: float
    low: float
    before: float = math.nan
    earlier: float = math.nan
    evidence: bool = False
    turned: float = math.nan
    since: float = math.nan


Growing = Mapping[Hashable, Total]
"""Totals that are read too slowly, or were so and are told yet. Times are seconds of the monotonic clock."""


def follow(totals: Growing, now: float, behind: Mapping[Hashable, Sample], *, enter: float, leave: float) -> Growing:
    """The totals after the poll of `now`; `behind` are those read too slowly then.

    That must hold for `enter` seconds to be told, and not hold for `leave`.
    """
    after: dict[Hashable, Total] = {}
    for key in [*totals, *(key for key in behind if key not in totals)]:
        sample = behind.get(key)
        if sample is None:
            each = _turned(totals[key], now, enter, leave, holds=False)
        else:
            each = _windowed(totals.get(key, Total(now, sample.lag)), now, sample.lag)
            rises = each.before - each.earlier >= sample.least and each.low >= each.before
            each = _turned(each, now, enter, leave, holds=sample.short and rises)
        if sample is not None or not math.isnan(each.since):
            after[key] = each
    return after


def _windowed(total: Total, now: float, lag: float) -> Total:
    """A total with the lag of a poll, which may begin a new window."""
    if now - total.began >= WINDOW_SECONDS:
        return total._replace(began=now, low=lag, before=total.low, earlier=total.before)
    return total._replace(low=min(total.low, lag))


def _turned(total: Total, now: float, enter: float, leave: float, *, holds: bool) -> Total:
    """A total that is told, or no longer told, to grow where that `holds`, or does not, for long enough."""
    turned = total.turned if total.evidence == holds else now
    told = not math.isnan(total.since)
    since = total.since
    if holds and not told and now - turned >= enter:
        since = turned
    elif told and not holds and now - turned >= leave:
        since = math.nan
    return total._replace(evidence=holds, turned=turned, since=since)
