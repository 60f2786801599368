"""The columns that every subject has: a status of its own set of words, a level, and since when."""

import numpy as np

from monitor.model.judgements import Judged
from monitor.model.levels import LEVELS, PLACES
from monitor.model.table import Floats, Ints

_PLACES = np.array(PLACES, np.int32)
CODE = {level: code for code, level in enumerate(LEVELS)}


class Judge:
    """Judges the rows of a subject by one condition after the other: the worst one that holds counts."""

    def __init__(self, of: type[Judged], count: int) -> None:
        self._words = of.WORDS
        self.status: Ints = np.zeros(count, np.int8)
        self.level: Ints = np.zeros(count, np.int8)

    def where(self, holds: object, status: str, level: str) -> None:
        """Rows for which it holds have this status, unless they have a worse one."""
        told = np.asarray(holds, bool) & (self.level <= CODE[level])
        self.status[told], self.level[told] = self._words.index(status), CODE[level]


def held_since(now: float, status: Ints, before: Judged | None, rows: Ints) -> Floats:
    """Since when each row has had its status, if `rows` are its rows in the table of the poll before, -1 for none.

    `now` for a status that has changed and for a new row; unknown for what was so in the first poll.
    """
    if before is None:
        return np.full(len(status), np.nan)
    there = rows >= 0
    since = np.full(len(status), now)
    same = np.zeros(len(status), bool)
    same[there] = before.status[rows[there]] == status[there]
    since[same] = before.since[rows[same]]
    return since


def places_of(keys: list[object], before: list[object]) -> Ints:
    """The row in `before` of each key, -1 where it has none."""
    found = {key: row for row, key in enumerate(before)}
    return np.array([found.get(key, -1) for key in keys], np.int64)
