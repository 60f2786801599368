"""Metrics of transactions that are under way."""

from collections import Counter
from typing import Any

import numpy as np

from exporters import sources
from exporters.family import Family, Label, Rows
from monitor.table import Floats, objects
from monitor.view import View

MOST = 100
"""Most transactions with a line of their own, the oldest of them: ids of producers may be any number."""


def _states(view: View) -> Counter[Any]:
    return Counter(view.snapshot.transactions.state.tolist())


def states(view: View) -> object:
    return objects(_states(view))


def counts(view: View) -> Floats:
    return np.array(list(_states(view).values()), np.float64)


def oldest(view: View) -> Rows:
    age = view.transaction_ages.age_seconds
    order = np.argsort(-age, kind="stable")  # unknown ages are last
    return np.sort(order[:MOST])


SOURCES = (sources.LIST_TRANSACTIONS, sources.DESCRIBE_TRANSACTIONS)

TRANSACTION_FAMILIES = (
    Family(
        "kmon_transactions",
        "Transactions under way, by their state as Kafka names it",
        counts,
        (Label("state", states),),
        sources=SOURCES,
    ),
    Family(
        "kmon_transaction_age_seconds",
        f"How long a transaction had been open when it was last seen; only the {MOST} oldest have a line",
        "transaction_ages.age_seconds",
        (Label("transactional_id", "snapshot.transactions.transactional_id"),),
        unit="seconds",
        whole=False,
        rows=oldest,
        sources=SOURCES,
    ),
)
