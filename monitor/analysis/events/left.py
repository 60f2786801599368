"""Groups that leave topics, and that count as reading topics again which they had left."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

import numpy as np

from monitor.analysis.derive.story import why_left
from monitor.analysis.events.event import fold_rows, some
from monitor.model.events import LEFT_TOPIC, RETURNED, Event
from monitor.model.lag import Lag
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import LEFT, STATUSES
from monitor.model.table import Flags, Ints
from monitor.model.text import NAME, count, name_of, plural, records_of
from monitor.model.view import View

Pair = tuple[str, str]
"""A group id and a topic name."""

WORD = STATUSES[LEFT]


class Left(NamedTuple):
    """The pairs that were left at the last poll, of unix time `seen`, or before their group could not be read."""

    pairs: frozenset[Pair]
    seen: float


def see_left(before: Left | None, view: View) -> tuple[Left, list[Event]]:
    """What to remember, and the events. What a group had left when kmon began to poll is no event."""
    table, snapshot = view.left, view.snapshot
    groups, topics = snapshot.groups.group, snapshot.topics.topic
    names = list(zip(groups[table.group].tolist(), topics[table.topic].tolist(), strict=True))
    now = frozenset(names)
    if before is None:
        return Left(now, view.time), []
    missing = sorted(before.pairs - now)
    back = [pair for pair, rows in zip(missing, _rows(snapshot, view.lag, missing), strict=True) if len(rows)]
    new = np.array([row for row, pair in enumerate(names) if pair not in before.pairs], np.int64)
    events = [*_left(view, new, before.seen), *(_returned(view, pair, before.seen) for pair in back)]
    away = frozenset(pair for pair in before.pairs - now - frozenset(back) if _is_away(view, pair[0]))
    return Left(now | away, view.time), events


def _is_away(view: View, group: str) -> bool:
    """Whether a group has no rows because it could not be read."""
    row = view.group_rows.get(group)
    return row is None or bool(view.snapshot.groups.unread[row] != KNOWN)


def left_rows(left: Left | None, snapshot: Snapshot, lag: Lag) -> Flags:
    """The rows of lag of what was left at the last poll."""
    flags = np.zeros(len(lag), bool)
    for rows in _rows(snapshot, lag, left.pairs if left else ()):
        flags[rows] = True
    return flags


def _rows(snapshot: Snapshot, lag: Lag, pairs: Collection[Pair]) -> Iterator[Ints]:
    """The rows of lag of each pair."""
    if not pairs:
        return
    names = snapshot.groups.group.tolist(), snapshot.topics.topic.tolist()
    groups, topics = ({name: row for row, name in enumerate(each)} for each in names)
    for group, topic in pairs:
        yield _rows_on(lag, groups[group], topics.get(topic, -1)) if group in groups else np.empty(0, np.int64)


def _rows_on(lag: Lag, group: int, topic: int) -> Ints:
    """The rows of lag of a group on a topic, by their rows in their tables."""
    mine = lag.of_group(group)
    return mine.start + np.flatnonzero(lag.topic[mine.start : mine.stop] == topic)


def _left(view: View, rows: Ints, seen: float) -> list[Event]:
    """The events of rows of `view.left`; many of them are one event."""
    table, snapshot = view.left, view.snapshot

    def one(row: int) -> Event:
        group, topic = int(table.group[row]), int(table.topic[row])
        pair = str(snapshot.groups.group[group]), str(snapshot.topics.topic[topic])
        unread = float(np.nansum(view.lag.lag[_rows_on(view.lag, group, topic)]))
        text = f"{name_of(pair[0], NAME)} left {name_of(pair[1], NAME)}: {why_left(view, group, topic)}"
        text += f"; {records_of(unread, count, ' unread')}" if unread else ""
        return Event(LEFT_TOPIC, seen, view.time, text, topic=pair[1], group=pair[0], after=WORD)

    def many(group: int | None, mine: Ints) -> Event:
        name = None if group is None else str(snapshot.groups.group[group])
        who = some(dict.fromkeys(snapshot.groups.group[table.group[mine]].tolist()))
        text = f"{who} left {plural(len(mine), 'topic')}"
        return Event(LEFT_TOPIC, seen, view.time, text, group=name, after=WORD, count=len(mine))

    return fold_rows(rows, table.group[rows], one, many) if len(rows) else []


def _returned(view: View, pair: Pair, seen: float) -> Event:
    group, topic = pair
    text = f"{name_of(group, NAME)} counts as reading {name_of(topic, NAME)} again"
    return Event(RETURNED, seen, view.time, text, topic=topic, group=group, before=WORD)
