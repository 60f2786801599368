"""Every topic, those with partitions in trouble first."""

from collections.abc import Hashable
from typing import ClassVar

import numpy as np
from textual.binding import BindingType

from monitor.derive.lag import BEHIND, LOST, OK, UNKNOWN
from monitor.derive.rollup import TopicTotals
from monitor.snapshot import KNOWN, Topics
from monitor.table import Floats, Ints, Texts
from monitor.text import visible
from monitor.view import View
from tui.picture import Picture
from tui.screens.base import MonitorScreen, sort_keys
from tui.screens.topic import PARTITION_WORDS, TopicScreen
from tui.widgets.columns import WIDE, Column, meaning
from tui.widgets.rows import Make, Rows, counts, names, reasons, statuses, totals


def _totals(name: str) -> Make:
    return lambda rows: getattr(rows.view.topic_totals, name)[rows.pick]


def _trouble(rows: Rows) -> Floats:
    totals = rows.view.topic_totals
    return (totals.offline * 1e6 + totals.under_replicated).astype(np.float64)[rows.pick]


def _partitions(rows: Rows) -> Floats:
    """Partitions of each topic, unknown where metadata does not have it."""
    partitions = rows.view.snapshot.topics.partitions[rows.pick].astype(np.float64)
    return np.where(partitions > 0, partitions, np.nan)


def _factor(rows: Rows) -> Floats:
    factor = rows.view.topic_totals.replication_factor[rows.pick].astype(np.float64)
    return np.where(factor > 0, factor, np.nan)


def _ids(rows: Rows) -> Texts:
    return rows.view.snapshot.topics.topic_id[rows.pick]


def _why(rows: Rows, row: int) -> str:
    return topic_why(rows.view, int(rows.pick[row]))


def topic_why(view: View, row: int) -> str:
    """What is wrong with a topic, in words."""
    totals, topics = view.topic_totals, view.snapshot.topics
    if topics.reason[row] != KNOWN:
        return visible(view.reasons[topics.reason[row]])
    parts = []
    if totals.offline[row]:
        parts.append(f"{totals.offline[row]} offline")
    if totals.under_replicated[row]:
        parts.append(f"{totals.under_replicated[row]} under-replicated")
    return ", ".join(parts)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        PARTITION_WORDS,
        _trouble,
        "offline: a partition has no leader; under: one has fewer replicas in sync than replicas",
    ),
    names(
        "topic",
        "Topic",
        "T",
        lambda rows: rows.view.snapshot.topics.topic[rows.pick],
        meaning(Topics, "topic"),
        width=22,
        grow=3,
        most=60,
    ),
    counts("partitions", "Parts", "P", _partitions, meaning(Topics, "partitions"), width=6),
    counts("factor", "Repl", "E", _factor, meaning(TopicTotals, "replication_factor"), width=5, rank=4),
    counts(
        "offline", "Offline", "O", _totals("offline"), meaning(TopicTotals, "offline"), width=8, rank=3, kind="lost"
    ),
    counts(
        "under",
        "Under",
        "U",
        _totals("under_replicated"),
        meaning(TopicTotals, "under_replicated"),
        width=6,
        rank=5,
        kind="behind",
    ),
    counts("records", "Records", "C", _totals("records"), meaning(TopicTotals, "records"), width=14),
    counts("groups", "Groups", "R", _totals("groups"), meaning(TopicTotals, "groups"), width=7, rank=2),
    totals(
        "lag", "Lag", "A", _totals("lag"), meaning(TopicTotals, "lag"), known=_totals("lag_at_least"), width=12, kind=""
    ),
    names("id", "Topic id", "I", _ids, meaning(Topics, "topic_id"), width=22, rank=WIDE),
    reasons(_why, "what is wrong with it", width=14),
)


def topic_status(view: View) -> Ints:
    """The status of each topic: LOST for offline partitions, BEHIND for under-replicated ones."""
    totals = view.topic_totals
    status = np.where(totals.under_replicated > 0, BEHIND, OK)
    status = np.where(totals.offline > 0, LOST, status)
    return np.where(view.snapshot.topics.reason != KNOWN, UNKNOWN, status).astype(np.int32)


class TopicsScreen(MonitorScreen):
    """Every topic with its partitions' state, size and readers."""

    KEY, NAME, TITLE = "3", "topics", "Topics"
    COLUMNS = COLUMNS
    EMPTY = "no topic matches"
    BINDINGS: ClassVar[list[BindingType]] = sort_keys(COLUMNS)

    def rows(self, picture: Picture) -> Rows:
        assert picture.view is not None
        view = picture.view.shown
        names = [str(each) for each in view.snapshot.topics.topic]
        return Rows(picture, view, names, names, topic_status(view), np.arange(len(names)))

    def target(self, key: Hashable) -> MonitorScreen:
        return TopicScreen(str(key))
