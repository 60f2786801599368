"""Numbers of earlier polls, a column a poll: all that are recent, and of older ones as few as precision needs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Floats, Ints

UNKNOWN = -1
"""A number that was not known at a poll, nor at any before."""

Counts = NDArray[np.int64]
Steps = NDArray[np.int32]

_MOST = np.iinfo(np.int32).max - 2
"""The largest step that fits, however it is written."""


class Ring:
    """Rows of counts that rise, at the times of polls, oldest first.

    A number that was not known is remembered as the last one that was (`carried`). A row whose count falls, or leaps by
    more than 32 bits hold, begins anew: what was before says nothing of what it counts now.

    A point is let go when the two beside it are closer together than `spacing` of their age or than `apart_seconds`, so
    that what lies between two neighbours is known to half of that, and the number of points grows with the logarithm of
    `seconds`. The newest is always kept.
    """

    def __init__(self, rows: int, *, seconds: float, spacing: float, apart_seconds: float = 0.0) -> None:
        self._seconds, self._spacing, self._apart = seconds, spacing, apart_seconds
        self._times: list[float] = []
        self._took: list[float] = []
        self._slots: list[int] = []
        # As steps from a number of each row, they take half the memory of the counts themselves. One that was not known
        # is written as -2 less the last one that was, or UNKNOWN.
        self._steps: Steps = np.empty((8, rows), np.int32)
        self._base: Counts = np.zeros(rows, np.int64)

    def __len__(self) -> int:
        return len(self._times)

    @property
    def rows(self) -> int:
        return len(self._base)

    @property
    def times(self) -> Floats:
        """Seconds of the monotonic clock, shape (points,), ascending."""
        return np.array(self._times)

    @property
    def took(self) -> Floats:
        """How many seconds after its time each point may have been read, shape (points,)."""
        return np.array(self._took)

    def carried(self, points: Ints, rows: Ints) -> Counts:
        """For pairs of a point and a row the last number known by then, UNKNOWN where none was."""
        steps = _carried(self._steps[np.array(self._slots)[points], rows])
        return np.where(steps >= 0, self._base[rows] + steps, UNKNOWN)

    def known(self, points: Ints, rows: Ints) -> Any:
        """For pairs of a point and a row whether the number was known at that poll."""
        return self._steps[np.array(self._slots)[points], rows] >= 0

    def risen(self, first: int) -> Floats:
        """How much each row has risen from a point to the newest; NaN where it was not known at both."""
        oldest, newest = self._steps[self._slots[first]], self._steps[self._slots[-1]]
        return np.where((oldest >= 0) & (newest >= 0), newest.astype(np.float64) - oldest, np.nan)

    def add(self, time: float, numbers: Floats, took: float = 0.0) -> None:
        """Append a point that was read between `time`, later than any before, and `took` seconds after it.

        `numbers` are NaN where they are not known, else whole and not negative.
        """
        known = ~np.isnan(numbers)
        counts = np.where(known, numbers, 0.0).astype(np.int64)
        last = _carried(self._steps[self._slots[-1]]) if self._slots else np.full(self.rows, UNKNOWN, np.int32)
        steps = counts - self._base
        anew = np.flatnonzero(known & ((last < 0) | (steps < last) | (steps > _MOST)))
        self.forget(anew)
        self._base[anew], steps[anew] = counts[anew], 0
        self._thin(time)
        slot = self._free()
        self._steps[slot] = np.where(known, steps, np.where(last >= 0, -2 - last, UNKNOWN))
        self._times.append(time)
        self._took.append(took)
        self._slots.append(slot)

    def realign(self, old_rows: Ints) -> None:
        """Give the rows another order: row i is what row `old_rows[i]` was, and a new one where that is negative."""
        there = old_rows >= 0
        steps = np.full((len(self._steps), len(old_rows)), UNKNOWN, np.int32)
        base = np.zeros(len(old_rows), np.int64)
        steps[:, there], base[there] = self._steps[:, old_rows[there]], self._base[old_rows[there]]
        self._steps, self._base = steps, base

    def forget(self, rows: Ints) -> None:
        """Nothing before now is known of these rows."""
        if len(rows):
            self._steps[:, rows] = UNKNOWN

    def _thin(self, now: float) -> None:
        while self._times and now - self._times[0] > self._seconds:
            self._drop(0)
        index = 1
        while index < len(self._times) - 1:
            before, after = self._times[index - 1], self._times[index + 1]
            if after - before < max(self._apart, self._spacing * (now - after)):
                self._drop(index)
            else:
                index += 1

    def _drop(self, index: int) -> None:
        del self._times[index], self._took[index], self._slots[index]

    def _free(self) -> int:
        taken = set(self._slots)
        free = next((slot for slot in range(len(self._steps)) if slot not in taken), None)
        if free is None:
            free = len(self._steps)
            self._steps = np.concatenate([self._steps, np.empty((free // 4, self.rows), np.int32)])
        return free


def _carried(steps: Steps) -> Steps:
    return np.where(steps < UNKNOWN, -2 - steps, steps)
