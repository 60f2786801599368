"""One transaction: the partitions it has written to, and what it holds back on them."""

from collections.abc import Hashable, Sequence

import numpy as np

from monitor.analysis.derive.partitions import partition_rows
from monitor.model.cluster_tables import TransactionPartitions
from monitor.model.conditions import PartitionHealth
from monitor.model.levels import ABOVE_ZERO, PLACE_OF
from monitor.model.snapshot import KNOWN, Offsets, Topics
from monitor.model.status import OK, UNKNOWN
from monitor.model.table import Floats, Ints
from monitor.model.text import age, duration, visible
from tui.format import count
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.topic import TopicScreen
from tui.widgets.columns import Column, meaning
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line
from tui.widgets.places import Places
from tui.widgets.rows import Make, Rows, counts, names, numbers, reasons, statuses

HELD = PLACE_OF[ABOVE_ZERO["unstable"]]


def _place(rows: Rows) -> Ints:
    """The row of `partitions` of each row, -1 where metadata has none."""
    snapshot = rows.view.snapshot
    table = snapshot.transaction_partitions
    return partition_rows(snapshot, table.topic[rows.pick], table.partition[rows.pick])


def _offsets(name: str) -> Make:
    return _at(lambda rows: getattr(rows.view.snapshot.offsets, name))


def _at(values: Make) -> Make:
    """The values of partitions at each row's partition."""

    def make(rows: Rows) -> Floats:
        place = rows.array(_place)
        found = np.full(len(place), np.nan)
        found[place >= 0] = rows.array(values)[place[place >= 0]]
        return found

    return make


_held = _at(lambda rows: rows.view.partition_health.unstable)


def _why(rows: Rows, row: int) -> str:
    place, offsets = int(rows.array(_place)[row]), rows.view.snapshot.offsets
    if place < 0:
        return "not in metadata"
    reason = int(offsets.stable_reason[place]) or int(offsets.end_reason[place])
    return visible(rows.view.reasons[reason]) if reason != KNOWN else ""


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        {OK: "ok", HELD: "held", UNKNOWN: "unknown"},
        _held,
        "held: records that a read_committed consumer cannot read yet; unknown: an offset is unknown",
    ),
    names(
        "topic",
        "Topic",
        "T",
        lambda rows: rows.view.snapshot.topics.topic[rows.view.snapshot.transaction_partitions.topic[rows.pick]],
        meaning(Topics, "topic"),
        width=24,
        grow=2,
        most=60,
    ),
    numbers(
        "partition",
        "Part",
        "P",
        lambda rows: rows.view.snapshot.transaction_partitions.partition[rows.pick],
        meaning(TransactionPartitions, "partition"),
        width=6,
    ),
    counts("held", "Held", "H", _held, meaning(PartitionHealth, "unstable"), width=9, kind=ABOVE_ZERO["unstable"]),
    counts("stable", "Stable", "B", _offsets("stable_offset"), meaning(Offsets, "stable_offset"), width=12, rank=1),
    counts("end", "End", "E", _offsets("end_offset"), meaning(Offsets, "end_offset"), width=12, rank=2),
    reasons(_why, "why an offset is unknown", width=14),
)


class TransactionScreen(MonitorScreen):
    """One transaction and its partitions."""

    NAME, TITLE = "transaction", "Transaction"
    COLUMNS = COLUMNS
    FIXED = 3
    EMPTY = "No partitions written yet, or they are unknown"

    def rows(self, picture: Picture) -> Rows | None:
        view = picture.shown
        found = np.flatnonzero(view.snapshot.transactions.transactional_id == self.about)
        if not len(found):
            return None
        table = view.snapshot.transaction_partitions
        pick = np.flatnonzero(table.transaction == found[0])
        topics = view.snapshot.topics.topic[table.topic[pick]]
        rows = Rows(picture, Places(topics, table.partition[pick]), topics.tolist(), pick, pick, int(found[0]))
        held = rows.array(_held)
        status = np.where(np.isnan(held), UNKNOWN, np.where(held > 0, HELD, OK))
        return Rows(picture, rows.keys, rows.names, status, pick, rows.about)

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        view, row = rows.view, int(str(rows.about))
        transactions = view.snapshot.transactions
        producer = float(transactions.producer_id[row])
        facts = [
            Fact("state", visible(transactions.state[row]), "strong"),
            Fact("open for", age(float(view.transaction_ages.age_seconds[row])), "strong"),
            Fact("timeout", duration(transactions.timeout_seconds[row])),
            Fact("producer id", count(producer) if np.isnan(producer) else f"{producer:.0f}"),
            Fact("coordinator", f"broker {transactions.coordinator[row]}"),
        ]
        if transactions.reason[row] != KNOWN:
            facts.append(unknown("details", visible(view.reasons[transactions.reason[row]])))
        return flow(facts, self.app.size.width)

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return TopicScreen(str(key[0]))
