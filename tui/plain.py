"""The overview as plain text, for a terminal that obeys no escape sequence, a file or a pipe. Pure."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.cells import cell_len

from monitor.analysis.derive.emptiness import no_groups
from monitor.subjects.groups import GROUP
from tui.format import fit, wrap
from tui.heading import verdict_line
from tui.health import health_lines
from tui.picture import Picture
from tui.screens.groups import GROUP_COLUMNS
from tui.screens.overview import failing, stats
from tui.screens.problems import problem_lines
from tui.widgets.columns import WIDE, Column, room, sort_rows, written
from tui.widgets.lines import Line
from tui.widgets.rows import Rows

GAP = 2
POLLS = ("trend", "produce_rate", "consume_rate", "since")
"""Columns that one poll cannot fill."""


def overview(picture: Picture, width: int) -> Iterator[str]:
    """Lines for `width` cells: verdict, figures, every problem that no other explains, and every group, worst first.

    Sentences go on in further lines, and the reason at the end of a row is as long as it is. `picture` has a View.
    """
    view, human = picture.newest, picture.human
    yield from wrapped([verdict_line(picture)], width)
    yield from wrapped([*stats(view.shown, human=human, width=width), Line()], width)
    yield from wrapped([*health_lines(view.shown, human=human), Line()], width)
    head, *problems = problem_lines(view, len(view.problems)) or [Line()]
    if problems:
        yield from wrapped([Line(head.left[:2]), *problems, Line()], width)
    if failed := failing(view):
        yield from wrapped([*failed, Line()], width)
    yield from groups(picture, width)


def groups(picture: Picture, width: int) -> Iterator[str]:
    """A header and a line for each group, or the sentence why there is none."""
    every = np.arange(GROUP.count(picture.shown))
    rows = Rows(picture, GROUP, every, picture.shown, GROUP.key[-1:], GROUP.key[-1:])
    if not len(every):
        yield f" {no_groups(picture.shown).sentence}"
        return
    columns = [each for each in GROUP_COLUMNS if each.rank < WIDE and each.name not in POLLS]
    *shown, (why, _) = room(columns, width - 1, gap=GAP, wide=False, need=lambda column: _need(column, rows))
    yield _line([*(fit(column.title, size, right=column.right) for column, size in shown), why.title])
    sort = columns[0].sort
    assert sort is not None
    for row in sort_rows(sort(rows), falling=columns[0].falling).tolist():
        cells = [written(column.cell(rows, row), size, right=column.right) for column, size in shown]
        yield _line([*cells, why.cell(rows, row).text])


def _need(column: Column[Rows], rows: Rows) -> int:
    return max(cell_len(column.cell(rows, row).text) for row in range(len(rows.pick)))


def _line(cells: Sequence[str]) -> str:
    return (" " + (" " * GAP).join(cells)).rstrip()


def wrapped(lines: Iterable[Line], width: int) -> Iterator[str]:
    """The text of lines without their right ends, which are ages; one that is too long goes on below."""
    for line in lines:
        text = "".join(part.text for part in line.left).rstrip()
        if cell_len(text) <= width:
            yield text
        else:
            yield from (
                f"{' ' * (3 if place else 1)}{each}" for place, each in enumerate(wrap(text.strip(), width - 3))
            )
