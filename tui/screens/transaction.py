"""One transaction: the partitions it has written to, and what it holds back on them."""

from collections.abc import Hashable, Sequence

import numpy as np

from monitor.model.snapshot import KNOWN
from monitor.model.text import age, duration, number, visible
from monitor.subjects.transactions import TRANSACTION_PARTITION
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.topic import TopicScreen
from tui.widgets.columns import Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line
from tui.widgets.places import Places
from tui.widgets.rows import Rows, column, reasons, statuses

COLUMNS: tuple[Column[Rows], ...] = (
    statuses(TRANSACTION_PARTITION, "open_transaction_records"),
    column(TRANSACTION_PARTITION, "topic", "Topic", "T", 24, grow=2, most=60),
    column(TRANSACTION_PARTITION, "partition", "Part", "P", 6),
    column(TRANSACTION_PARTITION, "open_transaction_records", "Held", "H"),
    column(TRANSACTION_PARTITION, "stable_offset", "Stable", "B", 12, rank=1),
    column(TRANSACTION_PARTITION, "end_offset", "End", "E", 12, rank=2),
    reasons(TRANSACTION_PARTITION, "reason", width=14),
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
        keys = Places(topics, table.partition[pick])
        return Rows(picture, TRANSACTION_PARTITION, pick, keys, topics.tolist(), int(found[0]))

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        view, row = rows.view, int(str(rows.about))
        transactions = view.snapshot.transactions
        facts = [
            Fact("state", visible(transactions.state[row]), "strong"),
            Fact("open for", age(float(view.transaction_ages.age_seconds[row])), "strong"),
            Fact("timeout", duration(transactions.timeout_seconds[row])),
            Fact("producer id", number(transactions.producer_id[row])),
            Fact("coordinator", f"broker {transactions.coordinator[row]}"),
        ]
        if transactions.reason[row] != KNOWN:
            facts.append(unknown("details", visible(view.reasons[transactions.reason[row]])))
        return flow(facts, self.app.size.width)

    def target(self, key: Hashable) -> MonitorScreen:
        assert isinstance(key, tuple)
        return TopicScreen(str(key[0]))
