"""Configs of topics, requested from any broker, and of brokers, requested from each broker itself."""

import math
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step, same_topics, trouble_of
from monitor.collect.collectors.capability import NOBODY, best, not_served
from monitor.collect.collectors.config_rows import Columns, Known, known, unknown
from monitor.collect.collectors.leader_offsets import NOT_CHOSEN
from monitor.collect.collectors.topic_keys import TopicKey
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_CONFIGS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, error_name
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.configs import BROKER, TOPIC, ConfigReader, Described, encode_describe_configs
from monitor.model.cluster_tables import BrokerConfigs, TopicConfigs
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import Topics

SILENT_SECONDS = (15.0, 30.0)
"""For how long a broker that gave no usable answer is left alone; others are asked for its topics meanwhile."""
TOPICS_A_REQUEST = 500
REQUESTS_A_POLL = 4
"""How many requests of a poll name topics while most topics have the same configs; else, and at first, it is one."""

NOT_ASKED_YET = Reason(Kind.NOT_ASKED_YET)
NOT_THERE = Reason(Kind.UNKNOWN_TOPIC)
UNKNOWN_TOPIC = 3
QUIET = (NOT_ASKED_YET, NOT_THERE, NOT_CHOSEN)
"""Reasons that are no fault: the rest of what was asked is whole."""

DENIED = {29: Kind.TOPIC_CONFIGS_DENIED, 31: Kind.CLUSTER_CONFIGS_DENIED}

_NOT_ASKED, _LEFT_OUT = unknown(TOPIC, NOT_ASKED_YET), unknown(TOPIC, NOT_CHOSEN)


class _Question(NamedTuple):
    """What one request asks a broker for: its own configs, and those of some topics."""

    own: bool
    topics: list[TopicKey]


class _Silence(NamedTuple):
    """Why a broker gave no usable answer, until when it is left alone, and how often in a row that is so."""

    why: Reason
    until: float
    times: int


class ConfigCollector(Collector):
    """Asks for all every few minutes. The topics of a large cluster queue, so that no poll is slowed down by them.

    Topics and brokers that appear are asked in the next poll. Topics that a broker does not answer for are asked of
    another; what was known of them stays known.
    """

    name = "configs"
    step = Step.ENDS
    provides = "min.insync.replicas, retention, cleanup and other configs of topics; defaults of brokers"
    fills = ("topic_configs", "broker_configs")
    sends = (requests.TOPIC_CONFIGS, requests.BROKER_CONFIGS)
    without = "partitions under min ISR are unknown"
    often = "{every:g} s, and when topics or brokers appear"
    every_seconds = 300.0

    def __init__(self) -> None:
        self._reader = ConfigReader(known)
        self._due = -math.inf
        self._topics: dict[TopicKey, Known] = {}
        self._brokers: dict[int, Known] = {}
        self._queue: list[TopicKey] = []
        self._own: set[int] = set()
        """Brokers that are to be asked for their own configs."""
        self._silent: dict[int, _Silence] = {}
        self._turn = 0
        self._width = 1
        self._asked: list[_Question] = []
        self._rows = Topics.empty()
        self._columns: Columns | None = None

    # -------------------------------------------------------------------- asking

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        begins = draft.started >= self._due
        if begins:
            self._due = draft.started + self.every(draft)
        self._follow_brokers(draft, begins=begins)
        self._follow_topics(draft.topics, begins=begins)
        up = [node for node in draft.up if node not in self._silent or draft.started >= self._silent[node].until]
        chunks = self._chunks(up)
        questions = {node: _Question(node in self._own, chunks.get(node, [])) for node in up}
        questions = {node: each for node, each in questions.items() if each.own or each.topics}
        self._asked = list(questions.values())
        return [Ask(node, DESCRIBE_CONFIGS, partial(_body, node, each)) for node, each in questions.items()]

    def _follow_brokers(self, draft: Draft, *, begins: bool) -> None:
        nodes = draft.nodes
        self._own = nodes if begins else (self._own & nodes) | (nodes - set(self._brokers))
        self._brokers = {node: each for node, each in self._brokers.items() if node in nodes}
        self._silent = {node: each for node, each in self._silent.items() if node in nodes}

    def _follow_topics(self, topics: Topics, *, begins: bool) -> None:
        same = same_topics(self._rows, topics)
        self._rows = topics
        if same and not begins:
            return
        keys = [key for key, watched in _keys(topics) if watched]
        self._topics = {key: self._topics[key] for key in keys if key in self._topics}
        there, queued = set(keys), set(self._queue)
        new = [key for key in keys if key not in queued and key not in self._topics]
        again = [key for key in self._topics if key not in queued] if begins else []
        self._queue = [*new, *(key for key in self._queue if key in there), *again]
        self._columns = None

    def _chunks(self, nodes: Sequence[int]) -> dict[int, list[TopicKey]]:
        """Which topics to ask each of some brokers for; another one begins in each poll that asks."""
        if not self._queue or not nodes:
            return {}
        first = self._turn % len(nodes)
        self._turn += 1
        chosen = [*nodes[first:], *nodes[:first]][: self._width]
        size = TOPICS_A_REQUEST
        return {node: self._queue[place * size : (place + 1) * size] for place, node in enumerate(chosen)}

    # -------------------------------------------------------------------- reading

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self.kept = not asks
        for ask, question, reply in zip(asks, self._asked, replies, strict=True):
            self._take(draft, int(ask.node), question, reply)
        return [*self._put(draft), *self._unheard(draft)]

    def _take(self, draft: Draft, node: int, question: _Question, reply: Reply) -> None:
        """Keep what a broker answered; where it gave no usable answer, what is known stays."""
        before = self._silent.pop(node, None)
        if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
            why = not_served(draft, node)
            refused = dict.fromkeys(question.topics, unknown(TOPIC, why, 0.0))
            self._settle(question, node, unknown(BROKER, why, 0.0), refused)
            return
        why = trouble_of(draft, reply, partial(self._read, question))
        if not why:
            return
        times = 0 if before is None else min(before.times + 1, len(SILENT_SECONDS) - 1)
        self._silent[node] = _Silence(why, draft.started + SILENT_SECONDS[times], times)
        if question.own and (node not in self._brokers or self._brokers[node].why):
            self._brokers[node] = unknown(BROKER, why)
        self._topics.update(
            {key: unknown(TOPIC, why) for key in question.topics if key not in self._topics or self._topics[key].why}
        )
        self._columns = None

    def _read(self, question: _Question, answer: Answer) -> None:
        """Keep the configs of the broker and the topics in a response. Raises MalformedAnswerError."""
        node = int(answer.node)
        described = {(each.kind, each.name): each for each in self._reader.read(answer.body, answer.version)}
        topics = {key: _said(node, TOPIC, described.get((TOPIC, key[0]))) for key in question.topics}
        if topics:
            alike = len(set(topics.values())) <= 1 + len(topics) // 10
            self._width = REQUESTS_A_POLL if alike else 1
        self._settle(question, node, _said(node, BROKER, described.get((BROKER, str(node)))), topics)

    def _settle(self, question: _Question, node: int, own: Known, topics: dict[TopicKey, Known]) -> None:
        """Keep what a question brought; of topics that are not there yet it is asked again in the next poll."""
        if question.own:
            self._brokers[node] = own
            self._own.discard(node)
        if topics:
            self._topics.update(topics)
            again = [key for key, each in topics.items() if each.why == NOT_THERE]
            self._queue = [*(key for key in self._queue if key not in topics), *again]
            self._columns = None

    def _put(self, draft: Draft) -> list[Reason]:
        """Put what is kept into the draft; returns what is missing in it."""
        if self._columns is None:
            rows = [self._topics.get(key, _NOT_ASKED) if watched else _LEFT_OUT for key, watched in _keys(draft.topics)]
            self._columns = Columns(TOPIC, rows)
        nodes = sorted(self._brokers)
        brokers = Columns(BROKER, [self._brokers[node] for node in nodes])
        draft.topic_configs = TopicConfigs(**self._columns.with_reasons(draft))
        draft.broker_configs = BrokerConfigs(broker=np.array(nodes, np.int32), **brokers.with_reasons(draft))
        missing = []
        for name, columns in (("topic_configs", self._columns), ("broker_configs", brokers)):
            nothing = (math.nan, Reason(Kind.NO_TOPICS) if columns is self._columns else NOBODY)
            best(draft, name, [nothing, *((each.available, each.why) for each in columns.distinct)])
            missing += [each.why for each in columns.distinct if math.isnan(each.available) and each.why not in QUIET]
        return missing

    def _unheard(self, draft: Draft) -> list[Reason]:
        """Why brokers are silent that are still to be asked."""
        silent = [each.why for node, each in self._silent.items() if self._queue or node in self._own]
        return [
            *silent,
            *(draft.failed[node] for node in sorted(self._own - set(self._silent)) if node in draft.failed),
        ]

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        rows = Columns(TOPIC, [unknown(TOPIC, reason)] * len(draft.topics))
        draft.topic_configs = TopicConfigs(**rows.with_reasons(draft))


def _keys(topics: Topics) -> Iterable[tuple[TopicKey, bool]]:
    """The key of each topic, and whether it is watched."""
    return zip(zip(topics.topic, topics.topic_id, strict=True), topics.watched.tolist(), strict=True)


def _body(node: int, question: _Question, version: int) -> bytes:
    own = [(BROKER, str(node))] if question.own else []
    return encode_describe_configs([*own, *((TOPIC, name) for name, _ in question.topics)], version)


def _said(node: int, kind: int, described: Described[Known] | None) -> Known:
    """What a broker says of a topic or itself."""
    if described is None:
        return unknown(kind, Reason(Kind.MISSING_CONFIGS, node))
    code = described.error
    if code in DENIED:
        return unknown(kind, Reason(DENIED[code], code=code, detail=error_name(code)), 0.0)
    if code == UNKNOWN_TOPIC:
        return unknown(kind, NOT_THERE)
    reason = Reason(Kind.OTHER, node, code=code, detail=error_name(code))
    return unknown(kind, reason) if code else described.configs
