"""Brokers, topics and partitions, from one Metadata answer of any broker."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from kafka.protocol.metadata import MetadataRequest, MetadataResponse

from monitor.choice import Choice
from monitor.client.apis import METADATA
from monitor.client.client import Ask, BrokerAddress, Client, Node
from monitor.client.faults import Fault, error_text
from monitor.client.wire import Answer
from monitor.collectors.base import Collector, Reply, Step
from monitor.decode.cursor import Cursor, MalformedAnswerError, understanding
from monitor.decode.plain import read
from monitor.draft import Draft
from monitor.snapshot import Partitions, Topics
from monitor.table import Ragged, objects


class ClusterCollector(Collector):
    """Asks the broker that answered last, and any other when that one fails.

    A broker shuffles the brokers in its answer, so only what follows them is compared with the last answer; while that
    is the same, its tables are used again.
    """

    name = "cluster"
    step = Step.DISCOVER

    def __init__(self) -> None:
        self._node: Node | None = None
        self._rest = b""
        self._version = -1
        self._topics = Topics.empty()
        self._partitions = Partitions.empty()
        self._topic_errors: list[str] = [""]
        self._hidden = 0
        self._cut: frozenset[str] = frozenset()
        self._notices: list[str] = []

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        return [_question(self._node)] if self._node in client.nodes and self._node is not None else []

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        answer = next((each for each in replies if isinstance(each, Answer)), None)
        faults = [each for each in replies if isinstance(each, Fault)]
        if answer is None:
            answer, more = client.ask_any(_question, draft.deadline, skip={each.node for each in faults})
            faults += more
        for fault in faults:
            draft.note(fault)
        if answer is None:
            draft.error = "; ".join(dict.fromkeys(f"{client.address(each.node)}: {each}" for each in faults))
            draft.error = draft.error or f"no broker of {', '.join(client.bootstrap_servers)} answered in time"
            return [draft.error]
        try:
            self._take(client, draft, answer)
        except MalformedAnswerError as error:
            draft.error = f"{client.address(answer.node)}: {error}"
            return [draft.error]
        return []

    def _take(self, client: Client, draft: Draft, answer: Answer) -> None:
        """Put an answer into the draft. Raises MalformedAnswerError for one that says nothing."""
        cursor = Cursor(answer.body, flexible=True)
        brokers, cluster_id, controller = _head(cursor)
        if not brokers:  # so does a broker that the controller does not count as alive yet
            raise MalformedAnswerError("names no brokers")
        rest = answer.body[cursor.at :]
        if rest != self._rest or answer.version != self._version:
            with understanding(f"{METADATA.name} v{answer.version}"):
                self._topics, self._partitions, self._topic_errors = _tables(answer)
            self._watch(draft.choice)
            self._rest, self._version = rest, answer.version
        client.learn(brokers)
        self._node = answer.node if isinstance(answer.node, int) else brokers[0].node
        draft.brokers, draft.cluster_id, draft.controller = brokers, cluster_id, controller
        draft.hidden_topics, draft.cut_topics = self._hidden, self._cut
        draft.notices += self._notices
        draft.topics, draft.partitions = self._topics, self._partitions
        # The kept table's codes hold because this collector is read first, when no reason is given yet.
        draft.reasons[:] = self._topic_errors

    def _watch(self, choice: Choice) -> None:
        """Mark the topics that the settings choose, as many as the limit on partitions allows, by name."""
        topics = self._topics
        chosen = np.array([choice.topics.wants(str(name)) for name in topics.topic], bool)
        if not choice.internal_topics:
            chosen &= ~topics.internal
        self._hidden = int(len(topics) - chosen.sum())
        fits = np.cumsum(np.where(chosen, topics.partitions, 0)) <= choice.max_partitions
        self._cut = frozenset(topics.topic[chosen & ~fits].tolist())
        self._notices = []
        if self._cut:
            self._notices.append(
                f"{len(self._cut):,} of {int(chosen.sum()):,} topics are not asked about: limits.partitions is "
                f"{choice.max_partitions:,}"
            )
        self._topics = replace(topics, watched=chosen & fits)

    def fail(self, draft: Draft, reason: str) -> None:
        draft.error = reason


def _question(node: Node) -> Ask:
    def body(version: int) -> bytes:
        return bytes(MetadataRequest(version=version, topics=None, allow_auto_topic_creation=False).encode())

    return Ask(node, METADATA, body)


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
    return (
        sorted(brokers, key=lambda each: each.node),
        cluster_id,
        controller if controller >= 0 else None,
    )


def _tables(answer: Answer) -> tuple[Topics, Partitions, list[str]]:
    """Topics by name and their partitions by number, and the texts of the reason codes in `Topics.reason`."""
    metadata = read(MetadataResponse, answer.body, answer.version)
    if metadata.error_code:
        raise MalformedAnswerError(error_text(metadata.error_code))
    topics = sorted((each for each in metadata.topics if each.name), key=lambda each: str(each.name))
    reasons = [""]
    topic_reason = []
    for each in topics:
        text = error_text(each.error_code) if each.error_code else ""
        if text not in reasons:
            reasons.append(text)
        topic_reason.append(reasons.index(text))
    partitions = [_dense(each) for each in topics]
    counts = np.array([len(each) for each in partitions], np.int32)
    rows = [row for each in partitions for row in each]
    return (
        Topics(
            objects(each.name for each in topics),
            objects(_id(each.topic_id) for each in topics),
            np.array([each.is_internal for each in topics], bool),
            counts,
            np.cumsum(counts) - counts,
            np.ones(len(topics), bool),
            np.array(topic_reason, np.int32),
        ),
        Partitions(
            np.repeat(np.arange(len(topics)), counts),
            np.array([row.partition_index for row in rows], np.int32),
            np.array([row.leader_id for row in rows], np.int32),
            np.array([row.leader_epoch for row in rows], np.int32),
            Ragged.of([row.replica_nodes for row in rows]),
            Ragged.of([row.isr_nodes for row in rows]),
            Ragged.of([row.offline_replicas for row in rows]),
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
