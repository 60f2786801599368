"""The metadata quorum: its voters and observers, and the active controller, which is its leader.

Metadata's answer names any broker for the controller on KRaft.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import ask_somebody, available, learn, refused, unknown
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_QUORUM
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, Fault, error_reason
from monitor.kafka.messages import known
from monitor.model.cluster_tables import Quorum
from monitor.model.reasons import Kind, Reason

LEADER_AND_ISR = 4
"""The key of an API that only brokers with ZooKeeper serve."""


class QuorumCollector(Collector):
    """With ZooKeeper there is no quorum, and metadata names the controller; with KRaft metadata names any broker.

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
        topic = {"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}
        return ask_somebody(draft, DESCRIBE_QUORUM, topics=[topic])

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        unserved = [each.node for each in replies if isinstance(each, Fault) and each.kind is Kind.UNSUPPORTED]
        if not any(LEADER_AND_ISR in (client.served(node) or ()) for node in unserved):
            draft.controller = None
        return learn(draft, self.name, replies, partial(_take, draft), noted=False)

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.controller = None


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
