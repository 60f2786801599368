"""Rows of a View's tables as plain objects for JSON: whole numbers as integers, unknown as None with its reason."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from monitor.derive.completeness import answered, lists_groups, lists_topics
from monitor.derive.lag import STATUSES
from monitor.snapshot import NO_LEADER
from monitor.table import Floats, Ints
from monitor.view import View

Row = dict[str, Any]


def number(value: float) -> float | int | None:
    """A number for JSON: an integer where it is whole, None where it is unknown."""
    if math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def numbers(column: Floats | Ints, rows: Sequence[int] | Ints) -> list[float | int | None]:
    return [number(value) for value in column[np.asarray(rows, np.intp)].tolist()]


def _node(node: int | None) -> int | None:
    return None if node == NO_LEADER else node


def _reason(view: View, code: int) -> str | None:
    return view.reasons[code] or None


def _rows(columns: dict[str, Iterable[Any]]) -> list[Row]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


OF_TOPICS = ("topics", "partitions", "offline", "under_replicated", "under_min_isr")
OF_GROUPS = ("groups", "groups_behind", "groups_lost", "groups_unknown")


def known_totals(view: View) -> dict[str, float | int | None]:
    """The totals of the cluster by name; None for those that are not known in full."""
    snapshot = view.snapshot
    complete = {
        "brokers": answered(snapshot, "cluster"),
        **dict.fromkeys(OF_TOPICS, lists_topics(snapshot)),
        **dict.fromkeys(OF_GROUPS, lists_groups(snapshot)),
    }
    return {
        name: number(value) if value is not None and complete.get(name, True) else None
        for name, value in vars(view.totals).items()
    }


def cluster_row(view: View) -> Row:
    """The verdict on the newest View; identity, totals and collectors of the View that is shown."""
    shown = view.shown
    snapshot = shown.snapshot
    return {
        "verdict": {
            "level": view.verdict.level,
            "sentence": view.verdict.sentence,
            "clauses": [each._asdict() for each in view.verdict.clauses],
        },
        "cluster_id": snapshot.cluster_id,
        "controller": _node(snapshot.controller),
        "totals": known_totals(shown),
        "collectors": [dict(vars(each)) for each in snapshot.outcomes],
    }


def group_rows(view: View, rows: Sequence[int] | None = None) -> list[Row]:
    """Groups with their totals; `reason` is why the lag is unknown, `description_reason` why state and members are."""
    groups, totals = view.snapshot.groups, view.group_lags
    rows = range(len(groups)) if rows is None else rows
    return _rows(
        {
            "group": [groups.group[row] for row in rows],
            "group_type": [groups.group_type[row] for row in rows],
            "protocol_type": [groups.protocol_type[row] for row in rows],
            "state": [groups.state[row] for row in rows],
            "coordinator": [_node(int(groups.coordinator[row])) for row in rows],
            "epoch": numbers(groups.epoch, rows),
            "assignor": [groups.assignor[row] for row in rows],
            "members": numbers(groups.members, rows),
            "description_reason": [_reason(view, groups.reason[row]) for row in rows],
            "lag": numbers(totals.lag, rows),
            "lag_at_least": numbers(totals.lag_at_least, rows),
            "max_lag": numbers(totals.max_lag, rows),
            "lost": numbers(totals.lost, rows),
            "partitions": numbers(totals.partitions, rows),
            "unknown_partitions": numbers(totals.unknown_partitions, rows),
            "status": [STATUSES[totals.status[row]] for row in rows],
            "reason": [_reason(view, totals.reason[row]) for row in rows],
        }
    )


def member_rows(view: View, group: int) -> list[Row]:
    """Members of a group, each with the partitions it is assigned."""
    members, assignments, topics = view.snapshot.members, view.snapshot.assignments, view.snapshot.topics.topic
    result = []
    for member in np.flatnonzero(members.group == group):
        assigned = np.flatnonzero(assignments.member == member)
        pairs = zip(assignments.topic[assigned], assignments.partition[assigned], strict=True)
        result.append(
            {
                "member_id": members.member_id[member],
                "client_id": members.client_id[member],
                "host": members.host[member],
                "instance_id": members.instance_id[member],
                "rack": members.rack[member],
                "assignments": [{"topic": topics[topic], "partition": int(partition)} for topic, partition in pairs],
            }
        )
    return result


def lag_rows(view: View, rows: Ints) -> list[Row]:
    """Rows of the lag table in this order; `reason` is why the lag is unknown."""
    lag, snapshot = view.lag, view.snapshot
    groups, members = snapshot.groups, snapshot.members
    owner = [int(lag.member[row]) for row in rows]
    return _rows(
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
            "lost": numbers(lag.lost, rows),
            "status": [STATUSES[lag.status[row]] for row in rows],
            "reason": [_reason(view, lag.reason[row]) for row in rows],
            "member_id": [members.member_id[member] if member >= 0 else None for member in owner],
            "client_id": [members.client_id[member] if member >= 0 else None for member in owner],
            "host": [members.host[member] if member >= 0 else None for member in owner],
        }
    )


def topic_rows(view: View) -> list[Row]:
    """Topics with their totals; of one that metadata does not name all numbers but its readers are None."""
    topics, totals = view.snapshot.topics, view.topic_totals
    rows = range(len(topics))
    described = topics.partitions > 0

    def where_described(column: Ints) -> list[float | int | None]:
        return numbers(np.where(described, column, np.nan), rows)

    return _rows(
        {
            "topic": topics.topic,
            "topic_id": topics.topic_id,
            "internal": topics.internal.tolist(),
            "partitions": where_described(topics.partitions),
            "replication_factor": where_described(totals.replication_factor),
            "offline_partitions": where_described(totals.offline),
            "under_replicated_partitions": where_described(totals.under_replicated),
            "records": numbers(totals.records, rows),
            "end_offset": numbers(totals.end_offset, rows),
            "groups": numbers(totals.groups, rows),
            "lag": numbers(totals.lag, rows),
            "lag_at_least": numbers(totals.lag_at_least, rows),
            "reason": [_reason(view, topics.reason[row]) for row in rows],
        }
    )


def broker_rows(view: View) -> list[Row]:
    brokers, controller = view.snapshot.brokers, view.snapshot.controller
    ids = brokers.broker.tolist()
    return _rows(
        {
            "broker": ids,
            "host": brokers.host,
            "port": brokers.port.tolist(),
            "rack": brokers.rack,
            "controller": [None if controller is None else broker == controller for broker in ids],
        }
    )


def alert_rows(view: View) -> list[Row]:
    """Alerts as the newest View has them, whether or not its cluster answered."""
    return [{**vars(each), "labels": dict(each.labels)} for each in view.alerts]
