"""Replicas that may lead without loss although they are out of sync (KIP-966), of partitions that are short of some."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.capability import ask_somebody, available, learn, refused, unasked
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_TOPIC_PARTITIONS
from monitor.kafka.client.client import Ask, Client
from monitor.model.cluster_tables import EligibleReplicas, Features
from monitor.model.reasons import Kind, Reason
from monitor.model.table import Ints

FEATURE = "eligible.leader.replicas.version"
PARTITIONS_AN_ANSWER = 2000
"""More than this no broker puts into one answer, by default."""


class EligibleReplicaCollector(Collector):
    """Asks only while a partition is short of replicas in sync, and for the topics of such partitions."""

    name = "eligible_replicas"
    step = Step.ENDS
    provides = "eligible leader replicas of partitions with too few in-sync replicas"
    fills = ("eligible_replicas",)
    sends = (requests.TOPIC_PARTITIONS,)
    without = "the replicas that can become leader without loss are unknown"
    often = "each poll, while there are such partitions and the feature eligible.leader.replicas.version is on"

    def __init__(self) -> None:
        self._short: Ints = np.empty(0, np.int32)
        self._cut = self._off = False

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        partitions = draft.partitions
        self._short = np.flatnonzero(partitions.isr.counts < partitions.replicas.counts)
        if self._off or not len(self._short):
            return []
        topics = np.unique(partitions.topic[self._short])
        fits = np.cumsum(draft.topics.partitions[topics]) - draft.topics.partitions[topics] < PARTITIONS_AN_ANSWER
        self._cut = not fits.all()
        named = [{"name": str(name)} for name in draft.topics.topic[topics[fits]]]
        limit = {"response_partition_limit": PARTITIONS_AN_ANSWER, "cursor": None}
        return ask_somebody(draft, DESCRIBE_TOPIC_PARTITIONS, topics=named, **limit)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._off = draft.features is not None and _level(draft.features) < 1
        if self._off:
            return refused(draft, self.name, Reason(Kind.FEATURE_OFF, detail=FEATURE))
        if not replies:
            missing = unasked(client, draft, self.name, DESCRIBE_TOPIC_PARTITIONS)
            return missing if len(self._short) else []
        return learn(draft, self.name, replies, partial(self._take, draft))

    def _take(self, draft: Draft, _node: int, described: Any) -> list[Reason]:
        told = {
            (str(topic.name), int(each.partition_index)): each
            for topic in described.topics
            if not topic.error_code
            for each in topic.partitions
        }
        short = zip(draft.partitions.topic[self._short], draft.partitions.partition[self._short], strict=True)
        keys = [(topic, number, (str(draft.topics.topic[topic]), int(number))) for topic, number in short]
        rows = [(topic, number, told[key]) for topic, number, key in keys if key in told]
        draft.eligible_replicas = EligibleReplicas.of_rows(
            (topic, number, each.eligible_leader_replicas or (), each.last_known_elr or ())
            for topic, number, each in rows
        )
        if self._cut or described.next_cursor is not None:
            draft.notices.append(
                f"eligible leader replicas known for {len(rows):,} of {len(self._short):,} partitions short of in-sync "
                f"replicas (limit: {PARTITIONS_AN_ANSWER:,} per response)"
            )
        return available(draft, self.name)


def _level(features: Features) -> int:
    """The finalized level of the feature, 0 where it is not on."""
    return int(dict(zip(features.feature, features.level.tolist(), strict=True)).get(FEATURE, 0))
