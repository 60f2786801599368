"""Committed offsets of all groups that have them: one OffsetFetch for all groups of a coordinator."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Reply, Step
from monitor.collect.collectors.by_coordinator import CoordinatorCollector, GroupRequest, Types
from monitor.collect.draft import CommitRows, Draft
from monitor.kafka.client.apis import OFFSET_FETCH
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.offset_fetch import decode_offset_fetch
from monitor.model.reasons import Reason


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
        mine = [each.group for each in draft.groups if each.group_type in self.types and each.askable]
        found = dict.fromkeys(faults[name] for name in mine if name in faults)
        return [*missing, *(each for each in found if each not in missing)]

    def lack(self, draft: Draft, names: list[str], trouble: Reason) -> None:
        draft.commit_faults.update(dict.fromkeys(names, trouble))

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.commit_faults.update({each.group: reason for each in draft.groups if each.group_type in self.types})


class CommitCollector(GroupOffsetCollector):
    name = "commits"
    provides = "committed offsets"
    sends = (requests.OFFSET_FETCH,)
    without = "lag is unknown"
    types = ("classic", "consumer", "streams", None)
    group_requests = (
        GroupRequest(
            types,
            OFFSET_FETCH,
            lambda names: {"groups": [{"group_id": name, "topics": None} for name in names], "require_stable": False},
        ),
    )

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        missing = super().read(client, draft, asks, replies)
        reasons = list(draft.reasons)
        codes = {code for rows in draft.commits for code in np.unique(rows.reason).tolist() if code}
        return [*missing, *(reasons[code] for code in sorted(codes))]

    def take(self, draft: Draft, _place: int, answer: Answer) -> None:
        draft.commits.append(_rows(draft, answer))

    def fail(self, draft: Draft, reason: Reason) -> None:
        super().fail(draft, reason)
        draft.commits = []


def _rows(draft: Draft, answer: Answer) -> CommitRows:
    offsets = decode_offset_fetch(answer.body, answer.version)
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
