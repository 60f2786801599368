"""Ages of transactions: up to when they were last seen, unknown where their start is."""

import math
from dataclasses import replace

import numpy as np
from details import detailed_view
from views import NOW

from monitor.derive.transactions import derive_transactions
from monitor.snapshot import Outcome


def test_an_age_does_not_grow_while_nobody_has_looked() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=(Outcome("transactions", True, 0.1, NOW + 5),), time=NOW + 50)
    assert derive_transactions(snapshot).age_seconds.tolist() == [845]


def test_without_an_outcome_the_poll_counts() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=())
    assert derive_transactions(snapshot).age_seconds.tolist() == [840]


def test_an_unknown_start_and_one_in_the_future() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=())
    for started, age in ((math.nan, math.nan), (NOW + 60, 0.0)):
        transactions = replace(snapshot.transactions, started=np.array([started]))
        (found,) = derive_transactions(replace(snapshot, transactions=transactions)).age_seconds.tolist()
        assert found == age or (math.isnan(found) and math.isnan(age))
