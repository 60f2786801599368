"""Topics whose records their own application deletes once it has read them: the repartition topics of Kafka Streams."""

from collections.abc import Sequence

import numpy as np

from monitor.model.snapshot import Snapshot
from monitor.model.table import Flags, Ints

REPARTITION = "-repartition"


def own_records(snapshot: Snapshot, group: Ints, topic: Ints) -> Flags:
    """For each pair of a group's and a topic's row whether the group deletes the topic's records itself.

    A Streams application commits first and deletes up to the commit then, so that no such record is lost to it. Its
    group has the application's id, with which the names of its internal topics begin. To other groups they are like
    all topics.
    """
    ends = np.array([str(name).endswith(REPARTITION) for name in snapshot.topics.topic], bool)
    parts = snapshot.subtopologies
    listed = _listed(snapshot, parts.group, parts.repartition_topics.tolist())
    own = np.zeros(len(group), bool)
    if not (ends.any() or listed):
        return own
    rows = np.flatnonzero(ends[topic]) if not listed else np.arange(len(group))
    names, groups = snapshot.topics.topic, snapshot.groups.group
    pairs = zip(group[rows].tolist(), topic[rows].tolist(), strict=True)
    own[rows] = [
        (reader, read) in listed or (bool(ends[read]) and str(names[read]).startswith(f"{groups[reader]}-"))
        for reader, read in pairs
    ]
    return own


def _listed(snapshot: Snapshot, group: Ints, topics: Sequence[tuple[str, ...]]) -> set[tuple[int, int]]:
    """The pairs that the topologies of streams groups name."""
    if not len(group):
        return set()
    rows = {str(name): row for row, name in enumerate(snapshot.topics.topic)}
    pairs = zip(group.tolist(), topics, strict=True)
    return {(reader, rows[name]) for reader, names in pairs for name in names if name in rows}
