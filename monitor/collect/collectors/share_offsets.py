"""Where share groups stand: start offset and lag of each share-partition, as the group coordinator counts them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply
from monitor.collect.collectors.by_coordinator import GroupRequest
from monitor.collect.collectors.capability import served_by_all
from monitor.collect.collectors.commits import GroupOffsetCollector
from monitor.collect.draft import CommitRows, Draft
from monitor.kafka.client.apis import DESCRIBE_SHARE_GROUP_OFFSETS, SHARE_LAG
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import decoded, known
from monitor.model.reasons import Kind, Reason

NO_SHARE_LAG = Reason(Kind.NO_SHARE_LAG)


class ShareOffsetCollector(GroupOffsetCollector):
    name = "share_offsets"
    provides = "start offsets and lag of share groups"
    sends = (requests.SHARE_OFFSETS, requests.SHARE_LAG)
    without = "lag of share groups is unknown"
    types = ("share",)
    group_requests = (
        GroupRequest(
            types,
            DESCRIBE_SHARE_GROUP_OFFSETS,
            lambda names: {"groups": [{"group_id": name, "topics": None} for name in names]},
            most=1000,
        ),
    )

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        # All brokers that kmon is connected to count, even while there is no share group.
        served = {node: versions for node in client.nodes if (versions := client.served(node)) is not None}
        tells = {node: SHARE_LAG.version(versions) is not None for node, versions in served.items()}
        draft.capabilities[requests.SHARE_LAG.capability] = served_by_all(SHARE_LAG, tells)
        return super().read(client, draft, asks, replies)

    def take(self, draft: Draft, _place: int, answer: Answer) -> None:
        with decoded(answer) as described:
            draft.commits.append(_rows(draft, described))


def _rows(draft: Draft, described: Any) -> CommitRows:
    for group in described.groups:
        if group.error_code:
            draft.commit_faults[group.group_id] = error_reason(group.error_code)
    topics: dict[str, int] = {}
    rows = [
        (number, topics.setdefault(topic.topic_name, len(topics)), each.partition_index, *_offsets(draft, each))
        for number, group in enumerate(described.groups)
        for topic in group.topics
        for each in topic.partitions
    ]
    columns = np.array(rows, np.float64).reshape(-1, 6).T
    group, topic, partition, reason = columns[[0, 1, 2, 5]].astype(np.int32)
    names = [str(each.group_id) for each in described.groups]
    return CommitRows(names, list(topics), group, topic, partition, columns[3], columns[4], reason)


def _offsets(draft: Draft, partition: Any) -> tuple[float, float, int]:
    """Start offset and lag of a share-partition, and the code of the reason why one is unknown."""
    if partition.error_code:
        return math.nan, math.nan, draft.reasons[error_reason(partition.error_code)]
    start, lag = known(partition.start_offset), known(partition.lag)
    unreported = math.isnan(lag) and not math.isnan(start)
    return start, lag, draft.reasons[NO_SHARE_LAG] if unreported else 0
