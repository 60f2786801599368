"""The rows of a table made from a View, and the kinds of column that are written from its arrays."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from monitor.model.judgements import Judged
from monitor.model.levels import LEVEL_AT, LEVELS, NOTE, SEVERITIES, SIGNS
from monitor.model.snapshot import Snapshot
from monitor.model.status import OK, UNKNOWN
from monitor.model.table import Flags, Ints, Texts
from monitor.model.text import UNKNOWN as UNKNOWN_NUMBER
from monitor.model.text import age, duration, percent, size, visible
from monitor.model.view import View
from tui.format import at_least, count
from tui.picture import Picture
from tui.widgets.columns import Cell, Column, Values


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table: `pick[row]` is the row of the View's own table that row shows.

    `keys` tell which row is which from one View to the next, `names` are what a filter is matched against, and `status`
    is each row's place in SIGNS, as a status in STATUSES is. `judged` is the core's judgement on them, if it is a
    subject that has one: see `judged_rows`. `about` is what all rows are of where the screen is about
    one thing, such as a broker's id.
    """

    picture: Picture
    keys: Sequence[Hashable]
    names: Sequence[str]
    status: Ints
    pick: Ints
    about: Hashable = None
    judged: Judged | None = None
    _made: dict[Callable[["Rows"], Values], Values] = field(default_factory=dict, repr=False)

    def array(self, make: Callable[["Rows"], Values]) -> Values:
        """A column of these rows, made once."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]

    @property
    def view(self) -> View:
        """The View whose tables are shown. Only where there is one."""
        return self.picture.shown

    @property
    def human(self) -> bool:
        return self.picture.human

    def write(self, value: float | None) -> str:
        """A number as it is to be shown."""
        return count(value, human=self.human)

    def word(self, row: int) -> str:
        """The core's word for the status of a row of a judged subject."""
        assert self.judged is not None
        return str(self.judged.words[self.pick[row]])

    def kind(self, row: int) -> str:
        """The level of a row, which is the name of its colour."""
        return LEVEL_AT[int(self.status[row])] if self.judged is None else LEVELS[self.judged.level[self.pick[row]]]

    @property
    def problems(self) -> Flags:
        return ~np.isin(self.status, (OK, NOTE))


def judged_rows(  # noqa: PLR0917 - as Rows are
    picture: Picture,
    keys: Sequence[Hashable],
    names: Sequence[str],
    judged: Judged,
    pick: Ints | None = None,
    about: Hashable = None,
) -> Rows:
    """Rows of a subject that the core judges; `pick` are rows of its table, by default all."""
    pick = np.arange(len(judged)) if pick is None else pick
    return Rows(picture, keys, names, judged.places[pick], pick, about, judged)


WHY = "why"
"""The name of the column that says the reason in words."""

Make = Callable[[Rows], Values]


def severity(rows: Rows) -> Ints:
    """How bad each row is; larger is worse."""
    return np.array(SEVERITIES, np.int32)[rows.status] if rows.judged is None else rows.judged.severity[rows.pick]


def names(
    name: str,
    title: str,
    letter: str,
    make: Make,
    meaning: str,
    *,
    width: int = 16,
    grow: int = 0,
    most: int = 0,
    rank: int = 0,
    empty: str = "",
) -> Column[Rows]:
    """A column of names or other words; None is unknown, and `empty` stands for an empty one."""
    return Column(
        name,
        title,
        width,
        cell=lambda rows, row: Cell(visible(rows.array(make)[row]) or empty),
        meaning=meaning,
        sort=lambda rows: [rows.array(make)],
        letter=letter,
        falling=False,
        grow=grow,
        most=most,
        rank=rank,
    )


def amounts(  # noqa: PLR0917 - the writer stands before what every column has
    write: Callable[[float], str],
    name: str,
    title: str,
    letter: str,
    make: Make,
    meaning: str,
    *,
    width: int = 9,
    rank: int = 0,
    kind: str = "",
    falling: bool = True,
    alarm: Callable[[Rows], Texts] | None = None,
) -> Column[Rows]:
    """A column of numbers as `write` has them; NaN is unknown, zero is pale, and `kind` is that of the others.

    `alarm` gives the level of each number where the core has one.
    """

    def cell(rows: Rows, row: int) -> Cell:
        value = float(rows.array(make)[row])
        if np.isnan(value):
            return Cell(UNKNOWN_NUMBER, "dim")
        return Cell(write(value), _plain(str(alarm(rows)[row])) if alarm else _plain(kind) if value else "dim")

    return _of_numbers(Column(name, title, width, cell, meaning, rank=rank, falling=falling), letter, make)


def _plain(level: str) -> str:
    """The kind of a number of this level: one that is ok, or a note, is plain."""
    return "" if level in {"ok", "note"} else level


def counts(
    name: str,
    title: str,
    letter: str,
    make: Make,
    meaning: str,
    *,
    width: int = 12,
    rank: int = 0,
    kind: str = "",
    falling: bool = True,
) -> Column[Rows]:
    """A column of numbers of things, which take their short form where there is no room; see `amounts`."""

    def cell(rows: Rows, row: int) -> Cell:
        value = float(rows.array(make)[row])
        known = not np.isnan(value)
        return Cell(
            count(value, human=rows.human),
            _plain(kind) if known and value else "dim",
            count(value, human=True) if known else "",
        )

    return _of_numbers(Column(name, title, width, cell, meaning, rank=rank, falling=falling), letter, make)


def _of_numbers(column: Column[Rows], letter: str, make: Make) -> Column[Rows]:
    return replace(column, sort=lambda rows: [rows.array(make)], letter=letter, right=True)


sizes = partial(amounts, size)
"""A column of bytes."""

spans = partial(amounts, duration)
"""A column of limits in seconds."""

ages = partial(amounts, age)
"""A column of how long ago something was, in seconds."""

shares = partial(amounts, percent)
"""A column of shares of 1."""


def numbers(
    name: str, title: str, letter: str, make: Make, meaning: str, *, width: int = 9, rank: int = 0
) -> Column[Rows]:
    """A column of numbers that name something, such as a partition: no separators, the smallest first."""
    return Column(
        name,
        title,
        width,
        cell=lambda rows, row: Cell(str(rows.array(make)[row])),
        meaning=meaning,
        sort=lambda rows: [rows.array(make)],
        letter=letter,
        right=True,
        falling=False,
        rank=rank,
    )


def totals(
    name: str,
    title: str,
    letter: str,
    total: Make,
    meaning: str,
    *,
    known: Make,
    width: int = 12,
    rank: int = 0,
    kind: str | None = None,
) -> Column[Rows]:
    """A column of totals, of which the known part is shown while a part is unknown; it sorts by what is known.

    `kind` is that of a total above zero, by default the one of the row's status.
    """

    def cell(rows: Rows, row: int) -> Cell:
        whole, part = float(rows.array(total)[row]), float(rows.array(known)[row])
        colour = (rows.kind(row) if kind is None else _plain(kind)) if part > 0 else "dim"
        return Cell(at_least(whole, part, human=rows.human), colour, at_least(whole, part, human=True))

    return Column(name, title, width, cell, meaning, lambda rows: [rows.array(known)], letter, right=True, rank=rank)


def whole(make: Make, complete: Callable[[Snapshot], bool]) -> Make:
    """A column of counts for `totals`: unknown where some of what is counted may be hidden from this user."""
    return lambda rows: make(rows) if complete(rows.view.snapshot) else np.full(len(rows.pick), np.nan)


def statuses(
    words: Sequence[str] | Mapping[int, str] | Callable[[Rows, int], str],
    tie: Make,
    meaning: str,
    *,
    width: int = 9,
    ranked: bool = False,
) -> Column[Rows]:
    """The column of a glyph and a word for each status, or for each row; it sorts by severity, then by `tie`.

    Where rows are `ranked` it sorts by `tie` alone.
    """

    def cell(rows: Rows, row: int) -> Cell:
        status = rows.status[row]
        return Cell(f"{SIGNS[status]} {words(rows, row) if callable(words) else words[status]}", rows.kind(row))

    return Column(
        "status",
        "Status",
        width,
        cell,
        meaning,
        sort=lambda rows: [rows.array(tie)] if ranked else [rows.array(severity), rows.array(tie)],
        letter="S",
    )


def reasons(
    write: Callable[[Rows, int], str],
    meaning: str,
    *,
    width: int = 24,
    title: str = "Why",
    grow: int = 2,
    rank: int = 0,
) -> Column[Rows]:
    """The last column: the reason, or all there is to say, in words; it takes the room that is left."""
    return Column(
        WHY,
        title,
        width,
        cell=lambda rows, row: Cell(write(rows, row), "unknown" if rows.status[row] == UNKNOWN else ""),
        meaning=meaning,
        grow=grow,
        rank=rank,
    )
