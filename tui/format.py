"""What a terminal shows of a text and of numbers: cells, short numbers and charts of block characters."""

import math
from collections.abc import Sequence
from functools import partial

from rich.cells import cell_len

import monitor.model.text
from monitor.model.text import MOST_MARKS, clip

SPARKS = "▁▂▃▄▅▆▇█"
_SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """A visible `text` in exactly `width` terminal cells: padded, or cut with an ellipsis."""
    # No letter has more than its MOST_MARKS marks, so what is beyond this is out of sight.
    text = text[: (MOST_MARKS + 1) * width + 1]
    size = len(text) if text.isascii() else cell_len(text)
    if size > width:
        text = clip(text, width, cell_len)
        size = cell_len(text)
    return " " * (width - size) + text if right else text + " " * (width - size)


def wrap(text: str, width: int, most: int = 1_000) -> list[str]:
    """A visible `text` in lines of at most `width` cells, broken between words; a longer word has a line of its own.

    There are at most `most` lines: the last one has all the rest, however long.
    """
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and cell_len(f"{lines[-1]} {word}") > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return [*lines[: most - 1], " ".join(lines[most - 1 :])] if len(lines) > most else lines


def count(value: float | None, *, human: bool = False) -> str:
    """A number of things: 12,345 or 12.3k; unknown is a dash."""
    if human and value is not None and math.isfinite(value):
        for size, suffix in _SUFFIXES:
            # 999,950 would round to 1000.0k
            if abs(value) >= size * 0.99995:
                scaled = value / size
                return f"{scaled:.0f}{suffix}" if abs(scaled) >= 99.95 else f"{scaled:.1f}{suffix}"
    return monitor.model.text.count(value)


def at_least(total: float | None, known: float, *, human: bool = False) -> str:
    """A total, or the part of it that is known as "≥ 1,234" while the rest is unknown."""
    return monitor.model.text.at_least(total, known, partial(count, human=human))


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
