"""The metadata quorum: its voters and observers, and the active controller, which is its leader.

Metadata's answer names any broker for the controller on KRaft.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from kafka.protocol.admin import DescribeQuorumRequest, DescribeQuorumResponse

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import NOBODY, available, faulted, refused, somebody, unknown
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_QUORUM
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, Fault, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.plain import read
from monitor.model.cluster_tables import Quorum


class QuorumCollector(Collector):
    """A cluster that does not serve the request has ZooKeeper, and then metadata names the controller.

    Brokers forward the request, so without a quorum it hangs where the broker itself is well: it is asked last, behind
    what else is asked of the broker, and its fault is not held against the broker.
    """

    name = "quorum"
    step = Step.ENDS
    provides = "leader, epoch, voters and observers of the metadata quorum (KRaft), their lag"
    fills = ("quorum",)
    sends = (requests.DESCRIBE_QUORUM,)
    without = "the quorum, and with KRaft the controller, are unknown"

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        node = somebody(draft)
        return [] if node is None else [Ask(node, DESCRIBE_QUORUM, _body)]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        of_metadata, draft.controller = draft.controller, None
        if not replies:
            return unknown(draft, self.name, NOBODY)
        (reply,) = replies
        if isinstance(reply, Fault):
            missing = faulted(draft, self.name, reply)
            if not missing:
                draft.controller = of_metadata
            return missing
        try:
            with understanding(f"{reply.api.name} v{reply.version}"):
                return _take(draft, reply)
        except MalformedAnswerError as error:
            draft.controller = None
            return unknown(draft, self.name, f"broker {reply.node}: {error}")

    def fail(self, draft: Draft, reason: str) -> None:
        super().fail(draft, reason)
        draft.controller = None


def _body(version: int) -> bytes:
    topic = DescribeQuorumRequest.TopicData
    partition = topic.PartitionData(partition_index=0)
    request = DescribeQuorumRequest(
        version=version, topics=[topic(topic_name="__cluster_metadata", partitions=[partition])]
    )
    return bytes(request.encode())


def _take(draft: Draft, answer: Answer) -> list[str]:
    """Put an answer into the draft; returns what is missing."""
    described = read(DescribeQuorumResponse, answer.body, answer.version)
    partition = next((each for topic in described.topics for each in topic.partitions), None)
    code = described.error_code or (partition.error_code if partition is not None else 0)
    if code:
        why = f"broker {answer.node}: {error_text(code)}"
        tell = refused if code in DENIED_CODES else unknown
        return tell(draft, QuorumCollector.name, why)
    if partition is not None:
        leader = int(partition.leader_id)
        draft.quorum = _table(partition, leader)
        draft.quorum_epoch = int(partition.leader_epoch)
        draft.controller = leader if leader >= 0 else None
    return available(draft, QuorumCollector.name)


def _table(partition: Any, leader: int) -> Quorum:
    voters = sorted(partition.current_voters, key=lambda each: int(each.replica_id))
    observers = sorted(partition.observers, key=lambda each: int(each.replica_id))
    rows = [*voters, *observers]
    node = np.array([each.replica_id for each in rows], np.int32)
    voter = np.arange(len(rows)) < len(voters)
    end = np.array([each.log_end_offset for each in rows], np.float64)
    fetch = np.array([each.last_fetch_timestamp for each in rows], np.float64)
    caught_up = np.array([each.last_caught_up_timestamp for each in rows], np.float64)
    for column in (end, fetch, caught_up):
        column[column < 0] = np.nan
    return Quorum(
        node=node,
        voter=voter,
        leader=voter & (node == leader),
        log_end_offset=end,
        last_fetch=fetch / 1000,
        last_caught_up=caught_up / 1000,
    )
