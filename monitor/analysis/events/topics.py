"""Topics that are created, deleted, recreated and extended."""

from typing import NamedTuple

import numpy as np

from monitor.analysis.derive.completeness import lists_topics
from monitor.analysis.events.event import fold, some
from monitor.model.events import Event
from monitor.model.snapshot import KNOWN, NOT_IN_METADATA, Snapshot
from monitor.model.text import NAME, count, name_of, plural

MOST_DELETED = 1000


class Topic(NamedTuple):
    topic_id: str | None
    partitions: int


class Topics(NamedTuple):
    """What is remembered: the snapshot before, its topics by name, and the ids of some that were deleted.

    Topics that may only be hidden, or that metadata lacks which are in doubt, stay in `there`. `complete` tells whether
    there are none.
    """

    snapshot: Snapshot
    there: dict[str, Topic]
    deleted: dict[str, str | None]
    complete: bool


def see_topics(before: Topics | None, now: Snapshot) -> tuple[Topics, list[Event]]:
    """What is to be remembered, and what changed."""
    complete = lists_topics(now)
    if before is not None and complete == before.complete and _same(before.snapshot, now):
        return before._replace(snapshot=now), []
    there, doubtful = _topics(now)
    if before is None:
        return Topics(now, there, {}, complete), []
    times = before.snapshot.time, now.time
    deleted = dict(before.deleted)
    events = [
        event
        for name, topic in there.items()
        for event in _appeared(name, topic, before.there.get(name), deleted, times)
        if event.kind != "topic_created" or (complete and before.complete)
    ]
    for name in before.there.keys() - there.keys():
        if name in doubtful or not complete:
            there[name] = before.there[name]
        else:
            deleted[name] = before.there[name].topic_id
            events.append(Event("topic_deleted", *times, f"topic {name_of(name, NAME)} was deleted", topic=name))
    for name in list(deleted)[: max(0, len(deleted) - MOST_DELETED)]:
        del deleted[name]
    return Topics(now, there, deleted, complete), fold(events, lambda event: event.topic, _many)


def _same(before: Snapshot, now: Snapshot) -> bool:
    """Whether metadata named the same topics; columns are kept from poll to poll while it says the same."""
    one, other = now.topics, before.topics
    return one.topic is other.topic and one.topic_id is other.topic_id and one.partitions is other.partitions


def _topics(now: Snapshot) -> tuple[dict[str, Topic], set[str]]:
    """The topics of a snapshot by name, and the names of those that metadata could not tell about."""
    table = now.topics
    rows = zip(table.topic.tolist(), table.topic_id.tolist(), table.partitions.tolist(), strict=True)
    there = {name: Topic(topic_id, partitions) for name, topic_id, partitions in rows if partitions}
    unsure = np.flatnonzero((table.partitions == 0) & (table.reason != KNOWN))
    doubtful = {str(table.topic[row]) for row in unsure if now.reasons[table.reason[row]] != NOT_IN_METADATA}
    return there, doubtful


def _appeared(
    name: str, topic: Topic, old: Topic | None, deleted: dict[str, str | None], times: tuple[float, float]
) -> list[Event]:
    """What happened to a topic that is there now."""
    shown = name_of(name, NAME)
    if old is None and name not in deleted:
        text = f"topic {shown} was created with {plural(topic.partitions, 'partition')}"
        return [Event("topic_created", *times, text, topic=name, after=plural(topic.partitions, "partition"))]
    topic_id = deleted.pop(name, None) if old is None else old.topic_id
    if topic_id != topic.topic_id:
        before, after = topic_id or "no id", topic.topic_id or "no id"
        text = f"topic {shown} was deleted and recreated: old offsets do not apply to its records"
        return [Event("topic_recreated", *times, text, topic=name, before=before, after=after)]
    if old is not None and topic.partitions > old.partitions:
        before, after = count(old.partitions), count(topic.partitions)
        text = f"topic {shown} was extended from {before} to {after} partitions"
        return [Event("partitions_added", *times, text, topic=name, before=before, after=after)]
    return []


DONE = {
    "topic_created": "created",
    "topic_deleted": "deleted",
    "topic_recreated": "recreated",
    "partitions_added": "extended with partitions",
}


def _many(events: list[Event]) -> Event:
    first = events[0]
    names = some(str(each.topic) for each in events)
    text = f"{len(events):,} topics were {DONE[first.kind]}: {names}"
    return Event(first.kind, first.after_time, first.time, text, count=len(events))
