"""What earlier polls of a cluster saw of end offsets and commits: the source of ages, rates and statuses."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.broker_counters import History, see_counters
from monitor.analysis.earlier_polls.growing import Growing
from monitor.analysis.earlier_polls.left_topics import Leaving
from monitor.analysis.earlier_polls.marks import Marks
from monitor.analysis.earlier_polls.open_transactions import OpenTransactions, see_transactions
from monitor.analysis.earlier_polls.ring import UNKNOWN, Ring
from monitor.analysis.earlier_polls.rows import (
    KEPT_SECONDS,
    Places,
    group_places,
    lag_places,
    partition_places,
    same_rows,
    same_topics,
)
from monitor.model.conditions import TransactionAges
from monitor.model.lag import Lag, next_offsets, waiting_rows
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Flags, Floats, Ints
from monitor.model.time_scale import lasting

END_SECONDS = 6 * 3600.0
"""How far back end offsets are remembered; what was produced before is dated by ListOffsets."""
END_SPACING = 0.02
"""Two end offsets are apart by this share of their age, so a record is dated to a hundredth of its age."""
RATE_SECONDS = lasting(7500.0)
RATE_SPACING = 0.75
RATE_APART_SECONDS = lasting(10.0)
"""Commits and log starts are for rates over windows of a minute to an hour, which need no more points than this."""

MISSED_POLLS = 3
"""Polls are missed where two are further apart than so many intervals: a slow one takes up to two."""

NO_ROWS: Ints = np.empty(0, np.int64)


class NextRecords(NamedTuple):
    """Rows of lag, and between which monotonic seconds the next record of each was appended."""

    rows: Ints
    low: Floats
    high: Floats


class Absent(NamedTuple):
    """Rows that are away because their group could not be asked, and their marks: they come back as they left."""

    names: Snapshot
    rows: Places
    marks: Marks


def _for_rates() -> Ring:
    return Ring(seconds=RATE_SECONDS, spacing=RATE_SPACING, apart_seconds=RATE_APART_SECONDS)


@dataclass(frozen=True, eq=False)
class Past:
    """What is remembered of the polls up to that of `snapshot`, in its rows and the `rows` of its lag.

    End and start offsets are by partition, commits and marks by row of lag.
    """

    snapshot: Snapshot = Snapshot("", 0.0, 0.0)
    rows: Places = (NO_ROWS, NO_ROWS, NO_ROWS)
    ends: Ring = field(default_factory=lambda: Ring(seconds=END_SECONDS, spacing=END_SPACING))
    starts: Ring = field(default_factory=_for_rates)
    commits: Ring = field(default_factory=_for_rates)
    marks: Marks = Marks.empty()
    """What statuses are derived from: see monitor.analysis.derive.status."""
    absent: tuple[Absent, ...] = ()
    transactions: OpenTransactions = field(default_factory=dict)
    transaction_ages: TransactionAges = TransactionAges.empty()
    growing: Growing = field(default_factory=dict)
    growing_topics: Growing = field(default_factory=dict)
    """Of groups, and of groups on topics: see monitor.analysis.derive.growth."""
    broker_counters: History = ()
    leaving: Leaving = Leaving()
    """What groups leave: see monitor.analysis.derive.left."""
    next_records: NextRecords = NextRecords(NO_ROWS, np.empty(0), np.empty(0))
    """Of the rows of lag whose next record the polls saw come."""


def remember(past: Past, snapshot: Snapshot, lag: Lag, took: float, asked: tuple[float, float] = (0.0, 0.0)) -> Past:
    """What is remembered with a poll of `took` seconds more. Snapshots without an answer are not for here.

    `asked` are the seconds after which the poll requested commits, and end offsets.
    """
    of_commits, of_ends = asked
    missed = snapshot.started - past.snapshot.started > MISSED_POLLS * (snapshot.interval_seconds or math.inf)
    past = _aligned(past, snapshot, (lag.group, lag.topic, lag.partition))
    ends = past.ends.added(snapshot.started, snapshot.offsets.end_offset, took, of_ends, missed=missed)
    transactions, transaction_ages = see_transactions(past.transactions, snapshot)
    return replace(
        past,
        ends=ends,
        starts=past.starts.added(snapshot.started, snapshot.offsets.start_offset, took, missed=missed),
        commits=past.commits.added(snapshot.started, lag.committed_offset, took, of_commits, missed=missed),
        transactions=transactions,
        transaction_ages=transaction_ages,
        broker_counters=see_counters(past.broker_counters, snapshot),
        next_records=_next_records(ends, lag),
    )


def _next_records(ends: Ring, lag: Lag) -> NextRecords:
    rows = waiting_rows(lag)
    low, high = bracket(ends, lag.partition_row[rows], next_offsets(lag)[rows].astype(np.int64))
    seen = np.isfinite(low)
    return NextRecords(rows[seen], low[seen], high[seen])


def _aligned(past: Past, snapshot: Snapshot, rows: Places) -> Past:
    """What is remembered, in the rows of `snapshot` and of its lag."""
    past = replace(past, marks=past.marks.recent(snapshot.started))
    moved = replace(past, snapshot=snapshot, rows=rows)
    same = same_topics(snapshot, past.snapshot)
    if not same:
        places = partition_places(snapshot, past.snapshot)
        moved = replace(moved, ends=past.ends.moved(places), starts=past.starts.moved(places))
    if same and same_rows(snapshot, rows, past.snapshot, past.rows):
        return moved
    places = lag_places(snapshot, rows, past.snapshot, past.rows)
    gone = np.ones(len(past.rows[0]), bool)
    gone[places[places >= 0]] = False
    moved = replace(
        moved, commits=past.commits.moved(places), marks=past.marks.moved(places), absent=_left(past, snapshot, gone)
    )
    return replace(moved, marks=_returned(moved, np.flatnonzero(places < 0)))


def _left(past: Past, now: Snapshot, gone: Flags) -> tuple[Absent, ...]:
    """The absent rows, also those that are `gone` in `now` because their group could not be asked."""
    kept = tuple(each for each in past.absent if now.started - each.names.started <= KEPT_SECONDS)
    before, rows, groups = past.snapshot, past.rows, now.groups
    place = group_places(before, now)
    asked = place >= 0
    asked[asked] = ((groups.commits_reason == KNOWN) & (groups.reason == KNOWN))[place[asked]]
    away = np.flatnonzero(gone & ~asked[rows[0]])
    if not len(away):
        return kept
    names = Snapshot(before.cluster, before.time, before.started, topics=before.topics, groups=before.groups)
    return (*kept, Absent(names, (rows[0][away], rows[1][away], rows[2][away]), past.marks.moved(away)))


def _returned(past: Past, new: Ints) -> Marks:
    """The marks with those of absent rows, the newest of them, that are back among the `new` ones."""
    rows, marks = past.rows, past.marks
    for names, places, kept in reversed(past.absent):
        if not len(new):
            break
        place = lag_places(past.snapshot, (rows[0][new], rows[1][new], rows[2][new]), names, places)
        back = kept.since_origin(marks.origin).moved(place[place >= 0])
        marks = marks.at(new[place >= 0], **{each.name: getattr(back, each.name) for each in back.schema()})
        new = new[place < 0]
    return marks


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
