"""Every transaction that is under way, the oldest first, and the partitions of one."""

from collections.abc import Sequence

import numpy as np

from monitor.model.snapshot import KNOWN
from monitor.model.table import Ints
from monitor.model.text import age, duration, number, visible
from monitor.model.view import View
from monitor.subjects.transactions import TRANSACTION, TRANSACTION_PARTITION
from tui.health import why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import Column
from tui.widgets.facts import Fact, flow, unknown
from tui.widgets.lines import Line
from tui.widgets.rows import Rows, column, reasons, statuses

COLUMNS: tuple[Column[Rows], ...] = (
    statuses(TRANSACTION, "age_seconds"),
    column(TRANSACTION, "transactional_id", "Transactional id", "I", 20, grow=2, most=60),
    column(TRANSACTION, "state", "State", "E", 10),
    column(TRANSACTION, "age_seconds", "Open for", "O"),
    column(TRANSACTION, "timeout_seconds", "Timeout", "T", 8, rank=1),
    column(TRANSACTION, "written_partitions", "Parts", "P", 6),
    column(TRANSACTION, "coordinator", "Coord", "C", 6, rank=2),
    column(TRANSACTION, "producer_id", "Producer id", "D", 12, rank=3),
    reasons(TRANSACTION, width=14),
)


class TransactionsScreen(MonitorScreen):
    """Every transaction that is under way."""

    KEY, NAME, TITLE = "5", "transactions", "Transactions"
    SUBJECT = TRANSACTION
    COLUMNS = COLUMNS
    NOUN = "transaction"

    def why_empty(self, rows: Rows) -> str:
        return no_transactions(rows.view)

    def open(self, rows: Rows, row: int) -> None:
        self.push("transaction", rows.word("transactional_id", row))


def no_transactions(view: View) -> str:
    """Why there is no transaction to show: none is open, or kmon has no permission to list them."""
    told = view.outcome("transactions")
    capable = view.snapshot.capabilities
    refused = (capable.capability == "transactions") & (capable.available != 1)
    if told is None or not told.success or refused.any():
        return f"Transactions unknown ({why_missing(view, 'transactions')})"
    hidden = (capable.capability == "describe_transactional_ids") & (capable.available == 0)
    why = f"; hidden by ACLs: {visible(capable.why[hidden][0])}" if hidden.any() else ""
    return f"No open transactions{why}"


PARTITION_COLUMNS: tuple[Column[Rows], ...] = (
    statuses(TRANSACTION_PARTITION, "open_transaction_records"),
    column(TRANSACTION_PARTITION, "topic", "Topic", "T", 24, grow=2, most=60),
    column(TRANSACTION_PARTITION, "partition", "Part", "P", 6),
    column(TRANSACTION_PARTITION, "open_transaction_records", "Held", "H"),
    column(TRANSACTION_PARTITION, "stable_offset", "Stable", "B", 12, rank=1),
    column(TRANSACTION_PARTITION, "end_offset", "End", "E", 12, rank=2),
    reasons(TRANSACTION_PARTITION, "reason", width=14),
)


class TransactionScreen(MonitorScreen):
    """One transaction: the partitions it has written to, and what it holds back on them."""

    NAME, TITLE = "transaction", "Transaction"
    SUBJECT = TRANSACTION_PARTITION
    KEYED = ("topic", "partition")
    NAMED = OPENS = ("topic",)
    COLUMNS = PARTITION_COLUMNS
    FIXED = 3
    EMPTY = "No partitions written yet, or they are unknown"

    def pick(self, view: View) -> Ints | None:
        found = np.flatnonzero(view.snapshot.transactions.transactional_id == self.about)
        written = view.snapshot.transaction_partitions.transaction
        return np.flatnonzero(written == found[0]) if len(found) else None

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        view = rows.view
        row = int(np.flatnonzero(view.snapshot.transactions.transactional_id == self.about)[0])
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
