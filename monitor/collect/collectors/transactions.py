"""Transactions that are under way: who began them, when, and which partitions they hold back.

Every broker lists its own transactions and then describes them. A broker leaves out those that
kmon is not authorized to describe, without an error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step, trouble_of, why_unasked
from monitor.collect.collectors.capability import NOBODY, available, learn, unknown
from monitor.collect.collectors.topic_keys import TopicKey, partition_rows, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_TRANSACTIONS, LIST_TRANSACTIONS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.messages import decoded, known
from monitor.model.cluster_tables import TransactionPartitions, Transactions
from monitor.model.coordinators import TRANSACTIONS_TOPIC, leaderless, partition_of, tenures
from monitor.model.reasons import NO_REASON, Kind, Reason

UNDER_WAY = ("Ongoing", "PrepareCommit", "PrepareAbort")
NOT_FOUND = 105
"""Kafka's code for a transactional id that is no more: its transaction has ended since it was listed."""

DESCRIBED_AT_A_TIME = 100
"""How many transactions a coordinator is asked to describe at a time."""

NOT_DESCRIBED = Reason(Kind.NOT_DESCRIBED)


@dataclass(eq=False)
class _Transaction:
    """A transaction by name; of one that could not be described `reason` tells why."""

    transactional_id: str
    producer_id: int
    state: str
    coordinator: int
    started: float = math.nan
    timeout_seconds: float = math.nan
    partitions: list[tuple[TopicKey, int]] = field(default_factory=list)
    reason: Reason = NOT_DESCRIBED


class TransactionCollector(SlowCollector):
    """Describes what it has listed in the same poll, as most transactions are over before the next.

    Partitions of topics that the settings leave out are told, too: they say what a transaction holds back.
    """

    name = "transactions"
    step = Step.ENDS
    provides = "transactions in progress"
    fills = ("transactions", "transaction_partitions")
    sends = (requests.LIST_TRANSACTIONS, requests.DESCRIBE_TRANSACTIONS)
    without = "transactions without the ACL are hidden"
    every_seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._listed: dict[int, list[_Transaction]] = {}
        self._fresh: list[int] = []
        self._described: dict[str, float] = {}

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        filters = {"state_filters": list(UNDER_WAY), "producer_id_filters": []}
        return [Ask.of(node, LIST_TRANSACTIONS, **filters) for node in draft.up]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._listed = {node: listed for node, listed in self._listed.items() if node in draft.nodes}
        missing = list(why_unasked(draft, asks).values())
        self._fresh = []
        for reply in replies:
            missing += learn(draft, self.name, [reply], self._list)
        if self._fresh:
            available(draft, self.name)
        elif not replies:
            unknown(draft, self.name, NOBODY)
        # A partition that nobody leads keeps transactions that nobody lists.
        unled = leaderless(tenures(draft.topics, draft.partitions, TRANSACTIONS_TOPIC), TRANSACTIONS_TOPIC)
        return [*missing, *unled, *self._describe(client, draft)]

    def _list(self, node: int, listed: Any) -> list[Reason]:
        """Keep the transactions of a coordinator; returns what is missing. Raises MalformedAnswerError."""
        if listed.error_code:
            raise MalformedAnswerError(error_reason(listed.error_code))
        self._listed[node] = [
            _Transaction(str(each.transactional_id), int(each.producer_id), str(each.transaction_state), node)
            for each in listed.transaction_states
        ]
        self._fresh.append(node)
        return []

    def _describe(self, client: Client, draft: Draft) -> list[Reason]:
        """Ask the coordinators for what they have listed, what was described longest ago first."""
        chosen = {}
        for node in self._fresh:
            listed = sorted(self._listed[node], key=lambda each: self._described.get(each.transactional_id, -math.inf))
            if listed:
                chosen[node] = {each.transactional_id: each for each in listed[:DESCRIBED_AT_A_TIME]}
        asks = [Ask.of(node, DESCRIBE_TRANSACTIONS, transactional_ids=list(names)) for node, names in chosen.items()]
        missing = []
        for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
            transactions = chosen[int(ask.node)]
            # Not held against the broker: it may wait behind what the controller does not answer.
            if trouble := trouble_of(draft, reply, partial(_fill, draft, transactions), Kind.OTHER, noted=False):
                missing.append(trouble)
                for each in transactions.values():
                    each.reason = trouble
        self._described = {
            each.transactional_id: self._described.get(each.transactional_id, -math.inf)
            for listed in self._listed.values()
            for each in listed
        }
        self._described.update({name: draft.started for names in chosen.values() for name in names})
        return missing

    def put(self, draft: Draft) -> None:
        if not self._listed:
            return
        # A coordinator that failed may have handed its transactions to one that answered, and one that was cut off goes
        # on listing what another has taken over: the leader of a transaction's partition is believed before others.
        held = tenures(draft.topics, draft.partitions, TRANSACTIONS_TOPIC)
        found: dict[str, _Transaction] = {}
        for node in sorted(self._listed, key=lambda node: node in self._fresh):
            for each in self._listed[node]:
                name = each.transactional_id
                known = found.get(name)
                if known is None or not held or held[partition_of(name, len(held))].leader != known.coordinator:
                    found[name] = each
        rows = [found[name] for name in sorted(found) if found[name].state in UNDER_WAY]
        draft.transactions = Transactions.of_rows(
            (
                each.transactional_id,
                each.producer_id,
                each.state,
                each.coordinator,
                each.started,
                each.timeout_seconds,
                draft.reasons[each.reason],
            )
            for each in rows
        )
        places = partition_rows(draft, {place for each in rows for place in each.partitions})
        draft.transaction_partitions = TransactionPartitions.of_rows(
            (row, topic, number)
            for row, each in enumerate(rows)
            for topic, number in sorted((places[place], place[1]) for place in each.partitions if place in places)
        )
        unknown_rows = sum(each.reason == NOT_DESCRIBED for each in rows)
        if unknown_rows:
            draft.notices.append(
                f"{unknown_rows:,} of {len(rows):,} open transactions known by name only "
                f"(limit: {DESCRIBED_AT_A_TIME:,} per coordinator)"
            )


def _fill(draft: Draft, transactions: dict[str, _Transaction], answer: Answer) -> None:
    """Add the details that a coordinator reports to the transactions. Raises MalformedAnswerError."""
    with decoded(answer) as described:
        keys = topic_keys(draft, {topic.topic for each in described.transaction_states for topic in each.topics})
        for each in described.transaction_states:
            transaction = transactions.get(each.transactional_id)
            if transaction is None:
                continue
            if each.error_code == NOT_FOUND:
                transaction.state = "Dead"
            elif each.error_code:
                transaction.reason = error_reason(each.error_code, answer.node)
            else:
                transaction.producer_id, transaction.state = int(each.producer_id), str(each.transaction_state)
                transaction.started = known(each.transaction_start_time_ms) / 1000
                transaction.timeout_seconds = known(each.transaction_timeout_ms) / 1000
                transaction.partitions = [
                    (keys[topic.topic], int(number))
                    for topic in each.topics
                    if topic.topic in keys
                    for number in topic.partitions
                ]
                transaction.reason = NO_REASON
