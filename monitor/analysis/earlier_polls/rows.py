"""Which row of an earlier poll a row of the newest one was: by the names of groups and topics, and the topic's id."""

from collections.abc import Hashable, Iterable

import numpy as np

from monitor.model.snapshot import Snapshot, row_key
from monitor.model.table import Ints
from monitor.model.time_scale import lasting

KEPT_SECONDS = lasting(1800.0)
"""How long what is known of a group is kept while it cannot be asked, or no broker lists it."""

Places = tuple[Ints, Ints, Ints]
"""Rows of groups and topics, and partition numbers, of the same length."""


def topic_places(now: Snapshot, before: Snapshot) -> Ints:
    """For each topic of `now` its row in `before`, -1 where it was not there; one created anew was not."""
    names = (zip(each.topics.topic.tolist(), each.topics.topic_id.tolist(), strict=True) for each in (now, before))
    return places_of(*names)


def group_places(now: Snapshot, before: Snapshot) -> Ints:
    """For each group of `now` its row in `before`, -1 where it was not there."""
    return places_of(now.groups.group.tolist(), before.groups.group.tolist())


def places_of(now: Iterable[Hashable], before: Iterable[Hashable]) -> Ints:
    """For each key of `now` its place in `before`, -1 where it was not there."""
    rows = {name: row for row, name in enumerate(before)}
    return np.array([rows.get(name, -1) for name in now], np.int64)


def same_topics(now: Snapshot, before: Snapshot) -> bool:
    """Whether topics and partitions stand in the same rows in both."""
    one, other = now.topics, before.topics
    return one is other or (
        np.array_equal(one.topic, other.topic)
        and np.array_equal(one.topic_id, other.topic_id)
        and np.array_equal(one.partitions, other.partitions)
    )


def same_rows(now: Snapshot, rows: Places, before: Snapshot, old: Places) -> bool:
    """Whether groups, and rows of groups on partitions, are the same in both; their topics are taken to be."""
    groups, old_groups = now.groups.group, before.groups.group
    pairs = zip((groups, *rows), (old_groups, *old), strict=True)
    return all(one is other or np.array_equal(one, other) for one, other in pairs)


def partition_places(now: Snapshot, before: Snapshot) -> Ints:
    """For each partition of `now` its row in `before`, -1 where it was not there."""
    topic = topic_places(now, before)[now.partitions.topic]
    there = topic >= 0
    row = np.full(len(now.partitions), -1, np.int64)
    there[there] = now.partitions.partition[there] < before.topics.partitions[topic[there]]
    row[there] = before.topics.first_row[topic[there]] + now.partitions.partition[there]
    return row


def lag_places(now: Snapshot, rows: Places, before: Snapshot, old: Places) -> Ints:
    """For each of `rows` of `now` its place among the rows `old` of `before`, which are sorted; -1 where it was not."""
    group, topic = group_places(now, before)[rows[0]], topic_places(now, before)[rows[1]]
    there = (group >= 0) & (topic >= 0)
    count = max(len(before.topics), 1)
    known = row_key(*old, count)
    wanted = row_key(np.maximum(group, 0), np.maximum(topic, 0), rows[2], count)
    place = np.searchsorted(known, wanted)
    there &= place < len(known)
    there[there] = known[place[there]] == wanted[there]
    return np.where(there, place, -1)
