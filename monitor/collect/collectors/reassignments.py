"""Partitions that are being moved to other brokers."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import ask_somebody, available, learn, refused, unknown
from monitor.collect.collectors.topic_keys import rows_of, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_PARTITION_REASSIGNMENTS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, error_reason
from monitor.model.cluster_tables import Reassignments
from monitor.model.reasons import Reason

TIMEOUT_MS = 5000
"""How long a broker waits for the controller, to whom it forwards the request."""


class ReassignmentCollector(Collector):
    """Tells all topics, also those that the settings leave out: they count in what metadata says of the cluster.

    Brokers forward the request to the controller, so it is asked behind what else is asked of the broker, and its fault
    is not held against the broker.
    """

    name = "reassignments"
    step = Step.ENDS
    provides = "partitions that are being reassigned"
    fills = ("reassignments",)
    sends = (requests.REASSIGNMENTS,)
    without = "a reassignment looks like missing replicas"

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        return ask_somebody(draft, LIST_PARTITION_REASSIGNMENTS, timeout_ms=TIMEOUT_MS, topics=None)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        return learn(draft, self.name, replies, partial(_take, draft), noted=False)


def _take(draft: Draft, node: int, listed: Any) -> list[Reason]:
    """Put an answer into the draft; returns what is missing."""
    name = ReassignmentCollector.name
    if listed.error_code in DENIED_CODES:
        return refused(draft, name, error_reason(listed.error_code))
    if listed.error_code:
        return unknown(draft, name, error_reason(listed.error_code, node))
    keys = topic_keys(draft, {str(topic.name) for topic in listed.topics})
    moving = [(keys[topic.name], each) for topic in listed.topics if topic.name in keys for each in topic.partitions]
    named = {(key, int(each.partition_index)): each for key, each in moving}
    draft.reassignments = Reassignments.of_rows(
        (row, number, each.replicas, each.adding_replicas, each.removing_replicas)
        for row, number, each in rows_of(draft, named)
    )
    return available(draft, name)
