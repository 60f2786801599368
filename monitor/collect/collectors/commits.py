"""Committed offsets of all groups that have them: one OffsetFetch for all groups of a coordinator."""

from collections.abc import Sequence

import numpy as np
from kafka.protocol.consumer import OffsetFetchRequest

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.draft import CommitRows, Draft, ListedGroup
from monitor.kafka.client.apis import OFFSET_FETCH
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault, Kind, error_text
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.offset_fetch import decode_offset_fetch

TYPES = ("classic", "consumer", "streams", None)
"""Types of groups that commit offsets; a broker that does not name the type has classic groups only."""

GROUPS_A_REQUEST = 4000
"""Groups asked of a coordinator in one request: more would make answers of hundreds of megabytes on large clusters."""


class CommitCollector(Collector):
    """Keeps the encoded requests while the groups are the same."""

    name = "commits"
    step = Step.COMMITS
    provides = "committed offsets"
    fills = ("commits",)
    sends = (requests.OFFSET_FETCH,)
    without = "lag is unknown"

    def __init__(self) -> None:
        self._groups: list[ListedGroup] | None = None
        self._chunks: list[tuple[int, list[str]]] = []
        self._bodies: dict[tuple[int, int], bytes] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        draft.commit_faults.update(uncoordinated(draft, TYPES))
        if self._groups is not draft.groups:
            self._groups = draft.groups
            new = chunks(draft, TYPES, GROUPS_A_REQUEST)
            if new != self._chunks:
                self._chunks, self._bodies = new, {}
        return [self._question(index, node) for index, (node, _) in enumerate(self._chunks) if node not in draft.failed]

    def _question(self, index: int, node: int) -> Ask:
        def body(version: int) -> bytes:
            if (index, version) not in self._bodies:
                group = OffsetFetchRequest.OffsetFetchRequestGroup
                groups = [group(version=version, group_id=name, topics=None) for name in self._chunks[index][1]]
                request = OffsetFetchRequest(version=version, groups=groups, require_stable=False)
                self._bodies[index, version] = bytes(request.encode())
            return self._bodies[index, version]

        return Ask(node, OFFSET_FETCH, body)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        asked = iter(zip(asks, replies, strict=True))
        missing: list[str] = []
        for node, names in self._chunks:
            if node in draft.failed and not any(ask.node == node for ask in asks):
                trouble = draft.failed[node]
            else:
                _, reply = next(asked)
                trouble = self._take(draft, reply)
            if trouble:
                missing.append(trouble)
                draft.commit_faults.update(dict.fromkeys(names, trouble))
        rows = {draft.reasons[code] for rows in draft.commits for code in np.unique(rows.reason).tolist() if code}
        return [*missing, *refusals(draft, TYPES, missing), *sorted(rows)]

    def _take(self, draft: Draft, reply: Reply) -> str:
        """Put one answer into the draft; the answer is what went wrong with the whole of it."""
        if isinstance(reply, Fault):
            return draft.note(reply)
        try:
            draft.commits.append(_rows(draft, reply))
        except MalformedAnswerError as error:
            return f"broker {reply.node}: {Kind.PROTOCOL}: {error}"
        return ""

    def fail(self, draft: Draft, reason: str) -> None:
        draft.commits = []
        draft.commit_faults.update({each.group: reason for each in draft.groups if each.group_type in TYPES})


def chunks(draft: Draft, types: tuple[str | None, ...], size: int) -> list[tuple[int, list[str]]]:
    """The groups of these types as (coordinator, names), at most `size` names each; not those that are not askable."""
    by_node: dict[int, list[str]] = {}
    for each in draft.groups:
        if each.group_type in types and each.askable:
            by_node.setdefault(each.coordinator, []).append(each.group)
    return [
        (node, names[at : at + size]) for node, names in sorted(by_node.items()) for at in range(0, len(names), size)
    ]


def uncoordinated(draft: Draft, types: tuple[str | None, ...]) -> dict[str, str]:
    """The groups of these types that no broker can be asked about, and why."""
    return {
        each.group: each.reason
        for each in draft.groups
        if not each.askable and each.reason and each.group_type in types
    }


def refusals(draft: Draft, types: tuple[str | None, ...], missing: list[str]) -> list[str]:
    """Why the offsets of single groups of these types are unknown, beside what is `missing` already."""
    faults = draft.commit_faults
    found = {
        faults[each.group]
        for each in draft.groups
        if each.group_type in types and each.group in faults and each.askable
    }
    return sorted(found - set(missing))


def _rows(draft: Draft, answer: Answer) -> CommitRows:
    offsets = decode_offset_fetch(answer.body, answer.version)
    for name, code in zip(offsets.groups, offsets.group_error.tolist(), strict=True):
        if code:
            draft.commit_faults[name] = error_text(code)
    reason = np.zeros(len(offsets.error), np.int32)
    for code in np.unique(offsets.error[offsets.error != 0]).tolist():
        reason[offsets.error == code] = draft.reason(error_text(code))
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
