"""Lag of groups on partitions: in records and in time, with status and rates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.model.status import STATUS_MEANING
from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class Lag(Table):
    """One row per group and partition that has a committed offset or is assigned to a member.

    Sorted by group, topic and partition. `reason` is a code of the View's reasons, KNOWN where lag is known.
    """

    group: Ints = column("i4", "row in `groups`: group id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    partition: Ints = column("i4", "partition number", "number")
    partition_row: Ints = column("i4", "row in `partitions`; -1 if metadata does not list the partition")
    member: Ints = column("i4", "row in `members` of the member that it is assigned to; -1 if unassigned")
    committed_offset: Floats = column(
        "f8",
        "committed offset, the next one that the group reads; for share groups the share-partition start offset",
        "records",
    )
    start_offset: Floats = column("f8", "log start offset", "records")
    end_offset: Floats = column("f8", "log end offset", "records")
    lag: Floats = column("f8", "records left to read: max(0, end - max(committed, start))", "records")
    stable_lag: Floats = column("f8", "lag to the last stable offset: what read_committed can read", "records")
    lost: Floats = column(
        "f8", "records deleted before the group read them: max(0, start - committed); kept for 10 minutes", "records"
    )
    ahead: Floats = column("f8", "records between log end and a commit beyond it: max(0, committed - end)", "records")
    reason: Ints = column("i4", "why lag is unknown")

    @cached_property
    def _starts(self) -> Ints:
        """Where the rows of each group begin, and after the last group where its rows end."""
        groups = int(self.group[-1]) + 1 if len(self) else 0
        return np.searchsorted(self.group, np.arange(groups + 1, dtype=self.group.dtype))

    def of_group(self, group: int) -> range:
        """The rows of a group, by its row in `groups`."""
        first, last = (int(self._starts[min(each, len(self._starts) - 1)]) for each in (group, group + 1))
        return range(first, last)


METHODS = ("", "nothing to read", "seen appended", "append time", "create time", "record time")
"""How an age was found, by the codes of `method`: kmon saw the record appended between two polls, or its timestamp is
known, which the broker (append) or the producer (create) set, or which of them is not known."""

NO_METHOD, NOTHING, SEEN, APPEND, CREATE, RECORD = range(len(METHODS))


@dataclass(frozen=True, eq=False, kw_only=True)
class LagTimes(Table):
    """One row per row of `lag`, in its order. Rates are over the last 5 minutes, or 1 while that is all there is."""

    lag_seconds: Floats = column("f8", "time lag: age of the next record to read; 0 if there is none", "seconds")
    lag_seconds_error: Floats = column("f4", "error bound: the exact time lag differs by at most this much", "seconds")
    method: Ints = column("i1", "index in METHODS: how kmon determined the time lag")
    reason: Ints = column("i4", "why the time lag is unknown")
    produce_rate: Floats = column("f4", "in rate: records produced per second", "records/s")
    consume_rate: Floats = column("f4", "out rate: records consumed per second", "records/s")
    eta_seconds: Floats = column("f4", "time to drain at these rates; infinite if lag does not fall", "seconds")
    headroom_seconds: Floats = column(
        "f4", "time to data loss: until retention deletes the next record; infinite if never", "seconds"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class LagStatuses(Table):
    """One row per row of `lag`, in its order."""

    status: Ints = column("i1", f"index in STATUSES: status of the group on the partition; {STATUS_MEANING}")
    since: Floats = column("f8", "unix time when the status began; unknown if before kmon started", "unix seconds")
    since_at_latest: Floats = column(
        "f8", "the same; if unknown, the unix time of the first poll with a known lag", "unix seconds"
    )
    lost: Floats = column("f8", "most records lost while the status lasts; unknown until confirmed", "records")
    paced: Flags = column("?", "whether kmon has seen how long the group takes from one commit to the next")


def next_offsets(lag: Lag) -> Floats:
    """The offset of the next record of each row that is still there, shape (rows,)."""
    return np.maximum(lag.committed_offset, lag.start_offset)


def waiting_rows(lag: Lag) -> Ints:
    """The rows that have a next record to be read in a partition that is known."""
    return np.flatnonzero((lag.lag > 0) & (lag.partition_row >= 0) & (next_offsets(lag) < lag.end_offset))


@dataclass(frozen=True, eq=False, kw_only=True)
class PartitionRates(Table):
    """One row per partition, in the order of `partitions`: records produced per second, over each of WINDOWS."""

    produce_rate_1m: Floats = column("f8", "in rate over the last minute", "records/s")
    produce_rate_5m: Floats = column("f8", "in rate over the last 5 minutes", "records/s")
    produce_rate_15m: Floats = column("f8", "in rate over the last 15 minutes", "records/s")
    produce_rate_60m: Floats = column("f8", "in rate over the last hour", "records/s")


@dataclass(frozen=True, eq=False, kw_only=True)
class ConsumeRates(Table):
    """One row per row of `lag`, in its order: records consumed per second, over each of WINDOWS."""

    consume_rate_1m: Floats = column("f4", "out rate over the last minute", "records/s")
    consume_rate_5m: Floats = column("f4", "out rate over the last 5 minutes", "records/s")
    consume_rate_15m: Floats = column("f4", "out rate over the last 15 minutes", "records/s")
    consume_rate_60m: Floats = column("f4", "out rate over the last hour", "records/s")
