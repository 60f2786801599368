"""For how long transactions can have been open at most, even where the clock of kmon or of a broker is set."""

import numpy as np

from monitor.derive.transactions import age_by_clock
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
