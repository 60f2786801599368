"""When a record was appended, from end offsets of earlier polls: between the last without it, and the next."""

from collections.abc import Iterator

import numpy as np

from monitor.analysis.earlier_polls.ring import Ring
from monitor.model.table import Floats, Ints


def bracket(ends: Ring, partition: Ints, offset: Ints) -> tuple[Floats, Floats]:
    """Between which seconds of the monotonic clock the record at `offset` of each partition row was appended.

    The first is -inf where no poll was early enough to tell; both are NaN where no poll saw the record.
    """
    low, high = np.full(len(offset), np.nan), np.full(len(offset), np.nan)
    for after, found in _first_beyond(ends, partition, offset):
        point, rows = ends.points[after], found
        low[rows], high[rows] = -np.inf, point.time + point.took
        for before in reversed(ends.points[:after]):
            known = ends.known(before, partition[rows])
            low[rows[known]] = before.time
            rows = rows[~known]
            if not len(rows):
                break
    return low, high


def _first_beyond(ends: Ring, partition: Ints, offset: Ints) -> Iterator[tuple[int, Ints]]:
    """The number of each point whose end offset is the first beyond `offset`, with the rows: by binary search."""
    spans: list[tuple[int, int, Ints]] = [(0, len(ends.points), np.arange(len(offset)))]
    while spans:
        first, last, rows = spans.pop()
        if not len(rows):
            continue
        if first < last:
            middle = (first + last) // 2
            beyond = ends.carried(ends.points[middle], partition[rows]) > offset[rows]
            spans += ((first, middle, rows[beyond]), (middle + 1, last, rows[~beyond]))
        elif last < len(ends.points):
            yield last, rows
