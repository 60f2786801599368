"""What the JSON API shows beyond rows of subjects: rows with the rows that belong to them, and clusters."""

from typing import Any

import numpy as np

from monitor.analysis.derive.completeness import unasked
from monitor.analysis.derive.partitions import Places
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.broker_metrics import BROKER_REQUEST, DEPRECATED_REQUEST
from monitor.subjects.brokers import BROKER, BROKER_CONFIG, LOG_DIR, QUORUM
from monitor.subjects.cluster import CLUSTER, KMON, TOTALS
from monitor.subjects.health import PROBLEM
from monitor.subjects.members import MEMBER, TASK
from monitor.subjects.topics import PARTITION, REPLICA, TOPIC, TOPIC_CONFIG
from monitor.subjects.transactions import TRANSACTION

Row = dict[str, Any]
NO_ROWS = np.empty(0, np.intp)


def places(view: View, table: Places, rows: Ints) -> list[Row]:
    """The topic and partition of these rows of a table."""
    topics = view.snapshot.topics.topic[table.topic[rows]].tolist()
    partitions = table.partition[rows].tolist()
    return [{"topic": topic, "partition": number} for topic, number in zip(topics, partitions, strict=True)]


def grouped(keys: Ints) -> dict[int, Ints]:
    """The rows that have each key."""
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(values) else {}


def member_rows(view: View, group: int) -> list[Row]:
    """Members of a group, each with its assignment, its target assignment, and its tasks.

    `target_assignments` is None where it is what is assigned, and `tasks` for members of other than streams groups.
    """
    snapshot = view.snapshot
    rows = np.flatnonzero(snapshot.members.group == group)
    streams = snapshot.groups.group_type[group] == "streams"
    assigned, targets, tasks = (
        grouped(table.member) for table in (snapshot.assignments, snapshot.target_assignments, snapshot.tasks)
    )
    return [
        {
            **row,
            "assignments": places(view, snapshot.assignments, assigned.get(member, NO_ROWS)),
            "target_assignments": places(view, snapshot.target_assignments, targets[member])
            if member in targets
            else None,
            "tasks": TASK.plain(view, tasks.get(member, NO_ROWS)) if streams else None,
        }
        for member, row in zip(rows.tolist(), MEMBER.plain(view, rows), strict=True)
    ]


def topic_rows(view: View, rows: Ints) -> list[Row]:
    """Topics, each with its configs."""
    configs = TOPIC_CONFIG.plain(view, rows)
    return [{**row, "config": config} for row, config in zip(TOPIC.plain(view, rows), configs, strict=True)]


def partition_rows_of(view: View, topic: int) -> list[Row]:
    """The partitions of a topic by number, each with what brokers hold of it."""
    topics, replicas = view.snapshot.topics, view.snapshot.replicas
    first = int(topics.first_row[topic])
    rows = np.arange(first, first + int(topics.partitions[topic]))
    mine = np.flatnonzero(replicas.topic == topic)
    held = {number: mine[each] for number, each in grouped(replicas.partition[mine]).items()}
    return [
        {**row, "log_dirs": _replicas(view, held.get(row["partition"], NO_ROWS))} for row in PARTITION.plain(view, rows)
    ]


def _replicas(view: View, rows: Ints) -> list[Row]:
    names = ("broker", "log_dir", "size_bytes", "offset_lag", "offset_lag_reason", "future")
    return [{"path": row.pop("log_dir"), **row} for row in REPLICA.plain(view, rows, names)]


def broker_rows(view: View, rows: Ints) -> list[Row]:
    """Brokers, each with its log dirs, the configs that it holds, and the requests that its own metrics report."""
    snapshot = view.snapshot
    parts = {
        "log_dirs": (LOG_DIR, grouped(snapshot.log_dirs.broker)),
        "request_types": (BROKER_REQUEST, grouped(snapshot.broker_requests.broker)),
        "deprecated_requests": (DEPRECATED_REQUEST, grouped(snapshot.deprecated_requests.broker)),
    }
    configs = BROKER_CONFIG.plain(view, rows)
    return [
        {
            **row,
            **{name: subject.plain(view, of.get(row["broker"], NO_ROWS)) for name, (subject, of) in parts.items()},
            "config": config,
        }
        for row, config in zip(BROKER.plain(view, rows), configs, strict=True)
    ]


def quorum_row(view: View) -> Row:
    """The metadata quorum; `reason` is why it is unknown."""
    quorum = view.snapshot.quorum
    leaders = quorum.node[quorum.leader].tolist()
    return {
        "leader": leaders[0] if leaders else None,
        "epoch": view.snapshot.quorum_epoch,
        "reason": None if len(quorum) else unasked(view.snapshot, "quorum") or None,
        "quorum": QUORUM.plain(view),
    }


def transaction_rows(view: View, rows: Ints) -> list[Row]:
    """Transactions with the partitions that they have written to."""
    written = view.snapshot.transaction_partitions
    partitions = grouped(written.transaction)
    return [
        {**row, "partitions": places(view, written, partitions.get(number, NO_ROWS))}
        for number, row in zip(rows.tolist(), TRANSACTION.plain(view, rows), strict=True)
    ]


def problem_rows(view: View, rows: Ints) -> list[Row]:
    """Problems with the partitions that they are about."""
    about = view.problems.partitions
    return [
        {**row, "partitions": places(view, view.snapshot.partitions, np.array(about.row(number), np.intp))}
        for number, row in zip(rows.tolist(), PROBLEM.plain(view, rows), strict=True)
    ]


def cluster_row(view: View) -> Row:
    """The verdict and what kmon sees by the newest View; identity, totals and collectors of the View that is shown."""
    shown = view.shown
    snapshot = shown.snapshot
    return {
        "verdict": {
            "level": view.verdict.level,
            "sentence": view.verdict.sentence,
            "clauses": [{"level": each.level, "text": each.text} for each in view.verdict.clauses],
        },
        "cluster_id": snapshot.cluster_id,
        "controller": None if snapshot.controller == NO_LEADER else snapshot.controller,
        "totals": CLUSTER.plain(shown, names=[each.name for each in TOTALS])[0],
        "features": dict(zip(snapshot.features.feature, snapshot.features.level.tolist(), strict=True)),
        **CLUSTER.plain(shown, names=("hidden_topics", "hidden_groups"))[0],
        "kmon": KMON.plain(view, names=("status", "level", "since", "why", "state_kept", "state_why"))[0],
        "overruns": view.snapshot.overruns,
        "collectors": [{name: getattr(each, name) for name in OUTCOME} for each in snapshot.outcomes],
    }


OUTCOME = ("collector", "success", "duration_seconds", "collected_at", "error", "ran")
"""What the API has of a collector's outcome in a poll."""
