"""Metrics of transactions that are under way."""

from collections import Counter
from typing import Any

import numpy as np

from exporters import sources
from exporters.family import Family, Label, Rows
from monitor.analysis.derive.completeness import lists_transactions
from monitor.collect.collectors.transactions import UNDER_WAY
from monitor.model.table import Floats, objects
from monitor.model.view import View

MOST = 100
"""Most transactions with a line of their own, the oldest of them: ids of producers may be any number."""


def _states(view: View) -> Counter[Any]:
    counted = Counter(dict.fromkeys(UNDER_WAY, 0))
    counted.update(view.snapshot.transactions.state.tolist())
    return counted


def states(view: View) -> object:
    return objects(_states(view))


def counts(view: View) -> Floats:
    """How many there are in each state, unknown while some may be hidden or some broker's are unknown."""
    counted = np.array(list(_states(view).values()), np.float64)
    return counted if lists_transactions(view.snapshot) else np.full(len(counted), np.nan)


def oldest(view: View) -> Rows:
    age = view.transaction_ages.age_seconds
    order = np.argsort(-age, kind="stable")  # unknown ages are last
    return np.sort(order[:MOST])


SOURCES = (sources.LIST_TRANSACTIONS, sources.DESCRIBE_TRANSACTIONS)

TRANSACTION_FAMILIES = (
    Family(
        "kmon_transactions",
        "Open transactions by their state in Kafka; absent while the transactions of any broker are unknown or may be "
        "hidden by ACLs",
        counts,
        (Label("state", states),),
        sources=SOURCES,
    ),
    Family(
        "kmon_transaction_age_seconds",
        f"How long a transaction had been open when it was last seen; only for the {MOST} oldest",
        "transaction_ages.age_seconds",
        (Label("transactional_id", "snapshot.transactions.transactional_id"),),
        unit="seconds",
        whole=False,
        rows=oldest,
        sources=SOURCES,
    ),
)
