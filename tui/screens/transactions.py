"""Every transaction that is under way, the oldest first."""

from collections.abc import Hashable

import numpy as np

from monitor.analysis.derive.judged.transactions import transaction_why
from monitor.model.cluster_tables import Transactions
from monitor.model.conditions import TransactionAges
from monitor.model.snapshot import KNOWN
from monitor.model.table import Floats, Texts, objects
from monitor.model.text import visible
from monitor.model.view import View
from tui.missing import why_missing
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.screens.transaction import TransactionScreen
from tui.widgets.columns import Column, meaning
from tui.widgets.rows import Make, Rows, ages, counts, judged_rows, names, numbers, reasons, spans, statuses


def _transactions(name: str) -> Make:
    return lambda rows: getattr(rows.view.snapshot.transactions, name)[rows.pick]


def _age(rows: Rows) -> Floats:
    return rows.view.transaction_ages.age_seconds[rows.pick]


def _partitions(rows: Rows) -> Floats:
    """Partitions of each transaction, unknown where it could not be described."""
    snapshot = rows.view.snapshot
    counted = np.bincount(snapshot.transaction_partitions.transaction, minlength=len(snapshot.transactions))
    return np.where(snapshot.transactions.reason == KNOWN, counted, np.nan)[rows.pick]


def _producer(rows: Rows) -> Texts:
    ids = rows.view.snapshot.transactions.producer_id[rows.pick]
    return objects(None if np.isnan(each) else f"{each:.0f}" for each in ids)


COLUMNS: tuple[Column[Rows], ...] = (
    statuses(
        Rows.word,
        _age,
        "hanging: no coordinator has aborted it, long after its timeout; unknown: it could not be described",
    ),
    names(
        "id",
        "Transactional id",
        "I",
        _transactions("transactional_id"),
        meaning(Transactions, "transactional_id"),
        width=20,
        grow=2,
        most=60,
        empty='""',
    ),
    names("state", "State", "E", _transactions("state"), meaning(Transactions, "state"), width=10),
    ages("age", "Open for", "O", _age, meaning(TransactionAges, "age_seconds")),
    spans(
        "timeout",
        "Timeout",
        "T",
        _transactions("timeout_seconds"),
        meaning(Transactions, "timeout_seconds"),
        width=8,
        rank=1,
    ),
    counts("partitions", "Parts", "P", _partitions, "partitions it has written to", width=6),
    numbers(
        "coordinator",
        "Coord",
        "C",
        _transactions("coordinator"),
        meaning(Transactions, "coordinator"),
        width=6,
        rank=2,
    ),
    names("producer", "Producer id", "D", _producer, meaning(Transactions, "producer_id"), width=12, rank=3),
    reasons(lambda rows, row: transaction_why(rows.view, int(rows.pick[row])), "reason for the status", width=14),
)


class TransactionsScreen(MonitorScreen):
    """Every transaction that is under way."""

    KEY, NAME, TITLE = "5", "transactions", "Transactions"
    COLUMNS = COLUMNS
    NOUN = "transaction"

    def rows(self, picture: Picture) -> Rows:
        view = picture.shown
        ids = view.snapshot.transactions.transactional_id.tolist()
        return judged_rows(picture, ids, ids, view.judged.transactions)

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
