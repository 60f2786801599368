"""How restless groups are: how often each was seen to rebalance of late."""

from dataclasses import dataclass

import numpy as np

from monitor.events.log import Changes
from monitor.snapshot import Snapshot
from monitor.table import Floats, Table, column


@dataclass(frozen=True, eq=False)
class GroupActivity(Table):
    """One row a group, in the order of `groups`."""

    rebalances: Floats = column(
        "f8", "times it was seen to rebalance in the last 10 minutes, or since kmon began; unknown at the first poll"
    )


def derive_activity(snapshot: Snapshot, changes: Changes) -> GroupActivity:
    """The activity of every group, from what the event log counted."""
    if not changes.watched_seconds:
        return GroupActivity(np.full(len(snapshot.groups), np.nan))
    return GroupActivity(np.array([changes.rebalances.get(name, 0) for name in snapshot.groups.group], np.float64))
