"""Topics that groups have left: those whose commits are there still, and that they no longer read."""

from dataclasses import dataclass

from monitor.model.table import Floats, Ints, Table, column

BECAUSE = ("unsubscribed", "idle", "replaced")
"""What shows that a group has left a topic, by the codes of `because`: no member subscribes to it; the group, which has
members only now and then, commits on its other topics alone; another group reads on from where it stopped."""

UNSUBSCRIBED, IDLE, REPLACED = range(len(BECAUSE))


@dataclass(frozen=True, eq=False, kw_only=True)
class LeftTopics(Table):
    """One row per group and topic that it has left, by group and topic."""

    group: Ints = column("i4", "row in `groups`: group id")
    topic: Ints = column("i4", "row in `topics`: topic name")
    because: Ints = column("i1", "index in BECAUSE: what shows it")
    successor: Ints = column("i4", "row in `groups` of the group that replaced it; -1 if none did")
    since: Floats = column("f8", "unix time since when that is shown; unknown if before kmon started", "unix seconds")
    since_at_latest: Floats = column("f8", "the same; if unknown, the unix time of the first poll", "unix seconds")
