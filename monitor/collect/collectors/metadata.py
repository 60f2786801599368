"""What one broker says of the cluster in its Metadata answer, and which of several brokers knows it best.

Brokers learn of changes one after the other, and one that is cut off from the controller goes on to tell what it last
knew. So an answer is believed when another broker's agrees, or when it knows of later elections.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from monitor.kafka.client.client import BrokerAddress
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError
from monitor.kafka.messages import decoded
from monitor.model.reasons import ReasonCodes
from monitor.model.snapshot import KNOWN, Partitions, Topics
from monitor.model.table import Ints, Ragged


class Tables(NamedTuple):
    """Topics and partitions of an answer, and the reasons of the topics by code."""

    topics: Topics
    partitions: Partitions
    reasons: ReasonCodes


@dataclass(frozen=True)
class Claim:
    """What a broker says; `node` is its id, None where kmon knows only the address that it asked."""

    node: int | None
    brokers: list[BrokerAddress]
    cluster_id: str | None
    controller: int | None
    version: int
    mark: bytes
    """Of what follows the brokers."""
    tables: Tables = field(repr=False)

    @property
    def names(self) -> set[int]:
        return {each.node for each in self.brokers}


def claim_of(answer: Answer, before: "Iterable[Claim]" = ()) -> Claim:
    """What an answer says. `before` are claims whose tables are used again where they say the same.

    A broker shuffles the brokers in its answer, so only what follows them is compared. Raises MalformedAnswerError for
    an answer that says nothing.
    """
    cursor = Cursor(answer.body, flexible=True)
    brokers, cluster_id, controller = _head(cursor)
    if not brokers:  # so does a broker that the controller does not count as alive yet
        raise MalformedAnswerError("names no brokers")
    mark = answer.mark(cursor.at)
    tables = next((each.tables for each in before if each.version == answer.version and each.mark == mark), None)
    if tables is None:
        with decoded(answer) as metadata:
            tables = _tables(metadata)
    node = answer.node if isinstance(answer.node, int) else None
    return Claim(node, brokers, cluster_id, controller, answer.version, mark, tables)


def choose(claims: Sequence[Claim]) -> tuple[Claim, bool]:
    """The claim to believe, and whether there is evidence for it beside itself. Of equals it is the first.

    Evidence is that another broker agrees, that it knows of elections which the others do not know and none that it
    does not, that it knows that the others are gone, or that there is no other broker.
    """
    for each in claims:  # before agreement: brokers that are cut off agree with one another
        others = [other for other in claims if other is not each]
        if others and all(_newer(each, other) for other in others):
            return each, True
    for at, each in enumerate(claims):
        if any(agree(each, other) for other in claims[at + 1 :]):
            return each, True
    if len(claims) == 1:
        return claims[0], len(claims[0].brokers) == 1
    return max(claims, key=lambda each: int(each.tables.partitions.leader_epoch.sum())), False


def agree(one: Claim, other: Claim) -> bool:
    """Whether two brokers say the same of brokers, topics, leaders and replicas."""
    if one.names != other.names:
        return False
    if one.mark == other.mark and one.version == other.version:
        return True
    rows, their_rows = one.tables.partitions, other.tables.partitions
    return (
        _same_topics(one, other)
        and np.array_equal(rows.leader, their_rows.leader)
        and np.array_equal(rows.leader_epoch, their_rows.leader_epoch)
        and _same_lists(rows.replicas, their_rows.replicas)
        and _same_lists(rows.isr, their_rows.isr)
    )


def _same_topics(one: Claim, other: Claim) -> bool:
    """Whether both name the same topics, with as many partitions each."""
    topics, others = one.tables.topics, other.tables.topics
    return (
        np.array_equal(topics.topic, others.topic)
        and np.array_equal(topics.partitions, others.partitions)
        and (_without_ids(one, other) or np.array_equal(topics.topic_id, others.topic_id))
    )


def _without_ids(one: Claim, other: Claim) -> bool:
    """Whether one of two brokers is too old to tell the ids of topics."""
    return min(one.version, other.version) < IDS_SINCE


IDS_SINCE = 10
"""The version of Metadata that tells the ids of topics."""


def _same_lists(one: Ragged, other: Ragged) -> bool:
    return np.array_equal(one.starts, other.starts) and np.array_equal(one.values, other.values)


def is_behind(one: Claim, other: Claim) -> bool:
    """Whether a claim knows of no later election than another, and of some that are earlier."""
    ours, theirs = _shared_epochs(one, other)
    return bool((ours < theirs).any()) and not (ours > theirs).any()


def _newer(one: Claim, other: Claim) -> bool:
    ours, theirs = _shared_epochs(one, other)
    ahead, behind = bool((ours > theirs).any()), bool((ours < theirs).any())
    if ahead != behind:
        return ahead
    # A broker that is cut off does not learn that the others go on without it.
    return not ahead and other.node not in one.names and one.node in other.names


def _shared_epochs(one: Claim, other: Claim) -> tuple[Ints, Ints]:
    """The leader epochs of the partitions that both brokers name, shapes (partitions,).

    Those of a topic that was made anew begin anew, so its name alone does not do.
    """
    topics, others = one.tables.topics, other.tables.topics
    epochs, their_epochs = one.tables.partitions.leader_epoch, other.tables.partitions.leader_epoch
    if _same_topics(one, other):
        return epochs, their_epochs
    without = _without_ids(one, other)
    row = {name: at for at, name in enumerate(others.topic)}
    pairs = [
        (int(topics.first_row[at]) + number, int(others.first_row[row[name]]) + number)
        for at, name in enumerate(topics.topic)
        if name in row and (without or topics.topic_id[at] == others.topic_id[row[name]])
        for number in range(min(int(topics.partitions[at]), int(others.partitions[row[name]])))
    ]
    places = np.array(pairs, np.int64).reshape(-1, 2)
    return epochs[places[:, 0]], their_epochs[places[:, 1]]


def _head(cursor: Cursor) -> tuple[list[BrokerAddress], str | None, int | None]:
    """Brokers, cluster id and controller, from the fields that stand before the topics."""
    cursor.skip(4)  # throttle_time_ms
    brokers = []
    for _ in range(cursor.count()):
        broker = BrokerAddress(cursor.int32(), cursor.name(), cursor.int32(), cursor.text())
        cursor.tags()
        brokers.append(broker)
    cluster_id = cursor.text()
    controller = cursor.int32()
    return sorted(brokers, key=lambda each: each.node), cluster_id, controller if controller >= 0 else None


def _tables(metadata: Any) -> Tables:
    """Topics by name and their partitions by number, and what the codes in `Topics.reason` stand for."""
    if metadata.error_code:
        raise MalformedAnswerError(error_reason(metadata.error_code))
    topics = sorted((each for each in metadata.topics if each.name), key=lambda each: str(each.name))
    reasons = ReasonCodes()
    codes = [reasons[error_reason(each.error_code)] if each.error_code else KNOWN for each in topics]
    partitions = [_dense(each) for each in topics]
    first = np.cumsum([0, *map(len, partitions)])
    return Tables(
        Topics.of_rows(
            (each.name, _id(each.topic_id), each.is_internal, len(rows), row, True, code)
            for each, rows, row, code in zip(topics, partitions, first[:-1], codes, strict=True)
        ),
        Partitions.of_rows(
            (
                topic,
                each.partition_index,
                each.leader_id,
                each.leader_epoch,
                each.replica_nodes,
                each.isr_nodes,
                each.offline_replicas,
            )
            for topic, rows in enumerate(partitions)
            for each in rows
        ),
        reasons,
    )


def _dense(topic: Any) -> list[Any]:
    """The partitions of a topic by number; Kafka numbers them from 0 without gaps, which row arithmetic relies on."""
    rows = sorted(topic.partitions, key=lambda each: int(each.partition_index))
    if [row.partition_index for row in rows] != list(range(len(rows))):
        raise ValueError(f"the partitions of topic {topic.name!r} are not numbered from 0 without gaps")
    return rows


def _id(value: Any) -> str | None:
    return base64.urlsafe_b64encode(value.bytes).rstrip(b"=").decode() if value is not None and value.int else None
