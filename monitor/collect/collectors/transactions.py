"""Transactions that are under way: who began them, when, and which partitions they hold back.

Every broker lists its own transactions and then describes them. Of those that are denied nothing is told, as if they
were not there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from kafka.protocol.admin import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
    ListTransactionsRequest,
    ListTransactionsResponse,
)

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step
from monitor.collect.collectors.capability import NOBODY, available, faulted, unknown
from monitor.collect.collectors.topic_keys import TopicKey, partition_rows, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_TRANSACTIONS, LIST_TRANSACTIONS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.plain import read
from monitor.model.cluster_tables import TransactionPartitions, Transactions
from monitor.model.coordinators import TRANSACTIONS_TOPIC, leaderless, partition_of, tenures
from monitor.model.table import objects

UNDER_WAY = ("Ongoing", "PrepareCommit", "PrepareAbort")
NOT_FOUND = 105
"""Kafka's code for a transactional id that is no more: its transaction has ended since it was listed."""

DESCRIBED_AT_A_TIME = 100
"""How many transactions a coordinator is asked to describe at a time."""

NOT_DESCRIBED = "not requested: too many open transactions"


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
    reason: str = NOT_DESCRIBED


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
        self._capability = math.nan, NOBODY

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        return [
            Ask(each.node, LIST_TRANSACTIONS, _list_body) for each in draft.brokers if each.node not in draft.failed
        ]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        nodes = {each.node for each in draft.brokers}
        self._listed = {node: listed for node, listed in self._listed.items() if node in nodes}
        asked = {ask.node for ask in asks}
        missing = [draft.failed[node] for node in sorted(nodes - asked) if node in draft.failed]
        self._fresh = []
        for ask, reply in zip(asks, replies, strict=True):
            if isinstance(reply, Fault):
                draft.note(reply)
                missing += faulted(draft, self.name, reply)
            else:
                try:
                    self._listed[int(ask.node)] = _listed(reply)
                    self._fresh.append(int(ask.node))
                except MalformedAnswerError as error:
                    missing += unknown(draft, self.name, f"broker {ask.node}: {error}")
        if self._fresh:
            available(draft, self.name)
        elif not replies:
            unknown(draft, self.name, NOBODY)
        self._capability = draft.capabilities[self.name]
        # A partition that nobody leads keeps transactions that nobody lists.
        unled = leaderless(tenures(draft.topics, draft.partitions, TRANSACTIONS_TOPIC), TRANSACTIONS_TOPIC)
        return [*missing, *filter(None, [unled]), *self._describe(client, draft)]

    def _describe(self, client: Client, draft: Draft) -> list[str]:
        """Ask the coordinators for what they have listed, what was described longest ago first."""
        chosen = {}
        for node in self._fresh:
            listed = sorted(self._listed[node], key=lambda each: self._described.get(each.transactional_id, -math.inf))
            if listed:
                chosen[node] = {each.transactional_id: each for each in listed[:DESCRIBED_AT_A_TIME]}
        asks = [
            Ask(node, DESCRIBE_TRANSACTIONS, partial(_describe_body, list(names))) for node, names in chosen.items()
        ]
        missing = []
        for ask, reply in zip(asks, client.ask(asks, draft.deadline), strict=True):
            transactions = chosen[int(ask.node)]
            if trouble := _fill(draft, transactions, reply):
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
        draft.capabilities[self.name] = self._capability
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
        draft.transactions = Transactions(
            transactional_id=objects(each.transactional_id for each in rows),
            producer_id=np.array([each.producer_id for each in rows], np.float64),
            state=objects(each.state for each in rows),
            coordinator=np.array([each.coordinator for each in rows], np.int32),
            started=np.array([each.started for each in rows], np.float64),
            timeout_seconds=np.array([each.timeout_seconds for each in rows], np.float64),
            reason=np.array([draft.reason(each.reason) for each in rows], np.int32),
        )
        places = partition_rows(draft, {place for each in rows for place in each.partitions})
        written = [
            (row, places[place], place[1])
            for row, each in enumerate(rows)
            for place in sorted(each.partitions, key=lambda place: (places.get(place, -1), place[1]))
            if place in places
        ]
        transaction, topic, partition = np.array(written, np.int32).reshape(-1, 3).T.copy()
        draft.transaction_partitions = TransactionPartitions(transaction=transaction, topic=topic, partition=partition)
        unknown_rows = sum(each.reason == NOT_DESCRIBED for each in rows)
        if unknown_rows:
            draft.notices.append(
                f"{unknown_rows:,} of {len(rows):,} open transactions known by name only "
                f"(limit: {DESCRIBED_AT_A_TIME:,} per coordinator)"
            )


def _list_body(version: int) -> bytes:
    request = ListTransactionsRequest(version=version, state_filters=list(UNDER_WAY), producer_id_filters=[])
    return bytes(request.encode())


def _describe_body(names: list[str], version: int) -> bytes:
    return bytes(DescribeTransactionsRequest(version=version, transactional_ids=names).encode())


def _listed(answer: Answer) -> list[_Transaction]:
    with understanding(f"{answer.api.name} v{answer.version}"):
        listed = read(ListTransactionsResponse, answer.body, answer.version)
        if listed.error_code:
            raise MalformedAnswerError(error_text(listed.error_code))
        return [
            _Transaction(
                str(each.transactional_id), int(each.producer_id), str(each.transaction_state), int(answer.node)
            )
            for each in listed.transaction_states
        ]


def _fill(draft: Draft, transactions: dict[str, _Transaction], reply: Reply) -> str:
    """Put what a coordinator tells of transactions into them; the answer is what went wrong with the whole."""
    if isinstance(reply, Fault):  # not held against the broker: it may wait behind what the controller does not answer
        return reply.where
    try:
        with understanding(f"{reply.api.name} v{reply.version}"):
            described = read(DescribeTransactionsResponse, reply.body, reply.version)
            keys = topic_keys(draft, {topic.topic for each in described.transaction_states for topic in each.topics})
            for each in described.transaction_states:
                transaction = transactions.get(each.transactional_id)
                if transaction is None:
                    continue
                if each.error_code == NOT_FOUND:
                    transaction.state = "Dead"
                elif each.error_code:
                    transaction.reason = f"broker {reply.node}: {error_text(each.error_code)}"
                else:
                    started, timeout = int(each.transaction_start_time_ms), int(each.transaction_timeout_ms)
                    transaction.producer_id, transaction.state = int(each.producer_id), str(each.transaction_state)
                    transaction.started = started / 1000 if started >= 0 else math.nan
                    transaction.timeout_seconds = timeout / 1000 if timeout >= 0 else math.nan
                    transaction.partitions = [
                        (keys[topic.topic], int(number))
                        for topic in each.topics
                        if topic.topic in keys
                        for number in topic.partitions
                    ]
                    transaction.reason = ""
    except MalformedAnswerError as error:
        return f"broker {reply.node}: {error}"
    return ""
