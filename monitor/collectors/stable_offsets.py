"""Last stable offsets: the end of what a read_committed consumer can read, behind which no transaction is open."""

from monitor.collectors.base import Step
from monitor.collectors.leader_offsets import LeaderOffsetCollector
from monitor.decode.list_offsets import LATEST
from monitor.draft import Draft, OffsetColumn

READ_COMMITTED = 1
"""The isolation level at which Kafka gives the last stable offset for the latest."""


class StableOffsetCollector(LeaderOffsetCollector):
    """Asks right after the ends: what was produced in between must not look like records of an open transaction."""

    name = "stable_offsets"
    step = Step.ENDS
    timestamp = LATEST
    isolation = READ_COMMITTED

    def put(self, draft: Draft, column: OffsetColumn) -> None:
        draft.stables = column
