"""Hostile names, numbers and spans as one plain line of text: how every face says them. Nothing in it is markup."""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

UNKNOWN = "–"
NAME = 60
"""Most characters of a name in a sentence."""
MOST_MARKS = 2
"""How many accents and joined signs a letter keeps; more of them would be drawn over the lines above and below."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Python calls printable and nobody can see: Unicode's default ignorables, and the empty braille cell."""

_JOINED = re.compile("[\u1161-\u11ff\ud7b0-\ud7ff\U0001f3fb-\U0001f3ff]")
"""Conjoining jamo and skin tones: no marks by category, but terminals draw them onto the letter before."""

_ESCAPE = re.compile(r"\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
"""What `visible` writes for something else, or `name_of` for a backslash."""

_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")

Write = Callable[[float | None], str]
"""How a number is written, such as `count`."""


def width(text: str) -> int:
    """Cells of a terminal that a visible text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(each) in ("Mn", "Me") else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )


def clip(text: str, cells: int, size: Callable[[str], int] = width) -> str:
    """A visible text in at most `cells` cells of a terminal, with … where something was left out.

    `size` gives the cells of a text.
    """
    if size(text) <= cells:
        return text
    if cells < 1:
        return ""
    if text.isascii():
        return text[: cells - 1] + "…"
    taken, end = 0, 0
    for each in text:
        taken += size(each)
        if taken > cells - 1:
            break
        end += 1
    return text[:end] + "…"


def visible(text: str | None, limit: int | None = None) -> str:
    r"""A name as one line of visible characters, cut to `limit` of them; None is unknown.

    Control characters, escape sequences, line breaks, direction overrides, blanks other than a space, and what is
    invisible or undecodable stand as escapes such as \x1b, and so do more than MOST_MARKS marks on one letter.
    What is visible already stays as it is.
    """
    if text is None:
        return UNKNOWN
    if limit is not None:
        text = text[: limit + 1]  # no character becomes less than one
    if not (text.isascii() and text.isprintable()):
        text = _spell(text)
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def _spell(text: str) -> str:
    shown, marks = [], 0
    for each in text:
        marks = marks + 1 if not each.isascii() and _is_mark(each) else 0
        escaped = marks > MOST_MARKS or not each.isprintable() or _BLANK.match(each)
        shown.append(each.encode("unicode_escape").decode() if escaped else each)
    return "".join(shown)


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter).startswith("M") or _JOINED.match(letter) is not None


def name_of(name: str, limit: int | None = None) -> str:
    r"""The visible text of a name, cut to `limit` characters, in which no two names that are not cut look alike.

    An empty name stands in quotes, and so does one with blanks around it. Backslashes are doubled where a name holds
    what looks like an escape: a line break is \n, and a backslash before an n is \\n.
    """
    if "\\" in name and (_ESCAPE.search(name) or visible(name) != name):
        name = name.replace("\\", "\\\\")
    shown = visible(name, limit)
    bare = shown and shown == shown.strip() and not shown[0] == shown[-1] == '"'
    return shown if bare else f'"{shown}"'


def count(value: float | None) -> str:
    """A number of things, with thousands separated: 12,345."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}"


def records_of(number: float, write: Write, what: str) -> str:
    """How many records are `what`: 1,234 records lost."""
    return f"{write(number)} record{'' if number == 1 else 's'}{what}"


def at_least(total: float | None, known: float | None, write: Write = count) -> str:
    """A total, or the part of it that is known as "≥ 1,234" while the rest is unknown."""
    if total is not None and not math.isnan(total):
        return write(total)
    return f"≥ {write(known)}" if known is not None and known > 0 else UNKNOWN


def plural(number: int, noun: str) -> str:
    """1 partition, 2 partitions."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float | None) -> str:
    """A span in its largest unit, rounded down to a tenth of it: 45 s, 1.5 min, 7 d; without an end it is infinite."""
    if seconds is None or not math.isfinite(seconds):
        return count(seconds)
    size, unit = next((step for step in _STEPS if seconds >= step[0]), _STEPS[-1])
    tenths = math.floor(max(0.0, seconds) / size * 10 + 1e-6)
    if unit == "s" and tenths >= 10:
        tenths -= tenths % 10
    return f"{tenths / 10:.1f}".removesuffix(".0") + f" {unit}"


def age(seconds: float, error: float = 0.0) -> str:
    """An age with what it may be off, where that is a second or more: 3 min ± 12 s."""
    return duration(seconds) + (f" ± {duration(error)}" if math.isfinite(seconds) and error >= 1 else "")


def time_left(seconds: float) -> str:
    """A time that is left, such as until a lag is read: 3 min; "never" where it has no end."""
    return "never" if seconds == math.inf else age(seconds)


def moment(time: float) -> str:
    """A unix time in UTC, to the second: 2026-02-03 04:05:06 UTC."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S} UTC" if math.isfinite(time) else UNKNOWN


def switch(value: float) -> str:
    """A flag, 1 or 0: yes or no."""
    return UNKNOWN if math.isnan(value) else "yes" if value else "no"


def number(value: float) -> str:
    """A number that names something, such as a broker or a partition: without separators."""
    return UNKNOWN if math.isnan(value) else f"{value:.0f}"


def rate(value: float) -> str:
    """A number of records a second: 3.2/s, 1,234/s."""
    if math.isnan(value):
        return UNKNOWN
    return f"{value:.1f}/s" if value < 9.95 else f"{count(value)}/s"


def throughput(value: float) -> str:
    """A number of bytes a second in three digits: 1.46 KiB/s."""
    return UNKNOWN if math.isnan(value) else f"{size(value)}/s"


def size(value: float | None) -> str:
    """A number of bytes in three digits: 999 B, 1.46 KiB, 12.0 GiB; without a limit it is infinite."""
    if value is None or not math.isfinite(value):
        return count(value)
    step = 0
    while abs(value) >= 999.5 and step < len(_SIZES) - 1:
        value, step = value / 1024, step + 1
    digits = 0 if step == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:.{digits}f} {_SIZES[step]}"


def latency(seconds: float) -> str:
    """How long a response took: 2.5 ms, 120 ms."""
    return UNKNOWN if math.isnan(seconds) else f"{seconds * 1_000:.{1 if seconds < 0.01 else 0}f} ms"


def percent(share: float | None, *, sign: bool = False) -> str:
    """A share of 1 in whole percent, never rounded up to 100; with `sign` a difference, such as +12 %."""
    if share is None or not math.isfinite(share):
        return count(share)
    if sign:
        return f"{share * 100:+.0f} %".replace("-0 %", "+0 %")
    return f"{math.floor(share * 100)} %"


def share(value: float) -> str:
    """A share of 1 in percent with the digits that it has: 99.9 %."""
    return UNKNOWN if math.isnan(value) else f"{value * 100:.6g} %"


def times(value: float) -> str:
    """A multiple, such as of what is allowed: 14.4×."""
    return UNKNOWN if math.isnan(value) else f"{value:,.1f}×"


def change(share: float) -> str:
    """A difference as a share of 1, such as +12 %."""
    return percent(share, sign=True)
