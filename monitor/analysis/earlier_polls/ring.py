"""Numbers of earlier polls, a column a poll: all that are recent, and fewer of older ones; and the rates of them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Flags, Floats, Ints, values_at

UNKNOWN = -1
"""A number that was not known at a poll, nor at any before."""

Counts = NDArray[np.int64]
Steps = NDArray[np.int32]

_MOST = np.iinfo(np.int32).max - 2
"""The largest step that fits, however it is written."""


class Point(NamedTuple):
    """The numbers of one poll: read between `time`, in seconds of the monotonic clock, and `took` seconds after it.

    As steps from a number of each row (`Ring.base`), they take half the memory of the counts themselves. One that was
    not known is written as -2 less the last one that was, or UNKNOWN.
    """

    time: float
    took: float
    steps: Steps


@dataclass(frozen=True, eq=False, kw_only=True)
class Ring:
    """Rows of counts that rise, at the times of polls; `points` are the polls, oldest first.

    A number that was not known is remembered as the last one that was (`carried`). A row whose count falls, or leaps by
    more than 32 bits hold, begins anew: what was before `began`, the time of that poll, says nothing of what it counts
    now.

    A point is let go when the two beside it are closer together than `spacing` of their age or than `apart_seconds`, so
    that what lies between two neighbours is known to half of that, and the number of points grows with the logarithm of
    `seconds`. The newest is always kept.
    """

    seconds: float
    spacing: float
    apart_seconds: float = 0.0
    points: tuple[Point, ...] = ()
    base: Counts = field(default_factory=lambda: np.empty(0, np.int64))
    began: Floats = field(default_factory=lambda: np.empty(0))

    def carried(self, point: Point, rows: Ints) -> Steps:
        """The last number of each of `rows` that was known by a point, less `base`; UNKNOWN where none was."""
        steps = _carried(point.steps.take(rows))
        return steps if self._all_begun(point) else np.where(self.began[rows] <= point.time, steps, UNKNOWN)

    def known(self, point: Point, rows: Ints) -> Flags:
        """Whether the number of each of `rows` was known at the poll of a point."""
        known = point.steps.take(rows) >= 0
        return known if self._all_begun(point) else known & (self.began[rows] <= point.time)

    def risen(self, first: Point) -> Floats:
        """How much each row has risen from a point to the newest; NaN where it was not known at both."""
        oldest, newest = first.steps, self.points[-1].steps
        known = (oldest | newest) >= 0
        if not self._all_begun(first):
            known &= self.began <= first.time
        return np.where(known, newest - oldest, np.nan)

    def _all_begun(self, point: Point) -> bool:
        """Whether no row began anew after a point."""
        return self._last_began <= point.time

    @cached_property
    def _last_began(self) -> float:
        return float(np.max(self.began, initial=-np.inf))

    def added(self, time: float, numbers: Floats, took: float = 0.0) -> Self:
        """The ring with one more point that was read between `time`, later than any before, and `took` seconds after.

        `numbers` are NaN where they are not known, else whole and not negative.
        """
        known = ~np.isnan(numbers)
        counts = np.where(known, numbers, 0.0).astype(np.int64)
        last = _carried(self.points[-1].steps) if self.points else np.full(len(numbers), UNKNOWN, np.int32)
        base, began, steps = self.base, self.began, counts - self.base
        anew = np.flatnonzero(known & ((last < 0) | (steps < last) | (steps > _MOST)))
        if len(anew):
            base, began = base.copy(), began.copy()
            base[anew], began[anew], steps[anew] = counts[anew], time, 0
        written = np.where(known, steps, np.where(last >= 0, -2 - last, UNKNOWN)).astype(np.int32)
        return replace(self, points=(*self._thinned(time), Point(time, took, written)), base=base, began=began)

    def moved(self, old_rows: Ints) -> Self:
        """The same in another order: row i is what row `old_rows[i]` was, and a new one where that is -1."""
        return replace(
            self,
            points=tuple(each._replace(steps=values_at(each.steps, old_rows, UNKNOWN)) for each in self.points),
            base=values_at(self.base, old_rows, 0),
            began=values_at(self.began, old_rows, -np.inf),
        )

    def _thinned(self, now: float) -> list[Point]:
        points = [each for each in self.points if now - each.time <= self.seconds]
        index = 1
        while index < len(points) - 1:
            before, after = points[index - 1].time, points[index + 1].time
            if after - before < max(self.apart_seconds, self.spacing * (now - after)):
                del points[index]
            else:
                index += 1
        return points


def _carried(steps: Steps) -> Steps:
    return np.maximum(steps, -2 - steps)


WINDOWS = (60.0, 300.0, 900.0, 3600.0)
"""The windows over which rates are told, in seconds."""
LEAST, MOST = 0.5, 2.0
"""A rate may be over as little or as much of its window while no more is remembered: it is over the nearest to all."""


def rate(ring: Ring, window_seconds: float) -> Floats:
    """Records per second of each row over the window that ends with the newest point, shape (rows,).

    NaN where the number is not known at both ends of the window, fell within it, or where polls were missed for more
    than half of it; also while less than half of the window has been seen.
    """
    newest = ring.points[-1].time if ring.points else np.nan
    ages = [(newest - point.time, point) for point in ring.points]
    fit = [each for each in ages if LEAST * window_seconds <= each[0] <= MOST * window_seconds]
    if not fit:
        return np.full(len(ring.base), np.nan)
    age, first = min(fit, key=lambda each: abs(each[0] - window_seconds))
    rates: Floats = ring.risen(first) / age
    return rates
