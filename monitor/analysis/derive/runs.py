"""Rows of a table that stand together by a key, and what is summed or compared over each run of them."""

from functools import cached_property
from typing import Any

import numpy as np

from monitor.model.table import Flags, Floats, Ints


class Runs:
    """Of a column `key` whose equal values stand together, each the row of one of `count` results."""

    def __init__(self, key: Ints, count: int) -> None:
        self._rows, self.count = len(key), count
        self.firsts: Ints = np.flatnonzero(changes(key))
        """The first row of each run."""
        self.keys: Ints = key[self.firsts]

    @cached_property
    def lengths(self) -> Ints:
        """How many rows each result has."""
        lengths = np.zeros(self.count, np.int32)
        lengths[self.keys] = np.diff(self.firsts, append=self._rows)
        return lengths

    def over(self, ufunc: np.ufunc, column: Any, nothing: float) -> Floats:
        """A column taken together by a ufunc such as np.maximum, shape (count,); `nothing` where there is no row."""
        result = np.full(self.count, nothing)
        if len(self.firsts):
            result[self.keys] = ufunc.reduceat(column, self.firsts)
        return result

    def sum(self, column: Any) -> Floats:
        """Sums in float64, shape (count,); unknown where a part is."""
        result = np.zeros(self.count)
        if len(self.firsts):
            result[self.keys] = np.add.reduceat(column, self.firsts, dtype=np.float64)
        return result

    def first(self, flags: Flags) -> Ints:
        """The first row of each run that is flagged, -1 where none is."""
        rows = np.where(flags, np.arange(self._rows, dtype=np.int32), np.int32(self._rows))
        first = self.over(np.minimum, rows, self._rows).astype(np.int32)
        return np.where(first == self._rows, np.int32(-1), first)

    def spread(self, results: Any) -> Any:
        """What was found for each result, for each row of it; shape (rows,)."""
        return np.repeat(results[self.keys], np.diff(self.firsts, append=self._rows))


def changes(values: Ints) -> Flags:
    """Which rows have another value than the row before; the first row does."""
    new = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
