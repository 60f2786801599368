"""Topics by name and id: how rows that are kept from poll to poll find their topic again, and no other of its name."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from monitor.collect.draft import Draft

TopicKey = tuple[str, str | None]
"""Name and topic id; the id is None where the broker has none."""

Kept = TypeVar("Kept")


def topic_keys(draft: Draft, names: Collection[str]) -> dict[str, TopicKey]:
    """The keys of those names that metadata has."""
    topics = zip(draft.topics.topic, draft.topics.topic_id, strict=True)
    return {name: (name, topic_id) for name, topic_id in topics if name in names} if names else {}


def partition_rows(draft: Draft, wanted: Iterable[tuple[TopicKey, int]]) -> dict[tuple[TopicKey, int], int]:
    """The topic's row of each wanted partition; those that metadata does not have, or no more, are left out."""
    wanted = list(wanted)
    names = {name for (name, _), _ in wanted}
    keys = set(topic_keys(draft, names).values())
    rows = {name: row for row, name in enumerate(draft.topics.topic) if name in names} if names else {}
    counts = draft.topics.partitions
    return {
        (key, partition): rows[key[0]]
        for key, partition in wanted
        if key in keys and 0 <= partition < counts[rows[key[0]]]
    }


def rows_of(draft: Draft, kept: Mapping[tuple[TopicKey, int], Kept]) -> Iterator[tuple[int, int, Kept]]:
    """What is kept of partitions that metadata has, by topic row and partition number."""
    for (key, number), row in sorted(partition_rows(draft, kept).items(), key=lambda each: (each[1], each[0][1])):
        yield row, number, kept[key, number]
