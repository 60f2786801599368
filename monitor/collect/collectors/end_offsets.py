"""Log end offsets (high watermarks), asked after the committed offsets."""

from monitor.collect.collectors.base import Step
from monitor.collect.collectors.leader_offsets import LeaderOffsetCollector
from monitor.kafka.decode.list_offsets import LATEST


class EndOffsetCollector(LeaderOffsetCollector):
    name = "end_offsets"
    step = Step.ENDS
    provides = "log end offsets (high watermarks)"
    without = "lag is unknown"
    column = "ends"
    timestamp = LATEST
