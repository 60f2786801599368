"""The rows of a table, which are rows of subjects, and its columns as a subject declares them."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from monitor.model import text
from monitor.model.levels import LEVEL_AT, LEVELS, NOTE, PLACE_OF, SEVERITIES, SIGNS
from monitor.model.status import OK, STATUSES, UNKNOWN, WELL
from monitor.model.table import Flags, Ints, objects
from monitor.model.text import Write
from monitor.model.view import View
from monitor.subjects.column import Column as Declared
from monitor.subjects.column import Lists, Names, Reading, Subject, words_of
from monitor.subjects.kinds import LEFT, NODES, NUMBERS, TEXT, TEXTS, Kind, Type
from monitor.subjects.shown import Shown, shown
from tui.format import count
from tui.picture import Picture
from tui.widgets.columns import WIDE, Cell, Column, Values
from tui.widgets.row_keys import RowKeys, value_at

WHY = "why"
"""The name of the column that says the reason in words."""

OF_ROW = "row"
"""In place of a colour: that of the row's level."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table: the rows `pick` of a subject, in what `source` is to it, mostly a View.

    The columns `keyed` tell which row is which from one View to the next, and `named` are what a filter is matched
    against.
    """

    picture: Picture
    subject: Subject
    pick: Ints
    source: Any
    keyed: tuple[str, ...]
    named: tuple[str, ...]
    _made: dict[str, Shown] = field(default_factory=dict, repr=False)

    @property
    def view(self) -> View:
        """The View whose tables are shown. Only where there is one."""
        return self.picture.shown

    @cached_property
    def reading(self) -> Reading:
        """The columns of these rows."""
        return self.subject.read(self.source, self.pick)

    @cached_property
    def keys(self) -> RowKeys:
        return RowKeys(*(self.reading[name] for name in self.keyed))

    @property
    def names(self) -> list[str]:
        """The text of each row that a filter is matched against."""
        found = ([self.word(name, row) for name in self.named] for row in range(len(self.pick)))
        return [" ".join(filter(None, words)) for words in found]

    def shown(self, name: str) -> Shown:
        """A column of these rows, read once."""
        if name not in self._made:
            self._made[name] = shown(self.reading, name)
        return self._made[name]

    def word(self, name: str, row: int) -> str | None:
        """A text of a row, None where there is none."""
        value = self.value(name, row)
        return None if value is None else str(value)

    def value(self, name: str, row: int) -> Hashable:
        """A text or number of a row, None where it is unknown."""
        return value_at(self.reading[name], row)

    def number(self, name: str, row: int) -> float:
        """A number of a row."""
        return float(np.asarray(self.shown(name).values)[row])

    def write(self, value: float | None) -> str:
        """A number as it is to be shown."""
        return count(value, human=self.picture.human)

    def sentence(self, row: int, name: str = WHY) -> str:
        """What a column says of a row in words; empty for nothing."""
        declared = self.subject.schema[name]
        if declared.sentence is not None:
            return declared.sentence(self.source, int(self.pick[row]), self.write)
        return text.visible(self.word(name, row) or "")

    @cached_property
    def status(self) -> Ints:
        """The place of each row's status in SIGNS: that of a status of lag, or else of its level."""
        if "level" not in self.subject.schema:
            return np.full(len(self.pick), OK, np.int32)
        if self._is_lag:
            return self._codes("status", self.subject.schema["status"].words)
        return _coded(self.reading["level"], PLACE_OF)

    @cached_property
    def severity(self) -> Ints:
        """How bad each row is; larger is worse."""
        words = self.subject.schema["status"].words
        status = self._codes("status", words)
        if self._is_lag:
            return np.array(SEVERITIES, np.int32)[status]
        return self._codes("level", LEVELS) * len(words) + status

    def _codes(self, name: str, words: Sequence[str]) -> Ints:
        return _coded(self.reading[name], {word: code for code, word in enumerate(words)})

    @property
    def _is_lag(self) -> bool:
        """Whether the code of a status is its place in SIGNS."""
        return "status" in self.subject.schema and self.subject.schema["status"].words[: len(STATUSES)] == STATUSES

    def kind(self, row: int) -> str:
        """The level of a row, which is the name of its colour."""
        return str(self.word("level", row)) if "level" in self.subject.schema else LEVEL_AT[OK]

    @property
    def problems(self) -> Flags:
        return ~np.isin(self.status, (*WELL, NOTE))


def _coded(names: object, codes: dict[str, int]) -> Ints:
    """The code of each row's word."""
    assert isinstance(names, Names)
    return np.array([codes.get(each, 0) for each in names.values], np.int32)[names.codes]


def column(
    subject: Subject,
    name: str,
    title: str,
    letter: str = "",
    width: int = 9,
    *,
    grow: int = 0,
    most: int = 0,
    rank: int = 0,
    kind: str = "",
    level: str = "",
    cell: Callable[[Rows, int], Cell] | None = None,
    note: str = "",
    empty: str = '""',
) -> Column[Rows]:
    """A subject's column in a table; how its values are written, set and sorted follows from their kind.

    `kind` is the colour of a number above zero, by default that of its level; `level` is the column that has the level
    of each row instead. `cell` writes the cells of a column that says more than its value, which `note` explains.
    `empty` stands for an empty text.
    """
    declared = subject.schema[name]
    numeric = declared.type is Type.NUMBER
    write = _sentences(name) if declared.sentence else _nodes(name) if declared.kind is NODES else None
    if write is None and declared.type in {Type.FLAG, Type.LIST}:
        write = _written(name)
    if write is None:
        write = _numbers(declared, kind or declared.above_zero, level) if numeric else _texts(declared, empty)
    bound = declared.at_least or declared.partial
    signs = ("± its error" if declared.error else "", "≥ where only a part is known" if bound else "")
    return Column(
        name,
        title,
        width,
        cell=cell or write,
        meaning="; ".join(filter(None, (declared.meaning.replace("None", text.UNKNOWN), note, *signs))),
        sort=None if declared.sentence or declared.kind in {TEXTS, NUMBERS} else _order(declared),
        letter=letter,
        right=declared.kind.right,
        falling=declared.kind.right and declared.kind.write is not text.number,
        grow=grow,
        most=most,
        rank=rank,
        explained=numeric or bool(declared.reason),
    )


def every(subject: Subject, *columns: Column[Rows], but: Sequence[str] = ()) -> tuple[Column[Rows], ...]:
    """These columns of a table, and the subject's others without `but`, which `wide` shows before the last."""
    others = (
        column(
            subject,
            each.name,
            title := words_of(each.name),
            width=max(11, len(title)),
            grow=each.kind is TEXT,
            most=40,
            rank=WIDE,
        )
        for each in subject.others([*(each.name for each in columns), *but])
    )
    return (*columns[:-1], *others, columns[-1])


def _order(declared: Declared) -> Callable[[Rows], Sequence[Values]]:
    """What a column sorts by: node ids as they are written, other values as they are."""
    if declared.kind is NODES:
        return lambda rows: [objects(map(_node_ids(rows, declared.name), range(len(rows.pick))))]
    return lambda rows: [rows.shown(declared.name).order]


def _texts(declared: Declared, empty: str) -> Callable[[Rows, int], Cell]:
    def cell(rows: Rows, row: int) -> Cell:
        value = rows.word(declared.name, row)
        if not value:
            return Cell(text.visible(value) if value is None else empty)
        return Cell(text.name_of(value) if declared.kind is TEXT else text.visible(value))

    return cell


def _written(name: str) -> Callable[[Rows, int], Cell]:
    return lambda rows, row: Cell(rows.shown(name).text(row))


def _sentences(name: str) -> Callable[[Rows, int], Cell]:
    return lambda rows, row: Cell(rows.sentence(row, name) or text.UNKNOWN)


def _nodes(name: str) -> Callable[[Rows, int], Cell]:
    return lambda rows, row: Cell(_node_ids(rows, name)(row) or text.UNKNOWN)


def _node_ids(rows: Rows, name: str) -> Callable[[int], str]:
    """Writes the node ids of a row; empty for none."""
    lists = rows.reading[name]
    assert isinstance(lists, Lists)
    values, places = lists.values, lists.rows
    return lambda row: " ".join(map(str, values.row(places[row]))) if places[row] >= 0 else ""


def _numbers(declared: Declared, kind: str, level: str) -> Callable[[Rows, int], Cell]:
    """Numbers with their error or known part; unknown and zero are pale."""
    numeral = declared.kind.write is text.number

    def cell(rows: Rows, row: int) -> Cell:
        column = rows.shown(declared.name)
        value, least = float(column.values[row]), float(column.order[row])
        if declared.kind is LEFT and np.isinf(value) and rows.status[row] == OK:
            return Cell("")
        colour = rows.kind(row) if kind == OF_ROW else kind
        if level:
            colour = str(rows.word(level, row))
        if (np.isnan(value) and np.isnan(least)) or (least == 0 and not numeral and not level):
            colour = "dim"
        short = text.at_least(value, least, lambda known: writer(declared.kind, human=True)(known or 0.0))
        written = column.text(row, writer(declared.kind, human=rows.picture.human))
        return Cell(written, "" if colour in {"ok", "note"} and kind != OF_ROW else colour, short)

    return cell


def writer(kind: Kind, *, human: bool) -> Callable[[float], str]:
    """How a number of this kind is written in a table, whose titles have the unit of rates; `human` makes it short."""
    short = partial(count, human=human)
    if kind.write is text.rate:
        return lambda value: short(value) if human and value >= 1000 else text.rate(value).removesuffix("/s")
    return short if kind.write is text.count else kind.write


def statuses(
    subject: Subject, tie: str | Callable[[Rows], Values], *, width: int = 9, falling: bool = True, ranked: bool = False
) -> Column[Rows]:
    """The column of a glyph and a word for each status; it sorts by severity, then by `tie`, a column or an array.

    `falling` tells whether the largest of these comes first. Where rows are `ranked` it sorts by `tie` alone.
    """

    def cell(rows: Rows, row: int) -> Cell:
        return Cell(f"{SIGNS[rows.status[row]]} {rows.word(declared.name, row)}", rows.kind(row))

    def order(rows: Rows) -> Sequence[Values]:
        ties = tie(rows) if callable(tie) else rows.shown(tie).order
        return [*([] if ranked else [rows.severity]), ties if falling else -ties.astype(np.float64)]

    declared = subject.schema["status" if "status" in subject.schema else "level"]
    return Column("status", "Status", width, cell, declared.meaning, order, "S")


def reasons(
    subject: Subject,
    name: str = WHY,
    title: str = "Why",
    *,
    width: int = 24,
    grow: int = 2,
    rank: int = 0,
    write: Callable[[View, int, Write], str] | None = None,
) -> Column[Rows]:
    """The last column: the reason, or all there is to say, in words; it takes the room that is left.

    `write` gives a shorter reason for a row of the subject.
    """

    def cell(rows: Rows, row: int) -> Cell:
        said = write(rows.view, int(rows.pick[row]), rows.write) if write else rows.sentence(row, name)
        return Cell(said, "unknown" if rows.status[row] == UNKNOWN else "")

    return Column(
        WHY,
        title,
        width,
        cell=cell,
        meaning=subject.schema[name].meaning,
        grow=grow,
        rank=rank,
    )


def unknowns(rows: Rows, columns: Sequence[Column[Rows]], row: int) -> str:
    """Why numbers of a row are unknown in these columns; those of one reason together, without what "why" says."""
    said = rows.sentence(row) if WHY in rows.subject.schema else ""
    titles: dict[str, list[str]] = {}
    for each in columns:
        why = rows.shown(each.name).why(row) if each.explained else ""
        if why:
            titles.setdefault(text.visible(why), []).append(each.title)
    return "; ".join(f"{', '.join(named)} {text.UNKNOWN}: {why}" for why, named in titles.items() if why not in said)
