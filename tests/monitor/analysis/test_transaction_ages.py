"""Ages of transactions: up to when they were last seen, unknown where their start is."""

import math
from dataclasses import replace

import numpy as np
from details import detailed_view
from views import NOW

from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.earlier_polls.past import Past, remember
from monitor.model.cluster_tables import Quorum
from monitor.model.snapshot import Outcome, Snapshot


def test_an_age_does_not_grow_while_nobody_has_looked() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=(Outcome("transactions", 0.1, NOW + 5),), time=NOW + 50)
    assert ages(snapshot) == [845]


def test_without_an_outcome_the_poll_counts() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=())
    assert ages(snapshot) == [840]


def test_an_unknown_start_and_one_in_the_future() -> None:
    snapshot = replace(detailed_view().snapshot, outcomes=())
    for started, age in ((math.nan, math.nan), (NOW + 60, 0.0)):
        transactions = replace(snapshot.transactions, started=np.array([started]))
        (found,) = ages(replace(snapshot, transactions=transactions))
        assert found == age or (math.isnan(found) and math.isnan(age))


def at(seconds: float, *, clock: float = 0.0, started: float = NOW - 100) -> Snapshot:
    """A snapshot so many seconds on, when kmon's clock is wrong by `clock`; the transaction began at `started`."""
    snapshot = replace(detailed_view().snapshot, outcomes=(), quorum=Quorum.empty())
    transactions = replace(snapshot.transactions, started=np.array([started]))
    return replace(snapshot, time=NOW + seconds + clock, started=5000.0 + seconds, transactions=transactions)


def ages(*snapshots: Snapshot) -> list[float]:
    past, found = Past(), []
    for each in snapshots:
        past = remember(past, each, derive_lag(each)[0], 0.0)
        found += past.transaction_ages.age_seconds.tolist()
    return found


def test_a_clock_that_is_set_makes_no_transaction_older() -> None:
    assert ages(at(0), at(10), at(20)) == [100, 110, 120]
    assert ages(at(0), at(10, clock=3600), at(20, clock=3600)) == [100, 110, 120]
    assert ages(at(0), at(10, clock=-3600)) == [100, 0]
    # Another transaction of the same producer is as old as it is.
    assert ages(at(0), at(10), at(20, started=NOW + 15)) == [100, 110, 5]


def test_a_clock_ahead_of_the_brokers_makes_no_transaction_hang() -> None:
    snapshot = at(0, clock=3600)
    fetched = np.array([NOW - 0.3, NOW - 1, math.nan])
    quorum = Quorum(
        node=np.arange(3),
        voter=np.ones(3, bool),
        leader=np.arange(3) == 0,
        log_end_offset=np.full(3, 9.0),
        last_fetch=fetched,
        last_caught_up=fetched,
    )
    (age,) = ages(replace(snapshot, quorum=quorum))
    assert 100 <= age <= 135
