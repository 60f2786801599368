"""Where share groups stand: start offset and lag of each share-partition, as the group coordinator counts them."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.collectors.commits import chunks, refusals, uncoordinated
from monitor.collect.draft import CommitRows, Draft, ListedGroup
from monitor.collect.group_tables import NOT_ASKED
from monitor.kafka import schemas
from monitor.kafka.client.apis import DESCRIBE_SHARE_GROUP_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, Kind, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError, understanding
from monitor.kafka.decode.plain import read

TYPES = ("share",)
GROUPS_A_REQUEST = 1000
LAG_SINCE = 1
"""The version of DescribeShareGroupOffsets that tells the lag."""
NO_SHARE_LAG = "the broker does not report the lag of share groups"


class ShareOffsetCollector(Collector):
    name = "share_offsets"
    step = Step.COMMITS
    provides = "start offsets and lag of share groups"
    fills = ("commits",)
    sends = (requests.SHARE_OFFSETS, requests.SHARE_LAG)
    without = "lag of share groups is unknown"

    def __init__(self) -> None:
        self._groups: list[ListedGroup] | None = None
        self._chunks: list[tuple[int, list[str]]] = []

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        draft.commit_faults.update(uncoordinated(draft, TYPES))
        if self._groups is not draft.groups:
            self._groups = draft.groups
            self._chunks = chunks(draft, TYPES, GROUPS_A_REQUEST)
        return [
            Ask(node, DESCRIBE_SHARE_GROUP_OFFSETS, partial(_body, names))
            for node, names in self._chunks
            if node not in draft.failed
        ]

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        by_ask = list(zip(asks, replies, strict=True))
        missing = []
        for node, names in self._chunks:
            found = next((pair for pair in by_ask if pair[0].node == node), None)
            if found is None:
                trouble = draft.failed[node]
            else:
                by_ask.remove(found)
                trouble = _take(draft, found[1])
            if trouble:
                missing.append(trouble)
                draft.commit_faults.update(dict.fromkeys(names, trouble))
        draft.capabilities["share_lag"] = _share_lag(client)
        return [*missing, *refusals(draft, TYPES, missing)]

    def fail(self, draft: Draft, reason: str) -> None:
        super().fail(draft, reason)
        draft.commit_faults.update({each.group: reason for each in draft.groups if each.group_type in TYPES})


def _share_lag(client: Client) -> tuple[float, str]:
    """Whether all brokers that kmon is connected to tell the lag of share groups, also while there is no such group."""
    served = {node: known for node in client.nodes if (known := client.served(node)) is not None}
    silent = [
        str(node) for node, known in served.items() if (DESCRIBE_SHARE_GROUP_OFFSETS.version(known) or 0) < LAG_SINCE
    ]
    if silent:
        return 0.0, f"{DESCRIBE_SHARE_GROUP_OFFSETS.name} v{LAG_SINCE} is not served by broker {', '.join(silent)}"
    return (1.0, "") if served else (math.nan, NOT_ASKED)


def _body(names: list[str], version: int) -> bytes:
    group = schemas.DescribeShareGroupOffsetsRequest.RequestGroup
    groups = [group(version=version, group_id=name, topics=None) for name in names]
    return bytes(schemas.DescribeShareGroupOffsetsRequest(version=version, groups=groups).encode())


def _take(draft: Draft, reply: Reply) -> str:
    if isinstance(reply, Fault):
        return draft.note(reply)
    try:
        with understanding(f"{reply.api.name} v{reply.version}"):
            draft.commits.append(_rows(draft, reply))
    except MalformedAnswerError as error:
        return f"broker {reply.node}: {Kind.PROTOCOL}: {error}"
    return ""


def _rows(draft: Draft, answer: Answer) -> CommitRows:
    described = read(schemas.DescribeShareGroupOffsetsResponse, answer.body, answer.version)
    for group in described.groups:
        if group.error_code:
            draft.commit_faults[group.group_id] = error_text(group.error_code)
    topics: dict[str, int] = {}
    rows = [
        (number, topics.setdefault(topic.topic_name, len(topics)), each)
        for number, group in enumerate(described.groups)
        for topic in group.topics
        for each in topic.partitions
    ]
    lag = np.array([each.lag if each.lag >= 0 and not each.error_code else np.nan for _, _, each in rows], np.float64)
    start = np.array(
        [each.start_offset if each.start_offset >= 0 and not each.error_code else np.nan for _, _, each in rows],
        np.float64,
    )
    reason = [draft.reason(error_text(each.error_code)) if each.error_code else 0 for _, _, each in rows]
    reason = [
        draft.reason(NO_SHARE_LAG) if not code and np.isnan(value) and not np.isnan(at) else code
        for code, value, at in zip(reason, lag, start, strict=True)
    ]
    return CommitRows(
        [str(group.group_id) for group in described.groups],
        list(topics),
        np.array([group for group, _, _ in rows], np.int32),
        np.array([topic for _, topic, _ in rows], np.int32),
        np.array([each.partition_index for _, _, each in rows], np.int32),
        start,
        lag,
        np.array(reason, np.int32),
    )
