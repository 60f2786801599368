"""How long transactions have been open: no longer than can be, even where the clock of kmon or of a broker is set."""

from collections.abc import Mapping

import numpy as np

from monitor.model.conditions import TransactionAges
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats

Key = tuple[str, float, float]
"""Transactional id, producer id and start, by which one transaction is known from poll to poll."""

OpenTransactions = Mapping[Key, tuple[float, float]]
"""How old each transaction was at first sight, and when that was on the monotonic clock, in seconds."""


def see_transactions(before: OpenTransactions, snapshot: Snapshot) -> tuple[OpenTransactions, TransactionAges]:
    """What is to be remembered, and the ages up to their collector's answer: a transaction may have ended since.

    None is older than it was at first sight and the time since: a clock that is set forward ages no transaction.
    """
    table = snapshot.transactions
    keys = list(
        zip(
            table.transactional_id.tolist(),
            np.nan_to_num(table.producer_id, nan=-1).tolist(),
            np.nan_to_num(table.started, nan=-1).tolist(),
            strict=True,
        )
    )
    ages = _ages_by_clock(snapshot)
    first = {key: before.get(key, (age, snapshot.started)) for key, age in zip(keys, ages.tolist(), strict=True)}
    most = [age + snapshot.started - at for age, at in (first[key] for key in keys)]
    return first, TransactionAges(age_seconds=np.minimum(ages, np.array(most, np.float64)))


FETCH_SECONDS = 30.0
"""A fetch of the quorum's newest node is at most about this old: clocks that differ by less are the same."""


def _ages_by_clock(snapshot: Snapshot) -> Floats:
    """Ages by kmon's clock, or by the brokers', who date the starts, where that is behind; NaN for unknown starts."""
    seen = next((each.collected_at for each in snapshot.outcomes if each.collector == "transactions"), None)
    now = snapshot.time if seen is None else seen
    fetches = snapshot.quorum.last_fetch[~np.isnan(snapshot.quorum.last_fetch)]
    if len(fetches):
        # Nodes of the quorum fetch twice a second; what may have passed since does not make an age too great.
        now = min(now, float(np.max(fetches)) + FETCH_SECONDS)
    age: Floats = np.maximum(0.0, now - snapshot.transactions.started)
    return age
