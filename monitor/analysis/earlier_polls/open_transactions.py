"""For how long transactions can have been open at most, even where the clock of kmon or of a broker is set."""

import numpy as np

from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats

Key = tuple[str, float, float]
"""Transactional id, producer id and start, by which one transaction is known from poll to poll."""


class OpenTransactions:
    """Remembers how old each transaction was at first sight, and when that was on the monotonic clock."""

    def __init__(self) -> None:
        self._first: dict[Key, tuple[float, float]] = {}
        self.most: Floats = np.empty(0)
        """By row of `transactions` of the newest snapshot: its age at first sight and the time since, in seconds."""

    def add(self, snapshot: Snapshot) -> None:
        table = snapshot.transactions
        ages = age_by_clock(snapshot).tolist()
        keys = list(
            zip(
                table.transactional_id.tolist(),
                np.nan_to_num(table.producer_id, nan=-1).tolist(),
                np.nan_to_num(table.started, nan=-1).tolist(),
                strict=True,
            )
        )
        new = ((age, snapshot.started) for age in ages)
        self._first = {key: self._first.get(key, first) for key, first in zip(keys, new, strict=True)}
        first = [self._first[key] for key in keys]
        self.most = np.array([age + snapshot.started - at for age, at in first], np.float64)


FETCH_SECONDS = 30.0
"""A fetch of the quorum's newest node is at most about this old: clocks that differ by less are the same."""


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
