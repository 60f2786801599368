"""Rings, brackets and rates of earlier polls, each against a plain re-computation."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from series import Series
from views import Group, Topic

from monitor.analysis.earlier_polls.past import bracket
from monitor.analysis.earlier_polls.ring import MOST_GAPS, UNKNOWN, Ring, rate

HISTORIES = st.lists(st.tuples(st.integers(1, 20), st.none() | st.integers(0, 5)), min_size=1, max_size=12)
"""Seconds since the poll before, and records produced since; None for a poll without an answer."""


def new_ring(rows: int, *, seconds: float, spacing: float, apart_seconds: float = 0.0) -> Ring:
    """A ring of so many rows of which nothing is known yet."""
    return Ring(seconds=seconds, spacing=spacing, apart_seconds=apart_seconds).moved(np.full(rows, -1))


def ring_of(history: list[tuple[int, int | None]], took: float = 0.5) -> tuple[Ring, list[tuple[float, int | None]]]:
    """A ring of one row, as Past fills it, and what was truly seen when."""
    ring = new_ring(1, seconds=1e9, spacing=0)
    seen: list[tuple[float, int | None]] = []
    now, end = 100.0, 0
    for seconds, produced in history:
        now += seconds
        if produced is None:
            ring = ring.added(now, np.array([np.nan]), took)
            seen.append((now, None))
        else:
            end += produced
            ring = ring.added(now, np.array([end], float), took)
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
    known = [  # seconds and records from each poll to the newest, of the polls that knew the end and so did the next
        (sum(time - before for before, time, _ in spans), sum(rise for _, _, rise in spans))
        for first in range(len(seen) - 1)
        if seen[first][1] is not None and window / 2 <= seen[-1][0] - seen[first][0] <= 2 * window
        for spans in [
            [
                (before, time, end - old)
                for (before, old), (time, end) in pairwise(seen[first:])
                if old is not None and end is not None
            ]
        ]
    ]
    assert any(found == pytest.approx(rise / time) for time, rise in known if time >= window / 2)


def rated(numbers: list[float], times: list[float] | None = None, window: float = 60.0) -> float:
    ring = new_ring(1, seconds=1e9, spacing=0)
    for time, number in zip(times or [10.0 * step for step in range(len(numbers))], numbers, strict=True):
        ring = ring.added(time, np.array([number], float))
    return float(rate(ring, window)[0])


def test_rates_of_plain_series() -> None:
    assert rated([0, 10, 20, 30, 40, 50, 60]) == 1.0
    assert rated([7] * 7) == 0.0
    assert math.isnan(rated([0, 10, 20])), "a third of the window"
    assert rated([0, 10, 20, 30]) == 1.0, "half of the window"


def test_a_rate_is_over_the_time_between_requests_also_where_polls_waited_for_a_broker_first() -> None:
    ring = new_ring(1, seconds=1e9, spacing=0)
    for number in range(13):
        waited = 6.0 if number in (5, 6) else 0.0
        time = 10.0 * number
        ring = ring.added(time, np.array([100.0 * (time + waited)]), took=waited + 0.5, after=waited)
    assert rate(ring, 60.0)[0] == 100.0


def test_a_rate_never_crosses_a_rewind_a_gap_or_what_was_not_known() -> None:
    assert math.isnan(rated([50, 60, 70, 20, 30, 40, 50]))
    assert math.isnan(rated([50, 60, 70, math.nan, 30, 40, 80])), "the fall is on both sides of what was not known"
    assert rated([0, 10, math.nan, 30, 40, 50, 60]) == 1.0
    assert math.isnan(rated([0, 10, 20, 30, 40, 50, math.nan]))
    assert math.isnan(rated([0, 1000], times=[0.0, 600.0])), "polls were missed for ten windows"


def test_a_gap_in_which_a_number_was_unknown_makes_no_rate_lower() -> None:
    before = [10.0 * step for step in range(16)]
    assert rated([*before, *[math.nan] * 12, 150, 160, 170], window=300.0) == 1.0, "nobody could write for 2 minutes"
    assert rated([*before, *[math.nan] * 12, 7150, 7160], window=300.0) == 1.0, "what was written then has its own time"
    assert math.isnan(rated([0, 10, *[math.nan] * 8, 10, 20], window=60.0)), "known for a third of the window"
    assert math.isnan(rated([0, 10, *[math.nan] * 17, 10, 20], window=120.0))


def test_missed_polls_are_a_gap_and_gaps_follow_their_rows() -> None:
    ring = new_ring(2, seconds=1e9, spacing=0)
    for time, missed in [(0.0, False), (60.0, False), (120.0, False), (300.0, True), (310.0, False)]:
        ring = ring.added(time, np.array([time, min(time, 120.0)]), missed=missed)
    assert rate(ring, 300.0).tolist() == pytest.approx([math.nan, math.nan], nan_ok=True), "130 s known"
    ring = ring.added(330.0, np.array([330.0, 140.0])).moved(np.array([1, -1, 0]))
    assert rate(ring, 300.0).tolist() == pytest.approx([140 / 150, math.nan, 1.0], nan_ok=True)


@pytest.mark.parametrize("polled", [True, False], ids=["its broker was away", "the cluster was unreachable"])
def test_rates_after_an_outage_are_those_without_it(polled: bool) -> None:
    """A partition gets 10 records/s, which a group reads, but for 2 minutes in which its broker is away."""
    series, away = Series(), "broker 1: timed out"
    for polls in range(16):
        series.poll([Topic("t", [(0, 100 * polls)])], [Group("g", {("t", 0): 100 * polls})])
    for _ in range(12):
        series.poll([Topic("t", [(None, None)])], [Group("g", {("t", 0): away})], error="" if polled else away)
    view = series.poll([Topic("t", [(0, 1500)])], [Group("g", {("t", 0): 1500})])
    assert view.partition_rates.produce_rate_5m.tolist() == [10.0]
    assert np.isnan(view.partition_rates.produce_rate_1m).all()
    assert view.consume_rates.consume_rate_5m.tolist() == [10.0]


def test_gaps_take_a_bounded_memory() -> None:
    ring = new_ring(1, seconds=1e9, spacing=0)
    for step in range(100):
        ring = ring.added(float(step), np.array([step if step % 2 else math.nan]))
    assert len(ring.gaps) == MOST_GAPS


@given(st.lists(st.floats(0.5, 30), min_size=20, max_size=200))
def test_a_ring_thins_with_age(gaps: list[float]) -> None:
    ring = new_ring(1, seconds=1e9, spacing=0.1, apart_seconds=40)
    times = np.cumsum(gaps)
    for number, time in enumerate(times):
        ring = ring.added(float(time), np.array([number], float))
    kept = np.array([point.time for point in ring.points])
    assert set(kept) <= set(times)
    assert kept[-1] == times[-1]
    gap, age = np.diff(kept), times[-1] - kept[1:]
    assert (gap <= np.maximum(0.1 * (age + 30), 40) + 30 + 1e-9).all()
    assert numbers_of(ring, 0) == [int(np.flatnonzero(times == t)[0]) for t in kept]
    spans = kept[2:-1] - kept[:-3]
    assert (spans >= 40 - 1e-9).all()


def numbers_of(ring: Ring, row: int) -> list[int]:
    """What a row last knew at each point."""
    steps = [int(ring.carried(point, np.array([row]))[0]) for point in ring.points]
    return [UNKNOWN if each == UNKNOWN else int(ring.base[row]) + each for each in steps]


def test_a_ring_drops_what_is_too_old() -> None:
    ring = new_ring(2, seconds=100, spacing=0)
    for step in range(1000):
        ring = ring.added(float(step), np.array([step, step], float))
    assert [point.time for point in ring.points] == [float(step) for step in range(899, 1000)]
    assert numbers_of(ring, 1) == list(range(899, 1000))


def test_realigned_rows_keep_their_numbers_and_new_ones_know_nothing() -> None:
    ring = new_ring(2, seconds=100, spacing=0)
    ring = ring.added(1.0, np.array([10.0, 20.0]))
    ring = ring.moved(np.array([1, -1, 0]))
    assert [numbers_of(ring, row) for row in range(3)] == [[20], [UNKNOWN], [10]]
    ring = ring.added(2.0, np.array([np.nan, 4.0, 15.0]))
    assert [numbers_of(ring, row) for row in range(3)] == [[20, 20], [UNKNOWN, 4], [10, 15]]
    assert ring.risen(ring.points[0])[0].tolist() == pytest.approx([math.nan, math.nan, 5.0], nan_ok=True)


def test_what_was_not_known_is_carried_and_is_not_known() -> None:
    ring = new_ring(1, seconds=100, spacing=0)
    for time, number in enumerate([math.nan, 0.0, math.nan, 7.0, math.nan, math.nan]):
        ring = ring.added(float(time), np.array([number]))
    assert numbers_of(ring, 0) == [UNKNOWN, 0, 0, 7, 7, 7]
    known = [bool(ring.known(point, np.array([0]))[0]) for point in ring.points]
    assert known == [False, True, False, True, False, False]


@pytest.mark.parametrize("jump", [2**31 - 2, 2**40, -1])
def test_what_falls_or_leaps_beyond_32_bits_begins_anew(jump: int) -> None:
    ring = new_ring(1, seconds=100, spacing=0)
    start = 2**50
    for time, number in enumerate([start, start, start + jump, start + jump + 3]):
        ring = ring.added(float(time), np.array([number], float))
    assert numbers_of(ring, 0) == [UNKNOWN, UNKNOWN, start + jump, start + jump + 3]
    assert math.isnan(ring.risen(ring.points[1])[0][0])
    assert ring.risen(ring.points[2])[0].tolist() == [3.0]


def test_what_32_bits_hold_is_exact() -> None:
    ring = new_ring(1, seconds=100, spacing=0)
    for time, number in enumerate([2**50, 2**50 + 2**31 - 3, math.nan]):
        ring = ring.added(float(time), np.array([number], float))
    assert numbers_of(ring, 0) == [2**50, 2**50 + 2**31 - 3, 2**50 + 2**31 - 3]
