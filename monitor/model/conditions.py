"""What is worked out of partitions, the metadata quorum, transactions and groups, beside their lag."""

from dataclasses import dataclass

import numpy as np

from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class PartitionHealth(Table):
    """One row per partition, in the order of `partitions`."""

    offline: Flags = column("?", "whether the partition has no leader")
    preferred: Flags = column("?", "whether the preferred leader, the first of the replicas, is the leader")
    missing: Ints = column("i4", "out-of-sync replicas, except those that a reassignment is adding", "replicas")
    min_insync_replicas: Floats = column("f8", "min.insync.replicas of the topic", "replicas")
    under_min_isr: Floats = column(
        "f8", "whether fewer replicas are in sync than min.insync.replicas, so that writes with acks=all fail", "flag"
    )
    at_min_isr: Floats = column(
        "f8", "whether replicas are out of sync and losing one more would put the partition under min ISR", "flag"
    )
    size_bytes: Floats = column("f8", "size of the leader's replica", "bytes")
    unstable: Floats = column("f8", "records after the last stable offset, held back by open transactions", "records")
    reassigning: Flags = column("?", "whether the replicas are being reassigned")
    reassigned: Floats = column(
        "f8", "progress of a reassignment: the smallest share of the leader's bytes that an added replica has", "ratio"
    )

    @property
    def under_replicated(self) -> Flags:
        """Which have fewer replicas in sync than they should."""
        return np.greater(self.missing, 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class QuorumLags(Table):
    """One row per voter or observer, in the order of `quorum`."""

    lag: Floats = column("f8", "records of the metadata log that the node has not fetched", "records")
    behind_seconds: Floats = column("f8", "time since it was last caught up; 0 for the leader", "seconds")
    fetch_age_seconds: Floats = column("f8", "time since the node's last fetch; 0 for the leader", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class TransactionAges(Table):
    """One row per transaction, in the order of `transactions`."""

    age_seconds: Floats = column("f8", "time that it had been open when it was last reported", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupActivity(Table):
    """One row per group, in the order of `groups`."""

    rebalances: Floats = column(
        "f8", "rebalances that kmon saw in the last 10 minutes, or since it started; unknown after one poll"
    )
