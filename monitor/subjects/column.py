"""Subjects: what faces, filters, JSON, CSV and DataFrames know of a kind of thing, declared once.

A subject has rows, a key and columns. A column has a kind, a meaning, and where a View has its values. The kind decides
how a value is written and what a filter may ask of it, so nothing else is declared for a column.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Flags, Ints, Ragged, Texts, objects
from monitor.model.text import Write
from monitor.subjects.kinds import NUMBERS, REASON, Kind, Type

Rows = Ints | slice
"""Which rows of a subject: their numbers, or ALL."""

ALL = slice(None)

ABSENT = "no broker reported it"
"""Why nothing is known of a row that has none in another table."""

INFINITY = "Infinity"
"""How JSON and CSV write a number without a limit."""

Plain = str | int | float | bool | list[int] | list[str] | dict[str, "Plain"] | None
"""A value as JSON has it; None is unknown or absent."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Values of a number or flag column, shape (rows,); NaN is unknown, a flag is 1 or 0."""

    values: NDArray[np.number[Any] | np.bool_]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, eq=False)
class Names:
    """Values of a text column: row i has `values[codes[i]]`; a code of -1 or a value of None is unknown."""

    values: Texts
    codes: Ints

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Lists:
    """Values of a list column: row i has `values.row(rows[i])`, and an unknown list where `rows[i]` is -1."""

    values: Ragged
    rows: Ints

    def __len__(self) -> int:
        return len(self.rows)


Values = Numbers | Names | Lists
Columns = Mapping[str, Values]
"""The values of some rows of a subject, by the names of its columns; all of one length."""


@dataclass(frozen=True)
class Column:
    """A column of a subject. `read` gives its values in a View for some rows.

    `words` are all the texts it can have, where that is certain. `reason` names the column that says why a value is
    unknown, and `otherwise` says it of a View where that one does not; `error` names the column with the error of a
    value, and `at_least` the one with its known part. `partial` are the rows whose numbers are only a known part, or
    one flag for all rows. `above_zero` is the level of a number that ought to be 0. `sentence` writes one row of a
    column of sentences, with a writer of numbers.
    """

    name: str
    kind: Kind
    meaning: str
    read: Callable[[Any, Rows], Values] = field(compare=False)
    words: tuple[str, ...] = ()
    reason: str = ""
    otherwise: str | Callable[[Any], str] = field(default="", compare=False)
    error: str = ""
    at_least: str = ""
    partial: Callable[[Any, Rows], Flags] | None = field(default=None, compare=False)
    above_zero: str = ""
    sentence: Callable[[Any, int, Write], str] | None = field(default=None, compare=False)

    @property
    def type(self) -> Type:
        return self.kind.type

    @property
    def unit(self) -> str:
        return self.kind.unit

    def plain(self, values: Values) -> list[Plain]:
        """The values for JSON and CSV."""
        if isinstance(values, Lists):
            return [None if row < 0 else values.values.row(row) for row in values.rows.tolist()]
        if isinstance(values, Names):
            texts = [*values.values.tolist(), None]
            if self.kind is REASON:
                texts = [each or None for each in texts]
            if self.kind is NUMBERS:
                texts = [{name: self.plain_number(value) for name, value in each or ()} for each in texts]
            elif self.type is Type.LIST:
                texts = [each if each is None else list(each) for each in texts]
            return [texts[code] for code in values.codes.tolist()]
        return [self.plain_number(value) for value in values.values.tolist()]

    def plain_number(self, value: float) -> Plain:
        """A number for JSON and CSV: whole where it can be, INFINITY where it has no limit."""
        if math.isnan(value):
            return None
        if self.type is Type.FLAG:
            return bool(value)
        if math.isinf(value):
            return INFINITY if value > 0 else f"-{INFINITY}"
        value = round(value, self.kind.digits) if self.kind.digits else value
        return int(value) if float(value).is_integer() else value


def words_of(name: str) -> str:
    """The name of a column as a title: log_end becomes Log end."""
    return name.replace("_", " ").capitalize()


@dataclass(frozen=True, eq=False)
class Subject:
    """A kind of thing that a View has rows of.

    `count` gives how many rows a View has of it. `key` are the columns that name a row. `about` says in one line what
    a row is. `judged` is what `View.judged` calls the judgements on its rows, where there are any.
    """

    name: str
    about: str
    key: tuple[str, ...]
    count: Callable[[Any], int]
    columns: tuple[Column, ...]
    judged: str = ""

    @cached_property
    def schema(self) -> "Schema":
        """The columns by name."""
        return schema_of(*self.columns)

    def others(self, listed: Iterable[str]) -> tuple[Column, ...]:
        """The columns beside those `listed` that people read: no key, status, sentence nor part of another column."""
        parts = {name for each in self.columns for name in (each.reason, each.error, each.at_least)}
        left = {*listed, *self.key, *parts, "status", "level", "since_at_latest"}
        return tuple(
            each for each in self.columns if each.name not in left and each.kind is not REASON and not each.sentence
        )

    def read(self, view: Any, rows: Rows = ALL) -> "Reading":
        """The values of these rows, each column read when it is first asked for."""
        return Reading(self, view, rows)

    def plain(self, view: Any, rows: Rows = ALL, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
        """These rows as JSON objects: all columns, or those named."""
        names = list(self.schema) if names is None else names
        columns = [self.schema[name].plain(self.schema[name].read(view, rows)) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


Schema = Mapping[str, Column]
"""The columns of a subject, by name."""


class Reading(Mapping[str, Values]):
    """The columns of some rows of a View."""

    def __init__(self, subject: Subject, view: Any, rows: Rows) -> None:
        self.subject, self.view, self.rows = subject, view, rows
        self._known: dict[str, Values] = {}

    def __getitem__(self, name: str) -> Values:
        if name not in self._known:
            self._known[name] = self.subject.schema[name].read(self.view, self.rows)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.subject.schema)

    def __len__(self) -> int:
        return len(self.subject.schema)


def schema_of(*columns: Column) -> Schema:
    return {each.name: each for each in columns}


def columns_of(schema: Schema, rows: Sequence[Mapping[str, Any]]) -> Columns:
    """The values of a few rows that are written out; None is unknown. Without lists, which no filter can ask for."""
    columns: dict[str, Values] = {}
    for name, column in schema.items():
        values = [row[name] for row in rows]
        if column.type is Type.TEXT:
            columns[name] = Names(objects(values), np.arange(len(values), dtype=np.int32))
        elif column.type is not Type.LIST:
            columns[name] = Numbers(np.array([np.nan if each is None else float(each) for each in values], np.float64))
    return columns
