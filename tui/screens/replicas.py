"""The replicas that one broker holds: those in trouble first, then the largest."""

from collections.abc import Hashable

import numpy as np

from monitor.analysis.derive.judged.partitions import on_broker
from tui.held import HELD_REPLICA, Holder
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.broker import OneBroker
from tui.screens.topic import TopicScreen
from tui.widgets.columns import Column
from tui.widgets.places import Places
from tui.widgets.rows import Rows, column, reasons, statuses

COLUMNS: tuple[Column[Rows], ...] = (
    statuses(HELD_REPLICA, "size_bytes", width=13),
    column(HELD_REPLICA, "topic", "Topic", "T", 20, grow=2, most=60),
    column(HELD_REPLICA, "partition", "Part", "P", 6),
    column(HELD_REPLICA, "role", "Role", "R", 8),
    column(HELD_REPLICA, "size_bytes", "Size", "Z"),
    column(HELD_REPLICA, "offset_lag", "Lag", "A", 9),
    column(HELD_REPLICA, "log_dir", "Log dir", "L", 12, grow=1, most=40, rank=1),
    reasons(HELD_REPLICA, width=14),
)


class ReplicasScreen(OneBroker):
    """The replicas that one broker holds."""

    NAME, TITLE = "broker", "Broker"
    COLUMNS = COLUMNS
    FIXED = 3
    EMPTY = "No replicas"

    def rows_of(self, picture: Picture) -> Rows:
        view = picture.shown
        partitions = view.snapshot.partitions
        pick = np.flatnonzero(on_broker(partitions.replicas, self.broker))
        topics = view.snapshot.topics.topic[partitions.topic[pick]]
        keys = Places(topics, partitions.partition[pick])
        return Rows(picture, HELD_REPLICA, pick, keys, topics.tolist(), source=Holder(view, self.broker))

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return TopicScreen(str(key[0]))
