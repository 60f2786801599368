"""Partitions that are being moved to other brokers."""

from collections.abc import Sequence

import numpy as np
from kafka.protocol.admin import ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import NOBODY, available, faulted, refused, somebody, unknown
from monitor.collect.collectors.topic_keys import partition_rows, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_PARTITION_REASSIGNMENTS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import DENIED_CODES, Fault, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.plain import read
from monitor.model.cluster_tables import Reassignments
from monitor.model.table import Ragged

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
        node = somebody(draft)
        return [] if node is None else [Ask(node, LIST_PARTITION_REASSIGNMENTS, _body)]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        if not replies:
            return unknown(draft, self.name, NOBODY)
        (reply,) = replies
        if isinstance(reply, Fault):
            return faulted(draft, self.name, reply)
        try:
            with understanding(f"{reply.api.name} v{reply.version}"):
                return _take(draft, reply)
        except MalformedAnswerError as error:
            return unknown(draft, self.name, f"broker {reply.node}: {error}")


def _body(version: int) -> bytes:
    return bytes(ListPartitionReassignmentsRequest(version=version, timeout_ms=TIMEOUT_MS, topics=None).encode())


def _take(draft: Draft, answer: Answer) -> list[str]:
    """Put an answer into the draft; returns what is missing."""
    name = ReassignmentCollector.name
    listed = read(ListPartitionReassignmentsResponse, answer.body, answer.version)
    if listed.error_code in DENIED_CODES:
        return refused(draft, name, error_text(listed.error_code))
    if listed.error_code:
        return unknown(draft, name, f"broker {answer.node}: {error_text(listed.error_code)}")
    keys = topic_keys(draft, {str(topic.name) for topic in listed.topics})
    moving = [(keys[topic.name], each) for topic in listed.topics if topic.name in keys for each in topic.partitions]
    named = {(key, int(each.partition_index)): each for key, each in moving}
    found = partition_rows(draft, named)
    rows = sorted(((row, number, named[key, number]) for (key, number), row in found.items()), key=lambda row: row[:2])
    draft.reassignments = Reassignments(
        topic=np.array([row for row, _, _ in rows], np.int32),
        partition=np.array([number for _, number, _ in rows], np.int32),
        replicas=Ragged.of([list(each.replicas) for _, _, each in rows]),
        adding=Ragged.of([list(each.adding_replicas) for _, _, each in rows]),
        removing=Ragged.of([list(each.removing_replicas) for _, _, each in rows]),
    )
    return available(draft, name)
