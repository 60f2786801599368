"""The lines of a table as strips: its header, and a row in its columns. Pure."""

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.theme import Inks
from tui.widgets.columns import Column, M, written

MARK = "▌"
"""Stands before the row under the cursor, so that it is found without colours too."""

Shown = Sequence[tuple[Column[M], int]]
"""The columns that are shown, each with its width."""


def header(shown: Shown[M], sort: Column[M], *, falling: bool, gap: str, ink: Inks) -> Strip:
    """The titles, the letter that sorts by each underlined, and an arrow at the column that it is sorted by."""
    parts = [Segment(" ", ink["head"])]
    for column, size in shown:
        sorted_by = column is sort
        style = ink["head"] + Style(bold=True) if sorted_by else ink["head"]
        arrow = ("▼" if falling else "▲") if sorted_by else ""
        title = column.title if len(column.title) + len(arrow) <= size else column.title[: size - len(arrow)]
        start, letter, end = title.partition(_letter(column))
        if not letter:
            start, end = title, ""
        pad = " " * (size - len(title) - len(arrow))
        parts += [
            Segment((pad + arrow if column.right else "") + start, style),
            Segment(letter, style + Style(underline=True)),
            Segment(end + ("" if column.right else arrow + pad) + gap, style),
        ]
    return Strip(parts)


def _letter(column: Column[M]) -> str:
    """The letter of the title that stands for the key, in the case it has there."""
    place = column.title.upper().find(column.letter) if column.letter else -1
    return column.title[place] if place >= 0 else "\0"


def line(shown: Shown[M], model: M, row: int, *, cursor: bool, gap: str, ink: Inks) -> Strip:
    """A row of a model, marked where the cursor is on it."""
    under = ink["cursor"] if cursor else Style()
    parts = [Segment(MARK if cursor else " ", ink["accent"] + under)]
    for column, size in shown:
        cell = column.cell(model, row)
        # Reversed colours are the cursor where a theme has no ground of its own; a patch in each cell's is not.
        style = under if under.reverse else ink[cell.kind] + under
        parts.append(Segment(written(cell, size, right=column.right) + gap, style))
    return Strip(parts)
