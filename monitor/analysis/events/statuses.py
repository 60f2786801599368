"""Groups whose status becomes one that somebody has to act on, and that recover from it."""

from typing import NamedTuple

import numpy as np

from monitor.analysis.derive.group_problems import does
from monitor.analysis.derive.verdict import group_why
from monitor.analysis.earlier_polls.rows import group_places
from monitor.analysis.events.event import fold_rows, some
from monitor.model.events import OF_STATUSES, RECOVERED, Event
from monitor.model.snapshot import Snapshot
from monitor.model.status import LEFT, OK, STATUSES, UNKNOWN
from monitor.model.table import Floats, Ints, values_at
from monitor.model.text import NAME, duration, name_of
from monitor.model.view import View


class Statuses(NamedTuple):
    """What is remembered of the groups of `snapshot`, a row each.

    `status` is the newest of OF_STATUSES, left or ok, UNKNOWN while none was known; a group that is behind, for
    example, is as it was before. `seen` is the unix time of the last poll that knew its status, `since` when `status`
    began.
    """

    snapshot: Snapshot
    status: Ints
    seen: Floats
    since: Floats


def see_statuses(before: Statuses | None, view: View) -> tuple[Statuses, list[Event]]:
    """What to remember, and the events. A status that was only unknown for a while causes no event."""
    now, lags = view.snapshot, view.group_lags
    was = _in_rows(before, now)
    last = was.status
    known = lags.status != UNKNOWN
    # That a group has left its topics is an event of its own: monitor.analysis.events.left.
    told = np.isin(lags.status, (OK, LEFT, *OF_STATUSES))
    status = np.where(told, lags.status, np.where(known & (last == UNKNOWN), OK, last))
    changed = np.flatnonzero((status != last) & (last != UNKNOWN) & ~((status == OK) & (last == LEFT)))
    events = [
        event for each in (*OF_STATUSES, OK) for event in _events(view, each, changed[status[changed] == each], was)
    ]
    since = np.where(status == last, was.since, lags.since_at_latest)
    return Statuses(now, status, np.where(known, view.time, was.seen), since), events


def _in_rows(before: Statuses | None, now: Snapshot) -> Statuses:
    """What is remembered, in the rows of groups now."""
    if before is not None and before.snapshot.groups.group is now.groups.group:
        return before
    nothing = np.full(len(now.groups), np.nan)
    if before is None:
        return Statuses(now, np.full(len(nothing), UNKNOWN, np.int32), nothing, nothing)
    places = group_places(now, before.snapshot)
    status = values_at(before.status, places, UNKNOWN)
    return Statuses(now, status, values_at(before.seen, places), values_at(before.since, places))


def _events(view: View, status: int, rows: Ints, was: Statuses) -> list[Event]:
    """The events of groups that now have a status; many of them are one event."""
    kind, names = OF_STATUSES.get(status, RECOVERED), view.snapshot.groups.group

    def one(row: int) -> Event:
        old, word = STATUSES[was.status[row]], STATUSES[status]
        if status == OK:
            lasted = "" if np.isnan(was.since[row]) else f" for {duration(view.time - was.since[row])}"
            said = f"recovered, was {old}{lasted}"
        else:
            said = f"{does(word, 1)}: {group_why(view, row)}"
        text = f"{name_of(names[row], NAME)} {said}"
        return Event(kind, float(was.seen[row]), view.time, text, group=str(names[row]), before=old, after=word)

    def many(_: int | None, mine: Ints) -> Event:
        deed = "recovered" if status == OK else does(STATUSES[status], len(mine))
        text = f"{len(mine):,} groups {deed}: {some(names[mine])}"
        return Event(kind, float(np.min(was.seen[mine])), view.time, text, after=STATUSES[status], count=len(mine))

    return fold_rows(rows, np.zeros(len(rows), np.int64), one, many)
