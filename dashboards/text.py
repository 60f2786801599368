"""Numbers, states and times as words. Unknown is a dash, never a number; a state is a glyph and a word."""

import math
import unicodedata

from monitor.derive.lag import STATUSES
from monitor.view import View

DASH = "–"
GLYPHS = {"ok": "●", "behind": "▲", "lost": "✕", "unknown": "◌"}
"""The glyph of each status: shapes differ, and none of them is one that phones draw as a coloured picture."""

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def printable(name: str) -> str:
    """A name as it can be shown in one line: control characters and what turns text around become visible signs."""
    return name if name.isascii() and name.isprintable() else "".join(map(_sign, name))


def _sign(letter: str) -> str:
    if ord(letter) < 0x20:
        return chr(0x2400 + ord(letter))
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return "\N{REPLACEMENT CHARACTER}" if hidden else letter


def count(value: float | None) -> str:
    """A whole number with thousands separated, a dash when it is unknown."""
    return DASH if value is None or math.isnan(value) else f"{value:,.0f}"


def total(value: float | None, at_least: float | None) -> str:
    """A total; where a part of it is unknown, what is known of it as "≥ n", or a dash when that says nothing."""
    if value is not None and not math.isnan(value):
        return count(value)
    return f"≥ {at_least:,.0f}" if at_least is not None and at_least > 0 else DASH


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A span in its largest unit, such as "14 min"."""
    unit, name = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    return f"{max(0, seconds) // unit:.0f} {name}"


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
