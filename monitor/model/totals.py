"""Totals: of lag by group and by group and topic, of topics, of brokers, and of the cluster."""

from dataclasses import dataclass

from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class LagTotals(Table):
    """Lag over some rows of a Lag table, one total a row.

    `lag` is unknown when the lag of any of its partitions is; `lag_at_least` is the sum of what is known.
    """

    lag: Floats = column("f8", "sum of lag; unknown if any part is unknown", "records")
    lag_at_least: Floats = column("f8", "sum of known lag (lower bound); unknown if no part is known", "records")
    stable_lag: Floats = column("f8", "sum of stable_lag; unknown if any part is unknown", "records")
    max_lag: Floats = column("f8", "largest known lag of a partition", "records")
    lost: Floats = column("f8", "sum of the known numbers of records lost; unknown if no part is known", "records")
    partitions: Ints = column("i4", "number of partitions in the total")
    unknown_partitions: Ints = column("i4", "number of partitions with unknown lag")
    worst: Ints = column("i4", "row in `lag` with the largest known lag; -1 if none is known")
    reason: Ints = column("i4", "why the total is unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing(Table):
    """Worst status and times over some rows of lag; a number is unknown while a part that it needs is."""

    status: Ints = column("i4", "index in STATUSES: worst status of a partition")
    since: Floats = column(
        "f8", "unix time since when a partition has this status; unknown if before kmon started", "unix seconds"
    )
    since_at_latest: Floats = column(
        "f8",
        "the same; if unknown, the unix time of the first poll that saw a partition with this status",
        "unix seconds",
    )
    lag_seconds: Floats = column("f8", "largest time lag of a partition; 0 if there is nothing to read", "seconds")
    lag_seconds_error: Floats = column("f8", "error bound: the exact time lag differs by at most this much", "seconds")
    lag_seconds_at_least: Floats = column("f8", "lower bound of the time lag; unknown if no part is known", "seconds")
    produce_rate: Floats = column("f8", "in rate: records produced per second", "records/s")
    consume_rate: Floats = column("f8", "out rate: records consumed per second", "records/s")
    eta_seconds: Floats = column("f8", "time to drain: until lag is 0 on every partition", "seconds")
    headroom_seconds: Floats = column("f8", "time to data loss: until retention deletes an unread record", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupLags(Standing, LagTotals):
    """One row per group, in the order of `groups`."""

    reconciling: Floats = column(
        "f8", "partitions of the target assignment that members do not have yet; unknown for classic groups"
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

    records: Floats = column("f8", "sum of end - start offsets; unknown if any part is unknown", "records")
    end_offset: Floats = column("f8", "sum of end offsets; unknown if any part is unknown", "records")
    offline: Ints = column("i4", "partitions without a leader")
    under_replicated: Ints = column("i4", "partitions with fewer in-sync replicas than they should have")
    under_min_isr: Floats = column("f8", "partitions with fewer in-sync replicas than min.insync.replicas")
    size_bytes: Floats = column("f8", "size of the leaders' replicas; unknown if any part is unknown", "bytes")
    replication_factor: Ints = column("i4", "number of replicas of partition 0")
    groups: Ints = column("i4", "number of groups that have a row in `lag` for the topic")
    lag: Floats = column("f8", "sum of lag of all groups; unknown if any that may read the topic is", "records")
    lag_at_least: Floats = column("f8", "sum of known lag (lower bound); unknown if no part is known", "records")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerTotals(Table):
    """One row per broker that metadata lists or that a partition is assigned to, by id."""

    broker: Ints = column("i4", "node id", "node")
    described: Flags = column("?", "whether metadata lists the broker; if not, it is gone and still has replicas")
    leaders: Ints = column("i4", "partitions that it leads")
    replicas: Ints = column("i4", "partitions that it has a replica of")
    out_of_sync: Ints = column("i4", "partitions that it has an out-of-sync replica of")
    preferred: Ints = column("i4", "partitions whose preferred leader it is")
    preferred_missing: Ints = column("i4", "those of preferred_leaders that it does not lead")
    size_bytes: Floats = column("f8", "size of the broker's replicas; unknown if its log dirs are", "bytes")
    leader_skew: Floats = column(
        "f8",
        "number of leaders relative to the mean of all brokers, e.g. 0.1 is 10% more; unknown for a single broker",
        "ratio",
    )
    size_skew: Floats = column("f8", "size relative to the mean of all brokers; unknown if any size is", "ratio")


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
