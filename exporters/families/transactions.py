"""Metrics of transactions that are under way."""

import math
from collections import Counter

import numpy as np

from exporters.family import Family, StateSet, tally
from monitor.analysis.derive.completeness import lists_transactions
from monitor.collect import requests as sources
from monitor.collect.collectors.transactions import UNDER_WAY
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.kinds import COUNT
from monitor.subjects.transactions import TRANSACTION

MOST = 100
"""Most transactions with a line of their own, the oldest of them: ids of producers may be any number."""


def _counts(view: View) -> dict[str, float]:
    """How many there are in each state, unknown while some may be hidden or some broker's are unknown."""
    counted = Counter(dict.fromkeys(UNDER_WAY, 0))
    counted.update(view.snapshot.transactions.state.tolist())
    return dict(counted) if lists_transactions(view.snapshot) else dict.fromkeys(counted, math.nan)


def oldest(view: View) -> Ints:
    age = view.transaction_ages.age_seconds
    order = np.argsort(-age, kind="stable")  # unknown ages are last
    return np.sort(order[:MOST])


BY_STATE = tally(
    "state",
    "transactions",
    COUNT,
    "open transactions by their state in Kafka; unknown while the transactions of any broker are unknown or may be "
    "hidden by ACLs",
    _counts,
)
SOURCES = (sources.LIST_TRANSACTIONS, sources.DESCRIBE_TRANSACTIONS)

TRANSACTION_FAMILIES = (
    Family("kmon_transactions", BY_STATE, "transactions", SOURCES),
    StateSet("kmon_transaction_status", TRANSACTION, "status", SOURCES, where='status == "hanging"'),
    Family(
        "kmon_transaction_age_seconds", TRANSACTION, "age_seconds", SOURCES, only=f"the {MOST} oldest", where=oldest
    ),
)
