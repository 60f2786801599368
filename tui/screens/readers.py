"""The other tables of one topic: the groups that read it, and its active producers."""

from collections.abc import Hashable

import numpy as np

from monitor.model.levels import ABOVE_ZERO
from monitor.subjects.groups import GROUP_TOPIC
from monitor.subjects.topics import PRODUCER
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import GroupScreen
from tui.screens.lag_columns import lag_columns, named_columns
from tui.screens.topic import OneTopic
from tui.widgets.columns import Column
from tui.widgets.rows import Rows, column, every, reasons

READER_COLUMNS = every(
    GROUP_TOPIC,
    *named_columns(GROUP_TOPIC),
    column(GROUP_TOPIC, "members", "Members", "M", 7, rank=4),
    column(GROUP_TOPIC, "partitions", "Parts", "P", 6, rank=6),
    *lag_columns(GROUP_TOPIC),
    reasons(GROUP_TOPIC, "reason", width=14),
)


class ReadersScreen(OneTopic):
    """The groups that read one topic."""

    NAME, TITLE = "readers", "Topic: groups"
    COLUMNS = READER_COLUMNS
    EMPTY = "No visible group reads this topic"

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        view = picture.shown
        lags = view.group_topic_lags
        pick = np.flatnonzero(lags.topic == topic)
        ids = view.snapshot.groups.group[lags.group[pick]].tolist()
        return Rows(picture, GROUP_TOPIC, pick, ids, ids)

    def target(self, key: Hashable) -> MonitorScreen:
        return GroupScreen(str(key))


PRODUCER_COLUMNS: tuple[Column[Rows], ...] = (
    column(PRODUCER, "partition", "Part", "P", 6),
    column(PRODUCER, "producer_id", "Producer id", "I", 14),
    column(PRODUCER, "producer_epoch", "Epoch", "E", 7),
    column(PRODUCER, "idle_seconds", "Last record", "L", 12),
    column(PRODUCER, "transaction_start_offset", "Open since", "O", 13, kind=ABOVE_ZERO["unstable"]),
)


class ProducersScreen(OneTopic):
    """The active producers of one topic."""

    NAME, TITLE = "producers", "Topic: producers"
    COLUMNS = PRODUCER_COLUMNS
    SORT = "partition"
    EMPTY = "No active producers"

    def rows_of(self, picture: Picture, topic: int) -> Rows:
        view = picture.shown
        producers = view.snapshot.producers
        pick = np.flatnonzero(producers.topic == topic)
        ids = [f"{each:.0f}" for each in producers.producer_id[pick]]
        keys = list(zip(producers.partition[pick].tolist(), ids, strict=True))
        return Rows(picture, PRODUCER, pick, keys, ids)
