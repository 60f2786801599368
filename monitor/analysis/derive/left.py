"""Which groups have left topics that they have commits on, and the status of their rows of lag there."""

from dataclasses import replace

import numpy as np

from monitor.analysis.derive.left_signs import LeavingSigns
from monitor.analysis.earlier_polls.group_lives import see_lives
from monitor.analysis.earlier_polls.left_topics import Leaving, Patience, follow
from monitor.analysis.earlier_polls.rows import KEPT_SECONDS
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, LagTimes
from monitor.model.left import LeftTopics
from monitor.model.limits import (
    IDLE_SECONDS,
    LEFT_POLLS,
    LEFT_SECONDS,
    UNSEEN_POLLS,
    UNSEEN_SECONDS,
    polls_seconds,
)
from monitor.model.snapshot import Snapshot
from monitor.model.status import LEFT
from monitor.model.table import Flags, Ints, pair_key


def derive_left(
    before: Leaving, snapshot: Snapshot, lag: Lag, times: LagTimes, statuses: LagStatuses, *, consumed: ConsumeRates
) -> tuple[Leaving, LeftTopics, Flags]:
    """What to remember, the topics that groups have left, and which rows of lag are on these.

    `statuses` are those of the rows, whatever is left.
    """
    lives = see_lives(before.lives, snapshot)
    known = before.partings or {}
    signs = LeavingSigns(snapshot, lag, times, statuses, consumed=consumed, lives=lives, before=known)
    mixed = signs.follow_mixed(before.mixed)
    interval = snapshot.interval_seconds or 0.0
    patience = Patience(
        max(LEFT_SECONDS, polls_seconds(LEFT_POLLS, interval)),
        LEFT_POLLS,
        IDLE_SECONDS,
        max(UNSEEN_SECONDS, UNSEEN_POLLS * interval),
        KEPT_SECONDS,
    )
    partings = follow(before.partings, snapshot.started, dict(signs.found(mixed)), patience)
    table, rows = signs.left(partings)
    return Leaving(partings, lives, mixed), table, rows


def set_aside(
    rows: Flags, times: LagTimes, statuses: LagStatuses, table: LeftTopics, lag: Lag
) -> tuple[LagTimes, LagStatuses]:
    """Times and statuses with these rows of lag as left: such a group loses nothing there, whatever is deleted."""
    if not rows.any():
        return times, statuses
    at = np.flatnonzero(rows)
    place = _places(table, lag, at)
    since, latest = statuses.since.copy(), statuses.since_at_latest.copy()
    since[at], latest[at] = table.since[place], table.since_at_latest[place]
    told = replace(
        statuses,
        status=np.where(rows, LEFT, statuses.status),
        since=since,
        since_at_latest=latest,
        lost=np.where(rows, 0.0, statuses.lost),
    )
    return replace(times, headroom_seconds=np.where(rows, np.inf, times.headroom_seconds)), told


def _places(table: LeftTopics, lag: Lag, rows: Ints) -> Ints:
    """The row of the table for each of these rows of lag, all of which are in it."""
    return np.searchsorted(pair_key(table.group, table.topic), pair_key(lag.group[rows], lag.topic[rows]))
