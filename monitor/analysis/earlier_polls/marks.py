"""What is remembered of each row of lag from poll to poll, so that a status can be told by how long something held."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from monitor.analysis.earlier_polls.rows import Places, group_places, lag_places
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Flags, Floats, Ints

LATCHES = 8
"""How many conditions are followed in time; monitor.analysis.derive.status names them, a bit each."""
KEPT_SECONDS = 1800.0
"""How long what is known of a group is kept while it cannot be asked, or no broker lists it."""

SHIFT_SECONDS = 86_400.0
"""After so long the clock of marks begins anew: 4 bytes hold a day to a hundredth of a second."""

_TIMES = ("first", "seen", "still", "fell", "since")
_COLUMNS = (
    *((name, "f4", np.nan) for name in _TIMES),
    ("committed", "f8", np.nan),
    ("highest", "f8", np.nan),
    ("lost", "f8", np.nan),
    ("pace", "f4", np.nan),
    ("age_low", "f4", np.nan),
    ("age_high", "f4", np.nan),
    ("middle", "f4", np.nan),
    ("base", "f4", np.nan),
    ("evidence", "u1", 0),
    ("on", "u1", 0),
    ("status", "i1", 0),
)

Shorts = NDArray[np.float32]


class Marks:
    """Columns by row of lag; times are seconds since `origin` on the monotonic clock, and NaN is never.

    `first` and `seen` are the first and the last poll that knew the row's lag, `committed` its last known offset, and
    `still` since when that has not moved while there was something to read; `pace` is the longest that it usually stays
    so. While a row is rewound, `highest` is where it was and `fell` when it left; while it is lost, `lost` is the
    most records that it was seen to have lost. `age_low` and `age_high` enclose the
    age of the next record when the offset last moved, `middle` and `base` are earlier `age_high`. Bits of `evidence`
    tell which conditions held at the last poll, those of `on` which are told; `turned[condition]` is when that of
    `evidence` last changed. `status` and `since` are what was told last.
    """

    first: Shorts
    seen: Shorts
    committed: Floats
    still: Shorts
    lost: Floats
    pace: Shorts
    highest: Floats
    fell: Shorts
    age_low: Shorts
    age_high: Shorts
    middle: Shorts
    base: Shorts
    evidence: NDArray[np.uint8]
    on: NDArray[np.uint8]
    status: Ints
    since: Shorts

    def __init__(self, rows: int, origin: float = 0.0) -> None:
        for name, dtype, nothing in _COLUMNS:
            setattr(self, name, np.full(rows, nothing, dtype))
        self.turned: Shorts = np.full((LATCHES, rows), np.nan, np.float32)
        self.origin = origin
        """Monotonic seconds from which times are counted."""
        self.told = np.nan
        """The poll whose statuses these are, in monotonic seconds."""
        self.middle_at = self.base_at = np.nan

    def __len__(self) -> int:
        return len(self.first)

    def clock(self, started: float) -> float:
        """The time of a poll, given in monotonic seconds, on the clock of these marks."""
        if started - self.origin > SHIFT_SECONDS:
            self._shift(started - self.origin)
        return started - self.origin

    def _shift(self, seconds: float) -> None:
        for name in _TIMES:
            setattr(self, name, getattr(self, name) - np.float32(seconds))
        self.turned -= np.float32(seconds)
        self.middle_at -= seconds
        self.base_at -= seconds
        self.origin += seconds

    def moved(self, old_rows: Ints) -> Self:
        """The same in another order: row i is what row `old_rows[i]` was, and a new one where that is negative."""
        fresh = type(self)(len(old_rows), self.origin)
        there = np.flatnonzero(old_rows >= 0)
        fresh.put(there, self, old_rows[there])
        fresh.told, fresh.middle_at, fresh.base_at = self.told, self.middle_at, self.base_at
        return fresh

    def put(self, rows: Ints, other: Self, places: Ints) -> None:
        """Make `rows` what `places` of another are."""
        if other.origin != self.origin:
            other._shift(self.origin - other.origin)
        for name, _, _ in _COLUMNS:
            getattr(self, name)[rows] = getattr(other, name)[places]
        self.turned[:, rows] = other.turned[:, places]


class Absent:
    """Marks of rows that are away because their group could not be asked: they come back as they left."""

    def __init__(self) -> None:
        self._kept: list[tuple[Snapshot, Places, Marks]] = []

    def leave(self, now: Snapshot, before: Snapshot, rows: Places, marks: Marks, gone: Flags) -> None:
        """Keep what is known of rows of `before` that are `gone` in `now`, where their group could not be asked."""
        self._kept = [each for each in self._kept if now.started - each[0].started <= KEPT_SECONDS]
        place = group_places(before, now)
        groups = now.groups
        asked = place >= 0
        asked[asked] = ((groups.commits_reason == KNOWN) & (groups.reason == KNOWN))[place[asked]]
        away = np.flatnonzero(gone & ~asked[rows[0]])
        if len(away):
            names = Snapshot(before.cluster, before.time, before.started, topics=before.topics, groups=before.groups)
            self._kept.append((names, (rows[0][away], rows[1][away], rows[2][away]), marks.moved(away)))

    def come_back(self, now: Snapshot, rows: Places, marks: Marks, new: Ints) -> None:
        """Give the `new` ones among `rows` what was kept of them, the newest of it."""
        for names, places, kept in reversed(self._kept):
            if not len(new):
                return
            place = lag_places(now, (rows[0][new], rows[1][new], rows[2][new]), names, places)
            marks.put(new[place >= 0], kept, place[place >= 0])
            new = new[place < 0]
