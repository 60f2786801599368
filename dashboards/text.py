"""What failed, in words."""

import math
from collections.abc import Iterable

from monitor.model.text import UNKNOWN, at_least, duration
from monitor.model.view import View


def failures(view: View) -> list[tuple[str, str]]:
    """The collectors that failed in the View's poll and why; when nothing answered, "all" with that reason once."""
    snapshot = view.snapshot
    failed = [(each.collector, each.error) for each in snapshot.outcomes if each.errors not in ((), snapshot.errors)]
    return [("all", snapshot.error), *failed] if snapshot.errors else failed


def counted(number: int, why_not_all: str) -> str:
    """How many there are, or "≥ 3" where these may not be all."""
    return at_least(None if why_not_all else number, number)


def ago(seconds: float) -> str:
    """How long ago something was; a dash when unknown, and never in the future."""
    return UNKNOWN if math.isnan(seconds) else f"{duration(max(0.0, seconds))} ago"


def words(kind: str) -> str:
    """A name of the core, such as isr_shrunk, as words."""
    return kind.replace("_", " ").replace("isr ", "ISR ")


def nodes(ids: Iterable[int]) -> str:
    """Node ids in one line."""
    return ", ".join(map(str, ids))
