"""Totals: of lag by group and by group and topic, of topics, of brokers, and of the cluster."""

from dataclasses import dataclass

from monitor.model.status import STATUS_MEANING
from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class LagTotals(Table):
    """Lag over some rows of a Lag table, one total a row.

    `lag` is unknown when the lag of any of its partitions is; `lag_at_least` is the sum of what is known.
    """

    lag: Floats = column("f8", "lag on all partitions; unknown while any part is unknown", "records")
    lag_at_least: Floats = column(
        "f8", "lag on the partitions whose lag is known (lower bound); unknown while none is", "records"
    )
    stable_lag: Floats = column(
        "f8", "lag up to the last stable offsets: what read_committed can read; unknown while any part is", "records"
    )
    max_lag: Floats = column("f8", "largest known lag of a partition", "records")
    lost: Floats = column("f8", "sum of the records known to be lost; unknown while none is", "records")
    partitions: Ints = column("i4", "partitions that the group has committed offsets for or is assigned")
    unknown_partitions: Ints = column(
        "i4", "partitions of the group whose lag is unknown, including those without a commit"
    )
    worst: Ints = column("i4", "row of `lag` with the largest known lag, -1 where there is none")
    reason: Ints = column("i4", "why the total is unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing(Table):
    """Worst status and times over some rows of lag; a number is unknown while a part that it needs is."""

    status: Ints = column("i4", f"index in STATUSES: worst status of a partition, left where all are; {STATUS_MEANING}")
    since: Floats = column(
        "f8", "unix time since when a partition has this status; unknown if before kmon started", "unix seconds"
    )
    since_at_latest: Floats = column(
        "f8",
        "the same; if unknown, the unix time of the first poll that saw a partition with this status",
        "unix seconds",
    )
    lag_seconds: Floats = column(
        "f8",
        "time lag of the group: the age of the oldest unread record on any partition; 0 when nothing is unread",
        "seconds",
    )
    lag_seconds_error: Floats = column("f8", "error bound: the exact time lag differs by at most this much", "seconds")
    lag_seconds_at_least: Floats = column("f8", "the least that the age can be; unknown while none is known", "seconds")
    produce_rate: Floats = column("f8", "in rate: records produced per second over the last 5 minutes", "records/s")
    consume_rate: Floats = column("f8", "out rate: records consumed per second over the last 5 minutes", "records/s")
    eta_seconds: Floats = column("f8", "time to drain at these rates; infinite if one lag does not fall", "seconds")
    headroom_seconds: Floats = column(
        "f8", "time to data loss: until retention deletes the first unread record; infinite if never", "seconds"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupLags(Standing, LagTotals):
    """One row per group, in the order of `groups`."""

    reconciling: Floats = column(
        "f8",
        "partitions pending reassignment: assigned by the target assignment, but not yet held; not for classic groups",
    )
    left_partitions: Ints = column(
        "i4",
        "partitions whose topic the group has left: it has committed offsets there, and no other number counts them",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupTopicLags(Standing, LagTotals):
    """One row per group and topic, by group and topic."""

    group: Ints = column("i4", "row in `groups`: group id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    members: Ints = column("i4", "members that have a partition of the topic")


@dataclass(frozen=True, eq=False, kw_only=True)
class TopicTotals(Table):
    """One row per topic, in the order of `topics`."""

    records: Floats = column("f8", "sum of end - start offsets, unknown while a part of it is", "records")
    end_offset: Floats = column("f8", "sum of end offsets, unknown while a part of it is", "records")
    offline: Ints = column("i4", "partitions of the topic without a leader")
    under_replicated: Ints = column(
        "i4", "partitions of the topic with out-of-sync replicas, except those that a reassignment is adding"
    )
    under_min_isr: Floats = column(
        "f8",
        "partitions of the topic with fewer in-sync replicas than min.insync.replicas; unknown while that is unknown",
    )
    size_bytes: Floats = column(
        "f8", "size of the topic on its leaders; unknown while the size of any partition is unknown", "bytes"
    )
    replication_factor: Ints = column("i4", "number of replicas of the topic's partition 0")
    groups: Ints = column("i4", "groups with a row in `lag` on it that have not left it")
    lag: Floats = column("f8", "sum of lag of all groups, unknown while it is for any that may read it", "records")
    lag_at_least: Floats = column("f8", "sum of the lag that is known; unknown while none of it is", "records")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerTotals(Table):
    """One row per broker that metadata lists or that a partition is assigned to, by id."""

    broker: Ints = column("i4", "node id", "node")
    described: Flags = column("?", "named in metadata; else it is gone, and replicas are on it still")
    leaders: Ints = column("i4", "partitions that the broker leads")
    replicas: Ints = column("i4", "partitions that have a replica on the broker")
    out_of_sync: Ints = column("i4", "partitions whose replica on the broker is not in sync")
    preferred: Ints = column("i4", "partitions whose preferred leader is the broker")
    preferred_missing: Ints = column(
        "i4", "partitions whose preferred leader is the broker, but which it does not lead"
    )
    size_bytes: Floats = column(
        "f8", "size of the replicas on the broker; unknown while any of its log dirs is unknown", "bytes"
    )
    leader_skew: Floats = column(
        "f8",
        "partitions that the broker leads relative to the mean of all brokers: 0.1 is 10 % more; "
        "unknown with one broker",
        "ratio",
    )
    size_skew: Floats = column(
        "f8",
        "size of the replicas on the broker relative to the mean of all brokers; unknown while the size "
        "of any is unknown",
        "ratio",
    )


@dataclass(frozen=True)
class ClusterTotals:
    """The cluster in numbers. `lag` is None while a part of it is unknown; `groups_unknown` counts those parts.

    `groups_behind` counts those with any status from behind to losing, `groups_lost` those that have lost records.
    Counts are of what this user may see: of the whole cluster while `lists_topics` and `lists_groups` hold.

    `under_min_isr` counts partitions of watched topics, for the configs of others are not asked; None while one of
    those is unknown.
    """

    brokers: int
    fenced: int | None
    topics: int
    partitions: int
    offline: int
    under_replicated: int
    under_min_isr: int | None
    groups: int
    groups_behind: int
    groups_lost: int
    groups_unknown: int
    lag: float | None
    lag_at_least: float
