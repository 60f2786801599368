"""How long transactions have been open."""

from dataclasses import dataclass

import numpy as np

from monitor.snapshot import Snapshot
from monitor.table import Floats, Table, column


@dataclass(frozen=True, eq=False)
class TransactionAges(Table):
    """One row a transaction, in the order of `transactions`."""

    age_seconds: Floats = column("f8", "how long it had been open when it was last seen", "seconds")


def derive_transactions(snapshot: Snapshot) -> TransactionAges:
    """Up to the time of their collector's answer and not to now: a transaction may have ended since."""
    seen = next((each.collected_at for each in snapshot.outcomes if each.collector == "transactions"), None)
    age = (snapshot.time if seen is None else seen) - snapshot.transactions.started
    return TransactionAges(np.maximum(0.0, age))
