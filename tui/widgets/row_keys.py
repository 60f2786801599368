"""Keys of the rows of a table: made one by one, as only the rows in sight need theirs."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from monitor.subjects.column import Names, Numbers, Values


def value_at(values: Values, row: int) -> Hashable:
    """A text or a number of a column, None where it is unknown. A whole number is an int."""
    if isinstance(values, Names):
        return None if values.codes[row] < 0 else values.values[values.codes[row]]
    assert isinstance(values, Numbers)
    number = float(values.values[row])
    return None if np.isnan(number) else int(number) if number.is_integer() else number


class RowKeys(Sequence[Hashable]):
    """The key of each row, from columns of equal length: the value of one, or a tuple of the values of several."""

    def __init__(self, *columns: Values) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns[0])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[row] for row in range(len(self))[index]]
        key = tuple(value_at(each, index) for each in self._columns)
        return key if len(key) > 1 else key[0]

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first row with this key. Raises ValueError when there is none."""
        at = np.arange(len(self))[start:stop]
        wanted = value if len(self._columns) > 1 else (value,)
        for column, each in reversed([*zip(self._columns, wanted, strict=True)]):
            at = at[_equal(column, at, each)]
        if not len(at):
            raise ValueError(f"no row {value}")
        return int(at[0])


def _equal(column: Values, at: Any, value: Hashable) -> Any:
    if isinstance(column, Names):
        codes = column.codes[at]
        return codes < 0 if value is None else (codes >= 0) & (column.values[codes] == value)
    assert isinstance(column, Numbers)
    numbers = column.values[at]
    return np.isnan(numbers) if value is None else numbers == value
