"""Members of groups with what they are assigned, and the tasks of streams groups."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.verdict import partition_why
from monitor.model.cluster_tables import Tasks
from monitor.model.judgements import JudgedMembers
from monitor.model.snapshot import KNOWN, Assignments, Members
from monitor.model.status import OK, STATUSES
from monitor.model.table import Floats, Ints
from monitor.model.text import UNKNOWN, visible
from monitor.model.view import View
from monitor.subjects.kinds import COUNT, RECORDS
from monitor.subjects.tables import first_codes, judged, numbers, of, reasons, sentences, size, subject

_members = size("snapshot.members")
_tasks = size("snapshot.tasks")


def _unread(view: View) -> Ints:
    """Why the assignment of each member is unknown: one in its group cannot be decoded, and it may be its own."""
    reason = view.snapshot.groups.assignments_reason[view.snapshot.members.group]
    return np.where(np.bincount(view.snapshot.assignments.member, minlength=_members(view)) > 0, KNOWN, reason)


def _of_read(view: View, numbers: Floats) -> Floats:
    """Numbers of members, unknown where their assignment is."""
    return np.where(_unread(view) == KNOWN, numbers, np.nan)


def _partitions(view: View) -> Floats:
    return _of_read(view, np.bincount(view.snapshot.assignments.member, minlength=_members(view)).astype(np.float64))


def _lag(view: View) -> Floats:
    lag = view.lag
    owned = lag.member >= 0
    return _of_read(view, np.bincount(lag.member[owned], lag.lag[owned], minlength=_members(view)).astype(np.float64))


def _reason(view: View) -> Ints:
    lag, unread = view.lag, _unread(view)
    owned = lag.member >= 0
    return np.where(unread != KNOWN, unread, first_codes(_members(view), lag.member[owned], lag.reason[owned]))


def ranges(values: Iterable[int]) -> str:
    """Numbers in order with runs drawn together: 0-3 5."""
    parts: list[list[int]] = []
    for each in sorted(values):
        if parts and each <= parts[-1][1] + 1:
            parts[-1][1] = each
        else:
            parts.append([each, each])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in parts) or UNKNOWN


def _places(view: View, table: Assignments, member: int) -> str:
    """The partitions of a member in a table of assignments: orders 0-3 5, payments 1; empty for none."""
    rows = np.flatnonzero(table.member == member)
    by_topic: dict[int, list[int]] = {}
    for topic, partition in zip(table.topic[rows].tolist(), table.partition[rows].tolist(), strict=True):
        by_topic.setdefault(topic, []).append(partition)
    names = view.snapshot.topics.topic
    return ", ".join(f"{visible(names[topic], 40)} {ranges(of)}" for topic, of in by_topic.items())


def _assigned(view: View, row: int) -> str:
    return _places(view, view.snapshot.assignments, row)


def member_why(view: View, row: int) -> str:
    """Why the worst partition of a member is as it is, and its target assignment and epoch where it has others."""
    members, groups, worst = view.snapshot.members, view.snapshot.groups, int(view.judged.members.lag_row[row])
    target = _places(view, view.snapshot.target_assignments, row)
    parts = [f"target assignment {target}"] if target else []
    if worst >= 0 and view.lag_statuses.status[worst] != OK:
        topic = visible(view.snapshot.topics.topic[view.lag.topic[worst]], 40)
        why = partition_why(view, worst) or STATUSES[view.lag_statuses.status[worst]]
        parts.insert(0, f"{topic}-{view.lag.partition[worst]}: {why}")
    epoch, wanted = float(members.epoch[row]), float(groups.assignment_epoch[members.group[row]])
    if epoch < wanted:
        parts.append(f"at epoch {epoch:.0f} of {wanted:.0f}")
    return "; ".join(parts)


def _reads(view: View, row: int) -> str:
    """The topics that a task's subtopology reads."""
    parts, tasks = view.snapshot.subtopologies, view.snapshot.tasks
    group = view.snapshot.members.group[tasks.member[row]]
    there = np.flatnonzero((parts.group == group) & (parts.subtopology == tasks.subtopology[row]))
    topics = [name for each in there for name in (*parts.source_topics[each], *parts.repartition_topics[each])]
    return ", ".join(visible(name, 60) for name in topics)


MEMBER = subject(
    "member",
    "snapshot.members",
    Members,
    "group",
    "member_id",
    more=(
        *judged("judged.members", JudgedMembers),
        sentences("why", "reason for the status, and pending changes of its assignment", _members, member_why),
        numbers("partitions", COUNT, "partitions assigned to it", _partitions, reason="reason"),
        numbers("lag", RECORDS, "lag on the partitions assigned to it", _lag, reason="reason"),
        reasons("reason", "why its partitions or its lag are unknown", _reason),
        sentences("assigned", "the partitions assigned to it, in words", _members, _assigned),
    ),
)

TASK = subject(
    "task",
    "snapshot.tasks",
    Tasks,
    "member",
    "subtopology",
    "partition",
    "role",
    more=(
        *of("snapshot.members", Members, "client_id", "host", "rack", by="snapshot.tasks.member"),
        sentences("reads", "topics that its subtopology reads", _tasks, _reads),
    ),
)
