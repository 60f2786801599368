"""Committed offsets that were set back, and groups that the deletion of records overtook."""

from typing import NamedTuple

import numpy as np

from monitor.derive.lag import Lag
from monitor.events.event import NAME, Event, fold_rows, place
from monitor.past.rows import lag_places, same_topics
from monitor.snapshot import Snapshot
from monitor.table import Floats, Ints
from monitor.text import count, name_of, plural


class Commits(NamedTuple):
    """What is remembered of the rows of lag: what was last known of each, and at which unix time."""

    snapshot: Snapshot
    lag: Lag
    committed: Floats
    lost: Floats
    seen: Floats


def see_commits(before: Commits | None, now: Snapshot, lag: Lag) -> tuple[list[Event], Commits]:
    """What changed, and what is to be remembered."""
    if before is None:
        return [], Commits(now, lag, lag.committed_offset, lag.lost, np.full(len(lag), now.time))
    committed, lost, seen = _aligned(before, now, lag)
    fell = np.flatnonzero(lag.committed_offset < committed)
    overtaken = np.flatnonzero((lag.lost > 0) & (lost == 0) & (lag.committed_offset >= committed))
    events = [
        *_told(now, lag, fell, (committed - lag.committed_offset)[fell], committed=committed, seen=seen),
        *_told(now, lag, overtaken, lag.lost[overtaken], committed=None, seen=seen),
    ]
    known = ~(np.isnan(lag.committed_offset) | np.isnan(lag.lost))
    if known.all():
        return events, Commits(now, lag, lag.committed_offset, lag.lost, np.full(len(lag), now.time))
    return events, Commits(
        now,
        lag,
        np.where(np.isnan(lag.committed_offset), committed, lag.committed_offset),
        np.where(np.isnan(lag.lost), lost, lag.lost),
        np.where(known, now.time, seen),
    )


def _aligned(before: Commits, now: Snapshot, lag: Lag) -> tuple[Floats, Floats, Floats]:
    """What is remembered, in the rows of lag now; NaN for rows that are new."""
    old = before.lag
    rows, old_rows = (lag.group, lag.topic, lag.partition), (old.group, old.topic, old.partition)
    same_groups = now.groups.group is before.snapshot.groups.group or np.array_equal(
        now.groups.group, before.snapshot.groups.group
    )
    if (
        same_groups
        and same_topics(now, before.snapshot)
        and all(one is other or np.array_equal(one, other) for one, other in zip(rows, old_rows, strict=True))
    ):
        return before.committed, before.lost, before.seen
    places = lag_places(now, rows, before.snapshot, old_rows)
    there = places >= 0
    return tuple(  # type: ignore[return-value]  # as many as there are columns
        np.where(there, column[places], np.nan) if len(column) else np.full(len(there), np.nan)
        for column in (before.committed, before.lost, before.seen)
    )


def _told(
    now: Snapshot, lag: Lag, rows: Ints, records: Floats, *, committed: Floats | None, seen: Floats
) -> list[Event]:
    """Events of some rows and how many records each concerns; with `committed`, the offsets that were, of resets."""
    kind = "retention_overtook" if committed is None else "offsets_reset"

    def one(at: int) -> Event:
        row = int(rows[at])
        group, topic = str(now.groups.group[lag.group[row]]), str(now.topics.topic[lag.topic[row]])
        partition = int(lag.partition[row])
        after, amount = count(lag.committed_offset[row]), float(records[at])
        where = f"{name_of(group, NAME)} on {place(topic, partition)}"
        if committed is None:
            before = after
            after = f"log start {count(lag.start_offset[row])}"
            text = f"{where}: {count(amount)} records were deleted before they were read"
        else:
            before = count(committed[row])
            text = f"{where}: the committed offset was set back by {count(amount)}, {before} → {after}"
        times = float(seen[row]), now.time
        return Event(kind, *times, text, -1, topic, partition, group, before, after, amount)

    def many(group: int | None, at: Ints) -> Event:
        total = float(records[at].sum())
        name = None if group is None else str(now.groups.group[group])
        who = "several groups" if name is None else name_of(name, NAME)
        done = "deleted before they were read" if committed is None else "set back in all"
        text = f"{who} on {plural(len(at), 'partition')}: {count(total)} records {done}"
        times = float(seen[rows[at]].min()), now.time
        return Event(kind, *times, text, group=name, records=total, count=len(at))

    return fold_rows(np.arange(len(rows)), lag.group[rows], one, many)
