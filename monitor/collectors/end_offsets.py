"""Log end offsets (high watermarks), asked after the committed offsets."""

from monitor.collectors.base import Step
from monitor.collectors.leader_offsets import LeaderOffsetCollector
from monitor.decode.list_offsets import LATEST
from monitor.draft import Draft, OffsetColumn


class EndOffsetCollector(LeaderOffsetCollector):
    name = "end_offsets"
    step = Step.ENDS
    timestamp = LATEST

    def put(self, draft: Draft, column: OffsetColumn) -> None:
        draft.ends = column
