"""Numbers of earlier polls, a column a poll: all that are recent, and fewer of older ones; and the rates of them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Flags, Floats, Ints, values_at
from monitor.model.time_scale import lasting

UNKNOWN = -1
"""A number that was not known at a poll, nor at any before."""

Counts = NDArray[np.int64]
Steps = NDArray[np.int32]

MOST_GAPS = 8
"""Where there are more gaps than this for each row, the oldest count as time in which the number was known."""

_MOST = np.iinfo(np.int32).max - 2
"""The largest step that fits, however it is written."""


class Point(NamedTuple):
    """The numbers of one poll: read between `time`, in seconds of the monotonic clock, and `took` seconds after it.

    They were requested `after` so many seconds, which is more than usual where the poll waited for a broker before.
    As steps from a number of each row (`Ring.base`), they take half the memory of the counts themselves. One that was
    not known is written as -2 less the last one that was, or UNKNOWN.
    """

    time: float
    took: float
    steps: Steps
    after: float = 0.0

    @property
    def asked_at(self) -> float:
        """Monotonic time of the request."""
        return self.time + self.after


class Gap(NamedTuple):
    """Rows whose number was unknown or not asked for until `time`: for how many seconds, and how much it rose then."""

    time: float
    rows: Ints
    seconds: Floats
    risen: Steps

    def moved(self, place: Ints) -> "Gap":
        """The same where row i is now row `place[i]`, or gone where that is -1."""
        rows = place[self.rows]
        kept = rows >= 0
        return Gap(self.time, rows[kept], self.seconds[kept], self.risen[kept])


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
    known_at: Floats = field(default_factory=lambda: np.empty(0))
    """When the number of each row was known last that is not known at the newest point."""
    gaps: tuple[Gap, ...] = ()

    def carried(self, point: Point, rows: Ints) -> Steps:
        """The last number of each of `rows` that was known by a point, less `base`; UNKNOWN where none was."""
        steps = _carried(point.steps.take(rows))
        return steps if self._all_begun(point) else np.where(self.began[rows] <= point.time, steps, UNKNOWN)

    def known(self, point: Point, rows: Ints) -> Flags:
        """Whether the number of each of `rows` was known at the poll of a point."""
        known = point.steps.take(rows) >= 0
        return known if self._all_begun(point) else known & (self.began[rows] <= point.time)

    def risen(self, first: Point) -> tuple[Floats, Floats]:
        """How much each row has risen from a point to the newest, and in how many seconds, both without gaps.

        The first is NaN where the number was not known at both; the second is one number where no row had a gap.
        """
        oldest, newest = first.steps, self.points[-1].steps
        known = (oldest | newest) >= 0
        if not self._all_begun(first):
            known &= self.began <= first.time
        risen = np.where(known, newest - oldest, np.nan)
        gaps = [each for each in self.gaps if each.time > first.time]
        seconds = np.full(len(risen) if gaps else (), self.points[-1].asked_at - first.asked_at)
        for gap in gaps:
            risen[gap.rows] -= gap.risen
            seconds[gap.rows] -= gap.seconds
        return risen, seconds

    def _all_begun(self, point: Point) -> bool:
        """Whether no row began anew after a point."""
        return self._last_began <= point.time

    @cached_property
    def _last_began(self) -> float:
        return float(np.max(self.began, initial=-np.inf))

    def added(
        self, time: float, numbers: Floats, took: float = 0.0, after: float = 0.0, *, missed: bool = False
    ) -> Self:
        """The ring with one more point that was read between `time`, later than any before, and `took` seconds after.

        It was requested `after` seconds. `numbers` are NaN where they are not known, else whole and not negative.
        `missed` is whether polls were missed since the point before.
        """
        known = ~np.isnan(numbers)
        counts = np.where(known, numbers, 0.0).astype(np.int64)
        last = _carried(self.points[-1].steps) if self.points else np.full(len(numbers), UNKNOWN, np.int32)
        base, began, steps = self.base, self.began, counts - self.base
        known_at, gaps = self._gaps(time, time + after, known, steps, missed=missed)
        anew = np.flatnonzero(known & ((last < 0) | (steps < last) | (steps > _MOST)))
        if len(anew):
            base, began = base.copy(), began.copy()
            base[anew], began[anew], steps[anew] = counts[anew], time, 0
        written = np.where(known, steps, np.where(last >= 0, -2 - last, UNKNOWN)).astype(np.int32)
        return replace(
            self,
            points=(*self._thinned(time), Point(time, took, written, after)),
            base=base,
            began=began,
            known_at=known_at,
            gaps=gaps,
        )

    def moved(self, old_rows: Ints) -> Self:
        """The same in another order: row i is what row `old_rows[i]` was, and a new one where that is -1."""
        place = np.full(len(self.base) + 1, -1)
        place[old_rows] = np.arange(len(old_rows))  # the last is for those of -1
        return replace(
            self,
            points=tuple(each._replace(steps=values_at(each.steps, old_rows, UNKNOWN)) for each in self.points),
            base=values_at(self.base, old_rows, 0),
            began=values_at(self.began, old_rows, -np.inf),
            known_at=values_at(self.known_at, old_rows, -np.inf),
            gaps=tuple(each.moved(place) for each in self.gaps),
        )

    def _gaps(
        self, time: float, asked_at: float, known: Flags, steps: Counts, *, missed: bool
    ) -> tuple[Floats, tuple[Gap, ...]]:
        """`known_at` and `gaps` with one more point; of gaps no more than MOST_GAPS for each row on average."""
        before = self.points[-1] if self.points else Point(time, 0.0, np.full(len(known), UNKNOWN, np.int32))
        was_known = before.steps >= 0
        if not missed and np.array_equal(known, was_known):
            return self.known_at, self.gaps
        known_at = np.where(was_known, before.asked_at, self.known_at)
        rows = np.flatnonzero(known & (before.steps != UNKNOWN) & (missed | ~was_known))
        gaps = [each for each in self.gaps if time - each.time <= self.seconds]
        if len(rows):
            gaps.append(Gap(time, rows, asked_at - known_at[rows], (steps - _carried(before.steps))[rows]))
        while sum(len(each.rows) for each in gaps) > MOST_GAPS * len(known):
            del gaps[0]
        return known_at, tuple(gaps)

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


WINDOWS = tuple(map(lasting, (60.0, 300.0, 900.0, 3600.0)))
"""The windows of rates, in seconds."""
LEAST, MOST = 0.5, 2.0
"""A rate may be over as little or as much of its window while no more is remembered: it is over the nearest to all."""


def rate(ring: Ring, window_seconds: float) -> Floats:
    """Records per second of each row over the window that ends with the newest point, shape (rows,).

    Times in which the number was unknown or polls were missed do not count, nor do the records of these: a broker that
    was away makes no rate lower. NaN where the number is not known at both ends of the window, fell within it, or was
    known for less than half of it.
    """
    # Numbers are of when they were requested: a poll that waits for a broker first reads what was written meanwhile.
    newest = ring.points[-1].asked_at if ring.points else np.nan
    ages = [(newest - point.asked_at, point) for point in ring.points]
    fit = [each for each in ages if LEAST * window_seconds <= each[0] <= MOST * window_seconds]
    if not fit:
        return np.full(len(ring.base), np.nan)
    _, first = min(fit, key=lambda each: abs(each[0] - window_seconds))
    risen, seconds = ring.risen(first)
    rates: Floats = risen / np.where(seconds >= LEAST * window_seconds, seconds, np.nan)
    return rates
