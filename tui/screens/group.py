"""One group: what it is, its lag over time, and every partition it reads, the worst first."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from textual.widget import Widget

from monitor.analysis.derive.judged.groups import known_partitions
from monitor.analysis.derive.verdict import group_why, partition_why
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.status import GLYPHS, STATUSES
from monitor.model.table import Ints
from monitor.model.text import UNKNOWN, Write, plural, visible
from monitor.model.view import View
from monitor.subjects.groups import GROUP
from monitor.subjects.kinds import RECORDS
from monitor.subjects.lag import LAG
from monitor.subjects.shown import shown
from tui.format import count, wrap
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.lag_columns import SINCE, time_columns
from tui.widgets.chart import Chart, Sample
from tui.widgets.columns import WIDE
from tui.widgets.facts import Fact, flow
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, every, reasons, statuses

MOST_DIAGNOSES = 2
"""Diagnoses shown below the reason."""
TIME_FACTS = (
    ("lag", "lag"),
    ("stable lag", "stable_lag"),
    ("time lag", "lag_seconds"),
    ("drains in", "eta_seconds"),
    ("in", "produce_rate"),
    ("out", "consume_rate"),
    ("data loss in", "headroom_seconds"),
)
"""How far behind a group is: titles, and the columns of the group."""
MOST_SUBTOPOLOGIES = 4
"""Subtopologies that have a line each."""


PARTITION_COLUMNS = every(
    LAG,
    statuses(LAG, "lag"),
    column(LAG, "topic", "Topic", "T", 14, grow=2, most=40),
    column(LAG, "partition", "Part", "P", 5),
    column(LAG, "lag", "Lag", "A", 10, kind="strong"),
    *time_columns(LAG),
    SINCE,
    column(LAG, "stable_lag", "Stable lag", "B", 10, rank=8),
    column(LAG, "lost", "Lost", "O", 8, rank=6),
    column(LAG, "committed_offset", "Committed", "C", 11, rank=7),
    column(LAG, "end_offset", "End offset", "F", 11, rank=7),
    column(LAG, "start_offset", "Start", "R", 11, rank=8),
    column(LAG, "client_id", "Client id", "E", 12, grow=1, most=24, rank=4),
    column(LAG, "host", "Host", "H", 14, rank=8),
    column(LAG, "member_id", "Member id", "M", 20, grow=1, most=48, rank=WIDE),
    reasons(LAG, width=16, write=partition_why),
    but=("group_type", "state", "coordinator", "status_seconds"),
)


def lag_rows(view: View, group: int) -> Ints:
    """The rows of `view.lag` of a group; the table is sorted by group."""
    return np.array(view.lag.of_group(group), np.int64)


class OneGroup(MonitorScreen):
    """What the tables of one group have in common."""

    PANES: ClassVar = {"group": "Partitions", "members": "Members", "tasks": "Tasks"}

    @property
    def group(self) -> str:
        return str(self.about)

    def panes(self) -> list[str]:
        view = self.app.picture.view
        row = None if view is None else view.shown.group_rows.get(self.group)
        streams = view is not None and row is not None and view.shown.snapshot.groups.group_type[row] == "streams"
        return [each for each in super().panes() if streams or each != "tasks"]

    def pick(self, view: View) -> Ints | None:
        row = view.group_rows.get(self.group)
        return None if row is None else self.pick_of(view, row)

    def pick_of(self, view: View, group: int) -> Ints:
        """The rows of the table for this row of groups."""
        raise NotImplementedError

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        view, row = rows.view, rows.view.group_rows[self.group]
        width, write = self.app.size.width, partial(count, human=picture.human)
        return [
            *status_lines(view, row, write, width),
            *flow(time_facts(view, row, write), width),
            *flow(group_facts(view, row), width),
            *subtopologies(view, row),
        ]

    def why_empty(self, rows: Rows) -> str:
        reason = rows.view.snapshot.groups.reason[rows.view.group_rows[self.group]]
        return f"Unknown ({visible(rows.view.reasons[reason])})" if reason != KNOWN else self.EMPTY


class GroupScreen(OneGroup):
    """One group and its partitions."""

    NAME, TITLE = "group", "Group"
    SUBJECT = LAG
    KEYED = ("topic", "partition")
    NAMED = OPENS = ("topic",)
    COLUMNS = PARTITION_COLUMNS
    FIXED = 3
    EMPTY = "No committed offsets and no assigned partitions"
    NOUN = "partition"

    def why_empty(self, rows: Rows) -> str:
        row = rows.view.group_rows[self.group]
        reason = rows.view.reasons[rows.view.group_lags.reason[row]]
        return f"Unknown ({visible(reason)})" if reason else self.EMPTY

    def above(self) -> Sequence[Widget]:
        return (Chart("Lag", id="chart"),)

    def pick_of(self, view: View, group: int) -> Ints:
        return lag_rows(view, group)

    def said(self, rows: Rows, row: int) -> str:
        return rows.sentence(row)

    def draw(self, picture: Picture, rows: Rows) -> None:
        samples = [Sample(point.time, point.lag_of(self.group)) for point in picture.points]
        self.query_one("#chart", Chart).show(samples, human=picture.human)


def status_lines(view: View, row: int, write: Write, width: int) -> list[Line]:
    """The status of a group with its reason and the first diagnoses."""
    status = view.group_lags.status[row]
    start = f" {GLYPHS[status]} {STATUSES[status]} "
    said = [group_why(view, row, write)]
    said += view.diagnoses.sentence[view.diagnoses.group == row][:MOST_DIAGNOSES].tolist()
    texts = [line for text in said for line in wrap(text, width - len(start) - 2, 2)]
    first = Line([Part(start, view.judged.groups.levels[row]), Part(f" {texts[0]}")])
    return [first, *(Line([Part(f"{' ' * len(start)} {text}")]) for text in texts[1:])]


def time_facts(view: View, row: int, write: Write) -> Iterable[Fact]:
    """How far behind a group is, in records and in time."""
    lags, reading = view.group_lags, GROUP.read(view, slice(row, row + 1))
    for title, name in TIME_FACTS:
        if name != "stable_lag" or lags.stable_lag[row] < lags.lag[row]:
            records = GROUP.schema[name].kind is RECORDS
            yield Fact(
                title, shown(reading, name).text(0, write if records else None), "strong" if "lag" in title else ""
            )


def group_facts(view: View, row: int) -> Iterable[Fact]:
    """What a group is."""
    groups, lags = view.snapshot.groups, view.group_lags
    known = groups.reason[row] == KNOWN
    yield Fact("type", visible(groups.group_type[row]))
    yield Fact("state", visible(groups.state[row] if known else None))
    yield Fact("members", count(groups.members[row]))
    yield Fact("partitions", count(float(known_partitions(view, "partitions")[row])))
    node = int(groups.coordinator[row])
    yield Fact("coordinator", UNKNOWN if node == NO_LEADER else str(node))
    yield Fact("assignor", visible(groups.assignor[row]))
    for title, epoch in (
        ("epoch", groups.epoch[row]),
        ("assignment epoch", groups.assignment_epoch[row]),
        ("topology epoch", groups.topology_epoch[row]),
    ):
        if not np.isnan(epoch):
            yield Fact(
                title,
                f"{epoch:.0f}",
                ABOVE_ZERO["reconciling"] if title[0] == "a" and epoch < groups.epoch[row] else "",
            )
    if lags.reconciling[row] > 0:
        yield Fact("pending reassignment", plural(int(lags.reconciling[row]), "partition"), ABOVE_ZERO["reconciling"])


def subtopologies(view: View, row: int) -> list[Line]:
    """A line for each of the first subtopologies of a streams group: what it reads and what it keeps."""
    parts = view.snapshot.subtopologies
    rows = np.flatnonzero(parts.group == row)
    lines = []
    for each in rows[:MOST_SUBTOPOLOGIES]:
        words = [Part(f" subtopology {visible(parts.subtopology[each], 40)} ", "dim")]
        for verb, topics in (
            ("reads", (*parts.source_topics[each], *parts.repartition_topics[each])),
            ("keeps", parts.changelog_topics[each]),
        ):
            if topics:
                words += [Part(f" {verb} ", "dim"), Part(", ".join(visible(name, 60) for name in topics))]
        lines.append(Line(words))
    more = len(rows) - MOST_SUBTOPOLOGIES
    return [*lines, Line([Part(f" and {more} more", "dim")])] if more > 0 else lines
