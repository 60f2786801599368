"""Metrics of groups of every type, and of what they have read of each partition."""

from collections.abc import Callable
from operator import attrgetter

import numpy as np

from exporters import sources
from exporters.families.group_states import group_states, statuses
from exporters.families.state_sets import state_set
from exporters.family import Family, Label, Rows
from monitor.analysis.derive.judged.groups import known_partitions
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.status import AHEAD, OK
from monitor.model.table import Floats, Ints, objects
from monitor.model.view import View

ROLES = ("active", "standby", "warmup")
"""Roles of the tasks of streams groups."""


def answered(view: View) -> Rows:
    """Groups of which all partitions are known: only of these can they be counted."""
    return np.flatnonzero(~np.isnan(known_partitions(view, "partitions")))


def holding_back(view: View) -> Rows:
    return np.flatnonzero(view.lag.stable_lag < view.lag.lag)


def troubled(view: View) -> Rows:
    """Rows of lag that are not ok, which hysteresis keeps from changing with every poll."""
    return np.flatnonzero((view.lag_statuses.status != OK) & ~np.isnan(view.lag_times.lag_seconds))


def lag_at_least(view: View) -> Floats:
    """The known part of each group's lag; at least 0, which is true of a group of which no part is known."""
    return np.nan_to_num(view.group_lags.lag_at_least)


def coordinated(view: View) -> Rows:
    return np.flatnonzero(view.snapshot.groups.coordinator != NO_LEADER)


def _streams(view: View) -> Ints:
    groups = view.snapshot.groups
    return np.flatnonzero((groups.group_type == "streams") & (groups.reason == KNOWN))


def tasks(view: View) -> Floats:
    """Tasks of each streams group, by role: the first group's roles, the second's …"""
    tasks, members = view.snapshot.tasks, view.snapshot.members
    group = members.group[tasks.member]
    counts = [np.bincount(group[tasks.role == role], minlength=len(view.snapshot.groups)) for role in ROLES]
    return np.stack(counts, axis=1)[_streams(view)].ravel().astype(np.float64)


def of_streams(column: str) -> Callable[[View], object]:
    """A column of groups for the rows of `tasks`."""
    return lambda view: np.repeat(attrgetter(column)(view)[_streams(view)], len(ROLES))


def roles(view: View) -> object:
    return objects(ROLES * len(_streams(view)))


GROUP = (Label("group", "snapshot.groups.group"),)
GROUP_PARTITION = (
    Label("group", "snapshot.groups.group", "lag.group"),
    Label("topic", "snapshot.topics.topic", "lag.topic"),
    Label("partition", "lag.partition"),
)

GROUP_FAMILIES = (
    Family(
        "kmon_group_info",
        "Always 1. Label: the group's type, which is classic, consumer, share or streams",
        1,
        (*GROUP, Label("type", "snapshot.groups.group_type")),
        sources=(sources.LIST_GROUPS,),
    ),
    state_set(
        "kmon_group_state",
        "1 for the group's current state in Kafka, 0 for the other states of its type; absent while the state is "
        "unknown",
        GROUP[0],
        "state",
        group_states,
        sources=(sources.LIST_GROUPS, *sources.GROUPS),
    ),
    Family(
        "kmon_group_coordinator",
        "Always 1. Label: the broker that coordinates the group",
        1,
        (*GROUP, Label("broker", "snapshot.groups.coordinator")),
        rows=coordinated,
        sources=(sources.LIST_GROUPS,),
    ),
    Family("kmon_group_members", "Members of the group", "snapshot.groups.members", GROUP, sources=sources.GROUPS),
    Family(
        "kmon_group_epoch",
        "Epoch of the group, which increases when its members or topics change; not for classic groups",
        "snapshot.groups.epoch",
        GROUP,
        sources=sources.NEW_GROUPS,
    ),
    Family(
        "kmon_group_assignment_epoch",
        "Group epoch of the target assignment; not for classic groups",
        "snapshot.groups.assignment_epoch",
        GROUP,
        sources=sources.NEW_GROUPS,
    ),
    Family(
        "kmon_group_reconciling_partitions",
        "Partitions pending reassignment: assigned by the target assignment, but not yet held; not for classic groups",
        "group_lags.reconciling",
        GROUP,
        sources=sources.NEW_GROUPS,
    ),
    Family(
        "kmon_group_tasks",
        "Tasks of a streams group by role: active, standby or warmup",
        tasks,
        (Label("group", of_streams("snapshot.groups.group")), Label("role", roles)),
        sources=(sources.STREAMS_GROUPS,),
    ),
    Family(
        "kmon_group_lag",
        "Lag of the group on all its partitions; absent while the lag on any partition is unknown",
        "group_lags.lag",
        GROUP,
        unit="records",
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_lag_at_least",
        "Lag of the group on the partitions whose lag is known, 0 while none is. Use this one for alerts",
        lag_at_least,
        GROUP,
        unit="records",
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_stable_lag",
        "Lag of the group up to the last stable offsets, which a read_committed consumer can read; absent while it is "
        "unknown on any partition",
        "group_lags.stable_lag",
        GROUP,
        unit="records",
        sources=(sources.OFFSET_FETCH, sources.LIST_OFFSETS),
    ),
    state_set(
        "kmon_group_status",
        "1 for the group's current status, which is the worst status of its partitions, 0 for every other status",
        GROUP[0],
        "status",
        statuses,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_lag_seconds",
        "Time lag of the group: the age of the oldest unread record on any partition; 0 when nothing is unread",
        "group_lags.lag_seconds",
        GROUP,
        unit="seconds",
        whole=False,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_lag_error_seconds",
        "Error bound of kmon_group_lag_seconds: the true time lag is at most this much less or more",
        "group_lags.lag_seconds_error",
        GROUP,
        unit="seconds",
        whole=False,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_produce_rate",
        "In rate: records per second produced to the group's partitions, over 5 minutes",
        "group_lags.produce_rate",
        GROUP,
        unit="records/s",
        whole=False,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_consume_rate",
        "Out rate: records per second read by the group, over 5 minutes",
        "group_lags.consume_rate",
        GROUP,
        unit="records/s",
        whole=False,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_eta_seconds",
        "Time to drain: time until the lag is 0 at the current rates; +Inf while the lag does not fall",
        "group_lags.eta_seconds",
        GROUP,
        unit="seconds",
        whole=False,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_headroom_seconds",
        "Time to data loss: earliest time until retention deletes an unread record; +Inf for never",
        "group_lags.headroom_seconds",
        GROUP,
        unit="seconds",
        whole=False,
        sources=(*sources.LAG, sources.TOPIC_CONFIGS),
    ),
    Family(
        "kmon_group_partition_lag_seconds",
        "Time lag on the partition: the age of the oldest unread record; only for unhealthy partitions",
        "lag_times.lag_seconds",
        GROUP_PARTITION,
        unit="seconds",
        whole=False,
        rows=troubled,
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_partitions",
        "Partitions that the group has committed offsets for or is assigned",
        "group_lags.partitions",
        GROUP,
        rows=answered,
        sources=(*sources.COMMITS, *sources.GROUPS),
    ),
    Family(
        "kmon_group_unknown_partitions",
        "Partitions of the group whose lag is unknown, including those without a commit",
        "group_lags.unknown_partitions",
        GROUP,
        rows=answered,
        sources=(*sources.LAG, *sources.GROUPS),
    ),
    Family(
        "kmon_group_partition_lag",
        "Lag on the partition: records that the group has not read yet",
        "lag.lag",
        GROUP_PARTITION,
        unit="records",
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_partition_stable_lag",
        "Lag on the partition up to the last stable offset, which a read_committed consumer can read; only for "
        "partitions where it is less than the lag",
        "lag.stable_lag",
        GROUP_PARTITION,
        unit="records",
        rows=holding_back,
        sources=(sources.OFFSET_FETCH, sources.LIST_OFFSETS),
    ),
    Family(
        "kmon_group_partition_committed_offset",
        "Committed offset, the next one that the group reads; for share groups the share-partition start offset",
        "lag.committed_offset",
        GROUP_PARTITION,
        unit="records",
        sources=sources.COMMITS,
    ),
    Family(
        "kmon_group_partition_lost",
        "Records lost: deleted before the group read them; only for partitions with records lost",
        "lag.lost",
        GROUP_PARTITION,
        unit="records",
        rows=lambda view: np.flatnonzero(view.lag.lost > 0),
        sources=sources.LAG,
    ),
    Family(
        "kmon_group_partition_ahead",
        "Records by which the committed offset is beyond the log end; only for partitions where it is",
        "lag.ahead",
        GROUP_PARTITION,
        unit="records",
        rows=lambda view: np.flatnonzero(view.lag_statuses.status == AHEAD),
        sources=sources.LAG,
    ),
)
