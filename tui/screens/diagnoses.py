"""Why groups are behind, with the numbers behind each sentence."""

from collections.abc import Hashable, Iterable

import numpy as np

from monitor.subjects.health import DIAGNOSIS, where
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import GroupScreen
from tui.screens.problems import Health
from tui.widgets.columns import Column
from tui.widgets.lines import Line
from tui.widgets.rows import Rows, column, reasons, statuses

COLUMNS: tuple[Column[Rows], ...] = (
    statuses(DIAGNOSIS, lambda rows: rows.pick, falling=False, ranked=True),
    column(DIAGNOSIS, "group", "Group", "R", 18, grow=2, most=44),
    column(DIAGNOSIS, "pattern", "Pattern", "P", 18, rank=2),
    column(DIAGNOSIS, "where", "Where", "W", 16, rank=1),
    reasons(DIAGNOSIS, "sentence", "Diagnosis", grow=8),
)


class DiagnosesScreen(Health):
    """Why groups are behind, those of the worst group first."""

    NAME, TITLE = "diagnoses", "Problems: diagnoses"
    COLUMNS = COLUMNS
    EMPTY = "No diagnoses: no known pattern matches a group"

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        table, ids = view.diagnoses, view.snapshot.groups.group
        groups = [str(ids[each]) for each in table.group.tolist()]
        keys = list(zip(groups, table.pattern.tolist(), (where(view, row) for row in range(len(table))), strict=True))
        names = [f"{group} {pattern}" for group, pattern, _ in keys]
        return Rows(picture, DIAGNOSIS, np.arange(len(keys)), keys, names)

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        return self.diagnosed(rows.view, int(rows.pick[row]))

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return GroupScreen(str(key[0]))
