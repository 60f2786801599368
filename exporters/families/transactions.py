"""Metrics of transactions that are under way."""

from collections import Counter
from typing import Any

import numpy as np

from exporters.family import Family
from monitor.analysis.derive.completeness import lists_transactions
from monitor.collect import requests as sources
from monitor.collect.collectors.transactions import UNDER_WAY
from monitor.model.table import Floats, Ints, objects
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.kinds import COUNT
from monitor.subjects.tables import numbers, texts
from monitor.subjects.transactions import TRANSACTION

MOST = 100
"""Most transactions with a line of their own, the oldest of them: ids of producers may be any number."""


def _states(view: View) -> Counter[Any]:
    counted = Counter(dict.fromkeys(UNDER_WAY, 0))
    counted.update(view.snapshot.transactions.state.tolist())
    return counted


def _counts(view: View) -> Floats:
    """How many there are in each state, unknown while some may be hidden or some broker's are unknown."""
    counted = np.array(list(_states(view).values()), np.float64)
    return counted if lists_transactions(view.snapshot) else np.full(len(counted), np.nan)


def oldest(view: View) -> Ints:
    age = view.transaction_ages.age_seconds
    order = np.argsort(-age, kind="stable")  # unknown ages are last
    return np.sort(order[:MOST])


BY_STATE = Subject(
    "transactions_by_state",
    "a state of transactions",
    ("state",),
    lambda view: len(_states(view)),
    (
        texts("state", "state as Kafka names it", lambda view: objects(_states(view))),
        numbers(
            "transactions",
            COUNT,
            "open transactions by their state in Kafka; unknown while the transactions of any "
            "broker are unknown or may be hidden by ACLs",
            _counts,
        ),
    ),
)
SOURCES = (sources.LIST_TRANSACTIONS, sources.DESCRIBE_TRANSACTIONS)

TRANSACTION_FAMILIES = (
    Family("kmon_transactions", BY_STATE, "transactions", SOURCES),
    Family(
        "kmon_transaction_age_seconds", TRANSACTION, "age_seconds", SOURCES, only=f"the {MOST} oldest", where=oldest
    ),
)
