"""The metadata quorum: its voters and observers, and the active controller, which is its leader.

Metadata's answer names any broker for the controller on KRaft.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import available, learn, refused, unknown
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_QUORUM
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, Fault, error_reason
from monitor.kafka.messages import known
from monitor.model.cluster_tables import Quorum
from monitor.model.reasons import Kind, Reason

HANGS_SECONDS = 0.2
"""A request for which a poll had less time than this left proves nothing."""
ENOUGH_HANG = 2
"""At so many brokers, or at all that respond, the request must hang."""

LEADER_AND_ISR = 4
"""The key of an API that only brokers with ZooKeeper serve."""


class QuorumCollector(Collector):
    """With ZooKeeper there is no quorum, and metadata names the controller; with KRaft metadata names any broker.

    Brokers forward the request, so without a quorum it hangs where the broker itself is well: it is asked last, behind
    what else is asked of the broker, and its fault is not held against the broker. The next poll asks another broker
    then, because one may be cut off from the controllers alone.
    """

    name = "quorum"
    step = Step.ENDS
    provides = "leader, epoch, voters and observers of the metadata quorum (KRaft), their lag"
    fills = ("quorum",)
    sends = (requests.DESCRIBE_QUORUM,)
    without = "the quorum, and with KRaft the controller, are unknown"

    def __init__(self) -> None:
        self._hung: set[int] = set()
        """Brokers whose request has hung since the last answer of any."""

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        topic = {"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}
        nodes = [each for each in draft.up if each not in self._hung] or draft.up
        return [Ask.of(node, DESCRIBE_QUORUM, topics=[topic]) for node in nodes[:1]]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        unserved = [each.node for each in replies if isinstance(each, Fault) and each.kind is Kind.UNSUPPORTED]
        if not any(LEADER_AND_ISR in (client.served(node) or ()) for node in unserved):
            draft.controller = None
        for reply in replies:
            draft.quorum_silent = self._silent(draft, reply)
        return learn(draft, self.name, replies, partial(_take, draft), noted=False)

    def _silent(self, draft: Draft, reply: Reply) -> bool | None:
        """Whether no controller answers, after a reply; None where that proves nothing, or not yet enough."""
        if not isinstance(reply, Fault):
            self._hung.clear()
            return False
        if not hangs(reply):
            return None
        self._hung.add(int(reply.node))
        up = set(draft.up)
        return len(self._hung & up) >= min(ENOUGH_HANG, len(up)) or None

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.controller = None


def hangs(fault: Fault) -> bool:
    """Whether a broker took a request and did not answer it, though there was time for an answer."""
    return fault.kind is Kind.TIMEOUT and not fault.is_advertised and fault.seconds >= HANGS_SECONDS


def _take(draft: Draft, node: int, described: Any) -> list[Reason]:
    """Put an answer into the draft; returns what is missing."""
    partition = next((each for topic in described.topics for each in topic.partitions), None)
    code = described.error_code or (partition.error_code if partition is not None else 0)
    if code:
        why = error_reason(code, node)
        tell = refused if code in DENIED_CODES else unknown
        return tell(draft, QuorumCollector.name, why)
    if partition is not None:
        leader = int(partition.leader_id)
        draft.quorum = _table(partition, leader)
        draft.quorum_epoch = int(partition.leader_epoch)
        draft.controller = leader if leader >= 0 else None
    return available(draft, QuorumCollector.name)


def _table(partition: Any, leader: int) -> Quorum:
    return Quorum.of_rows(
        (
            each.replica_id,
            voter,
            voter and each.replica_id == leader,
            known(each.log_end_offset),
            known(each.last_fetch_timestamp) / 1000,
            known(each.last_caught_up_timestamp) / 1000,
        )
        for voter, replicas in ((True, partition.current_voters), (False, partition.observers))
        for each in sorted(replicas, key=lambda each: int(each.replica_id))
    )
