"""One topic: its partitions with leader, replicas and offsets, and the groups that read it."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from textual.binding import BindingType
from textual.widget import Widget

from monitor.derive.lag import BEHIND, LOST, OK
from monitor.snapshot import KNOWN, NO_LEADER, Offsets, Partitions
from monitor.table import Floats, Ints, Ragged, Texts, objects
from monitor.text import visible
from monitor.view import View
from tui.format import at_least, count
from tui.picture import Picture
from tui.screens.base import MonitorScreen, sort_keys
from tui.widgets.columns import Column, meaning
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Make, Rows, counts, names, numbers, reasons, statuses

PARTITION_WORDS = ("ok", "under", "offline", "unknown")
"""The words for a partition's status, and the worst of a topic's."""


def _offsets(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.offsets, name)[rows.pick]


def _records(rows: Rows) -> Floats:
    offsets = rows.view.snapshot.offsets
    return (offsets.end_offset - offsets.start_offset)[rows.pick]


def _leader(rows: Rows) -> Floats:
    leader = rows.view.snapshot.partitions.leader[rows.pick]
    return np.where(leader == NO_LEADER, np.nan, leader)


def _brokers(name: str) -> Make:
    def make(rows: Rows) -> Texts:
        nodes: Ragged = getattr(rows.view.snapshot.partitions, name)
        return objects(" ".join(map(str, nodes.row(int(row)))) or None for row in rows.pick)

    return make


def _why(rows: Rows, row: int) -> str:
    view, place = rows.view, int(rows.pick[row])
    partitions, offsets = view.snapshot.partitions, view.snapshot.offsets
    parts = []
    if partitions.leader[place] == NO_LEADER:
        parts.append("no leader")
    missing = [node for node in sorted(partitions.replicas.row(place)) if node not in partitions.isr.row(place)]
    if missing:
        parts.append(f"broker {', '.join(map(str, missing))} not in sync")
    reason = int(offsets.end_reason[place]) or int(offsets.start_reason[place])
    if reason != KNOWN:
        parts.append(visible(view.reasons[reason]))
    return "; ".join(parts)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        PARTITION_WORDS,
        _records,
        "offline: no leader; under: fewer replicas in sync than replicas",
    ),
    numbers(
        "partition",
        "Partition",
        "P",
        lambda rows: rows.view.snapshot.partitions.partition[rows.pick],
        meaning(Partitions, "partition"),
    ),
    counts("leader", "Leader", "D", _leader, "node id of the leader", width=7, falling=False),
    names("replicas", "Replicas", "R", _brokers("replicas"), meaning(Partitions, "replicas"), width=10),
    names("isr", "In sync", "I", _brokers("isr"), meaning(Partitions, "isr"), width=10),
    counts("start", "Start", "T", _offsets("start_offset"), meaning(Offsets, "start_offset"), width=13, rank=2),
    counts("end", "End", "E", _offsets("end_offset"), meaning(Offsets, "end_offset"), width=13),
    counts("records", "Records", "C", _records, "end - start offset", width=13, rank=1),
    reasons(_why, "what is wrong with it, or why its offsets are unknown"),
)


def partition_status(view: View) -> Ints:
    """The status of each partition: LOST without a leader, BEHIND when under-replicated."""
    status = np.where(view.partition_health.under_replicated, BEHIND, OK)
    return np.where(view.partition_health.offline, LOST, status).astype(np.int32)


class TopicScreen(MonitorScreen):
    """One topic and its partitions."""

    NAME, TITLE = "topic", "Topic"
    COLUMNS = COLUMNS
    EMPTY = "metadata has no partition of it: deleted, or Describe on it is denied"
    BINDINGS: ClassVar[list[BindingType]] = sort_keys(COLUMNS)

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.topic = topic

    @property
    def subject(self) -> str | None:
        return self.topic

    def above(self) -> Sequence[Widget]:
        return (Lines(id="about"),)

    def rows(self, picture: Picture) -> Rows | None:
        assert picture.view is not None
        view = picture.view.shown
        row = view.topic_rows.get(self.topic)
        if row is None:
            return None
        topics = view.snapshot.topics
        pick = topics.first_row[row] + np.arange(topics.partitions[row])
        numbers = [int(each) for each in view.snapshot.partitions.partition[pick]]
        return Rows(picture, view, numbers, [str(each) for each in numbers], partition_status(view)[pick], pick)

    def draw(self, picture: Picture, rows: Rows) -> None:
        view = rows.view
        row = view.topic_rows[self.topic]
        totals = view.topic_totals
        readers = np.flatnonzero(view.group_topic_lags.topic == row)
        parts = [Part(" records ", "dim"), Part(count(totals.records[row], human=picture.human), "strong")]
        parts += [Part("  read by ", "dim"), Part(count(len(readers)))]
        for reader in readers[np.argsort(-np.nan_to_num(view.group_topic_lags.lag_at_least[readers]))]:
            lags = view.group_topic_lags
            parts.append(Part(f"  {visible(view.snapshot.groups.group[lags.group[reader]][:40])} "))
            parts.append(Part(at_least(lags.lag[reader], lags.lag_at_least[reader], human=picture.human), "dim"))
        self.query_one("#about", Lines).put(Line(parts), Line())
