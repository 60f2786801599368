"""What the demo's workload consists of: the topics, rhythms and groups of a small shop, as tables.

Incidents are no part of it: they act from outside, on the Cluster (a broker is paused, killed, …) or on the Workload.
"""

from dataclasses import dataclass, field

# Small segments and a bound in bytes: an unattended demo stays below 2 GB.
RETENTION = {"retention.bytes": "20000000", "segment.bytes": "5000000"}


@dataclass(frozen=True)
class Rhythm:
    """Records per second: `per_second` all the time, and `burst_per_second` more for the first `burst_seconds` of
    every `every_seconds`; nothing after `total` records, if given.
    """

    per_second: float = 0.0
    burst_per_second: float = 0.0
    burst_seconds: float = 0.0
    every_seconds: float = 60.0
    total: int | None = None

    def rate(self, seconds: float) -> float:
        """Records per second, `seconds` after the start."""
        bursting = seconds % self.every_seconds < self.burst_seconds
        return self.per_second + (self.burst_per_second if bursting else 0.0)


@dataclass(frozen=True)
class TopicPlan:
    """A topic; `keys` are chosen unevenly, the n-th n times more seldom than the first, so partitions differ."""

    name: str
    partitions: int
    rhythm: Rhythm
    keys: int = 500
    configs: dict[str, str] = field(default_factory=lambda: dict(RETENTION))


@dataclass(frozen=True)
class GroupPlan:
    """A classic group of kafka-python consumers.

    `per_second` bounds what the whole group reads. At `stop_at_seconds` its members leave; at `stuck_at_seconds` they
    stay members, but read and commit no more. Without members a group is only committed, at offset 0.
    """

    name: str
    topic: str
    members: int
    per_second: float | None = None
    stop_at_seconds: float | None = None
    stuck_at_seconds: float | None = None


# Written into Kafka's word-count example.
STREAMS_INPUT, STREAMS_OUTPUT = "streams-plaintext-input", "streams-wordcount-output"

TOPICS = (
    TopicPlan("orders", 12, Rhythm(per_second=120)),
    TopicPlan("payments", 6, Rhythm(per_second=60)),
    TopicPlan("clicks", 6, Rhythm(per_second=20, burst_per_second=400, burst_seconds=10, every_seconds=45)),
    TopicPlan("inventory", 6, Rhythm(per_second=30, burst_per_second=30, burst_seconds=30, every_seconds=60)),
    TopicPlan("notifications", 3, Rhythm(per_second=15)),
    TopicPlan("audit", 3, Rhythm(per_second=20, total=60)),
    TopicPlan(STREAMS_INPUT, 2, Rhythm(per_second=8)),
    TopicPlan(STREAMS_OUTPUT, 2, Rhythm()),
)

GROUPS = (
    GroupPlan("orders-fulfilment", "orders", members=3),
    GroupPlan("orders-backfill", "orders", members=0),
    GroupPlan("payments-ledger", "payments", members=2, per_second=42),
    GroupPlan("clicks-sessionizer", "clicks", members=2, per_second=160),
    GroupPlan("inventory-sync", "inventory", members=2, stop_at_seconds=60),
    GroupPlan("inventory-forecast", "inventory", members=1, stuck_at_seconds=90),
    GroupPlan("audit-archiver", "audit", members=1),
)

# Of Kafka's own clients, one member each.
CONSUMER_GROUP = ("orders-analytics", "orders")
SHARE_GROUP = ("notification-senders", "notifications")
STREAMS_GROUP = "search-word-counts"
