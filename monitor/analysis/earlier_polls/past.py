"""What earlier polls of a cluster saw of end offsets and commits: the source of ages, rates and statuses."""

from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.bracket import bracket
from monitor.analysis.earlier_polls.growing import Growing
from monitor.analysis.earlier_polls.marks import Absent, Marks
from monitor.analysis.earlier_polls.open_transactions import OpenTransactions
from monitor.analysis.earlier_polls.ring import Ring
from monitor.analysis.earlier_polls.rows import Places, lag_places, partition_places, same_topics
from monitor.model.lag import Lag, next_offsets, waiting_rows
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats, Ints

END_SECONDS = 6 * 3600.0
"""How far back end offsets are remembered; what was produced before is dated by ListOffsets."""
END_SPACING = 0.02
"""Two end offsets are apart by this share of their age, so a record is dated to a hundredth of its age."""
RATE_SECONDS = 7500.0
RATE_SPACING = 0.75
RATE_APART_SECONDS = 10.0
"""Commits and log starts are for rates over windows of a minute to an hour, which need no more points than this."""


class NextRecords(NamedTuple):
    """Rows of lag, and between which monotonic seconds the next record of each was appended."""

    rows: Ints
    low: Floats
    high: Floats


class _Seen(NamedTuple):
    snapshot: Snapshot
    rows: Places


class Past:
    """End and start offsets by partition, and committed offsets by row of lag, in the rows of the newest snapshot."""

    def __init__(self) -> None:
        self._seen: _Seen | None = None
        self.ends = Ring(0, seconds=END_SECONDS, spacing=END_SPACING)
        self.starts = _for_rates(0)
        self.commits = _for_rates(0)
        self.marks = Marks(0)
        """What statuses are told by, by row of lag: see monitor.analysis.derive.status."""
        self._absent = Absent()
        self.transactions = OpenTransactions()
        self.growing, self.growing_topics = Growing(), Growing()
        """Of groups, and of groups on topics: see monitor.analysis.derive.growth."""
        self.next_records = NextRecords(np.empty(0, np.int64), np.empty(0), np.empty(0))
        """Of the rows of lag whose next record the polls saw come."""

    def add(self, snapshot: Snapshot, lag: Lag, took: float) -> None:
        """Remember what a poll of `took` seconds saw. Snapshots without an answer are not for here."""
        rows = (lag.group, lag.topic, lag.partition)
        self._align(_Seen(snapshot, rows))
        self.ends.add(snapshot.started, snapshot.offsets.end_offset, took)
        self.starts.add(snapshot.started, snapshot.offsets.start_offset, took)
        self.commits.add(snapshot.started, lag.committed_offset, took)
        self.next_records = self._next_records(lag)
        self.transactions.add(snapshot)

    def _next_records(self, lag: Lag) -> NextRecords:
        rows = waiting_rows(lag)
        low, high = bracket(self.ends, lag.partition_row[rows], next_offsets(lag)[rows].astype(np.int64))
        seen = np.isfinite(low)
        return NextRecords(rows[seen], low[seen], high[seen])

    def _align(self, seen: _Seen) -> None:
        before, self._seen = self._seen, seen
        if before is None:
            self.ends = Ring(len(seen.snapshot.partitions), seconds=END_SECONDS, spacing=END_SPACING)
            self.starts = _for_rates(len(seen.snapshot.partitions))
            self.commits = _for_rates(len(seen.rows[0]))
            self.marks = Marks(len(seen.rows[0]), seen.snapshot.started)
            return
        same = same_topics(seen.snapshot, before.snapshot)
        if not same:
            places = partition_places(seen.snapshot, before.snapshot)
            self.ends.realign(places)
            self.starts.realign(places)
        if not (same and _same_rows(seen, before)):
            places = lag_places(seen.snapshot, seen.rows, before.snapshot, before.rows)
            self.commits.realign(places)
            gone = np.ones(len(before.rows[0]), bool)
            gone[places[places >= 0]] = False
            self._absent.leave(seen.snapshot, before.snapshot, before.rows, self.marks, gone)
            self.marks = self.marks.moved(places)
            self._absent.come_back(seen.snapshot, seen.rows, self.marks, np.flatnonzero(places < 0))


def _for_rates(rows: int) -> Ring:
    return Ring(rows, seconds=RATE_SECONDS, spacing=RATE_SPACING, apart_seconds=RATE_APART_SECONDS)


def _same_rows(now: _Seen, before: _Seen) -> bool:
    return np.array_equal(now.snapshot.groups.group, before.snapshot.groups.group) and all(
        one is other or np.array_equal(one, other) for one, other in zip(now.rows, before.rows, strict=True)
    )
