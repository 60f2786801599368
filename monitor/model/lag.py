"""Lag of groups on partitions: in records, in time, and how each row stands."""

from dataclasses import dataclass

import numpy as np

from monitor.model.table import Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class Lag(Table):
    """One row a group and partition: those committed, and those assigned to a member without a commit.

    Sorted by group, topic and partition. `reason` is a code of the View's reasons, KNOWN where lag is known.
    """

    group: Ints = column("i4", "row of the group")
    topic: Ints = column("i4", "row of the topic")
    partition: Ints = column("i4", "partition number", "number")
    partition_row: Ints = column("i4", "row in `partitions`, -1 where metadata has no such partition")
    member: Ints = column("i4", "row of the member it is assigned to, -1 where it is assigned to none")
    committed_offset: Floats = column("f8", "next offset to read", "records")
    start_offset: Floats = column("f8", "log start offset", "records")
    end_offset: Floats = column("f8", "log end offset", "records")
    lag: Floats = column("f8", "records still to read: max(0, end - max(committed, start))", "records")
    stable_lag: Floats = column("f8", "the same to the last stable offset: what read_committed can read", "records")
    lost: Floats = column(
        "f8", "records deleted before they were read: max(0, start - committed); kept for 10 minutes", "records"
    )
    ahead: Floats = column("f8", "records that the commit is beyond the log end: max(0, committed - end)", "records")
    reason: Ints = column("i4", "why lag is unknown")


METHODS = ("", "nothing to read", "seen appended", "append time", "create time", "record time")
"""How an age was found, by the codes of `method`: kmon saw the record appended between two polls, or its timestamp is
known, which the broker (append) or the producer (create) set, or which of them is not known."""

NO_METHOD, NOTHING, SEEN, APPEND, CREATE, RECORD = range(len(METHODS))


@dataclass(frozen=True, eq=False, kw_only=True)
class LagTimes(Table):
    """One row a row of `lag`, in its order. Rates are over the last 5 minutes, or 1 while that is all there is."""

    lag_seconds: Floats = column("f8", "age of the next record to be read; 0 where there is none", "seconds")
    lag_seconds_error: Floats = column("f4", "the true age is at most this much less or more", "seconds")
    method: Ints = column("i1", "index in METHODS: how the age was found")
    reason: Ints = column("i4", "why the age is unknown")
    produce_rate: Floats = column("f4", "records produced a second", "records/s")
    consume_rate: Floats = column("f4", "records read a second", "records/s")
    eta_seconds: Floats = column("f4", "time until lag is 0 at these rates; infinite if it does not fall", "seconds")
    headroom_seconds: Floats = column(
        "f4", "time until retention deletes the next record; infinite for never", "seconds"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class LagStatuses(Table):
    """One row a row of `lag`, in its order."""

    status: Ints = column("i1", "index in STATUSES: status of the group on the partition")
    since: Floats = column(
        "f8", "unix time when it began to be so; unknown where that was before kmon looked", "unix seconds"
    )
    since_at_latest: Floats = column(
        "f8", "the same; where it is unknown the first poll that knew the lag of the row", "unix seconds"
    )
    lost: Floats = column("f8", "records lost, the most while the status is; unknown until confirmed", "records")


def next_offsets(lag: Lag) -> Floats:
    """The offset of the next record of each row that is still there, shape (rows,)."""
    return np.maximum(lag.committed_offset, lag.start_offset)


def waiting_rows(lag: Lag) -> Ints:
    """The rows that have a next record to be read in a partition that is known."""
    return np.flatnonzero((lag.lag > 0) & (lag.partition_row >= 0) & (next_offsets(lag) < lag.end_offset))
