"""Log start offsets: where the oldest record is that retention has left."""

from collections.abc import Sequence

import numpy as np

from monitor.collect.collectors.base import Reply, Step
from monitor.collect.collectors.leader_offsets import NOT_CHOSEN, LeaderOffsetCollector
from monitor.collect.draft import Draft, OffsetColumn
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.decode.list_offsets import EARLIEST
from monitor.model.reasons import Reason
from monitor.model.table import Ints


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
        reason = np.zeros(len(draft.partitions), np.int32)
        left_out = ~self.wanted(draft)
        if left_out.any():
            reason[left_out] = draft.reasons[NOT_CHOSEN]
        return reason
