"""One group: what it is, its lag over time, and every partition it reads, the worst first."""

from collections.abc import Hashable, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from textual.binding import BindingType
from textual.widget import Widget

from monitor.derive.lag import GLYPHS, STATUSES, Lag
from monitor.derive.verdict import group_why, partition_why
from monitor.snapshot import KNOWN, Members, Topics
from monitor.table import Ints, Texts
from monitor.text import visible
from monitor.view import View
from tui.format import at_least, count
from tui.picture import Picture
from tui.screens.base import MonitorScreen, sort_keys
from tui.screens.topic import TopicScreen
from tui.widgets.chart import Chart, Sample
from tui.widgets.columns import WIDE, Column, meaning
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Make, Rows, counts, names, numbers, reasons, statuses

STATUS_MEANING = (
    "lost: records were deleted before they were read; behind: some are still to be read; unknown: nobody can say, and "
    "Why says why; ok: none is left"
)


def _lag(name: str) -> Make:
    return lambda rows: getattr(rows.view.lag, name)[rows.pick]


def _members(name: str) -> Make:
    """A column of the members for each row; None where the partition is assigned to none."""

    def make(rows: Rows) -> Texts:
        member = rows.view.lag.member[rows.pick]
        result = np.full(len(member), None, object)
        result[member >= 0] = getattr(rows.view.snapshot.members, name)[member[member >= 0]]
        return result

    return make


PARTITION_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(STATUSES, _lag("lag"), STATUS_MEANING),
    names(
        "topic",
        "Topic",
        "T",
        lambda rows: rows.view.snapshot.topics.topic[rows.view.lag.topic[rows.pick]],
        f"topic: {meaning(Topics, 'topic')}",
        width=14,
        grow=2,
        most=40,
    ),
    numbers("partition", "Part", "P", _lag("partition"), meaning(Lag, "partition"), width=5),
    counts("lag", "Lag", "A", _lag("lag"), meaning(Lag, "lag"), width=10, kind="strong"),
    counts("lost", "Lost", "O", _lag("lost"), meaning(Lag, "lost"), width=8, rank=4, kind="lost"),
    counts("committed", "Committed", "C", _lag("committed_offset"), meaning(Lag, "committed_offset"), width=11, rank=2),
    counts("end", "End", "E", _lag("end_offset"), meaning(Lag, "end_offset"), width=11, rank=3),
    counts("start", "Start", "R", _lag("start_offset"), meaning(Lag, "start_offset"), width=11, rank=6),
    names(
        "client",
        "Client id",
        "I",
        _members("client_id"),
        meaning(Members, "client_id"),
        width=12,
        grow=1,
        most=24,
        rank=5,
        empty='""',
    ),
    names("host", "Host", "H", _members("host"), meaning(Members, "host"), width=14, rank=7),
    names(
        "member",
        "Member id",
        "M",
        _members("member_id"),
        meaning(Members, "member_id"),
        width=20,
        grow=1,
        most=48,
        rank=WIDE,
    ),
    reasons(
        lambda rows, row: partition_why(rows.view, int(rows.pick[row]), rows.write),
        "why it stands so: what is lost, that no member reads it, or the reason its lag is unknown",
        width=16,
    ),
)


def lag_rows(view: View, group: int) -> Ints:
    """The rows of `view.lag` of a group; the table is sorted by group."""
    first, last = np.searchsorted(view.lag.group, [group, group + 1])
    return np.arange(first, last)


class GroupScreen(MonitorScreen):
    """One group and its partitions."""

    NAME, TITLE = "group", "Group"
    COLUMNS = PARTITION_COLUMNS
    FIXED = 3
    EMPTY = "it has committed nothing and no partition is assigned to it"
    BINDINGS: ClassVar[list[BindingType]] = sort_keys(COLUMNS)

    def __init__(self, group: str) -> None:
        super().__init__()
        self.group = group

    @property
    def subject(self) -> str | None:
        return self.group

    def above(self) -> Sequence[Widget]:
        return Lines(id="about"), Chart("Lag", id="chart")

    def rows(self, picture: Picture) -> Rows | None:
        assert picture.view is not None
        view = picture.view.shown
        group = view.group_rows.get(self.group)
        if group is None:
            return None
        pick = lag_rows(view, group)
        topics = [str(each) for each in view.snapshot.topics.topic[view.lag.topic[pick]]]
        keys = list(zip(topics, (int(each) for each in view.lag.partition[pick]), strict=True))
        return Rows(picture, view, keys, topics, view.lag.status[pick], pick)

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return TopicScreen(str(key[0]))

    def draw(self, picture: Picture, rows: Rows) -> None:
        row = rows.view.group_rows[self.group]
        self.query_one("#about", Lines).put(*about(rows.view, row, human=picture.human))
        samples = [Sample(point.time, point.lag_of(self.group)) for point in picture.points]
        self.query_one("#chart", Chart).show(samples, human=picture.human)


def about(view: View, row: int, *, human: bool) -> tuple[Line, Line]:
    """Two lines on a group: how it stands and why, and what it is."""
    groups, lags = view.snapshot.groups, view.group_lags
    status = STATUSES[lags.status[row]]
    known = groups.reason[row] == KNOWN
    facts = (
        ("type", visible(groups.group_type[row])),
        ("state", visible(groups.state[row] if known else None)),
        ("members", count(groups.members[row])),
        ("partitions", count(lags.partitions[row] or (0 if lags.reason[row] == KNOWN else None))),
        ("coordinator", str(groups.coordinator[row])),
        ("assignor", visible(groups.assignor[row])),
    )
    why = group_why(view, row, partial(count, human=human))
    return (
        Line(
            [
                Part(f" {GLYPHS[lags.status[row]]} {status}", status),
                Part("  lag ", "dim"),
                Part(at_least(lags.lag[row], lags.lag_at_least[row], human=human), "strong"),
                *([Part(f"  {why}")] if why else []),
            ]
        ),
        Line([part for name, value in facts for part in (Part(f" {name} ", "dim"), Part(f"{value} "))]),
    )
