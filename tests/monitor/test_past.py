"""Rings, brackets and rates of earlier polls, each against a plain re-computation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.past.bracket import bracket
from monitor.past.rates import rate
from monitor.past.ring import UNKNOWN, Ring, known_ends

HISTORIES = st.lists(st.tuples(st.integers(1, 20), st.none() | st.integers(0, 5)), min_size=1, max_size=12)
"""Seconds since the poll before, and records produced since; None for a poll without an answer."""


def ring_of(history: list[tuple[int, int | None]], took: float = 0.5) -> tuple[Ring, list[tuple[float, int | None]]]:
    """A ring of one row, as Past fills it, and what was truly seen when."""
    ring = Ring(1, seconds=1e9, spacing=0)
    seen: list[tuple[float, int | None]] = []
    now, end, last = 100.0, 0, UNKNOWN
    for seconds, produced in history:
        now += seconds
        if produced is None:
            ring.add(now, np.array([-2 - last if last >= 0 else UNKNOWN]), took)
            seen.append((now, None))
        else:
            end += produced
            last = end
            ring.add(now, np.array([end]), took)
            seen.append((now, end))
    return ring, seen


@given(HISTORIES, st.integers(0, 30))
def test_a_record_was_appended_between_two_polls(history: list[tuple[int, int | None]], offset: int) -> None:
    ring, seen = ring_of(history)
    low, high = bracket(ring, np.array([0]), np.array([offset]))
    known = [(time, end) for time, end in seen if end is not None]
    beyond = [time for time, end in known if end > offset]
    if not beyond:
        assert math.isnan(low[0])
        assert math.isnan(high[0])
        return
    assert high[0] == beyond[0] + 0.5
    before = [time for time, end in known if time < beyond[0]]
    assert low[0] == (before[-1] if before else -math.inf)


@given(HISTORIES, st.sampled_from([5.0, 20.0, 60.0]))
def test_a_rate_is_what_was_produced_over_about_the_window_or_unknown(
    history: list[tuple[int, int | None]], window: float
) -> None:
    ring, seen = ring_of(history)
    (found,) = rate(ring, window)
    if math.isnan(found):
        return
    assert seen[-1][1] is not None
    spans = [
        (seen[-1][1] - end) / (seen[-1][0] - time)
        for time, end in seen[:-1]
        if end is not None and window / 2 <= seen[-1][0] - time <= 2 * window
    ]
    assert any(found == pytest.approx(each) for each in spans)


def rated(numbers: list[int], times: list[float] | None = None, window: float = 60.0) -> float:
    ring = Ring(1, seconds=1e9, spacing=0)
    for time, number in zip(times or [10.0 * step for step in range(len(numbers))], numbers, strict=True):
        ring.add(time, np.array([number]))
    return float(rate(ring, window)[0])


def test_rates_of_plain_series() -> None:
    assert rated([0, 10, 20, 30, 40, 50, 60]) == 1.0
    assert rated([7] * 7) == 0.0
    assert math.isnan(rated([0, 10, 20])), "a third of the window"
    assert rated([0, 10, 20, 30]) == 1.0, "half of the window"


def test_a_rate_never_crosses_a_rewind_a_gap_or_what_was_not_known() -> None:
    assert math.isnan(rated([50, 60, 70, 20, 30, 40, 50]))
    assert math.isnan(rated([50, 60, 70, UNKNOWN, 30, 40, 80])), "the fall is on both sides of what was not known"
    assert rated([0, 10, UNKNOWN, 30, 40, 50, 60]) == 1.0
    assert math.isnan(rated([0, 10, 20, 30, 40, 50, UNKNOWN]))
    assert math.isnan(rated([0, 1000], times=[0.0, 600.0])), "polls were missed for ten windows"


@given(st.lists(st.floats(0.5, 30), min_size=20, max_size=200))
def test_a_ring_keeps_all_that_is_young_and_thins_with_age(gaps: list[float]) -> None:
    ring = Ring(1, seconds=1e9, spacing=0.1, whole_seconds=40)
    times = np.cumsum(gaps)
    for number, time in enumerate(times):
        ring.add(float(time), np.array([number]))
    kept = ring.times
    assert set(kept) <= set(times)
    assert set(times[times > times[-1] - 40]) <= set(kept)
    gap, age = np.diff(kept), times[-1] - kept[1:]
    assert (gap <= np.maximum(0.1 * (age + 30), 60) + 1e-9).all()
    assert [int(ring.point(place)[0]) for place in range(len(ring))] == [
        int(np.flatnonzero(times == t)[0]) for t in kept
    ]


def test_a_ring_drops_what_is_too_old_and_uses_its_rows_again() -> None:
    ring = Ring(2, seconds=100, spacing=0)
    for step in range(1000):
        ring.add(float(step), np.array([step, step]))
    assert ring.times.tolist() == [float(step) for step in range(899, 1000)]
    assert len(ring.values) < 200


def test_realigned_rows_keep_their_numbers_and_new_ones_know_nothing() -> None:
    ring = Ring(2, seconds=100, spacing=0)
    ring.add(1.0, np.array([10, 20]))
    ring.realign(np.array([1, -1, 0]))
    assert ring.point(0).tolist() == [20, UNKNOWN, 10]
    ring.forget(np.array([0]))
    assert ring.point(0).tolist() == [UNKNOWN, UNKNOWN, 10]


def test_known_ends_are_the_last_that_were_known() -> None:
    assert known_ends(np.array([UNKNOWN, 0, 7, -2, -9])).tolist() == [UNKNOWN, 0, 7, 0, 7]
