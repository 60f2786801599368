"""What is worked out of partitions, the metadata quorum, transactions and groups, beside their lag."""

from dataclasses import dataclass

import numpy as np

from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class PartitionHealth(Table):
    """One row per partition, in the order of `partitions`."""

    offline: Flags = column("?", "whether the partition has no leader")
    preferred: Flags = column("?", "whether the partition is led by its preferred leader, the first of its replicas")
    missing: Ints = column(
        "i4", "replicas of the partition that are out of sync, except those that a reassignment is adding", "replicas"
    )
    min_insync_replicas: Floats = column("f8", "what its topic asks for, unknown with the topic's configs", "replicas")
    under_min_isr: Floats = column(
        "f8",
        "1 for a partition with fewer in-sync replicas than min.insync.replicas, where writes with acks=all fail",
        "flag",
    )
    at_min_isr: Floats = column(
        "f8",
        "1 for a partition at min.insync.replicas with replicas out of sync: one more and writes with acks=all fail",
        "flag",
    )
    size_bytes: Floats = column("f8", "size of the partition's log on its leader", "bytes")
    unstable: Floats = column("f8", "records beyond the last stable offset, held back by open transactions", "records")
    reassigning: Flags = column("?", "whether the replicas of the partition are being reassigned")
    reassigned: Floats = column(
        "f8",
        "progress of the reassignment: smallest share of the leader's bytes on a replica being added, 0 to 1; "
        "unknown while a size is unknown",
        "ratio",
    )

    @property
    def under_replicated(self) -> Flags:
        """Which have fewer replicas in sync than they should."""
        return np.greater(self.missing, 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class QuorumLags(Table):
    """One row per voter or observer, in the order of `quorum`."""

    lag: Floats = column(
        "f8", "records of the metadata log that the node has not fetched from the quorum's leader yet", "records"
    )
    behind_seconds: Floats = column(
        "f8", "time since the node was last caught up with the quorum's leader; 0 for the leader", "seconds"
    )
    fetch_age_seconds: Floats = column("f8", "time since it last fetched, 0 for the leader", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class TransactionAges(Table):
    """One row per transaction, in the order of `transactions`."""

    age_seconds: Floats = column("f8", "how long a transaction had been open when it was last seen", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupActivity(Table):
    """One row per group, in the order of `groups`."""

    rebalances: Floats = column(
        "f8", "rebalances that kmon saw in the last 10 minutes, or since it started; unknown after one poll"
    )
