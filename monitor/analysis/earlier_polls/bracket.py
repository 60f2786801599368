"""When a record was appended, from end offsets of earlier polls: between the last without it, and the next."""

from collections.abc import Iterator

import numpy as np

from monitor.analysis.earlier_polls.ring import UNKNOWN, Ring
from monitor.model.table import Floats, Ints

NEWEST = 8
"""Among so many points a record is looked for at first."""


def bracket(ends: Ring, partition: Ints, offset: Ints) -> tuple[Floats, Floats]:
    """Between which seconds of the monotonic clock the record at `offset` of each partition row was appended.

    The first is -inf where no poll was early enough to tell; both are NaN where no poll saw the record.
    """
    low, high = np.full(len(offset), np.nan), np.full(len(offset), np.nan)
    partition = partition.astype(np.intp)
    for after, found in _first_beyond(ends, partition, offset):
        point, rows = ends.points[after], found
        low[rows], high[rows] = -np.inf, point.time + point.took
        for before in reversed(ends.points[:after]):
            known = ends.known(before, partition.take(rows))
            low[rows[known]] = before.time
            rows = rows[~known]
            if not len(rows):
                break
    return low, high


def _first_beyond(ends: Ring, partition: Ints, offset: Ints) -> Iterator[tuple[int, Ints]]:
    """The number of each point whose end offset is the first beyond `offset`, with the rows: by binary search."""
    steps = np.maximum(offset - ends.base[partition], UNKNOWN)
    spans: list[tuple[int, int, Ints]] = [(0, len(ends.points), np.arange(len(offset)))]
    while spans:
        first, last, rows = spans.pop()
        if not len(rows):
            continue
        if first < last:
            # Most records that are waited for are young, so that the newest points come first.
            middle = max((first + last) // 2, last - NEWEST if last == len(ends.points) else 0)
            beyond = ends.carried(ends.points[middle], partition.take(rows)) > steps.take(rows)
            spans += ((first, middle, rows[beyond]), (middle + 1, last, rows[~beyond]))
        elif last < len(ends.points):
            yield last, rows
