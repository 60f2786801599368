"""What failed, in words, and the word of a status."""

import math
from collections.abc import Iterable

from monitor.derive.lag import STATUSES
from monitor.text import UNKNOWN, duration
from monitor.view import View


def status(code: int) -> str:
    """The word of a status code."""
    return STATUSES[code]


def failures(view: View) -> list[tuple[str, str]]:
    """The collectors that failed in the View's poll and why; when nothing answered, "all" with that reason once."""
    error = view.snapshot.error
    failed = [(each.collector, each.error or "failed") for each in view.snapshot.outcomes if not each.success]
    return [("all", error), *(each for each in failed if each[1] != error)] if error else failed


def failure(view: View, *collectors: str) -> str:
    """Why what these collectors bring is not whole, empty when it is."""
    if view.snapshot.error:
        return view.snapshot.error
    outcomes = [outcome for name in collectors if (outcome := view.outcome(name)) is not None]
    return "; ".join(each.error or f"{each.collector} failed" for each in outcomes if not each.success)


def unasked(view: View, *collectors: str) -> str:
    """Why a table that these collectors fill may be empty although there is something; empty where that is no doubt.

    They failed, or the cluster does not answer them or not to this user, or they have not asked yet.
    """
    table = view.snapshot.capabilities
    lacking = [
        str(why)
        for name, available, why in zip(table.capability, table.available, table.why, strict=True)
        if name in collectors and available != 1
    ]
    if why := failure(view, *collectors) or "; ".join(lacking):
        return why
    asked = [outcome for name in collectors if (outcome := view.outcome(name)) is not None]
    return "" if any(each.collected_at is not None for each in asked) else "not asked yet"


def ago(seconds: float) -> str:
    """How long ago something was; a dash when unknown, and never in the future."""
    return UNKNOWN if math.isnan(seconds) else f"{duration(max(0.0, seconds))} ago"


def switch(value: float) -> str:
    """A config that is on or off."""
    return UNKNOWN if math.isnan(value) else "on" if value else "off"


def nodes(ids: Iterable[int]) -> str:
    """Node ids in one line."""
    return ", ".join(map(str, ids))
