"""The other tables of one group: its members with their assignments, and the tasks of a streams group."""

import numpy as np

from monitor.model.cluster_tables import Tasks
from monitor.model.levels import ABOVE_ZERO, PLACE_OF
from monitor.model.snapshot import Assignments, Members
from monitor.model.status import OK
from monitor.model.table import Flags, Floats, Ints
from monitor.model.text import UNKNOWN as DASH
from monitor.model.text import visible
from monitor.model.view import View
from tui.format import ranges
from tui.picture import Picture
from tui.screens.group import OneGroup
from tui.widgets.columns import WIDE, Cell, Column, meaning
from tui.widgets.rows import Make, Rows, counts, names, numbers, reasons, statuses

MOVING = PLACE_OF[ABOVE_ZERO["reconciling"]]


def places(view: View, table: Assignments, member: int) -> str:
    """The partitions of a member in a table of assignments: orders 0-3 5, payments 1."""
    rows = np.flatnonzero(table.member == member)
    by_topic: dict[int, list[int]] = {}
    for topic, partition in zip(table.topic[rows].tolist(), table.partition[rows].tolist(), strict=True):
        by_topic.setdefault(topic, []).append(partition)
    names = view.snapshot.topics.topic
    return ", ".join(f"{visible(names[topic], 40)} {ranges(of)}" for topic, of in by_topic.items()) or DASH


def _waiting(view: View) -> Flags:
    """Which members have a target assignment that differs from their assignment."""
    waiting = np.zeros(len(view.snapshot.members), bool)
    waiting[view.snapshot.target_assignments.member] = True
    return waiting


def _members(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.members, name)[rows.pick]


def _parts(rows: Rows) -> Ints:
    snapshot = rows.view.snapshot
    return np.bincount(snapshot.assignments.member, minlength=len(snapshot.members))[rows.pick]


def _lag(rows: Rows) -> Floats:
    """Lag over the partitions of each member, unknown while that of any is."""
    lag = rows.view.lag
    owned = lag.member >= 0
    count = len(rows.view.snapshot.members)
    sums = np.bincount(lag.member[owned], lag.lag[owned], minlength=count).astype(np.float64)
    return sums[rows.pick]


def _has(rows: Rows, row: int) -> Cell:
    return Cell(places(rows.view, rows.view.snapshot.assignments, int(rows.pick[row])))


def _why(rows: Rows, row: int) -> str:
    view, member = rows.view, int(rows.pick[row])
    group = int(view.snapshot.members.group[member])
    parts = []
    if rows.status[row] == MOVING:
        parts.append(f"target assignment {places(view, view.snapshot.target_assignments, member)}")
    epoch, wanted = float(view.snapshot.members.epoch[member]), float(view.snapshot.groups.assignment_epoch[group])
    if epoch < wanted:
        parts.append(f"at epoch {epoch:.0f} of {wanted:.0f}")
    return "; ".join(parts)


def _named(
    name: str, title: str, letter: str, *, width: int, grow: int = 0, most: int = 0, rank: int = 0, empty: str = ""
) -> Column[Rows]:
    return names(
        name,
        title,
        letter,
        _members(name),
        meaning(Members, name),
        width=width,
        grow=grow,
        most=most,
        rank=rank,
        empty=empty,
    )


COLUMNS: tuple[Column[Rows], ...] = (
    statuses({OK: "ok", MOVING: "moving"}, _lag, "moving: its target assignment is another"),
    _named("client_id", "Client id", "C", width=14, grow=1, most=32, empty='""'),
    _named("host", "Host", "H", width=15),
    _named("instance_id", "Instance id", "I", width=12, rank=5, most=24, grow=1),
    _named("rack", "Rack", "K", width=8, rank=4),
    counts("epoch", "Epoch", "E", _members("epoch"), meaning(Members, "epoch"), width=6, rank=3),
    counts("parts", "Parts", "P", _parts, "partitions assigned to it", width=6),
    counts("lag", "Lag", "A", _lag, "lag over the partitions assigned to it", width=10, rank=1, kind="strong"),
    Column("has", "Assigned", 14, _has, "the partitions assigned to it", grow=2, most=60, rank=2),
    _named("member_id", "Member id", "M", width=20, grow=1, most=60, rank=WIDE),
    reasons(_why, "target assignment and epoch, where they differ", width=14),
)


class MembersScreen(OneGroup):
    """The members of one group."""

    NAME, TITLE = "members", "Group: members"
    COLUMNS = COLUMNS
    EMPTY = "No members"
    NOUN = "member"

    def rows_of(self, picture: Picture, group: int) -> Rows:
        view = picture.shown
        members = view.snapshot.members
        pick = np.flatnonzero(members.group == group)
        status = np.where(_waiting(view)[pick], MOVING, OK).astype(np.int32)
        return Rows(picture, members.member_id[pick].tolist(), members.client_id[pick].tolist(), status, pick)

    def why_empty(self, rows: Rows) -> str:
        return self.unknown(rows) or self.EMPTY


def _tasks(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.tasks, name)[rows.pick]


def _of_member(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.members, name)[rows.view.snapshot.tasks.member[rows.pick]]


def _reads(rows: Rows, row: int) -> str:
    """What a task's subtopology reads."""
    snapshot, task = rows.view.snapshot, int(rows.pick[row])
    parts = snapshot.subtopologies
    group = snapshot.members.group[snapshot.tasks.member[task]]
    there = np.flatnonzero((parts.group == group) & (parts.subtopology == snapshot.tasks.subtopology[task]))
    topics = [name for each in there for name in (*parts.source_topics[each], *parts.repartition_topics[each])]
    return ", ".join(visible(name, 60) for name in topics)


TASK_COLUMNS: tuple[Column[Rows], ...] = (
    names(
        "subtopology", "Subtopology", "S", _tasks("subtopology"), meaning(Tasks, "subtopology"), width=12, empty='""'
    ),
    numbers("partition", "Part", "P", _tasks("partition"), meaning(Tasks, "partition"), width=6),
    names("role", "Role", "R", _tasks("role"), meaning(Tasks, "role"), width=8),
    names(
        "client", "Client id", "C", _of_member("client_id"), meaning(Members, "client_id"), width=14, grow=1, most=40
    ),
    names("host", "Host", "H", _of_member("host"), meaning(Members, "host"), width=15, rank=1),
    names("rack", "Rack", "K", _of_member("rack"), meaning(Members, "rack"), width=8, rank=3),
    names("member", "Member id", "M", _of_member("member_id"), meaning(Members, "member_id"), width=20, rank=WIDE),
    Column(
        "reads", "Reads", 14, lambda rows, row: Cell(_reads(rows, row)), "topics of its subtopology", grow=2, rank=2
    ),
)


class TasksScreen(OneGroup):
    """The tasks of one streams group."""

    NAME, TITLE = "tasks", "Group: tasks"
    COLUMNS = TASK_COLUMNS
    SORT = "subtopology"
    FIXED = 3
    EMPTY = "No tasks"
    NOUN = "task"

    def why_empty(self, rows: Rows) -> str:
        return self.unknown(rows) or self.EMPTY

    def rows_of(self, picture: Picture, group: int) -> Rows:
        view = picture.shown
        tasks, members = view.snapshot.tasks, view.snapshot.members
        pick = np.flatnonzero(members.group[tasks.member] == group)
        names = members.client_id[tasks.member[pick]].tolist()
        ids = members.member_id[tasks.member[pick]].tolist()
        columns = (tasks.subtopology[pick].tolist(), tasks.partition[pick].tolist(), tasks.role[pick].tolist(), ids)
        return Rows(picture, list(zip(*columns, strict=True)), names, np.full(len(pick), OK, np.int32), pick)
