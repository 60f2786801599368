"""The other tables of one topic: the groups that read it, and the producers that its partitions remember."""

from collections.abc import Hashable

import numpy as np

from monitor.derive.lag import OK, STATUSES
from monitor.derive.rollup import GroupTopicLags
from monitor.details import Producers
from monitor.snapshot import KNOWN, Groups
from monitor.table import Floats
from monitor.text import visible
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import STATUS_MEANING, GroupScreen
from tui.screens.topic import OneTopic
from tui.widgets.columns import Column, meaning
from tui.widgets.rows import Make, Rows, ages, counts, names, numbers, reasons, statuses, totals


def _lags(name: str) -> Make:
    return lambda rows: getattr(rows.view.group_topic_lags, name)[rows.pick]


def _groups(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.groups, name)[rows.view.group_topic_lags.group[rows.pick]]


def _why(rows: Rows, row: int) -> str:
    reason = rows.view.group_topic_lags.reason[rows.pick[row]]
    return "" if reason == KNOWN else visible(rows.view.reasons[reason])


READER_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(STATUSES, _lags("lag_at_least"), STATUS_MEANING),
    names("group", "Group", "R", _groups("group"), meaning(Groups, "group"), width=20, grow=3, most=60, empty='""'),
    names("type", "Type", "T", _groups("group_type"), meaning(Groups, "group_type"), width=8, rank=2),
    names("state", "State", "E", _groups("state"), meaning(Groups, "state"), width=10, rank=1),
    counts("members", "Members", "M", _lags("members"), meaning(GroupTopicLags, "members"), width=8, rank=3),
    counts("partitions", "Parts", "P", _lags("partitions"), "partitions of the topic that it reads", width=6, rank=4),
    totals("lag", "Lag", "A", _lags("lag"), meaning(GroupTopicLags, "lag"), known=_lags("lag_at_least"), width=11),
    counts("max", "Max lag", "X", _lags("max_lag"), meaning(GroupTopicLags, "max_lag"), width=10, rank=5),
    counts("lost", "Lost", "O", _lags("lost"), meaning(GroupTopicLags, "lost"), width=8, rank=6, kind="lost"),
    reasons(_why, "why its lag is unknown", width=14),
)


class ReadersScreen(OneTopic):
    """The groups that read one topic."""

    NAME, TITLE, PANE = "readers", "Topic: groups", "Groups"
    COLUMNS = READER_COLUMNS
    EMPTY = "no group that kmon sees has committed on it or is assigned it"

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        view = picture.shown
        lags = view.group_topic_lags
        pick = np.flatnonzero(lags.topic == topic)
        ids = view.snapshot.groups.group[lags.group[pick]].tolist()
        return Rows(picture, ids, ids, lags.status[pick], pick)

    def target(self, key: Hashable) -> MonitorScreen:
        return GroupScreen(str(key))


def _producers(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.producers, name)[rows.pick]


def _last(rows: Rows) -> Floats:
    return rows.view.time - rows.view.snapshot.producers.last_timestamp[rows.pick]


PRODUCER_COLUMNS: tuple[Column[Rows], ...] = (
    numbers("partition", "Part", "P", _producers("partition"), meaning(Producers, "partition"), width=6),
    counts("producer", "Producer id", "I", _producers("producer_id"), meaning(Producers, "producer_id"), width=14),
    numbers("epoch", "Epoch", "E", _producers("producer_epoch"), meaning(Producers, "producer_epoch"), width=7),
    ages("last", "Last record", "L", _last, "how long ago its last record was written", width=12),
    counts(
        "open",
        "Open since",
        "O",
        _producers("transaction_start_offset"),
        meaning(Producers, "transaction_start_offset"),
        width=13,
        kind="behind",
    ),
)


class ProducersScreen(OneTopic):
    """The producers that the partitions of one topic remember."""

    NAME, TITLE, PANE = "producers", "Topic: producers", "Producers"
    COLUMNS = PRODUCER_COLUMNS
    SORT = "partition"
    EMPTY = "its partitions remember no producer"

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        view = picture.shown
        producers = view.snapshot.producers
        pick = np.flatnonzero(producers.topic == topic)
        ids = [f"{each:.0f}" for each in producers.producer_id[pick]]
        keys = list(zip(producers.partition[pick].tolist(), ids, strict=True))
        return Rows(picture, keys, ids, np.full(len(pick), OK), pick)
