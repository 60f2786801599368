"""What is worked out of partitions, the metadata quorum, transactions and groups, beside their lag."""

from dataclasses import dataclass

import numpy as np

from monitor.model.table import Flags, Floats, Ints, Table, column


@dataclass(frozen=True, eq=False, kw_only=True)
class PartitionHealth(Table):
    """One row a partition, in the order of `partitions`."""

    offline: Flags = column("?", "has no leader")
    preferred: Flags = column("?", "is led by its preferred leader, the first of its replicas")
    missing: Ints = column("i4", "replicas not in sync, without those that a reassignment is adding", "replicas")
    min_insync_replicas: Floats = column("f8", "what its topic asks for, unknown with the topic's configs", "replicas")
    under_min_isr: Floats = column(
        "f8", "1 when fewer are in sync than asked for, else 0: writes with acks=all fail", "flag"
    )
    at_min_isr: Floats = column(
        "f8", "1 when one more replica lost means under min ISR, and some are lost; else 0", "flag"
    )
    size_bytes: Floats = column("f8", "size of the leader's replica", "bytes")
    unstable: Floats = column("f8", "records behind the last stable offset: of transactions that are open", "records")
    reassigning: Flags = column("?", "its replicas are being reassigned")
    reassigned: Floats = column(
        "f8", "least share of the leader's bytes that a replica being added has; unknown for none", "ratio"
    )

    @property
    def under_replicated(self) -> Flags:
        """Which have fewer replicas in sync than they should."""
        return np.greater(self.missing, 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class QuorumLags(Table):
    """One row a voter or observer, in the order of `quorum`."""

    lag: Floats = column("f8", "records of the metadata log that it has still to fetch", "records")
    behind_seconds: Floats = column("f8", "time since it last had all that the leader has, 0 for the leader", "seconds")
    fetch_age_seconds: Floats = column("f8", "time since it last fetched, 0 for the leader", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class TransactionAges(Table):
    """One row a transaction, in the order of `transactions`."""

    age_seconds: Floats = column("f8", "how long it had been open when it was last seen", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupActivity(Table):
    """One row a group, in the order of `groups`."""

    rebalances: Floats = column(
        "f8", "times it was seen to rebalance in the last 10 minutes, or since kmon began; unknown at the first poll"
    )
