"""Row sets that a filter is asked of: which columns they have, of what type, and their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Ints, Texts, objects


class Kind(Enum):
    """The types of columns, in words."""

    NUMBER = "a number"
    TEXT = "a text"
    FLAG = "true or false"


@dataclass(frozen=True)
class Column:
    """A column of a row set. `unit` is "seconds" or "bytes" where a filter may write one, or what is counted.

    `words` are all the texts it can have, where that is certain.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    words: tuple[str, ...] = ()


Schema = Mapping[str, Column]
"""The columns of a row set, by name."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Values of a number or flag column, shape (rows,); NaN is unknown, a flag is 1 or 0."""

    values: NDArray[np.number[Any]]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, eq=False)
class Names:
    """Values of a text column: row i has `values[codes[i]]`; a code of -1 or a value of None is unknown."""

    values: Texts
    codes: Ints

    def __len__(self) -> int:
        return len(self.codes)


Columns = Mapping[str, Numbers | Names]
"""The values of a row set, by the names of its Schema; all of one length."""


def schema_of(*columns: Column) -> Schema:
    return {each.name: each for each in columns}


def columns_of(schema: Schema, rows: Sequence[Mapping[str, str | float | bool | None]]) -> Columns:
    """The values of a few rows that are written out; None is unknown."""
    columns: dict[str, Numbers | Names] = {}
    for name, column in schema.items():
        values = [row[name] for row in rows]
        if column.kind is Kind.TEXT:
            columns[name] = Names(objects(values), np.arange(len(values), dtype=np.int32))
        else:
            columns[name] = Numbers(np.array([np.nan if each is None else float(each) for each in values], np.float64))
    return columns
