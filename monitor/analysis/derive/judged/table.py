"""The columns that every subject has: a status of its own set of words, a level, and since when."""

from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np

from monitor.model.judgements import Judged
from monitor.model.levels import LEVELS
from monitor.model.table import Floats, Ints
from monitor.model.view import View

CODE = {level: code for code, level in enumerate(LEVELS)}

Of = TypeVar("Of", bound=Judged)


class Judge(Generic[Of]):
    """Judges the rows of a subject by one condition after the other: the worst one that holds counts."""

    def __init__(self, of: type[Of], count: int) -> None:
        self._of = of
        self.status: Ints = np.zeros(count, np.int8)
        self.level: Ints = np.zeros(count, np.int8)

    def where(self, holds: object, status: str, level: str) -> None:
        """Rows for which it holds have this status, unless they have a worse one."""
        told = np.asarray(holds, bool) & (self.level <= CODE[level])
        self.status[told], self.level[told] = self._of.WORDS.index(status), CODE[level]

    def judged(self, since: Floats) -> Of:
        """The rows, with the unix time since when each has its status; NaN for unknown."""
        return self._told(since, self.status, since)

    def _told(self, since: Floats, known_status: Ints, known_since: Floats) -> Of:
        return self._of(
            status=self.status, level=self.level, since=since, known_status=known_status, known_since=known_since
        )

    def held(self, now: View, before: View | None, name: str, places: Callable[[View, View], Ints]) -> Of:
        """The rows of the View `now`, each with its status since the poll that first saw it.

        `places` gives the row of each in the View `before`, -1 for none, where its judgements of `name` are. Unknown is
        since when that holds which was so in the first poll. A status that was unknown in between keeps its beginning.
        """
        if before is None:
            return self.judged(np.full(len(self.status), np.nan))
        rows, last = places(now, before), getattr(before.judged, name)
        unknown = self._of.WORDS.index("unknown") if "unknown" in self._of.WORDS else -1
        since = np.full(len(self.status), now.time)
        there = np.flatnonzero(rows >= 0)
        for statuses, times in ((last.known_status, last.known_since), (last.status, last.since)):
            same = there[statuses[rows[there]] == self.status[there]]
            since[same] = times[rows[same]]
        known_status, known_since = self.status.copy(), since.copy()
        hidden = there[self.status[there] == unknown]
        known_status[hidden], known_since[hidden] = last.known_status[rows[hidden]], last.known_since[rows[hidden]]
        return self._told(since, known_status, known_since)
