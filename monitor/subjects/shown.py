"""Columns of a subject as people read them: written value by value, and why a value is unknown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Flags, Floats, Ints
from monitor.model.text import at_least, count, name_of, visible
from monitor.subjects.column import ABSENT, Column, Names, Numbers, Reading, Values
from monitor.subjects.kinds import TEXT, Type

UNREPORTED = "not reported by the broker"
"""Why a value is unknown where nothing else says why."""

Write = Callable[[float], str]


def written(
    column: Column, value: Any, error: float | None = None, part: float | None = None, write: Write | None = None
) -> str:
    """A value of a column as one line: 3 min ± 12 s, ≥ 1,234, or a dash where it is unknown.

    The value may be as in JSON, with infinity as INFINITY. `write` is how a number is written, by default as its kind
    has it.
    """
    if isinstance(value, dict):
        numbers = ((name, math.nan if each is None else float(each)) for name, each in value.items())
        return ", ".join(f"{name_of(name)} {count(number)}" for name, number in numbers)
    if isinstance(value, list):
        return ", ".join(name_of(str(each)) for each in value)
    if value is None or column.type is Type.TEXT:
        return name_of(value) if value is not None and column.kind is TEXT else visible(value)
    number, write = float(value), write or column.kind.write
    if math.isnan(number):
        return at_least(None, part, lambda known: write(known or 0.0))
    off_by = f" ± {write(error)}" if error is not None and error >= 1 and math.isfinite(number) else ""
    return write(number) + off_by


@dataclass(frozen=True, eq=False)
class Shown:
    """A column of some rows of a View. Nothing is written before it is asked for.

    `values`, shape (rows,), are numbers with NaN for unknown, or texts with None; so are `error` and `part`, the known
    part of a number that is not known whole, which are absent where the column has none.
    """

    column: Column
    values: NDArray[np.generic]
    error: Floats | None
    part: Floats | None
    reading: Reading

    def __len__(self) -> int:
        return len(self.values)

    def is_known(self, row: int) -> bool:
        value = self.values[row]
        return value is not None and not (isinstance(value, np.floating) and np.isnan(value))

    def text(self, row: int, write: Write | None = None) -> str:
        """A value as `written`, with its error or known part."""
        error, part = (None if each is None else float(each[row]) for each in (self.error, self.part))
        return written(self.column, self.values[row], error, part, write)

    def level(self, row: int) -> str:
        """The level of a number that ought to be 0 and is not; empty for all others."""
        level = self.column.above_zero
        return level if level and float(np.nan_to_num(_floats(self.order[row : row + 1])[0])) > 0 else ""

    def why(self, row: int) -> str:
        """Why a value is unknown; empty where it is known."""
        if self.is_known(row):
            return ""
        told = None
        if isinstance(self.reasons, Names):
            told = self.reasons.values[self.reasons.codes[row]] if self.reasons.codes[row] >= 0 else None
        return self._because(told)

    @cached_property
    def reasons(self) -> Values | None:
        """The reasons of the rows, where the column has them."""
        return self.reading[self.column.reason] if self.column.reason else None

    @cached_property
    def otherwise(self) -> str:
        """Why a value is unknown where no reason of its row says it."""
        said = self.column.otherwise
        return said if isinstance(said, str) else said(self.reading.view)

    def _because(self, told: str | None) -> str:
        return told if told and (told != ABSENT or not self.otherwise) else self.otherwise or UNREPORTED

    @cached_property
    def unknown(self) -> Flags:
        """Which values are unknown, shape (rows,)."""
        if self.values.dtype.hasobject:
            return np.array([each is None for each in self.values], bool)
        return np.isnan(_floats(self.values))

    def whys(self) -> tuple[list[str], Ints]:
        """Why values are unknown: texts, the first of them empty, and for each row the place of its own."""
        if not isinstance(self.reasons, Names):
            return ["", self._because(None)], self.unknown.astype(np.int32)
        texts = ["", self._because(None), *map(self._because, self.reasons.values.tolist())]
        return texts, np.where(self.unknown, self.reasons.codes.astype(np.int32).clip(-1) + 2, 0)

    @cached_property
    def order(self) -> NDArray[np.generic]:
        """What rows are sorted by: the values, or their known parts where a column has these."""
        return self.values if self.part is None else np.where(np.isnan(_floats(self.values)), self.part, self.values)


def shown(reading: Reading, name: str) -> Shown:
    """A column of the rows that were read, by its name. Raises KeyError for one that the subject does not have."""
    column = reading.subject.schema[name]
    values = _plain(column, reading[name])
    error = _floats(_plain(column, reading[column.error])) if column.error else None
    part = _floats(_plain(column, reading[column.at_least])) if column.at_least else None
    if column.partial is not None:
        part = _floats(values)
        values = np.where(column.partial(reading.view, reading.rows), np.nan, part)
    return Shown(column, values, error, part, reading)


def _floats(values: NDArray[np.generic]) -> Floats:
    return values.astype(np.float64)


def _plain(column: Column, values: Values) -> NDArray[np.generic]:
    """The values themselves: numbers, texts or None, and lists, numbers by name or None as in JSON."""
    if isinstance(values, Numbers):
        return values.values
    if isinstance(values, Names) and column.type is Type.TEXT:
        return np.append(values.values, np.array([None], object))[values.codes]
    plain = np.empty(len(values), object)
    plain[:] = column.plain(values)
    return plain
