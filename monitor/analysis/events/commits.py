"""Committed offsets that were set back, and groups that the deletion of records overtook."""

from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.rows import lag_places, same_rows, same_topics
from monitor.analysis.events.event import fold_rows, place
from monitor.model.events import Event
from monitor.model.lag import Lag
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats, Ints, values_at
from monitor.model.text import NAME, count, name_of, plural


class Commits(NamedTuple):
    """What is remembered of the rows of lag: what was last known of each, and at which unix time.

    `beyond` is one of NOT_AHEAD, AHEAD_ONCE and AHEAD_TOLD, NaN before the row was known; `within` is the unix time of
    the last poll whose commit was not beyond the log end.
    """

    snapshot: Snapshot
    lag: Lag
    committed: Floats
    lost: Floats
    seen: Floats
    beyond: Floats
    within: Floats


NOT_AHEAD, AHEAD_ONCE, AHEAD_TOLD = 0.0, 1.0, 2.0
"""A commit beyond the log end is an event when two polls in a row saw it: a single log end may be out of date."""


def see_commits(before: Commits | None, now: Snapshot, lag: Lag) -> tuple[Commits, list[Event]]:
    """What is to be remembered, and what changed."""
    if before is None:
        nothing = np.full(len(lag), np.nan)
        before = Commits(now, lag, nothing, nothing, nothing, nothing, nothing)
    before = _aligned(before, now, lag)
    committed, seen = before.committed, before.seen
    fell = np.flatnonzero(lag.committed_offset < committed)
    overtaken = np.flatnonzero((lag.lost > 0) & (before.lost == 0) & (lag.committed_offset >= committed))
    beyond = _beyond(before.beyond, lag)
    ahead = np.flatnonzero((beyond == AHEAD_TOLD) & (before.beyond == AHEAD_ONCE))
    found = (
        _Found("offsets_reset", fell, (committed - lag.committed_offset)[fell], seen),
        _Found("retention_overtook", overtaken, lag.lost[overtaken], seen),
        _Found("commit_beyond_end", ahead, lag.ahead[ahead], before.within),
    )
    events = [event for each in found for event in _told(now, lag, committed, each)]
    known = ~(np.isnan(lag.committed_offset) | np.isnan(lag.lost))
    memory = Commits(
        now,
        lag,
        np.where(np.isnan(lag.committed_offset), committed, lag.committed_offset),
        np.where(np.isnan(lag.lost), before.lost, lag.lost),
        np.where(known | np.isnan(seen), now.time, seen),
        beyond,
        np.where(lag.ahead == 0, now.time, before.within),
    )
    return memory, events


def _beyond(before: Floats, lag: Lag) -> Floats:
    """What is to be remembered of commits beyond the log end; of one that was there at first sight no event tells."""
    again = np.where(before == NOT_AHEAD, AHEAD_ONCE, AHEAD_TOLD)
    return np.where(np.isnan(lag.ahead), before, np.where(lag.ahead > 0, again, NOT_AHEAD))


def _aligned(before: Commits, now: Snapshot, lag: Lag) -> Commits:
    """What is remembered, in the rows of lag now; NaN for rows that are new."""
    old = before.lag
    rows, old_rows = (lag.group, lag.topic, lag.partition), (old.group, old.topic, old.partition)
    if same_topics(now, before.snapshot) and same_rows(now, rows, before.snapshot, old_rows):
        return before
    places = lag_places(now, rows, before.snapshot, old_rows)
    return Commits(now, lag, *(values_at(column, places) for column in before[2:]))


class _Found(NamedTuple):
    """Rows of lag of which an event of one kind tells, how many records each concerns, and when it was not so yet."""

    kind: str
    rows: Ints
    records: Floats
    seen: Floats


def _told(now: Snapshot, lag: Lag, committed: Floats, found: _Found) -> list[Event]:
    """The events of what was found; `committed` are the offsets before."""
    kind, rows, records, seen = found

    def one(at: int) -> Event:
        row = int(rows[at])
        group, topic = str(now.groups.group[lag.group[row]]), str(now.topics.topic[lag.topic[row]])
        partition = int(lag.partition[row])
        here, amount = count(lag.committed_offset[row]), count(records[at])
        where = f"{name_of(group, NAME)} on {place(topic, partition)}"
        before, after, done = {
            "offsets_reset": (
                count(committed[row]),
                here,
                f"committed offset rewound by {amount}, {count(committed[row])} → {here}",
            ),
            "retention_overtook": (
                here,
                f"log start {count(lag.start_offset[row])}",
                f"{amount} records lost: deleted before they were read",
            ),
            "commit_beyond_end": (
                here,
                f"log end {count(lag.end_offset[row])}",
                f"committed offset {here} is {amount} beyond the log end {count(lag.end_offset[row])}",
            ),
        }[kind]
        times = float(seen[row]), now.time
        text = f"{where}: {done}"
        return Event(kind, *times, text, -1, topic, partition, group, before, after, float(records[at]))

    def many(group: int | None, at: Ints) -> Event:
        total = float(records[at].sum())
        name = None if group is None else str(now.groups.group[group])
        who = "several groups" if name is None else name_of(name, NAME)
        times = float(np.min(seen[rows[at]])), now.time
        text = f"{who} on {plural(len(at), 'partition')}: {count(total)} {MANY[kind]}"
        return Event(kind, *times, text, group=name, records=total, count=len(at))

    return fold_rows(np.arange(len(rows)), lag.group[rows], one, many)


MANY = {
    "offsets_reset": "records rewound in total",
    "retention_overtook": "records lost: deleted before they were read",
    "commit_beyond_end": "records between log ends and the commits beyond them",
}
"""What is said of the records of several rows."""
