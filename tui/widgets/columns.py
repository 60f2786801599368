"""The columns of a table, and its lines as strips: how rows are written, sorted, and given room. Pure."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from monitor.model.table import Floats, Ints
from tui.format import fit
from tui.theme import Inks


class Cell(NamedTuple):
    """Plain text, its kind (a name in `inks`), and a shorter form for a column that it does not fit."""

    text: str
    kind: str = ""
    short: str = ""


class Model(Protocol):
    """What a table shows: `keys[row]` identifies the row from one refresh to the next."""

    @property
    def keys(self) -> Sequence[Hashable]: ...


M = TypeVar("M", bound=Model)
Values = NDArray[Any]


@dataclass(frozen=True)
class Column(Generic[M]):
    """A column of a table over models M.

    `cell` writes a row's cell; `sort` gives the columns to sort by, first the one that counts most, and None makes the
    column not sortable. `letter`, an upper-case letter in the title, is the key that sorts by it; `falling` tells
    whether the largest comes first at first. `grow` is its share of the room that is left, up to `most` cells. Where
    columns do not fit, the one of highest `rank` goes first; rank 0 stays. Where it is `explained`, the reason for an
    unknown value stands below the table.
    """

    name: str
    title: str
    width: int
    cell: Callable[[M, int], Cell]
    meaning: str
    sort: Callable[[M], Sequence[Values]] | None = None
    letter: str = ""
    right: bool = False
    falling: bool = True
    grow: int = 0
    most: int = 0
    rank: int = 0
    explained: bool = False


Shown = Sequence[tuple[Column[M], int]]
"""The columns that are shown, each with its width."""

LEAST_TEXT = 8
"""The cells from which on a column of text is shown at the right end, cut with an ellipsis."""

WIDE = 9
"""The rank of a column that only `wide` shows."""

ROOMY = 80
"""The width of a column that takes all there is, under `wide`."""


def sort_rows(values: Sequence[Values], *, falling: bool) -> Ints:
    """Rows in the order of the first of `values`, equal ones by the next; unknown ones last in either direction."""
    ranks = [-_ranks(each) if falling else _ranks(each) for each in values]
    return np.lexsort(ranks[::-1]).astype(np.int32)


def _ranks(values: Values) -> Floats:
    """Numbers that sort as `values` do, NaN for NaN and None."""
    if values.dtype != object:
        return values.astype(np.float64)
    place = {value: rank for rank, value in enumerate(sorted({each for each in values if each is not None}))}
    return np.array([np.nan if each is None else place[each] for each in values], np.float64)


def room(
    columns: Sequence[Column[M]],
    width: int,
    *,
    gap: int,
    wide: bool,
    need: Callable[[Column[M]], int] = lambda _: 0,
) -> list[tuple[Column[M], int]]:
    """The columns that are shown in `width` cells, with the width of each; all of them when `wide`.

    Of the room that is left, columns first have what they `need` for the rows in sight, those that do not grow up to
    twice their width, and then those that grow.
    """
    shown = [each for each in columns if wide or each.rank < WIDE]
    while not wide and _total([each.width for each in shown], gap) > width:
        rank = max(each.rank for each in shown)
        if rank == 0:
            break
        shown.remove([each for each in shown if each.rank == rank][-1])
    widths = [max(each.width, (each.most or ROOMY) if wide and each.grow else 0) for each in shown]
    most = [each.most or width if each.grow else 0 for each in shown]
    if width > _total(widths, gap):
        needs = [need(each) for each in shown]
        fixed = [0 if each.grow else min(size, 2 * each.width) for each, size in zip(shown, needs, strict=True)]
        _widen(widths, fixed, shown, width, gap)
        _widen(widths, [min(each) for each in zip(most, needs, strict=True)], shown, width, gap)
        _widen(widths, most, shown, width, gap)
    return list(zip(shown, widths, strict=True))


def _widen(widths: list[int], limits: Sequence[int], shown: Sequence[Column[M]], width: int, gap: int) -> None:
    """Share out the room that is left, to no column more than up to its limit."""
    # Two rounds: what a column does not take goes to those that still grow.
    for _ in range(2):
        spare = width - _total(widths, gap)
        growing = [place for place, limit in enumerate(limits) if widths[place] < limit]
        shares = sum(shown[place].grow or 1 for place in growing)
        for place in growing if spare > 0 else ():
            more = spare * (shown[place].grow or 1) // shares
            widths[place] = min(widths[place] + more, limits[place])


def in_sight(shown: Shown[M], fixed: int, left: int, width: int, *, gap: int) -> Shown[M]:
    """The first `fixed` columns and those after `left` others, as many as `width` cells have room for.

    A number is never cut by this. What gives way is the text among the first columns, so that one more has room, and
    the text in the last one.
    """
    seen, others = list(shown[:fixed]), shown[fixed + left :]
    over = _total([*(size for _, size in seen), *(size for _, size in others[:1])], gap) - width
    growing = [place for place, (column, _) in enumerate(seen) if column.grow and not column.right]
    if over > 0 and growing:
        column, size = seen[growing[-1]]
        seen[growing[-1]] = column, max(min(size, LEAST_TEXT), size - over)
    for column, size in others:
        free = width - _total([each for _, each in seen], gap) - (gap if seen else 0)
        if size > free:
            if column.grow and not column.right and free >= LEAST_TEXT:
                seen.append((column, free))
            break
        seen.append((column, size))
    return seen


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * max(0, len(widths) - 1)


def written(cell: Cell, width: int, *, right: bool) -> str:
    """A cell in exactly `width` terminal cells; a number that does not fit takes its short form."""
    text = cell.short if cell.short and len(cell.text) > width else cell.text
    return fit(text, width, right=right)


MARK = "▌"
"""Stands before the row under the cursor, so that it is found without colours too."""


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
