"""The other tables of one group: its members with their assignments, and the tasks of a streams group."""

import numpy as np

from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.members import MEMBER, TASK
from tui.screens.group import OneGroup
from tui.widgets.columns import WIDE, Column
from tui.widgets.rows import Rows, column, reasons, statuses

MEMBER_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(MEMBER, "lag"),
    column(MEMBER, "client_id", "Client id", "C", 14, grow=1, most=32),
    column(MEMBER, "host", "Host", "H", 15),
    column(MEMBER, "instance_id", "Instance id", "I", 12, rank=5, most=24, grow=1),
    column(MEMBER, "rack", "Rack", "K", 8, rank=4),
    column(MEMBER, "epoch", "Epoch", "E", 6, rank=3),
    column(MEMBER, "partitions", "Parts", "P", 6),
    column(MEMBER, "lag", "Lag", "A", 10, rank=1, kind="strong"),
    column(MEMBER, "assigned", "Assigned", "", 14, grow=2, most=60, rank=2),
    column(MEMBER, "member_id", "Member id", "M", 20, grow=1, most=60, rank=WIDE),
    reasons(MEMBER, width=14),
)


class MembersScreen(OneGroup):
    """The members of one group."""

    NAME, TITLE = "members", "Group: members"
    SUBJECT = MEMBER
    NAMED = ("client_id",)
    COLUMNS = MEMBER_COLUMNS
    EMPTY = "No members"
    NOUN = "member"

    def pick_of(self, view: View, group: int) -> Ints:
        return np.flatnonzero(view.snapshot.members.group == group)


TASK_COLUMNS: tuple[Column[Rows], ...] = (
    column(TASK, "subtopology", "Subtopology", "S", 12),
    column(TASK, "partition", "Part", "P", 6),
    column(TASK, "role", "Role", "R", 8),
    column(TASK, "client_id", "Client id", "C", 14, grow=1, most=40),
    column(TASK, "host", "Host", "H", 15, rank=1),
    column(TASK, "rack", "Rack", "K", 8, rank=3),
    column(TASK, "member", "Member id", "M", 20, rank=WIDE),
    column(TASK, "reads", "Reads", "", 14, grow=2, rank=2),
)


class TasksScreen(OneGroup):
    """The tasks of one streams group."""

    NAME, TITLE = "tasks", "Group: tasks"
    SUBJECT = TASK
    KEYED = ("subtopology", "partition", "role", "member")
    NAMED = ("client_id",)
    COLUMNS = TASK_COLUMNS
    SORT = "subtopology"
    FIXED = 3
    EMPTY = "No tasks"
    NOUN = "task"

    def pick_of(self, view: View, group: int) -> Ints:
        return np.flatnonzero(view.snapshot.members.group[view.snapshot.tasks.member] == group)
