"""Burrow's evaluation of a partition of a group, as its evaluator has it (core/internal/evaluator/caching.go)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

INTERVALS = 10
"""Commits and high watermarks that Burrow keeps, by default."""


@dataclass(frozen=True)
class Commit:
    """A commit as Burrow stores it: the time in seconds, the offset, and the lag then."""

    time: float
    offset: float
    lag: float


def evaluate(ring: Sequence[Commit], marks: Sequence[float], now: float) -> str:
    """What Burrow says of the commits and high watermarks that it keeps, the newest last, at `now` in seconds."""
    if not ring:
        return "OK"
    first, last = ring[0], ring[-1]
    if max(0.0, marks[-1] - last.offset) == 0:
        return "OK"
    recent_zero = any(mark <= last.offset for mark in marks)
    if now - last.time > last.time - first.time and not recent_zero:
        return "STOP"
    for place in range(1, len(ring)):
        if ring[place].offset < ring[place - 1].offset:
            if all(each.offset < ring[place - 1].offset for each in ring[place:]):
                return "REWIND"
            break
    if any(each.lag == 0 for each in ring):
        return "OK"
    if all(each.offset == first.offset for each in ring):
        return "STALL"
    if all(later.lag >= earlier.lag for earlier, later in pairwise(ring)):
        return "WARN"
    return "OK"
