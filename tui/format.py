"""Numbers, ages, statuses and names as the text a terminal shows. Pure, and nothing in it is markup."""

import math
from collections.abc import Sequence

from rich.cells import cell_len, get_character_cell_size

UNKNOWN_TEXT = "–"
STATUS_GLYPHS = ("●", "▲", "✘", "?")
"""The glyph of each status in monitor's STATUSES: ok, behind, lost, unknown; none is drawn as an emoji."""

MOST_MARKS = 2

SPARKS = "▁▂▃▄▅▆▇█"
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def plain(text: str | None) -> str:
    """A name as one line of visible characters: what is not printable stands as its escape, None as unknown.

    Control characters, escape sequences, line breaks, direction overrides and invisible spaces are not printable, and
    neither are more than MOST_MARKS accents on one letter.
    """
    if text is None:
        return UNKNOWN_TEXT
    if text.isascii() and text.isprintable():
        return text
    shown, marks = [], 0
    for each in text:
        marks = 0 if each.isascii() or get_character_cell_size(each) else marks + 1
        escaped = not each.isprintable() or marks > MOST_MARKS
        shown.append(each.encode("unicode_escape").decode() if escaped else each)
    return "".join(shown)


def name_of(name: str) -> str:
    """The name of a thing that has one, as `plain` has it; an empty one stands in quotes."""
    return plain(name) or '""'


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text`, which is plain, in exactly `width` terminal cells: padded, or cut with an ellipsis."""
    # No letter has more than its MOST_MARKS marks, so what is beyond this is out of sight.
    text = text[: (MOST_MARKS + 1) * width + 1]
    size = len(text) if text.isascii() else cell_len(text)
    if size > width:
        text, size = _cut(text, width)
    return " " * (width - size) + text if right else text + " " * (width - size)


def _cut(text: str, width: int) -> tuple[str, int]:
    if width < 1:
        return "", 0
    if text.isascii():
        return text[: width - 1] + "…", width
    size, kept = 0, 0
    for each in text:
        size += get_character_cell_size(each)
        if size > width - 1:
            break
        kept += 1
    cut = text[:kept] + "…"
    return cut, cell_len(cut)


def count(value: float | None, *, human: bool = False) -> str:
    """A number of things: 12,345 or 12.3k; unknown is a dash."""
    if value is None or math.isnan(value):
        return UNKNOWN_TEXT
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if human:
        for size, suffix in _SUFFIXES:
            # 999,950 would round to 1000.0k
            if abs(value) >= size * 0.99995:
                scaled = value / size
                return f"{scaled:.0f}{suffix}" if abs(scaled) >= 99.95 else f"{scaled:.1f}{suffix}"
    return f"{value:,.0f}"


def at_least(total: float | None, known: float, *, human: bool = False) -> str:
    """A total, or the part of it that is known as "≥ 1,234" while the rest is unknown."""
    if total is not None and not math.isnan(total):
        return count(total, human=human)
    return f"≥ {count(known, human=human)}" if known > 0 else UNKNOWN_TEXT


def age(seconds: float) -> str:
    """How long ago: 6 s, 2 min, 3 h, 4 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def some(number: int, thing: str, things: str = "") -> str:
    """1 partition, 2 partitions."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def spark(values: Sequence[float | None]) -> str:
    """One block character a value, from 0 to the largest; a dot where a value is unknown."""
    top = max((value for value in values if value is not None), default=0.0)
    last = len(SPARKS) - 1
    return "".join(
        "·" if value is None else SPARKS[math.ceil(value / top * last) if top > 0 else 0] for value in values
    )


def bars(values: Sequence[float | None], rows: int) -> list[str]:
    """A chart of `rows` lines, the top one first, with a column a value; unknown and absent values leave it empty."""
    top = max((value for value in values if value is not None), default=0.0)
    eighths = [0 if value is None else max(1, math.ceil(value / top * rows * 8)) if top > 0 else 1 for value in values]
    lines = []
    for row in reversed(range(rows)):
        filled = (min(8, max(0, each - row * 8)) for each in eighths)
        lines.append("".join(SPARKS[each - 1] if each else " " for each in filled))
    return lines
