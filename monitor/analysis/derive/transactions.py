"""How long transactions have been open."""

import numpy as np

from monitor.analysis.earlier_polls.open_transactions import age_by_clock
from monitor.model.conditions import TransactionAges
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats


def derive_transactions(snapshot: Snapshot, most: Floats | None = None) -> TransactionAges:
    """Up to the time of their collector's answer and not to now: a transaction may have ended since.

    `most` is how old each can be by the monotonic clock: a clock that is set forward makes no transaction older.
    """
    age = age_by_clock(snapshot)
    return TransactionAges(age_seconds=age if most is None else np.minimum(age, most))
