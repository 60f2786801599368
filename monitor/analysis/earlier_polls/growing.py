"""How the lag of totals goes over minutes, and since when they grow; by name, from poll to poll."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from monitor.model.time_scale import lasting

WINDOW_SECONDS = lasting(300.0)
"""The least lag in each window of this length counts: right after a commit, however rarely there is one."""


class Sample(NamedTuple):
    """A total at one poll: its lag, whether it is read too slowly now, and how much its lag must rise in a window."""

    lag: float
    short: bool
    least: float


class Total(NamedTuple):
    """The least lag of this window, which `began` then, and of the two before it; whether it grows, as it `turned` to.

    `before` and `earlier` are None until there was such a window. `since` is when it began to grow, None while it
    does not count as growing.
    """

    began: float
    low: float
    before: float | None = None
    earlier: float | None = None
    evidence: bool = False
    turned: float | None = None
    since: float | None = None


Growing = Mapping[Hashable, Total]
"""Totals that are read too slowly, or that still count as growing. Times are seconds of the monotonic clock."""


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
            each = _turned(each, now, enter, leave, holds=sample.short and _rises(each, sample.least))
        if sample is not None or each.since is not None:
            after[key] = each
    return after


def _rises(total: Total, least: float) -> bool:
    """Whether the lag rose by so much from window to window, and has not fallen since."""
    if total.before is None or total.earlier is None:
        return False
    return total.before - total.earlier >= least and total.low >= total.before


def _windowed(total: Total, now: float, lag: float) -> Total:
    """A total with the lag of a poll, which may begin a new window."""
    if now - total.began >= WINDOW_SECONDS:
        return total._replace(began=now, low=lag, before=total.low, earlier=total.before)
    return total._replace(low=min(total.low, lag))


def _turned(total: Total, now: float, enter: float, leave: float, *, holds: bool) -> Total:
    """The total after this poll: it starts, or stops, to count as growing when `holds` has been so for long enough."""
    turned = now if total.turned is None or total.evidence != holds else total.turned
    since = total.since
    if holds and since is None and now - turned >= enter:
        since = turned
    elif since is not None and not holds and now - turned >= leave:
        since = None
    return total._replace(evidence=holds, turned=turned, since=since)
