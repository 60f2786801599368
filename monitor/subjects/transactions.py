"""Ongoing transactions, and the partitions that they have written to."""

from dataclasses import replace

import numpy as np

from monitor.analysis.derive.judged.transactions import transaction_why
from monitor.analysis.derive.partitions import partition_rows
from monitor.model.cluster_tables import TransactionPartitions, Transactions
from monitor.model.conditions import PartitionHealth, TransactionAges
from monitor.model.judgements import JudgedTransactions
from monitor.model.levels import ABOVE_ZERO
from monitor.model.snapshot import KNOWN, NOT_IN_METADATA, Offsets
from monitor.model.table import Floats, Ints, Texts, objects, values_at
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import COUNT, REASON
from monitor.subjects.tables import judged, numbers, of, sentences, size, states, texts

_transactions = size("snapshot.transactions")


def _written(view: View) -> Floats:
    """Partitions of each transaction; unknown where it could not be described."""
    transactions, table = view.snapshot.transactions, view.snapshot.transaction_partitions
    counted = np.bincount(table.transaction, minlength=len(transactions))
    return np.where(transactions.reason == KNOWN, counted, np.nan)


def _written_places(view: View) -> Ints:
    """The partition of each row of `transaction_partitions`, -1 where metadata does not name it."""
    table = view.snapshot.transaction_partitions
    return partition_rows(view.snapshot, table.topic, table.partition)


def _held(view: View) -> Ints:
    """Whether each of them holds records back: 0 for no, 1 for yes, 2 where an offset is unknown."""
    held = values_at(view.partition_health.unstable, _written_places(view))
    return np.where(np.isnan(held), 2, held > 0).astype(np.int8)


TRANSACTION = Subject(
    "transaction",
    "ongoing transaction",
    ("transactional_id",),
    _transactions,
    (
        *of("snapshot.transactions", Transactions),
        numbers("written_partitions", COUNT, "partitions it has written to", _written, reason="reason"),
        *of("transaction_ages", TransactionAges, why="reason"),
        *judged("judged.transactions", JudgedTransactions),
        sentences("why", "reason for the status", _transactions, transaction_why),
    ),
    judged="transactions",
)


def _reasons(view: View) -> Texts:
    return objects([*view.reasons, NOT_IN_METADATA])


def _offset_reason(view: View) -> Ints:
    offsets = view.snapshot.offsets
    reason = np.where(offsets.stable_reason != KNOWN, offsets.stable_reason, offsets.end_reason)
    codes: Ints = values_at(reason, _written_places(view), len(view.reasons))
    return codes


WRITTEN = (
    *of("partition_health", PartitionHealth, "unstable", by=_written_places, unstable="open_transaction_records"),
    *of("snapshot.offsets", Offsets, "stable_offset", "end_offset", by=_written_places),
)
"""Columns of the partition that was written to."""

TRANSACTION_PARTITION = Subject(
    "transaction_partition",
    "partition that a transaction has written to",
    ("transaction", "topic", "partition"),
    size("snapshot.transaction_partitions"),
    (
        *of("snapshot.transaction_partitions", TransactionPartitions),
        *states(
            {"ok": "ok", "held": ABOVE_ZERO["unstable"], "unknown": "unknown"},
            _held,
            "held: records that a read_committed consumer cannot read yet; unknown: an offset is unknown",
        ),
        *(replace(each, reason="reason") for each in WRITTEN),
        texts("reason", "why an offset is unknown", _reasons, _offset_reason, kind=REASON),
    ),
)

TRANSACTIONS = (TRANSACTION, TRANSACTION_PARTITION)
