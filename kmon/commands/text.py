"""Text for terminals: columns of cells aligned by what they take on the screen."""

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Cells that a visible text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(_cells(each) for each in text)


def _cells(each: str) -> int:
    if unicodedata.category(each) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(each) in ("W", "F") else 1


def clip(text: str, cells: int) -> str:
    """The text in at most so many cells, with … where something was left out."""
    if width(text) <= cells:
        return text
    taken, end = 0, 0
    for each in text:
        taken += _cells(each)
        if taken > cells - 1:
            break
        end += 1
    return text[:end] + "…"


def align(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Lines of the cells, each column as wide as its widest and two blanks apart; `right` aligns numbers."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        blanks = [" " * (wide - width(cell)) for wide, cell in zip(widths, row, strict=True)]
        cells = [
            blank + cell if to_right else cell + blank for cell, blank, to_right in zip(row, blanks, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


SPANS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"))


def age(seconds: float, error: float = 0.0) -> str:
    """A span in its two largest units, and how far it may be off where that shows: 3m12s ±2s."""
    shown = span(seconds)
    return f"{shown} ±{span(error)}" if error >= 0.05 else shown


def span(seconds: float) -> str:
    """4.2s, 42s, 3m12s, 2h05m, 11d07h."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    for size, unit, small, part in SPANS:
        # Of a span that rounds up to a whole one the larger unit is shown.
        count, rest = divmod(round(seconds / small), size // small)
        if count:
            return f"{count}{unit}{rest:02}{part}"
    return f"{seconds:.0f}s"
