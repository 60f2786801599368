"""Metrics of groups of every type, and of what they have read of each partition."""

import numpy as np

from exporters.family import Family, StateSet
from monitor.collect import requests as sources
from monitor.model.snapshot import KNOWN
from monitor.model.table import Flags, Floats, Ints, objects
from monitor.model.view import View
from monitor.subjects.column import Names, Reading, Subject
from monitor.subjects.groups import GROUP, GROUP_TOPIC
from monitor.subjects.kinds import COUNT
from monitor.subjects.lag import LAG
from monitor.subjects.tables import numbers, texts

STATES_OF = {
    "classic": ("Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"),
    "consumer": ("Empty", "Assigning", "Reconciling", "Stable", "Dead"),
    "share": ("Empty", "Stable", "Dead"),
    "streams": ("Empty", "NotReady", "Assigning", "Reconciling", "Stable", "Dead"),
}
"""The states of groups of each type, as Kafka names them; a group whose type no broker names is a classic one."""
STATES = tuple(dict.fromkeys(state for states in STATES_OF.values() for state in states))

ROLES = ("active", "standby", "warmup")
"""Roles of the tasks of streams groups."""


def states_of_type(reading: Reading, states: tuple[str, ...]) -> Flags:
    """Which states groups of its type can be in, for each group."""
    types, places = reading["group_type"], {kind: place for place, kind in enumerate(STATES_OF)}
    assert isinstance(types, Names)
    of_types = np.array([[state in theirs for state in states] for theirs in STATES_OF.values()])
    flags: Flags = of_types[np.array([places.get(kind, places["classic"]) for kind in types.values], int)[types.codes]]
    return flags


def holding_back(view: View) -> Ints:
    return np.flatnonzero(view.lag.stable_lag < view.lag.lag)


def _streams(view: View) -> Ints:
    groups = view.snapshot.groups
    return np.flatnonzero((groups.group_type == "streams") & (groups.reason == KNOWN))


def _tasks(view: View) -> Floats:
    """Tasks of each streams group, by role: the first group's roles, the second's …"""
    tasks, members = view.snapshot.tasks, view.snapshot.members
    group = members.group[tasks.member]
    counts = [np.bincount(group[tasks.role == role], minlength=len(view.snapshot.groups)) for role in ROLES]
    return np.stack(counts, axis=1)[_streams(view)].ravel().astype(np.float64)


TASKS = Subject(
    "tasks_by_role",
    "a role of tasks of a streams group",
    ("group", "role"),
    lambda view: len(ROLES) * len(_streams(view)),
    (
        texts("group", "group id", lambda view: np.repeat(view.snapshot.groups.group[_streams(view)], len(ROLES))),
        texts("role", "active, standby or warmup", lambda view: objects(ROLES * len(_streams(view)))),
        numbers("tasks", COUNT, "tasks of a streams group by role: active, standby or warmup", _tasks),
    ),
)

LISTED = (sources.LIST_GROUPS,)
STABLE_LAG = (sources.OFFSET_FETCH, sources.LIST_OFFSETS)

GROUP_FAMILIES = (
    Family(
        "kmon_group_info",
        GROUP,
        "",
        LISTED,
        "Always 1. Label: the group's type, which is classic, consumer, share or streams",
        labels=("group", "group_type"),
    ),
    StateSet("kmon_group_state", GROUP, "state", (*LISTED, *sources.GROUPS), states=STATES, possible=states_of_type),
    Family(
        "kmon_group_coordinator",
        GROUP,
        "",
        LISTED,
        "Always 1. Label: the broker that coordinates the group",
        labels=("group", "coordinator"),
        where="coordinator is not unknown",
    ),
    Family(
        "kmon_group_owner_info",
        GROUP,
        "",
        help="Always 1. Labels: the owner and the team that the settings name; only for groups that have one",
        labels=("group", "owner", "team"),
        where="owner is not unknown or team is not unknown",
    ),
    Family("kmon_group_members", GROUP, "members", sources.GROUPS),
    Family("kmon_group_epoch", GROUP, "epoch", sources.NEW_GROUPS),
    Family("kmon_group_assignment_epoch", GROUP, "assignment_epoch", sources.NEW_GROUPS),
    Family("kmon_group_reconciling_partitions", GROUP, "reconciling_partitions", sources.NEW_GROUPS),
    Family("kmon_group_tasks", TASKS, "tasks", (sources.STREAMS_GROUPS,)),
    Family("kmon_group_lag", GROUP, "lag", sources.LAG),
    Family("kmon_group_lag_at_least", GROUP, "lag_at_least", sources.LAG, unknown=0.0),
    Family("kmon_group_stable_lag", GROUP, "stable_lag", STABLE_LAG),
    StateSet("kmon_group_status", GROUP, "status", sources.LAG),
    StateSet("kmon_group_level", GROUP, "level", sources.LAG, where='level != "ok"'),
    Family("kmon_group_paced", GROUP, "paced", sources.LAG),
    Family("kmon_group_rebalances", GROUP, "rebalances", sources.GROUPS, where="rebalances > 0"),
    Family("kmon_group_lost", GROUP, "lost", sources.LAG, where="lost > 0"),
    Family("kmon_group_lag_seconds", GROUP, "lag_seconds", sources.LAG),
    Family("kmon_group_lag_error_seconds", GROUP, "lag_seconds_error", sources.LAG),
    Family("kmon_group_produce_rate", GROUP, "produce_rate", sources.LAG),
    Family("kmon_group_consume_rate", GROUP, "consume_rate", sources.LAG),
    Family("kmon_group_eta_seconds", GROUP, "eta_seconds", sources.LAG),
    Family("kmon_group_headroom_seconds", GROUP, "headroom_seconds", (*sources.LAG, sources.TOPIC_CONFIGS)),
    Family(
        "kmon_group_partition_lag_seconds",
        LAG,
        "lag_seconds",
        sources.LAG,
        # Hysteresis keeps it from changing with every poll.
        where='status not in ("ok", "left") and lag_seconds is not unknown',
    ),
    Family("kmon_group_partitions", GROUP, "partitions", (*sources.COMMITS, *sources.GROUPS)),
    Family("kmon_group_unknown_partitions", GROUP, "unknown_partitions", (*sources.LAG, *sources.GROUPS)),
    Family("kmon_group_left_partitions", GROUP, "left_partitions", (*sources.LAG, *sources.GROUPS)),
    Family(
        "kmon_group_left_lag",
        GROUP_TOPIC,
        "lag_at_least",
        (*sources.LAG, *sources.GROUPS),
        "Known lag on a topic that the group has left, which no total of kmon counts",
        where='status == "left"',
        unknown=0.0,
    ),
    Family("kmon_group_partition_lag", LAG, "lag", sources.LAG, summed=True),
    Family(
        "kmon_group_partition_stable_lag",
        LAG,
        "stable_lag",
        STABLE_LAG,
        only="partitions where it is less than the lag",
        where=holding_back,
    ),
    Family("kmon_group_fresh_seconds_total", GROUP, "fresh_seconds", sources.LAG),
    Family("kmon_group_observed_seconds_total", GROUP, "observed_seconds", sources.LAG),
    Family("kmon_group_slo_lag_seconds", GROUP, "slo_lag_seconds"),
    Family("kmon_group_slo_objective_ratio", GROUP, "slo_objective"),
    Family("kmon_group_partition_committed_offset", LAG, "committed_offset", sources.COMMITS),
    Family("kmon_group_partition_lost", LAG, "lost", sources.LAG, where="lost > 0", summed=True),
    Family("kmon_group_partition_ahead", LAG, "ahead", sources.LAG, where='status == "ahead"'),
    Family(
        "kmon_group_partition_owner_info",
        LAG,
        "",
        sources.GROUPS,
        "Always 1. Labels: the member that the partition is assigned to; only with metrics.owners, and not for share"
        " groups, whose partitions are read by several members",
        labels=("group", "topic", "partition", "member_id", "client_id", "host"),
        where="member_id is not unknown",
        switched_by="owners",
    ),
)
