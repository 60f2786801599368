"""Committed offsets of groups, and the start offset and lag of share groups, as the group coordinators have them."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, Step
from monitor.collect.collectors.by_coordinator import CoordinatorCollector, GroupRequest, Types
from monitor.collect.collectors.capability import served_by_all, serving
from monitor.collect.draft import CommitRows, Draft
from monitor.kafka.client.apis import BATCHED_OFFSET_FETCH, DESCRIBE_SHARE_GROUP_OFFSETS, OFFSET_FETCH, SHARE_LAG
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.offset_fetch import (
    CommittedOffsets,
    GroupCommits,
    decode_offset_fetch,
    joined,
    read_one_group,
)
from monitor.kafka.messages import decoded, known
from monitor.model.reasons import Kind, Reason


class GroupOffsetCollector(CoordinatorCollector):
    """The offsets of groups of some types; why those of a group are unknown is in `Draft.commit_faults`."""

    step = Step.COMMITS
    fills = ("commits",)
    types: ClassVar[Types]

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        for each in draft.groups:
            if each.group_type in self.types and each.reason and not each.askable:
                draft.commit_faults[each.group] = each.reason
        return super().ask(client, draft)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        missing, faults = super().read(client, draft, asks, replies), draft.commit_faults
        self.put(draft)
        mine = [each.group for each in draft.groups if each.group_type in self.types and each.askable]
        found = dict.fromkeys(faults[name] for name in mine if name in faults)
        return [*missing, *(each for each in found if each not in missing)]

    def put(self, draft: Draft) -> None:
        """Put into the draft what `take` has kept of answers."""

    def lack(self, draft: Draft, names: list[str], trouble: Reason) -> None:
        draft.commit_faults.update(dict.fromkeys(names, trouble))

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.commit_faults.update({each.group: reason for each in draft.groups if each.group_type in self.types})


def _fetched(names: list[str], version: int) -> dict[str, Any]:
    if version < BATCHED_OFFSET_FETCH.oldest:
        (name,) = names
        return {"group_id": name, "topics": None}
    return {"groups": [{"group_id": name, "topics": None} for name in names], "require_stable": False}


class CommitCollector(GroupOffsetCollector):
    name = "commits"
    provides = "committed offsets"
    sends = (requests.OFFSET_FETCH, requests.BATCHED_COMMITS)
    without = "lag is unknown"
    types = ("classic", "consumer", "streams", None)
    group_requests = (
        GroupRequest(
            types,
            BATCHED_OFFSET_FETCH,
            _fetched,
            singly=OFFSET_FETCH,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._of_one: dict[int, list[GroupCommits]] = {}
        """Answers of this poll about one group each, by their version."""

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self._of_one = {}
        draft.capabilities[requests.BATCHED_COMMITS.capability] = _batched(client)
        missing = super().read(client, draft, asks, replies)
        reasons = list(draft.reasons)
        codes = {code for rows in draft.commits for code in np.unique(rows.reason).tolist() if code}
        return [*missing, *(reasons[code] for code in sorted(codes))]

    def take(self, draft: Draft, place: int, answer: Answer) -> None:
        if answer.version >= BATCHED_OFFSET_FETCH.oldest:
            draft.commits.append(_commits(draft, decode_offset_fetch(answer.body, answer.version)))
        else:
            (group,) = self._questions[place].names
            read = read_one_group(group, answer.body, answer.version)
            self._of_one.setdefault(answer.version, []).append(read)

    def put(self, draft: Draft) -> None:
        for version, answers in self._of_one.items():
            draft.commits.append(_commits(draft, joined(answers, version)))
        self._of_one = {}

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.commits = []


def _batched(client: Client) -> tuple[float, Reason]:
    """Whether every broker reads commits of many groups at once."""
    batched, singly = serving(client, BATCHED_OFFSET_FETCH), serving(client, OFFSET_FETCH)
    slow = ", ".join(str(node) for node in sorted(batched) if singly[node] and not batched[node])
    if not slow:
        return served_by_all(BATCHED_OFFSET_FETCH, batched)
    api = f"{BATCHED_OFFSET_FETCH.name} v{BATCHED_OFFSET_FETCH.oldest}"
    return 0.0, Reason(Kind.ONE_GROUP_AT_A_TIME, api=api, detail=slow)


def _commits(draft: Draft, offsets: CommittedOffsets) -> CommitRows:
    for name, code in zip(offsets.groups, offsets.group_error.tolist(), strict=True):
        if code:
            draft.commit_faults[name] = error_reason(code)
    reason = np.zeros(len(offsets.error), np.int32)
    for code in np.unique(offsets.error[offsets.error != 0]).tolist():
        reason[offsets.error == code] = draft.reasons[error_reason(code)]
    return CommitRows(
        offsets.groups,
        offsets.topics,
        offsets.group,
        offsets.topic,
        offsets.partition,
        offsets.committed_offset,
        np.full(len(reason), np.nan),
        reason,
    )


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
            lambda names, _version: {"groups": [{"group_id": name, "topics": None} for name in names]},
            most=1000,
        ),
    )

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        # All brokers that kmon is connected to count, even while there is no share group.
        state = served_by_all(SHARE_LAG, serving(client, SHARE_LAG))
        draft.capabilities[requests.SHARE_LAG.capability] = state
        return super().read(client, draft, asks, replies)

    def take(self, draft: Draft, _place: int, answer: Answer) -> None:
        with decoded(answer) as described:
            draft.commits.append(_share_offsets(draft, described))


def _share_offsets(draft: Draft, described: Any) -> CommitRows:
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
