"""Rows of groups, of their members, and of lag."""

from collections.abc import Sequence

import numpy as np

from exporters.rows.plain import Row, grouped, node, number, numbers, places, reason, rows_of
from monitor.model.lag import METHODS
from monitor.model.status import STATUSES
from monitor.model.table import Ints
from monitor.model.view import View

NO_ROWS = np.empty(0, np.intp)


def group_rows(view: View, rows: Sequence[int] | None = None) -> list[Row]:
    """Groups with their totals; `reason` is why the lag is unknown, `description_reason` why state and members are."""
    groups, totals = view.snapshot.groups, view.group_lags
    rows = range(len(groups)) if rows is None else rows
    return rows_of(
        {
            "group": [groups.group[row] for row in rows],
            "group_type": [groups.group_type[row] for row in rows],
            "protocol_type": [groups.protocol_type[row] for row in rows],
            "state": [groups.state[row] for row in rows],
            "coordinator": [node(int(groups.coordinator[row])) for row in rows],
            "epoch": numbers(groups.epoch, rows),
            "assignment_epoch": numbers(groups.assignment_epoch, rows),
            "topology_epoch": numbers(groups.topology_epoch, rows),
            "assignor": [groups.assignor[row] for row in rows],
            "members": numbers(groups.members, rows),
            "reconciling_partitions": numbers(totals.reconciling, rows),
            "description_reason": [reason(view, groups.reason[row]) for row in rows],
            "lag": numbers(totals.lag, rows),
            "lag_at_least": numbers(totals.lag_at_least, rows),
            "stable_lag": numbers(totals.stable_lag, rows),
            "max_lag": numbers(totals.max_lag, rows),
            "lost": numbers(totals.lost, rows),
            "partitions": numbers(totals.partitions, rows),
            "unknown_partitions": numbers(totals.unknown_partitions, rows),
            "lag_seconds": numbers(totals.lag_seconds, rows),
            "lag_seconds_error": numbers(totals.lag_seconds_error, rows),
            "produce_rate": numbers(totals.produce_rate, rows),
            "consume_rate": numbers(totals.consume_rate, rows),
            "eta_seconds": numbers(totals.eta_seconds, rows),
            "headroom_seconds": numbers(totals.headroom_seconds, rows),
            "status": [STATUSES[totals.status[row]] for row in rows],
            "since": numbers(totals.since, rows),
            "since_at_latest": numbers(totals.since_at_latest, rows),
            "reason": [reason(view, totals.reason[row]) for row in rows],
        }
    )


def member_rows(view: View, group: int) -> list[Row]:
    """Members of a group, each with the partitions it is assigned, those it is to have, and its tasks.

    `target_assignments` is None where it is what is assigned, and `tasks` for members of other than streams groups.
    """
    snapshot = view.snapshot
    members = snapshot.members
    streams = snapshot.groups.group_type[group] == "streams"
    assigned, targets, tasks = (
        grouped(table.member) for table in (snapshot.assignments, snapshot.target_assignments, snapshot.tasks)
    )

    def to_have(member: int) -> list[Row]:
        return places(view, snapshot.target_assignments, targets[member])

    return [
        {
            "member_id": members.member_id[member],
            "client_id": members.client_id[member],
            "host": members.host[member],
            "instance_id": members.instance_id[member],
            "rack": members.rack[member],
            "epoch": number(members.epoch[member]),
            "assignments": places(view, snapshot.assignments, assigned.get(member, NO_ROWS)),
            "target_assignments": to_have(member) if member in targets else None,
            "tasks": _tasks(view, tasks.get(member, NO_ROWS)) if streams else None,
        }
        for member in np.flatnonzero(members.group == group).tolist()
    ]


def _tasks(view: View, rows: Ints) -> list[Row]:
    tasks = view.snapshot.tasks
    return rows_of(
        {
            "subtopology": tasks.subtopology[rows],
            "partition": tasks.partition[rows].tolist(),
            "role": tasks.role[rows],
        }
    )


def subtopology_rows(view: View, group: int) -> list[Row]:
    """The subtopologies of a streams group, empty for others."""
    parts = view.snapshot.subtopologies
    rows = np.flatnonzero(parts.group == group)
    return rows_of(
        {
            "subtopology": parts.subtopology[rows],
            "source_topics": map(list, parts.source_topics[rows]),
            "repartition_topics": map(list, parts.repartition_topics[rows]),
            "changelog_topics": map(list, parts.changelog_topics[rows]),
        }
    )


def lag_rows(view: View, rows: Ints) -> list[Row]:
    """Rows of the lag table in this order; `reason` is why the lag is unknown, `age_reason` why its age is."""
    lag, times, snapshot = view.lag, view.lag_times, view.snapshot
    groups, members = snapshot.groups, snapshot.members
    owner = [int(lag.member[row]) for row in rows]
    return rows_of(
        {
            "cluster": [view.cluster for _ in rows],
            "group": [groups.group[lag.group[row]] for row in rows],
            "group_type": [groups.group_type[lag.group[row]] for row in rows],
            "topic": [snapshot.topics.topic[lag.topic[row]] for row in rows],
            "partition": numbers(lag.partition, rows),
            "committed_offset": numbers(lag.committed_offset, rows),
            "start_offset": numbers(lag.start_offset, rows),
            "end_offset": numbers(lag.end_offset, rows),
            "lag": numbers(lag.lag, rows),
            "stable_lag": numbers(lag.stable_lag, rows),
            "lost": numbers(lag.lost, rows),
            "ahead": numbers(lag.ahead, rows),
            "lag_seconds": numbers(times.lag_seconds, rows),
            "lag_seconds_error": numbers(times.lag_seconds_error, rows),
            "lag_method": [METHODS[times.method[row]] or None for row in rows],
            "age_reason": [reason(view, times.reason[row]) for row in rows],
            "produce_rate": numbers(times.produce_rate, rows),
            "consume_rate": numbers(times.consume_rate, rows),
            "eta_seconds": numbers(times.eta_seconds, rows),
            "headroom_seconds": numbers(times.headroom_seconds, rows),
            "status": [STATUSES[view.lag_statuses.status[row]] for row in rows],
            "since": numbers(view.lag_statuses.since, rows),
            "since_at_latest": numbers(view.lag_statuses.since_at_latest, rows),
            "reason": [reason(view, lag.reason[row]) for row in rows],
            "member_id": [members.member_id[member] if member >= 0 else None for member in owner],
            "client_id": [members.client_id[member] if member >= 0 else None for member in owner],
            "host": [members.host[member] if member >= 0 else None for member in owner],
        }
    )
