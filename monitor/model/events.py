"""What an event is, the table of those that are remembered, and what a View shows of the log."""

from dataclasses import dataclass
from typing import NamedTuple

from monitor.model.status import GROWING, LOSING, LOST, STOPPED, STUCK
from monitor.model.table import Floats, Ints, Table, Texts, column

OF_STATUSES = {
    GROWING: "group_growing",
    STOPPED: "group_stopped",
    STUCK: "group_stuck",
    LOSING: "group_losing",
    LOST: "group_lost",
}
"""The kind of event that a group has come to have each of these statuses, from better to worse."""
RECOVERED = "group_recovered"
LEFT_TOPIC, RETURNED = "group_left", "group_returned"
"""A group has left a topic, and counts as reading it again."""

KINDS = (
    "broker_joined",
    "broker_gone",
    "broker_back",
    "broker_restarted",
    "controller_changed",
    "leader_moved",
    "isr_shrunk",
    "isr_grown",
    "replicas_changed",
    "truncated",
    "topic_created",
    "topic_deleted",
    "topic_recreated",
    "partitions_added",
    "config_changed",
    "group_created",
    "group_deleted",
    "group_emptied",
    "coordinator_changed",
    "rebalanced",
    "member_joined",
    "member_left",
    "offsets_reset",
    "retention_overtook",
    "commit_beyond_end",
    *OF_STATUSES.values(),
    RECOVERED,
    LEFT_TOPIC,
    RETURNED,
)
"""What can happen; docs/events.md tells how each is seen."""


@dataclass(frozen=True)
class Event:
    """One change, seen between the last poll that knew what was before (`after_time`) and the poll that saw it.

    Times are unix seconds. `before`, `after` and `text` are lines of visible text; names of subjects are as Kafka has
    them. -1 and None are for subjects that it is not about.
    """

    kind: str
    after_time: float
    time: float
    text: str
    broker: int = -1
    topic: str | None = None
    partition: int = -1
    group: str | None = None
    before: str = ""
    after: str = ""
    records: float | None = None
    count: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Events(Table):
    """One row per event, the newest first."""

    time: Floats = column("f8", "unix time of the poll that detected the event", "unix seconds")
    after_time: Floats = column("f8", "unix time of the last poll before the change", "unix seconds")
    kind: Texts = column("O", "kind of event; docs/events.md lists them")
    broker: Ints = column("i4", "node id, if the event concerns a broker", "node")
    topic: Texts = column("O", "topic name, if the event concerns a topic")
    partition: Ints = column("i4", "partition number, if the event concerns a partition", "number")
    group: Texts = column("O", "group id, if the event concerns a group")
    before: Texts = column("O", "the old value, in words")
    after: Texts = column("O", "the new value, in words")
    records: Floats = column(
        "f8", "records rewound, truncated, lost or ahead of the log end; unknown for other kinds", "records"
    )
    count: Ints = column("i4", "number of events that this one represents")
    text: Texts = column("O", "the event, as a sentence")


class Changes(NamedTuple):
    """What a View shows of the log: the newest events, counts by kind since the start, and rebalances.

    `rebalances` counts those of the last STORM_SECONDS by group id. `watched_seconds` is how long the log goes back, to
    unix time `watched_since`, None before the first snapshot.
    """

    events: Events
    counts: dict[str, int]
    rebalances: dict[str, int]
    watched_seconds: float
    watched_since: float | None = None


NO_CHANGES = Changes(Events.empty(), dict.fromkeys(KINDS, 0), {}, 0.0)
