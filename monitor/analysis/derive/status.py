"""How each row of lag stands, and since when: told by what held for long enough. docs/lag.md states every threshold."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from monitor.analysis.derive.runs import Runs
from monitor.analysis.earlier_polls.marks import Bits, Marks, Shorts
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, LagTimes, PartitionRates
from monitor.model.limits import (
    EVIDENCE_POLLS,
    FRESH_POLLS,
    FRESH_SECONDS,
    GROWING_SECONDS,
    HOLDS,
    LAST_PART,
    MARKER,
    PACE_HALVES_SECONDS,
    RECENT,
    REWOUND_SECONDS,
    SHORTFALL,
    STILL_POLLS,
    STOPPED_SECONDS,
    STUCK_MOST_SECONDS,
    STUCK_PACES,
    STUCK_SECONDS,
    STUCK_UNPACED_SECONDS,
    UNSEEN_POLLS,
    UNSEEN_SECONDS,
    UNUSUAL,
    USUAL,
    polls_seconds,
)
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import AHEAD, BEHIND, GROWING, LOSING, LOST, REWOUND, STATUSES, STOPPED, STUCK, UNKNOWN
from monitor.model.table import Flags, Floats, Ints, values_at

BEFORE_WATCHED = "unchanged since kmon started"
"""Why it is unknown since when a status holds."""

Rates = tuple[PartitionRates, ConsumeRates]

_LATCHES = (BEHIND, GROWING, REWOUND, STOPPED, STUCK, AHEAD, LOSING, LOST)
"""Statuses that are followed in time, a bit each."""
_WORST = np.array([bits.bit_length() for bits in range(1 << len(_LATCHES))], np.int8)
"""The worst status among bits: their order is that of STATUSES, from BEHIND on."""


def derive_statuses(
    marks: Marks, snapshot: Snapshot, lag: Lag, times: LagTimes, rates: Rates
) -> tuple[Marks, LagStatuses]:
    """What is to be remembered of every row of `lag`, and its status. `marks` are what was, in the same rows."""
    poll = _Poll(snapshot, lag, times, rates, marks)
    marks = poll.tell()
    origin = snapshot.time - snapshot.started + marks.origin
    unknown = np.isnan(lag.lag)
    since = np.where(unknown, marks.seen, marks.since).astype(np.float64)
    return marks, LagStatuses(
        status=np.where(unknown, UNKNOWN, marks.status),
        since=since + origin,
        since_at_latest=np.where(np.isnan(since), marks.first, since) + origin,
        lost=_lost(lag, marks),
        paced=poll.paced(),
    )


def _lost(lag: Lag, marks: Marks) -> Floats:
    """Records lost by row: none are without the status, and as long as that holds some are."""
    lost: Floats = np.where(lag.lost > 0, np.nan, lag.lost)
    return np.where(np.isnan(lag.lost), np.nan, np.where(np.isnan(marks.lost), lost, marks.lost))


def _bit(status: int) -> int:
    return 1 << (status - 1)


def _turned(status: int) -> str:
    """The column of marks that tells when the evidence of a status last changed."""
    return f"turned_{STATUSES[status]}"


class _Poll:
    """One poll, and what is remembered of those before; `tell` gives the marks after it."""

    def __init__(self, snapshot: Snapshot, lag: Lag, times: LagTimes, rates: Rates, marks: Marks) -> None:
        self.snapshot, self.lag, self.times, self.rates, self.marks = snapshot, lag, times, rates, marks
        self.now = float(np.float32(snapshot.started - marks.origin))
        self.interval = snapshot.interval_seconds or 0.0
        self.known: Flags = ~np.isnan(lag.lag)
        self.low: Floats = times.lag_seconds - times.lag_seconds_error
        limit = max(FRESH_SECONDS, FRESH_POLLS * self.interval)
        self.late: Flags = self.known & (lag.lag > 0) & ~(self.low <= limit)

    def tell(self) -> Marks:
        self._leave_out_what_was_not_seen()
        new = np.flatnonzero(self.known & np.isnan(self.marks.first))
        turned = {_turned(status): self.now for status in _LATCHES}
        self.marks = self.marks.at(new, first=self.now, still=self.now, **turned)
        self._follow_offsets()
        told = (self.marks.evidence | self.marks.on) != 0
        rows = np.flatnonzero(self.known & (told | self.late | (self.lag.lost > 0) | (self.lag.ahead > 0)))
        if len(rows):
            self._latch(rows)
        return self.marks

    def paced(self) -> Flags:
        """Whether an offset of the row's group was seen to move twice, by which it is known how often it commits."""
        of_groups = self._groups.over(np.logical_or, ~np.isnan(self.marks.stood), 0.0) > 0
        return np.asarray(of_groups[self.lag.group])

    def _leave_out_what_was_not_seen(self) -> None:
        marks = self.marks
        unseen = self.now - marks.seen
        rows = np.flatnonzero(self.known & (unseen > max(UNSEEN_SECONDS, UNSEEN_POLLS * self.interval)))
        times = ("still", *map(_turned, _LATCHES))
        self.marks = marks.at(rows, **{name: getattr(marks, name)[rows] + unseen[rows] for name in times})

    def _follow_offsets(self) -> None:
        """Which offsets have moved since they were last known, how long they stood, and how old that was then."""
        marks, lag, now = self.marks, self.lag, self.now
        committed, before = lag.committed_offset, marks.committed
        rose = committed > before
        self.fell = committed < before
        fell = np.flatnonzero(self.fell)
        marks = marks.at(fell, highest=np.fmax(marks.highest[fell], before[fell]), fell=now)
        pace = marks.pace
        if marks.told < self.snapshot.started:
            pace = pace * np.float32(0.5 ** ((self.snapshot.started - marks.told) / PACE_HALVES_SECONDS))
        read = np.flatnonzero(rose & (marks.on & _bit(STOPPED) == 0))
        pace = self._learnt_pace(pace, read)
        whole = read[marks.still[read] > marks.first[read]]
        marks = marks.at(whole, stood=np.where(self.late[whole], 0.0, now - marks.still[whole]))
        self.waiting = (lag.lag > 0) & ((lag.lag > MARKER) | (lag.end_offset - committed > MARKER))
        moved = ~(committed == before) & ~np.isnan(committed)
        still = np.where(moved | (self.known & ~self.waiting), np.float32(now), marks.still)

        rewound = np.flatnonzero(~np.isnan(marks.highest))
        # What was beyond a log's new end when it was truncated is not there to come back to.
        back = committed[rewound] >= np.fmin(marks.highest[rewound], lag.end_offset[rewound])
        marks = marks.at(rewound[back | (now - marks.fell[rewound] > REWOUND_SECONDS)], highest=np.nan)

        dated = self.known & ~np.isnan(self.low) & (rose | (lag.lag == 0))
        high = np.where(dated, self.times.lag_seconds + self.times.lag_seconds_error, marks.age_high).astype(np.float32)
        middle, middle_at = np.where(np.isnan(marks.middle), high, marks.middle), marks.middle_at
        base, base_at = marks.base, marks.base_at
        if not now - middle_at < GROWING_SECONDS:
            base, base_at, middle, middle_at = middle, middle_at, high, now
        self.marks = replace(
            marks,
            told=self.snapshot.started,
            seen=np.where(self.known, np.float32(now), marks.seen),
            pace=pace,
            still=still,
            committed=np.where(moved, committed, before),
            age_low=np.where(dated, self.low.astype(np.float32), marks.age_low),
            age_high=high,
            middle=middle,
            middle_at=middle_at,
            base=base,
            base_at=base_at,
        )

    def _learnt_pace(self, paces: Shorts, read: Ints) -> Shorts:
        """The paces with how long the rows that were `read` now had stood still."""
        stood, pace = self.now - self.marks.still[read], paces[read]
        patience = np.where(np.isnan(pace), STUCK_UNPACED_SECONDS, np.maximum(STUCK_PACES * pace, STUCK_SECONDS))
        # What stood for much longer than it usually does may have been stuck: it shows little of what is usual.
        stood = np.where(stood <= USUAL * patience, stood, UNUSUAL * patience / STUCK_PACES)
        learnt = paces.copy()
        learnt[read] = np.fmax(stood, pace)
        return learnt

    def _latch(self, rows: Ints) -> None:
        """Bring what is told of `rows` up to date with what holds now."""
        marks, now = self.marks, self.now
        patience = self._patience(rows)
        still = now - marks.still[rows]
        unread = self._unread(rows)
        on, before = marks.on[rows], marks.evidence[rows]
        evidence = self._evidence(rows, still, still < patience * RECENT)
        self._first_sight(rows, unread, on)

        idle = self.waiting[rows] & (still >= STOPPED_SECONDS * RECENT)
        # While nobody can say whether there are members, it is as it was.
        alone = np.where(np.isnan(unread), before & _bit(STOPPED) != 0, unread == 1)
        evidence |= (idle & alone) * np.uint8(_bit(STOPPED))
        returned = (on & before & ~evidence & _bit(STOPPED)) != 0
        self.marks = marks.at(rows[returned], still=now)
        self._turn(STOPPED, rows, evidence, on, patience)
        stopped = (on & evidence & _bit(STOPPED)) != 0
        stuck = self.waiting[rows] & (still >= patience * RECENT) & ~returned & ~stopped
        evidence |= stuck * np.uint8(_bit(STUCK))
        for status in (BEHIND, GROWING, REWOUND, STUCK, AHEAD, LOSING, LOST):
            self._turn(status, rows, evidence, on, patience)
        now_lost = np.where(evidence & _bit(LOST) != 0, self.lag.lost[rows], np.nan)
        lost = np.where(on & _bit(LOST) != 0, np.fmax(marks.lost[rows], now_lost), np.nan)

        worst = _WORST[on]
        changed = np.flatnonzero(worst != marks.status[rows])
        since = self._began(rows[changed], worst[changed], patience[changed])
        self.marks = self.marks.at(rows[changed], since=since).at(
            rows, evidence=evidence, on=on, lost=lost, status=worst
        )

    def _patience(self, rows: Ints) -> Floats:
        """How long each row may stand still before it is stuck: by how long it usually does, or its group does."""
        pace: Floats = self.marks.pace[rows].astype(np.float64)
        if np.isnan(pace).any():
            longest = self._groups.over(np.fmax, self.marks.pace, np.nan)
            pace = np.where(np.isnan(pace), longest[self.lag.group[rows]], pace)
        # What stood for long until one commit left nothing to read may do so again: a consumer of batches does.
        longest_wait = np.fmax(STUCK_PACES * pace, USUAL * self.marks.stood[rows])
        patience = np.clip(longest_wait, STUCK_SECONDS, STUCK_MOST_SECONDS)
        patience = np.where(np.isnan(pace), STUCK_UNPACED_SECONDS, patience)
        return np.maximum(patience, STILL_POLLS * self.interval)

    @cached_property
    def _groups(self) -> Runs:
        return Runs(self.lag.group, len(self.snapshot.groups))

    def _unread(self, rows: Ints) -> Floats:
        """1 for rows that nobody is there to read, else 0; unknown while the group's members are."""
        lag, groups = self.lag, self.snapshot.groups
        simple = groups.simple
        assigned = self._groups.over(np.maximum, lag.member, -1) >= 0
        nobody = np.where(simple, 0.0, np.where(groups.members == 0, 1.0, np.where(assigned, 1.0, 0.0)))
        nobody[(np.isnan(groups.members) & ~simple) | (groups.assignments_reason != KNOWN)] = np.nan
        return np.where(lag.member[rows] >= 0, 0.0, nobody[lag.group[rows]])

    def _evidence(self, rows: Ints, still: Shorts, read: Flags) -> Bits:
        """What holds of each row now, but for being stopped or stuck; shape (rows,), bits of uint8.

        `still` is for how long it was not read, `read` whether that is less than usual.
        """
        lag, times, marks = self.lag, self.times, self.marks
        late = self.late[rows]
        older = marks.age_low[rows].astype(np.float64) - marks.base[rows]
        if not self.now - marks.base_at <= 2 * GROWING_SECONDS + UNSEEN_SECONDS:
            older[:] = np.nan
        headroom, age = times.headroom_seconds[rows], times.lag_seconds[rows]
        # An age grows by a second a second while nobody reads.
        speed = np.where(still >= STOPPED_SECONDS, 1.0, older / (self.now - marks.base_at))
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.where(speed > 0, headroom / speed, np.where(np.isnan(speed), np.nan, np.inf))
        last = headroom < (headroom + age) * LAST_PART
        losing = self.waiting[rows] & last & (left < times.eta_seconds[rows])
        bits = np.zeros(len(rows), np.uint8)
        for status, holds in (
            (BEHIND, late),
            (GROWING, late & read & (older > 0) & self._short(rows)),
            (REWOUND, late & ~np.isnan(marks.highest[rows])),
            (LOSING, late & losing),
            (AHEAD, lag.ahead[rows] > 0),
            # An offset that fell may be an old one, which the next poll does not confirm.
            (LOST, (lag.lost[rows] > 0) & ~self.fell[rows]),
        ):
            bits |= holds * np.uint8(_bit(status))
        return bits

    def _short(self, rows: Ints) -> Flags:
        """Whether less is read than is produced, and no burst of the last minutes is being read already."""
        produced, consumed = self.rates
        lately = values_at(produced.produce_rate_1m, self.lag.partition_row[rows])
        short = self.times.consume_rate[rows] < (1 - SHORTFALL) * self.times.produce_rate[rows]
        return np.asarray(short & (consumed.consume_rate_1m[rows] < (1 - SHORTFALL) * lately))

    def _first_sight(self, rows: Ints, unread: Floats, on: Bits) -> None:
        """What can be told of rows that no earlier poll knew, without waiting."""
        first = self.marks.first[rows] == self.now
        on[first & (self.lag.ahead[rows] > 0)] |= np.uint8(_bit(AHEAD))
        new = first & self.late[rows]
        on[new] |= np.uint8(_bit(BEHIND))
        old = new & self.waiting[rows] & (self.low[rows] > STOPPED_SECONDS) & (unread == 1)
        on[old] |= np.uint8(_bit(STOPPED))

    def _turn(self, status: int, rows: Ints, evidence: Bits, on: Bits, patience: Floats) -> None:
        """Switch one status of `on` where its evidence has held, or not held, for long enough."""
        bit, name = np.uint8(_bit(status)), _turned(status)
        self.marks = self.marks.at(rows[(evidence ^ self.marks.evidence[rows]) & bit != 0], **{name: self.now})
        differ = np.flatnonzero((evidence ^ on) & bit)
        if not len(differ):
            return
        enter, enter_polls, leave, leave_polls = HOLDS[status]
        unit = patience[differ] if status == STUCK else 1.0
        enough = np.where(
            evidence[differ] & bit != 0,
            np.maximum(enter * unit, self._polls(enter_polls)),
            max(leave, self._polls(leave_polls)),
        )
        held = self.now - getattr(self.marks, name)[rows[differ]]
        on[differ[held >= enough]] ^= bit

    def _polls(self, polls: int) -> float:
        return polls_seconds(polls, self.interval)

    def _began(self, rows: Ints, status: Ints, patience: Floats) -> Floats:
        """When what is told of rows now began, monotonic seconds; unknown where that was before they were known."""
        marks = self.marks
        began = np.full(len(rows), self.now)
        for each in _LATCHES:
            here = status == each
            began[here] = getattr(marks, _turned(each))[rows[here]]
        began = np.where(status == REWOUND, marks.fell[rows], began)
        still = marks.still[rows]
        for each, recent in ((STOPPED, STOPPED_SECONDS * RECENT), (STUCK, patience * RECENT)):
            # Evidence is seen by the first poll after it is there.
            seen_late = began - recent - still <= EVIDENCE_POLLS * self.interval
            began = np.where(status == each, np.where(seen_late, still, began - recent), began)
        return np.where(began <= marks.first[rows], np.nan, began)
