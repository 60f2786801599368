"""What failed, in words."""

import math
from collections.abc import Iterable

from monitor.analysis.derive.completeness import why_not_all_groups, why_not_all_topics
from monitor.model.text import UNKNOWN, age, at_least, duration
from monitor.model.totals import Standing
from monitor.model.view import View


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
    return "" if any(each.collected_at is not None for each in asked) else "not requested yet"


def not_all_topics(view: View) -> str:
    """Why the topics of the View may not be all of the cluster's, empty where they are."""
    return why_not_all_topics(view.snapshot)


def not_all_groups(view: View) -> str:
    """Why the groups of the View may not be all of the cluster's, empty where they are."""
    return why_not_all_groups(view.snapshot)


def counted(number: int, why_not_all: str) -> str:
    """How many there are, or "≥ 3" where these may not be all."""
    return at_least(None if why_not_all else number, number)


def oldest(lags: Standing, row: int) -> str:
    """The time lag with its error, or "≥ 3 min" while only a part of it is known."""
    seconds, error = float(lags.lag_seconds[row]), float(lags.lag_seconds_error[row])
    if math.isnan(seconds):
        return at_least(None, float(lags.lag_seconds_at_least[row]), lambda part: age(part or 0.0))
    return age(seconds, error)


def ago(seconds: float) -> str:
    """How long ago something was; a dash when unknown, and never in the future."""
    return UNKNOWN if math.isnan(seconds) else f"{duration(max(0.0, seconds))} ago"


def switch(value: float) -> str:
    """A config that is on or off."""
    return UNKNOWN if math.isnan(value) else "on" if value else "off"


def words(kind: str) -> str:
    """A name of the core, such as isr_shrunk, as words."""
    return kind.replace("_", " ").replace("isr ", "ISR ")


def nodes(ids: Iterable[int]) -> str:
    """Node ids in one line."""
    return ", ".join(map(str, ids))
