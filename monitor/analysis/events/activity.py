"""How restless groups are: how often each was seen to rebalance of late."""

import numpy as np

from monitor.model.conditions import GroupActivity
from monitor.model.events import Changes
from monitor.model.snapshot import Snapshot


def derive_activity(snapshot: Snapshot, changes: Changes) -> GroupActivity:
    """The activity of every group, from what the event log counted."""
    if not changes.watched_seconds:
        return GroupActivity(rebalances=np.full(len(snapshot.groups), np.nan))
    return GroupActivity(
        rebalances=np.array([changes.rebalances.get(name, 0) for name in snapshot.groups.group], np.float64)
    )
