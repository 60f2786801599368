"""All problems of a cluster, each effect below its cause, and the diagnoses: why groups are behind."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from monitor.analysis.derive.emptiness import no_problems
from monitor.model.diagnoses import evidence_of
from monitor.model.levels import SIGN_OF
from monitor.model.problems import Problems
from monitor.model.table import Ints
from monitor.model.text import age
from monitor.model.view import View
from monitor.subjects.health import DIAGNOSIS, PROBLEM
from tui.format import wrap
from tui.heading import section
from tui.picture import Picture
from tui.screens.base import SHORT, TAIL, MonitorScreen
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons, statuses

TALL = 32
"""The lines of a terminal in which more is said of the row under the cursor."""

MARK = len("cause")
"""The cells of the word before what is said of a row."""

VIEWS = {
    "no_controller": "quorum",
    "quorum_minority": "quorum",
    "metadata_behind": "quorum",
    "transaction_hangs": "transactions",
}
"""Where a problem opens that is about no group, topic or broker of which there is a screen."""


def ranked(table: Problems) -> tuple[Ints, Ints]:
    """The place of each problem where effects stand below their cause, and how many causes it has above it."""
    effects: dict[int, list[int]] = {}
    for row, cause in enumerate(table.cause.tolist()):
        effects.setdefault(cause, []).append(row)
    place, depth = np.full(len(table), len(table), np.int32), np.zeros(len(table), np.int32)
    left = [(row, 0) for row in reversed(effects.get(-1, []))]
    number = 0
    while left:
        row, causes = left.pop()
        place[row], depth[row] = number, causes
        left += [(each, causes + 1) for each in reversed(effects.get(row, []))]
        number += 1
    return place, depth


def _table(rows: Rows) -> Problems:
    """The problems of the newest View: that a cluster is unreachable is one of them."""
    return rows.picture.newest.problems


def _place(rows: Rows) -> Ints:
    return ranked(_table(rows))[0]


def _subject(rows: Rows, row: int) -> Cell:
    depth = int(ranked(_table(rows))[1][row])
    return Cell("  " * (depth - 1) + "└ " * (depth > 0) + _table(rows).subject[row], "dim" if depth else "")


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(PROBLEM, _place, width=11, falling=False, ranked=True),
    column(PROBLEM, "subject", "Subject", "U", 18, grow=2, most=44, cell=_subject),
    column(PROBLEM, "lasting_seconds", "For", "F", 8),
    column(PROBLEM, "kind", "Kind", "K", 18, rank=2),
    column(PROBLEM, "count", "Count", "C", 6, rank=1),
    reasons(PROBLEM, "sentence", "Problem", width=38, grow=8),
)


class Health(MonitorScreen):
    """What the tables of this view have in common."""

    PANES: ClassVar = {
        "problems": "Problems",
        "diagnoses": "Diagnoses",
        "alerts": "Alerts",
        "silences": "Silences",
        "rules": "Rules",
    }

    def has_something(self, picture: Picture) -> bool:
        return picture.view is not None

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        """All details of a row."""
        raise NotImplementedError

    def tail(self, rows: Rows) -> Sequence[Line]:
        # As many lines for every row: the table stays as high while the cursor moves.
        height, row = self.size.height, self.table.cursor_row
        room = 6 if height >= TALL else 4 if height >= SHORT else TAIL
        lines = [] if row is None else list(self.details(rows, row))[:room]
        return [*lines, *[Line()] * (room - len(lines))]

    def sentence(self, mark: str, text: str, kind: str = "") -> list[Line]:
        """A sentence in as many lines as it needs, the first of them marked."""
        lines = wrap(text, self.app.size.width - MARK - 3, 2)
        marks = (mark, *("" for _ in lines[1:]))
        return [
            Line([Part(f" {each.ljust(MARK)} ", "dim"), Part(line, kind)])
            for each, line in zip(marks, lines, strict=True)
        ]

    def diagnosed(self, view: View, row: int) -> list[Line]:
        """A diagnosis, and the numbers behind it."""
        sentence = self.sentence("why", str(view.diagnoses.sentence[row]))
        return [*sentence, *self.sentence("", evidence_of(view.diagnoses, row), "dim")[:1]]


class ProblemsScreen(Health):
    """All problems of the cluster, the worst first."""

    KEY, NAME, TITLE = "7", "problems", "Problems"
    SUBJECT = PROBLEM
    KEYED = ("kind", "subject")
    OPENS = ("group", "topic", "broker")
    COLUMNS = COLUMNS
    NOUN = "problem"

    def why_empty(self, rows: Rows) -> str:
        return no_problems(rows.view).sentence

    def source(self, picture: Picture) -> View:
        return picture.newest

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        table, view = _table(rows), rows.view
        yield from self.sentence("", str(table.sentence[row]))
        if table.cause[row] >= 0:
            yield from self.sentence("cause", str(table.sentence[table.cause[row]]), "dim")[:1]
        group = view.group_rows.get(str(table.group[row]), -1) if table.group[row] is not None else -1
        for each in np.flatnonzero(view.diagnoses.group == group):
            yield from self.diagnosed(view, int(each))

    def open(self, rows: Rows, row: int) -> None:
        kind, broker = rows.word("kind", row), rows.value("broker", row)
        if kind in VIEWS:
            self.app.action_view(VIEWS[kind])
        elif kind == "no_full_answer":
            self.push("collectors")
        elif kind in {"log_dir_offline", "disk_full"} and broker is not None:
            self.push("log_dirs", broker)
        else:
            super().open(rows, row)


DIAGNOSIS_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(DIAGNOSIS, lambda rows: rows.pick, falling=False, ranked=True),
    column(DIAGNOSIS, "group", "Group", "R", 18, grow=2, most=44),
    column(DIAGNOSIS, "pattern", "Pattern", "P", 18, rank=2),
    column(DIAGNOSIS, "where", "Where", "W", 16, rank=1),
    reasons(DIAGNOSIS, "sentence", "Diagnosis", grow=8),
)


class DiagnosesScreen(Health):
    """Why groups are behind, those of the worst group first."""

    NAME, TITLE = "diagnoses", "Problems: diagnoses"
    SUBJECT = DIAGNOSIS
    KEYED = ("group", "pattern", "where")
    NAMED = ("group", "pattern")
    OPENS = ("group",)
    COLUMNS = DIAGNOSIS_COLUMNS
    EMPTY = "No diagnoses: no known pattern matches a group"

    def details(self, rows: Rows, row: int) -> Iterable[Line]:
        return self.diagnosed(rows.view, int(rows.pick[row]))


def problem_lines(view: View, most: int) -> list[Line]:
    """The worst problems that no other explains, in as many lines at most, with how many there are."""
    table = view.problems
    rows = np.flatnonzero(table.cause < 0)
    if not len(rows) or most < 1:
        return []
    return [
        section("Problems", len(rows), ProblemsScreen.KEY, ProblemsScreen.NAME),
        *(
            Line(
                [Part(f" {SIGN_OF[table.level[row]]} ", table.level[row]), Part(str(table.sentence[row]))],
                [Part(f" {age(view.time - float(table.since[row]))} ", "dim")],
            )
            for row in rows[:most].tolist()
        ),
    ]
