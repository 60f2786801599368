"""When a record was appended, from end offsets of earlier polls: between the last without it, and the next."""

import numpy as np

from monitor.analysis.earlier_polls.ring import Ring
from monitor.model.table import Floats, Ints


def bracket(ends: Ring, partition: Ints, offset: Ints) -> tuple[Floats, Floats]:
    """Between which seconds of the monotonic clock the record at `offset` of each partition row was appended.

    The first is -inf where no poll was early enough to tell; both are NaN where no poll saw the record.
    """
    low, high = np.full(len(offset), np.nan), np.full(len(offset), np.nan)
    if not len(ends) or not len(offset):
        return low, high
    after = _first_beyond(ends, partition, offset)
    seen = after < len(ends)
    times, took = ends.times, ends.took
    high[seen] = (times + took)[after[seen]]
    low[seen] = -np.inf
    before = _last_known(ends, partition, after - 1)
    dated = seen & (before >= 0)
    low[dated] = times[before[dated]]
    return low, high


def _first_beyond(ends: Ring, partition: Ints, offset: Ints) -> Ints:
    """The first point whose end offset is beyond `offset`, the number of points where none is: by binary search."""
    first, last = np.zeros(len(offset), np.int64), np.full(len(offset), len(ends), np.int64)
    for _ in range(len(ends).bit_length()):
        middle = np.minimum((first + last) // 2, len(ends) - 1)
        beyond = ends.carried(middle, partition) > offset
        open_ = first < last
        last = np.where(open_ & beyond, middle, last)
        first = np.where(open_ & ~beyond, middle + 1, first)
    return last


def _last_known(ends: Ring, partition: Ints, point: Ints) -> Ints:
    """The newest point not after `point` whose end offset was known at its poll, -1 where there is none."""
    point = point.copy()
    for _ in range(len(ends)):
        unknown = np.flatnonzero((point >= 0) & ~ends.known(point, partition))
        if not len(unknown):
            break
        point[unknown] -= 1
    return point
