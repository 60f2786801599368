"""Numbers of earlier polls, a column a poll: all of the last minutes, and of older ones as few as precision needs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.table import Flags, Floats, Ints

UNKNOWN = -1
"""A number that was not known at a poll."""

Counts = NDArray[np.int64]


class Ring:
    """Rows of int64 numbers (UNKNOWN or not negative) at the times of polls, oldest first.

    A point is let go when the two beside it are closer together than `spacing` of their age, so that what lies between
    two neighbours is known to half of that share of its age, and the number of points grows with the logarithm of
    `seconds`. Points younger than `whole_seconds` are all kept.
    """

    def __init__(self, rows: int, *, seconds: float, spacing: float, whole_seconds: float = 0.0) -> None:
        self._seconds, self._spacing, self._whole = seconds, spacing, whole_seconds
        self._times: list[float] = []
        self._took: list[float] = []
        self._slots: list[int] = []
        self._store: Counts = np.empty((8, rows), np.int64)
        self._numbered: list[int] = []
        self._count = 0
        self._highest: Counts = np.full(rows, UNKNOWN, np.int64)
        self._fell: Ints = np.zeros(rows, np.int32)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def times(self) -> Floats:
        """Seconds of the monotonic clock, shape (points,), ascending."""
        return np.array(self._times)

    @property
    def took(self) -> Floats:
        """How many seconds after its time each point may have been read, shape (points,)."""
        return np.array(self._took)

    @property
    def slots(self) -> Ints:
        """Row of `values` for each point, shape (points,)."""
        return np.array(self._slots, np.int64)

    @property
    def values(self) -> Counts:
        """Shape (any, rows): `values[slots[point], row]`."""
        return self._store

    def point(self, index: int) -> Counts:
        """The numbers at a point, shape (rows,); -1 is the newest."""
        numbers: Counts = self._store[self._slots[index]]
        return numbers

    def add(self, time: float, numbers: Counts, took: float = 0.0) -> None:
        """Append a point that was read between `time`, later than any before, and `took` seconds after it."""
        self._thin(time)
        slot = self._free()
        self._store[slot] = numbers
        self._count += 1
        self._fell[(numbers >= 0) & (numbers < self._highest)] = self._count
        np.copyto(self._highest, numbers, where=numbers >= 0)
        self._numbered.append(self._count)
        self._times.append(time)
        self._took.append(took)
        self._slots.append(slot)

    def rose_since(self, index: int) -> Flags:
        """Which rows have never become less since a point, shape (rows,)."""
        return np.less_equal(self._fell, self._numbered[index])

    def realign(self, old_rows: Ints) -> None:
        """Give the rows another order: row i is what row `old_rows[i]` was, and UNKNOWN where that is negative."""
        there = old_rows >= 0

        def moved(numbers: Any, nothing: int) -> Any:
            fresh = np.full((*numbers.shape[:-1], len(old_rows)), nothing, numbers.dtype)
            fresh[..., there] = numbers[..., old_rows[there]]
            return fresh

        self._store, self._highest = moved(self._store, UNKNOWN), moved(self._highest, UNKNOWN)
        self._fell = moved(self._fell, 0)

    def forget(self, rows: Ints) -> None:
        """Nothing before now is known of these rows."""
        self._store[:, rows] = UNKNOWN
        self._highest[rows] = UNKNOWN

    def back(self, now: float, seconds: float) -> int | None:
        """The newest point that is at least `seconds` old, None where there is none."""
        index = int(np.searchsorted(self._times, now - seconds, side="right")) - 1
        return index if index >= 0 else None

    def _thin(self, now: float) -> None:
        while self._times and now - self._times[0] > self._seconds:
            self._drop(0)
        index = 1
        while index < len(self._times) - 1:
            before, after = self._times[index - 1], self._times[index + 1]
            age = now - after
            if age > self._whole and after - before < self._spacing * age:
                self._drop(index)
            else:
                index += 1

    def _drop(self, index: int) -> None:
        del self._times[index], self._took[index], self._slots[index], self._numbered[index]

    def _free(self) -> int:
        taken = set(self._slots)
        free = next((slot for slot in range(len(self._store)) if slot not in taken), None)
        if free is None:
            free = len(self._store)
            more = np.empty((free // 2, self._store.shape[1]), np.int64)
            self._store = np.concatenate([self._store, more])
        return free


def known_ends(numbers: Counts) -> Counts:
    """The numbers of a point, where one is -2 less the last that was known that one; UNKNOWN where none ever was."""
    return np.where(numbers < UNKNOWN, -2 - numbers, numbers)
