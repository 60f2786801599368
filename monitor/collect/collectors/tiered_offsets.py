"""Where the logs of topics with remote storage are: the oldest record on the brokers' disks, the newest one tiered."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step, trouble_of
from monitor.collect.collectors.capability import not_served, served_by_all, serving, unasked
from monitor.collect.collectors.leader_offsets import NO_LEADER_REASON, NOT_ANSWERED
from monitor.collect.collectors.topic_keys import TopicKey, partition_rows, rows_of, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LOCAL_OFFSETS, TIERED_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.list_offsets import decode_list_offsets, encode_list_offsets
from monitor.model.cluster_tables import TieredOffsets
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import NO_LEADER

EARLIEST_LOCAL, LATEST_TIERED = -4, -5
"""Timestamps by which Kafka is asked for these offsets."""

Topics = dict[str, list[int]]


@dataclass(eq=False)
class _Row:
    """What is known of a partition; `reason` tells why the local start is not."""

    leader: int
    local_start: float = math.nan
    tiered_end: float = math.nan
    reason: Reason = NOT_ANSWERED


class TieredOffsetCollector(SlowCollector):
    """Which topics have remote storage it takes from the configs of the poll before."""

    name = "tiered_offsets"
    step = Step.ENDS
    provides = "local start and remote end of topics with remote storage"
    fills = ("tiered_offsets",)
    sends = (requests.LOCAL_OFFSETS, requests.TIERED_OFFSETS)
    without = "the amount of data only on local disks is unknown"
    every_seconds = 30.0

    def __init__(self) -> None:
        super().__init__()
        self._topics: set[TopicKey] = set()
        self._rows: dict[tuple[TopicKey, int], _Row] = {}
        self._next: dict[tuple[TopicKey, int], _Row] = {}
        self._leaders: dict[int, Topics] = {}

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        self._next, self._leaders = {}, {}
        for key, number, leader in _partitions(draft, self._topics):
            why = NO_LEADER_REASON if leader == NO_LEADER else draft.failed.get(leader, NOT_ANSWERED)
            self._next[key, number] = _Row(leader, reason=why)
            if leader != NO_LEADER and leader not in draft.failed:
                self._leaders.setdefault(leader, {}).setdefault(key[0], []).append(number)
        return [
            Ask(node, api, partial(_body, topics, timestamp))
            for node, topics in self._leaders.items()
            for api, timestamp in ((LOCAL_OFFSETS, EARLIEST_LOCAL), (TIERED_OFFSETS, LATEST_TIERED))
        ]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        unasked(client, draft, self.name, LOCAL_OFFSETS)
        ends = served_by_all(TIERED_OFFSETS, serving(client, TIERED_OFFSETS))
        draft.capabilities[requests.TIERED_OFFSETS.capability] = ends
        self._rows = self._next
        failed = set(draft.failed.values())
        missing = list(dict.fromkeys(row.reason for row in self._rows.values() if row.reason in failed))
        for ask, reply in zip(asks, replies, strict=True):
            local = ask.api is LOCAL_OFFSETS
            if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
                trouble = not_served(draft, ask.node)
            elif trouble := trouble_of(draft, reply, partial(self._fill, draft, local)):
                missing.append(trouble)
            if trouble and local:
                for row in self._rows.values():
                    if row.leader == ask.node:
                        row.reason = trouble
        return missing

    def _fill(self, draft: Draft, local: bool, answer: Answer) -> None:
        """Put an answer into its rows. Raises MalformedAnswerError before it does."""
        offsets = decode_list_offsets(answer.body, answer.version)
        keys = topic_keys(draft, set(offsets.topics))
        columns = (offsets.topic, offsets.partition, offsets.offset, offsets.error)
        for topic, number, offset, code in zip(*(column.tolist() for column in columns), strict=True):
            row = self._rows.get((keys.get(offsets.topics[topic], ("", None)), number))
            if row is None:
                continue
            if not local:
                row.tiered_end = offset
            elif code or math.isnan(offset):
                row.reason = error_reason(code, answer.node) if code else NOT_ANSWERED
            else:
                row.local_start, row.reason = offset, NO_REASON

    def put(self, draft: Draft) -> None:
        if draft.topic_configs is None:
            return
        remote = (draft.topic_configs.remote_storage[: len(draft.topics)] == 1) & draft.topics.watched
        names = set(draft.topics.topic[np.flatnonzero(remote)])
        topics = set(topic_keys(draft, names).values())
        if topics - self._topics:
            self._due = -math.inf
        self._topics = topics
        draft.tiered_offsets = TieredOffsets.of_rows(
            (topic, number, each.local_start, each.tiered_end, draft.reasons[each.reason])
            for topic, number, each in rows_of(draft, self._rows)
        )


def _partitions(draft: Draft, topics: set[TopicKey]) -> Iterator[tuple[TopicKey, int, int]]:
    """Key, number and leader of every partition of these topics."""
    partitions = draft.partitions
    for key, row in partition_rows(draft, ((key, 0) for key in topics)).items():
        first = int(draft.topics.first_row[row])
        for number in range(int(draft.topics.partitions[row])):
            yield key[0], number, int(partitions.leader[first + number])


def _body(topics: Topics, timestamp: int, version: int) -> bytes:
    return encode_list_offsets(
        [(name, np.array(numbers, np.int32)) for name, numbers in topics.items()], timestamp, version
    )
