"""Last stable offsets: the end of what a read_committed consumer can read, behind which no transaction is open."""

from monitor.collect.collectors.base import Step
from monitor.collect.collectors.leader_offsets import LeaderOffsetCollector
from monitor.kafka.decode.list_offsets import LATEST

READ_COMMITTED = 1
"""The isolation level at which Kafka gives the last stable offset for the latest."""


class StableOffsetCollector(LeaderOffsetCollector):
    """Asks right after the ends: what was produced in between must not look like records of an open transaction."""

    name = "stable_offsets"
    step = Step.ENDS
    provides = "last stable offsets"
    without = "stable lag and open transactions of partitions are unknown"
    column = "stables"
    timestamp = LATEST
    isolation = READ_COMMITTED
