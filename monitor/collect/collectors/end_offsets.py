"""Log end offsets (high watermarks), asked after the committed offsets."""

from monitor.collect.collectors.base import Step
from monitor.collect.collectors.leader_offsets import LeaderOffsetCollector
from monitor.collect.draft import Draft, OffsetColumn
from monitor.kafka.decode.list_offsets import LATEST


class EndOffsetCollector(LeaderOffsetCollector):
    name = "end_offsets"
    step = Step.ENDS
    provides = "log end offsets (high watermarks)"
    without = "lag is unknown"
    timestamp = LATEST

    def put(self, draft: Draft, column: OffsetColumn) -> None:
        draft.ends = column
