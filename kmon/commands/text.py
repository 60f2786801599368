"""Text for terminals: columns of cells aligned by what they take on the screen."""

from collections.abc import Sequence

from monitor.model.text import width


def clip(text: str, cells: int) -> str:
    """The text in at most so many cells, with … where something was left out."""
    if width(text) <= cells:
        return text
    taken, end = 0, 0
    for each in text:
        taken += width(each)
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
