"""Producers that partitions remember, where an open transaction holds back what read_committed consumers may read.

It needs Read on the topics, which kmon does without otherwise: so it is asked only where the settings switch it on.
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, SlowCollector, Step
from monitor.collect.collectors.capability import available, learn, refused
from monitor.collect.collectors.topic_keys import TopicKey, partition_rows, topic_keys
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_PRODUCERS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_name, error_reason
from monitor.kafka.messages import known
from monitor.model.cluster_tables import Producers
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import NO_LEADER

PARTITIONS_AT_A_TIME = 200
"""How many partitions are asked about, those that are held back most first."""

TOPIC_DENIED = 29


class ProducerCollector(SlowCollector):
    """Asks when the ends and stable offsets of the same poll are known, that is, when its replies would be read."""

    name = "producers"
    step = Step.ENDS
    provides = "producers of partitions that a transaction holds back"
    fills = ("producers",)
    sends = (requests.DESCRIBE_PRODUCERS,)
    without = "the producer of the transaction is unknown"
    often = "{every:g} s, if enabled by `collect.producers`"
    every_seconds = 30.0
    opt_in = True

    def __init__(self) -> None:
        super().__init__()
        self._producers: list[tuple[tuple[TopicKey, int], Any]] = []
        """By topic and partition number; beside it the rest of a row of `Producers`."""
        self._capabilities = {self.name: (math.nan, Reason(Kind.NOTHING_HELD_BACK))}
        self._notices: list[str] = []
        self._denied = False

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        return []

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        missing = super().read(client, draft, asks, replies)
        self.kept |= not draft.choice.producers
        return missing

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._producers, self._notices, self._denied = [], [], False
        by_leader = self._held_back(draft) if draft.choice.producers else {}
        asks = [
            Ask.of(
                node,
                DESCRIBE_PRODUCERS,
                topics=[{"name": name, "partition_indexes": numbers} for name, numbers in topics.items()],
            )
            for node, topics in by_leader.items()
        ]
        missing: list[Reason] = []
        for reply in client.ask(asks, draft.deadline):
            missing += learn(draft, self.name, [reply], partial(self._read, draft), noted=False)
        if self._denied:
            refused(draft, self.name, Reason(Kind.READ_DENIED, code=TOPIC_DENIED, detail=error_name(TOPIC_DENIED)))
        return missing

    def _read(self, draft: Draft, node: int, described: Any) -> list[Reason]:
        """Keep the producers that a leader reports; returns what is missing."""
        keys = topic_keys(draft, {topic.name for topic in described.topics})
        found = [
            (keys[topic.name], each) for topic in described.topics if topic.name in keys for each in topic.partitions
        ]
        errors = {int(each.error_code) for _, each in found if each.error_code}
        self._producers += [
            ((key, int(each.partition_index)), _numbers(state))
            for key, each in found
            for state in each.active_producers
        ]
        self._denied |= TOPIC_DENIED in errors
        available(draft, self.name)
        return [error_reason(code, node) for code in sorted(errors - {TOPIC_DENIED})]

    def _held_back(self, draft: Draft) -> dict[int, dict[str, list[int]]]:
        """Leaders to their partitions by topic whose stable offset is behind the end."""
        if draft.ends is None or draft.stables is None:
            return {}
        leader = draft.partitions.leader
        behind = np.nan_to_num(draft.ends.offset - draft.stables.offset)
        behind[(leader == NO_LEADER) | np.isin(leader, list(draft.failed))] = 0
        rows = np.flatnonzero(behind > 0)
        rows = rows[np.argsort(-behind[rows], kind="stable")]
        if len(rows) > PARTITIONS_AT_A_TIME:
            self._notices.append(
                f"producers known for {PARTITIONS_AT_A_TIME:,} of {len(rows):,} partitions blocked by transactions"
            )
        by_leader: dict[int, dict[str, list[int]]] = {}
        for row in rows[:PARTITIONS_AT_A_TIME].tolist():
            topic = str(draft.topics.topic[draft.partitions.topic[row]])
            number = int(draft.partitions.partition[row])
            by_leader.setdefault(int(leader[row]), {}).setdefault(topic, []).append(number)
        return by_leader

    def put(self, draft: Draft) -> None:
        if not draft.choice.producers:
            draft.capabilities[self.name] = math.nan, Reason(Kind.SWITCHED_OFF)
            return
        draft.notices += self._notices
        places = partition_rows(draft, {place for place, _ in self._producers})
        rows = [(places[place], place[1], *numbers) for place, numbers in self._producers if place in places]
        rows.sort(key=lambda row: row[:3])
        draft.producers = Producers.of_rows(rows)


def _numbers(state: Any) -> tuple[int, int, float, float]:
    """Producer id, epoch, unix time of its last record, and the first offset of its transaction."""
    return (
        int(state.producer_id),
        int(state.producer_epoch),
        known(state.last_timestamp) / 1000,
        known(state.current_txn_start_offset),
    )
