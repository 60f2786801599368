"""Every transaction that is under way, the oldest first."""

from collections.abc import Hashable

import numpy as np

from monitor.model.text import visible
from monitor.model.view import View
from monitor.subjects.transactions import TRANSACTION
from tui.health import why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.transaction import TransactionScreen
from tui.widgets.columns import Column
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
    COLUMNS = COLUMNS
    NOUN = "transaction"

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        ids = view.snapshot.transactions.transactional_id.tolist()
        return Rows(picture, TRANSACTION, np.arange(len(ids)), ids, ids)

    def why_empty(self, rows: Rows) -> str:
        return no_transactions(rows.view)

    def target(self, key: Hashable) -> MonitorScreen:
        return TransactionScreen(str(key))


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
