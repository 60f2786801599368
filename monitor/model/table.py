"""Tables of frozen columns: what a Snapshot and a View are made of.

A number that can be unknown is a float64 column where NaN means unknown, beside a `reason` column that says why.
NaN spreads through arithmetic, so an unknown never turns into a number by accident (docs/decisions/0001).
"""

from collections.abc import Iterable, Sequence
from dataclasses import Field, dataclass, field, fields, replace
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitor.model.patterns import Pattern

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


def column(dtype: str, meaning: str, unit: str = "") -> Any:
    """A field of a Table: its numpy dtype ("i4", "f8", "?", "O"), what it means, and its unit if it has one."""
    return field(metadata={"dtype": np.dtype(dtype), "meaning": meaning, "unit": unit})


@dataclass(frozen=True, eq=False)
class Ragged:
    """A list of int32 for each row of a table: row i is `values[starts[i]:starts[i + 1]]`."""

    values: Ints
    starts: Ints

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]]) -> Self:
        starts = np.zeros(len(rows) + 1, np.int32)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        return cls(np.array([value for row in rows for value in row], np.int32), starts)

    def __post_init__(self) -> None:
        self.values.setflags(write=False)
        self.starts.setflags(write=False)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, index: int) -> list[int]:
        return [int(value) for value in self.values[self.starts[index] : self.starts[index + 1]]]

    @property
    def counts(self) -> Ints:
        """How many values each row has."""
        return np.diff(self.starts).astype(np.int32)

    def flat(self, rows: Ints) -> tuple[Ints, Ints]:
        """All values of some rows: the place in `rows` that each is from, and the value."""
        counts = self.counts[rows]
        at = np.repeat(np.arange(len(rows)), counts)
        first = np.repeat(self.starts[rows] - (np.cumsum(counts) - counts), counts)
        return at, self.values[first + np.arange(len(first))]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length, write-protected. Subclasses declare them with `column`.

    Raises ValueError when the columns differ in length.
    """

    def __post_init__(self) -> None:
        lengths = set()
        for each in self.schema():
            value = getattr(self, each.name)
            if not isinstance(value, Ragged):
                value = np.asarray(value, each.metadata["dtype"])
                value.setflags(write=False)
                object.__setattr__(self, each.name, value)
            lengths.add(len(value))
        if len(lengths) > 1:
            raise ValueError(f"{type(self).__name__}: columns of different lengths {sorted(lengths)}")

    @classmethod
    @cache
    def schema(cls) -> tuple[Field[Any], ...]:
        """The fields that are columns, in order; their metadata has `dtype`, `meaning` and `unit`."""
        return tuple(each for each in fields(cls) if "dtype" in each.metadata)

    @classmethod
    @cache
    def empty(cls) -> Self:
        ragged = {each.name for each in fields(cls) if each.type is Ragged}
        return cls(
            **{
                each.name: Ragged.of([]) if each.name in ragged else np.empty(0, each.metadata["dtype"])
                for each in cls.schema()
            }
        )

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[Any]]) -> Self:
        """A table of rows, each with a value for every column in order; None is NaN in a column of numbers."""
        columns = list(zip(*rows, strict=True))
        if not columns:
            return cls.empty()
        return cls(**{each.name: _made(each, values) for each, values in zip(cls.schema(), columns, strict=True)})

    def with_rows(self, rows: Iterable[Sequence[Any]]) -> Self:
        """The table with more rows at its end, as `of_rows` takes them. Not for tables with Ragged columns."""
        more = self.of_rows(rows)
        names = [each.name for each in self.schema()]
        return replace(self, **{name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in names})

    @classmethod
    def of(cls, objects: Iterable[Any]) -> Self:
        """A table with a row for each object: its attributes that are named as the columns."""
        return cls.of_rows([getattr(each, column.name) for column in cls.schema()] for each in objects)

    def taken(self, rows: Ints) -> Self:
        """These rows, in this order. Not for tables with Ragged columns."""
        return replace(self, **{each.name: getattr(self, each.name)[rows] for each in self.schema()})

    def __len__(self) -> int:
        return len(getattr(self, self.schema()[0].name))


def _made(of: Field[Any], values: tuple[Any, ...]) -> "Ragged | NDArray[Any]":
    if of.type is Ragged:
        return Ragged.of(values)
    return objects(values) if of.metadata["dtype"].hasobject else np.array(values, of.metadata["dtype"])


def objects(values: Any) -> Texts:
    """A column of Python objects (texts or None) from any iterable, never a two-dimensional array."""
    values = list(values)
    result = np.empty(len(values), object)
    result[:] = values
    return result


def pair_key(row: Ints, node: Ints) -> Ints:
    """One number for each pair of a row and a node, which ascends by row and then by node."""
    return row.astype(np.int64) << 32 | node


def values_at(values: Any, rows: Ints, nothing: float = np.nan) -> Any:
    """`values[rows]`, and `nothing` where a row is -1, of which there is none."""
    return np.append(values, np.array(nothing, values.dtype))[rows]


def matching(pattern: Pattern | None, names: Texts) -> Flags:
    """Which whole names a pattern matches, shape (names,); None matches all."""
    if pattern is None:
        return np.ones(len(names), np.bool_)
    return np.fromiter(map(pattern.matches, names), np.bool_, len(names))
