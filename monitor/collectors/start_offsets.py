"""Log start offsets: where the oldest record is that retention has left."""

from collections.abc import Sequence

from monitor.client.client import Ask, Client
from monitor.collectors.base import Reply, Step
from monitor.collectors.leader_offsets import LeaderOffsetCollector
from monitor.decode.list_offsets import EARLIEST
from monitor.draft import Draft, OffsetColumn

EVERY_SECONDS = 30.0
"""Log starts move when a segment is deleted, which is rare: they are asked less often than ends."""


class StartOffsetCollector(LeaderOffsetCollector):
    """Asks with the commits, before the ends: an older start can only understate what was lost, never invent it."""

    name = "start_offsets"
    step = Step.COMMITS
    timestamp = EARLIEST

    def __init__(self) -> None:
        super().__init__()
        self._asked: float | None = None
        self._kept: OffsetColumn | None = None

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        fresh = self._asked is not None and draft.started - self._asked < EVERY_SECONDS
        if fresh and self._kept is not None and self._partitions is draft.partitions:
            return []
        self._kept = None
        return super().ask(client, draft)

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        self.kept = self._kept is not None
        if self._kept is not None:
            draft.starts = self._kept
            return []
        missing = super().read(client, draft, asks, replies)
        if not missing and draft.starts is not None and not draft.starts.reason.any():
            self._kept, self._asked = draft.starts, draft.started
        return missing

    def put(self, draft: Draft, column: OffsetColumn) -> None:
        draft.starts = column
