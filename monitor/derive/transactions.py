"""How long transactions have been open."""

import numpy as np

from monitor.model.conditions import TransactionAges
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats

FETCH_SECONDS = 30.0
"""A fetch of the quorum's newest node is at most about this old: clocks that differ by less are the same."""


def derive_transactions(snapshot: Snapshot, most: Floats | None = None) -> TransactionAges:
    """Up to the time of their collector's answer and not to now: a transaction may have ended since.

    `most` is how old each can be by the monotonic clock: a clock that is set forward makes no transaction older.
    """
    age = age_by_clock(snapshot)
    return TransactionAges(age if most is None else np.minimum(age, most))


def age_by_clock(snapshot: Snapshot) -> Floats:
    """Ages by kmon's clock, or by the brokers', who date the starts, where that is behind; NaN for unknown starts."""
    seen = next((each.collected_at for each in snapshot.outcomes if each.collector == "transactions"), None)
    now = snapshot.time if seen is None else seen
    fetches = snapshot.quorum.last_fetch[~np.isnan(snapshot.quorum.last_fetch)]
    if len(fetches):
        # Nodes of the quorum fetch twice a second; what may have passed since does not make an age too great.
        now = min(now, float(fetches.max()) + FETCH_SECONDS)
    age: Floats = np.maximum(0.0, now - snapshot.transactions.started)
    return age
