"""Start, end and last stable offset of every partition, asked of the partitions' leaders."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np

from monitor.collect import requests
from monitor.collect.collectors.base import Collector, Reply, Step, trouble_of
from monitor.collect.draft import Draft, OffsetColumn
from monitor.kafka.client.apis import LIST_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.list_offsets import EARLIEST, LATEST, decode_list_offsets, encode_list_offsets
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import NO_LEADER, Partitions
from monitor.model.table import Flags, Ints

NO_LEADER_REASON = Reason(Kind.NO_LEADER)
NOT_ANSWERED = Reason(Kind.MISSING_AT_LEADER)
NOT_CHOSEN = Reason(Kind.NOT_CHOSEN)

READ_COMMITTED = 1
"""The isolation level at which Kafka gives the last stable offset for the latest."""


class LeaderOffsetCollector(Collector):
    """Keeps the encoded requests while the partitions and their leaders are the same."""

    fills = ("offsets",)
    sends = (requests.LIST_OFFSETS,)
    column: ClassVar[str]
    """The field of the draft that it fills."""
    timestamp: ClassVar[int]
    isolation: ClassVar[int] = 0

    def __init__(self) -> None:
        self._partitions: Partitions | None = None
        self._leaders: dict[int, Ints] = {}
        self._bodies: dict[tuple[int, int], bytes] = {}
        self._topic_rows: dict[str, int] = {}

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        if self._partitions is not draft.partitions and not self._led_as_before(draft):
            leader = np.where(self.wanted(draft), draft.partitions.leader, NO_LEADER)
            self._leaders = {
                int(node): np.flatnonzero(leader == node) for node in np.unique(leader) if node != NO_LEADER
            }
            self._topic_rows = {str(name): row for row, name in enumerate(draft.topics.topic)}
            self._bodies = {}
        self._partitions = draft.partitions
        return [self._question(draft, node) for node in self._leaders if node not in draft.failed]

    def wanted(self, draft: Draft) -> Flags:
        """Which partitions to ask for, shape (partitions,)."""
        return draft.topics.watched[draft.partitions.topic]

    def _led_as_before(self, draft: Draft) -> bool:
        """Whether only what no request names, such as the ISR, has changed since the last poll."""
        before, now = self._partitions, draft.partitions
        return (
            before is not None
            and list(self._topic_rows) == list(draft.topics.topic)
            and np.array_equal(before.topic, now.topic)
            and np.array_equal(before.leader, now.leader)
        )

    def _question(self, draft: Draft, node: int) -> Ask:
        def body(version: int) -> bytes:
            if (node, version) not in self._bodies:
                self._bodies[node, version] = self._encode(draft, self._leaders[node], version)
            return self._bodies[node, version]

        return Ask(node, LIST_OFFSETS, body)

    def _encode(self, draft: Draft, rows: Ints, version: int) -> bytes:
        topic = draft.partitions.topic[rows]
        cuts = np.flatnonzero(np.diff(topic)) + 1
        runs = np.split(rows, cuts)
        names = draft.topics.topic
        return encode_list_offsets(
            [(str(names[draft.partitions.topic[run[0]]]), draft.partitions.partition[run]) for run in runs],
            self.timestamp,
            version,
            self.isolation,
        )

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        column = draft.unknown_offsets(NOT_ANSWERED)
        column.reason[draft.partitions.leader == NO_LEADER] = draft.reasons[NO_LEADER_REASON]
        self._leave_out(draft, column.reason)
        setattr(draft, self.column, column)
        missing: list[Reason] = []
        asked = {ask.node for ask in asks}
        for node, rows in self._leaders.items():
            if node not in asked:
                missing.append(draft.failed[node])
                column.reason[rows] = draft.reasons[draft.failed[node]]
        for ask, reply in zip(asks, replies, strict=True):
            if whole := trouble_of(draft, reply, partial(self._fill, draft, column, missing)):
                missing.append(whole)
                column.reason[self._leaders[int(ask.node)]] = draft.reasons[whole]
        return missing

    def _leave_out(self, draft: Draft, reason: Ints) -> Ints:
        """The reasons, with that of partitions which are not asked for put in."""
        left_out = ~self.wanted(draft)
        if left_out.any():
            reason[left_out] = draft.reasons[NOT_CHOSEN]
        return reason

    def _fill(self, draft: Draft, column: OffsetColumn, missing: list[Reason], answer: Answer) -> None:
        """Put an answer into its rows, and into `missing` what is wrong with some.

        Raises MalformedAnswerError before it does.
        """
        offsets = decode_list_offsets(answer.body, answer.version)
        topic_row = np.array([self._topic_rows.get(name, -1) for name in offsets.topics], np.int64)[offsets.topic]
        known = (topic_row >= 0) & (offsets.partition >= 0) & (offsets.partition < draft.topics.partitions[topic_row])
        rows = (draft.topics.first_row[topic_row] + offsets.partition)[known]
        column.offset[rows] = offsets.offset[known]
        codes = offsets.error[known]
        column.reason[rows] = 0
        for code in np.unique(codes[codes != 0]).tolist():
            column.reason[rows[codes == code]] = draft.reasons[error_reason(code, answer.node)]
        nothing = np.isnan(column.offset[rows]) & (column.reason[rows] == 0)
        column.reason[rows[nothing]] = draft.reasons[NOT_ANSWERED]
        reasons = list(draft.reasons)
        missing += [reasons[code] for code in np.unique(column.reason[rows]).tolist() if code]

    def fail(self, draft: Draft, reason: Reason) -> None:
        setattr(draft, self.column, draft.unknown_offsets(reason))


class StartOffsetCollector(LeaderOffsetCollector):
    """Asks before the commits: an older start can only understate what was lost, never invent it."""

    name = "start_offsets"
    step = Step.STARTS
    provides = "log start offsets"
    without = "lag and lost records are unknown"
    often = "{every:g} s, and when partitions or leaders change"
    every_seconds = 30.0
    """Log starts move when a segment is deleted, which is rare: they are asked less often than ends."""
    column = "starts"
    timestamp = EARLIEST

    def __init__(self) -> None:
        super().__init__()
        self._asked: float | None = None
        self._kept: OffsetColumn | None = None

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        fresh = self._asked is not None and draft.started - self._asked < self.every(draft)
        if fresh and self._kept is not None and self._partitions is draft.partitions:
            return []
        self._kept = None
        return super().ask(client, draft)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self.kept = self._kept is not None
        if self._kept is not None:
            draft.starts = OffsetColumn(self._kept.offset, self._without(draft))
            return []
        missing = super().read(client, draft, asks, replies)
        if not missing and draft.starts is not None and np.array_equal(draft.starts.reason, self._without(draft)):
            self._kept, self._asked = draft.starts, draft.started
        return missing

    def _without(self, draft: Draft) -> Ints:
        """The reasons where all that was asked for is known."""
        return self._leave_out(draft, np.zeros(len(draft.partitions), np.int32))


class EndOffsetCollector(LeaderOffsetCollector):
    name = "end_offsets"
    step = Step.ENDS
    provides = "log end offsets (high watermarks)"
    without = "lag is unknown"
    column = "ends"
    timestamp = LATEST


class StableOffsetCollector(LeaderOffsetCollector):
    """Asks right after the ends: what was produced in between must not look like records of an open transaction."""

    name = "stable_offsets"
    step = Step.ENDS
    provides = "last stable offsets"
    without = "stable lag and open transactions of partitions are unknown"
    column = "stables"
    timestamp = LATEST
    isolation = READ_COMMITTED
