"""The other tables of one topic: the groups that read it, and its active producers."""

from collections.abc import Hashable

import numpy as np

from monitor.model.cluster_tables import Producers
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import KNOWN
from monitor.model.status import OK
from monitor.model.table import Floats
from monitor.model.text import visible
from monitor.model.totals import GroupTopicLags
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.group import GroupScreen, lag_rows
from tui.screens.lag_columns import lag_columns, named_columns, why_no_age
from tui.screens.topic import OneTopic
from tui.widgets.columns import Column, meaning
from tui.widgets.rows import Make, Rows, ages, counts, judged_rows, numbers, reasons


def _lags(name: str) -> Make:
    return lambda rows: getattr(rows.view.group_topic_lags, name)[rows.pick]


def _groups(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.groups, name)[rows.view.group_topic_lags.group[rows.pick]]


def _why(rows: Rows, row: int) -> str:
    view, pair = rows.view, int(rows.pick[row])
    lags = view.group_topic_lags
    mine = lag_rows(view, int(lags.group[pair]))
    reason = "" if lags.reason[pair] == KNOWN else visible(view.reasons[lags.reason[pair]])
    return "; ".join(filter(None, (reason, why_no_age(view, mine[view.lag.topic[mine] == lags.topic[pair]]))))


READER_COLUMNS: tuple[Column[Rows], ...] = (
    *named_columns(_lags("lag_at_least"), _groups),
    counts("members", "Members", "M", _lags("members"), meaning(GroupTopicLags, "members"), width=7, rank=4),
    counts("partitions", "Parts", "P", _lags("partitions"), "partitions of the topic that it reads", width=6, rank=6),
    *lag_columns(_lags, GroupTopicLags),
    reasons(_why, "why its lag or time lag is unknown", width=14),
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
        return judged_rows(picture, ids, ids, view.judged.group_topics, pick)

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
        kind=ABOVE_ZERO["unstable"],
    ),
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
        return Rows(picture, keys, ids, np.full(len(pick), OK), pick)
