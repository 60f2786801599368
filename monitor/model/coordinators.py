"""Which broker coordinates each group or transaction: the leader of its partition of a topic of Kafka's own."""

from typing import NamedTuple

import numpy as np

from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import NO_LEADER, Partitions, Topics

OFFSETS_TOPIC = "__consumer_offsets"
"""Where the coordinators of groups of every type keep them."""
TRANSACTIONS_TOPIC = "__transaction_state"
"""Where the coordinators of transactions keep them."""


class Tenure(NamedTuple):
    """The leadership of a partition: node id (NO_LEADER for none) and leader epoch, which never falls."""

    leader: int
    epoch: int


NOBODY = Tenure(NO_LEADER, NO_LEADER)


def tenures(topics: Topics, partitions: Partitions, topic: str = OFFSETS_TOPIC) -> tuple[Tenure, ...]:
    """Who leads each partition of a topic, by number; empty where metadata does not name the topic."""
    rows = np.flatnonzero(topics.topic == topic)
    if not len(rows):
        return ()
    first, count = int(topics.first_row[rows[0]]), int(topics.partitions[rows[0]])
    mine = slice(first, first + count)
    return tuple(map(Tenure, partitions.leader[mine].tolist(), partitions.leader_epoch[mine].tolist()))


def partition_of(name: str, partitions: int) -> int:
    """The partition, of so many, that keeps a group or a transactional id: as Kafka's coordinators reckon it."""
    value = _java_hash(name)
    # Utils.abs of Kafka: the one number without a positive counterpart is 0.
    return (0 if value == -(2**31) else abs(value)) % partitions


def _java_hash(name: str) -> int:
    """String.hashCode of Java, over UTF-16 code units."""
    data = name.encode("utf-16-be", "surrogatepass")
    value = 0
    for at in range(0, len(data), 2):
        value = (31 * value + (data[at] << 8 | data[at + 1])) & 0xFFFFFFFF
    return value - 2**32 if value >= 2**31 else value


def leaderless(held: tuple[Tenure, ...], topic: str) -> list[Reason]:
    """That partitions of such a topic have no leader; nothing where all have one."""
    numbers = [str(number) for number, each in enumerate(held) if each.leader == NO_LEADER]
    if not numbers:
        return []
    shown = ", ".join(numbers[:5]) + (f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else "")
    return [Reason(Kind.NO_LEADERS, api=topic, detail=f"partition{'s' * (len(numbers) > 1)} {shown}")]
