"""Why groups are behind, with the numbers behind each sentence."""

from collections.abc import Hashable, Iterable

from monitor.model.diagnoses import Diagnoses
from monitor.model.snapshot import Groups
from monitor.model.status import STATUSES
from monitor.model.table import Texts, objects
from monitor.model.text import name_of
from monitor.model.view import View
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import GroupScreen
from tui.screens.lag_columns import STATUS_MEANING
from tui.screens.problems import Health
from tui.widgets.columns import Column, meaning
from tui.widgets.lines import Line
from tui.widgets.rows import Make, Rows, judged_rows, names, reasons, statuses


def _diagnoses(name: str) -> Make:
    return lambda rows: getattr(rows.view.diagnoses, name)[rows.pick]


def _group(rows: Rows) -> Texts:
    return rows.view.snapshot.groups.group[rows.view.diagnoses.group[rows.pick]]


def _where(rows: Rows) -> Texts:
    """The topic, partition, member or broker that each diagnosis is about; empty where it is about the whole group."""
    return objects(where(rows.view, row) for row in rows.pick.tolist())


def where(view: View, row: int) -> str:
    """What of its group a diagnosis is about, as one visible line; empty for all of it."""
    table = view.diagnoses
    topic, partition, member, broker = table.topic[row], table.partition[row], table.member[row], table.broker[row]
    if topic is not None:
        return name_of(topic) + (f"-{partition}" if partition >= 0 else "")
    if member >= 0:
        return name_of(view.snapshot.members.client_id[member])
    return f"broker {broker}" if broker >= 0 else ""


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(STATUSES, lambda rows: -rows.pick, f"status of its group; {STATUS_MEANING}", ranked=True),
    names("group", "Group", "R", _group, meaning(Groups, "group"), width=18, grow=2, most=44, empty='""'),
    names("pattern", "Pattern", "P", _diagnoses("pattern"), meaning(Diagnoses, "pattern"), width=18, rank=2),
    names("where", "Where", "W", _where, "topic, partition, member or broker concerned", width=16, rank=1),
    reasons(
        lambda rows, row: str(rows.view.diagnoses.sentence[rows.pick[row]]),
        meaning(Diagnoses, "sentence"),
        title="Diagnosis",
        grow=8,
    ),
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
        return judged_rows(picture, keys, names, view.judged.groups.at(table.group))

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        return self.diagnosed(rows.view, int(rows.pick[row]))

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return GroupScreen(str(key[0]))
