"""One collector alone: polls of two brokers in which nothing else is asked."""

import math
from typing import Any

from answers import StubClient, new_draft, unsupported

from monitor.collect.collectors.base import Collector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.snapshot import Snapshot

BROKERS = [BrokerAddress(1, "b1", 9092, "r1"), BrokerAddress(2, "b2", 9092, None)]
TIMEOUT = "broker 1: timed out after 3.0 s"
BOTH_FAILED = {1: "broker 1: connection lost", 2: "broker 2: connection lost"}


class Alone:
    """A collector and its polls; `missing` is what it said of the last one, `asked` what it asked in all."""

    def __init__(self, collector: Collector, snapshot: Snapshot | None = None) -> None:
        self.collector = collector
        self.snapshot = snapshot
        self.client = StubClient({}, nodes=[1, 2])
        self.missing: list[str] = []

    def poll(self, *replies: Answer | Fault, at: float = 0.0, **fields: Any) -> Draft:
        """A poll `at` seconds after the first. A broker whose reply to an API is not given does not serve it."""
        by_node = {(each.api if isinstance(each, Fault) else each.api.name, each.node): each for each in replies}

        def reply(ask: Ask) -> Answer | Fault:
            return by_node.get((ask.api.name, ask.node)) or unsupported(ask)

        self.client.replies.update({name: reply for name, _ in by_node})
        if self.snapshot is not None:
            fields = {"topics": self.snapshot.topics, "partitions": self.snapshot.partitions, **fields}
        draft = new_draft(**{"brokers": BROKERS, **fields})
        draft.started += at
        asks = self.collector.ask(self.client, draft)
        answers = self.client.ask(asks, draft.deadline)
        self.missing = [str(each) for each in self.collector.read(self.client, draft, asks, answers)]
        return draft

    @property
    def asked(self) -> list[tuple[str, Any]]:
        """(API name, node) of each question, in order."""
        return [(name, node) for what, name, node in self.client.log if what == "ask"]


def lacking(api: Api, node: int = 1) -> Fault:
    return Fault(Kind.UNSUPPORTED, node, api.name, detail=f"{api.name} is not served by this broker")


def capability(draft: Draft, name: str) -> tuple[float | None, str]:
    """1, 0 or None for unknown, and why."""
    available, why = draft.capabilities[name]
    return None if math.isnan(available) else available, str(why)
