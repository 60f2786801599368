"""The event loop's timers, of which thousands are cancelled at once: only those that are left count."""

import math
import random
import time
from collections.abc import Iterator

import pytest

from monitor.kafka.client.connections import MOST_CANCELLED, IoLoop

PAST, FAR = -1.0, 1000.0
"""Seconds from now."""


@pytest.fixture
def loop() -> Iterator[IoLoop]:
    made = IoLoop(slow_task_threshold_secs=0)
    yield made
    made.close()


def nothing() -> None:
    """What a timer runs that is only to be there."""


def due(loop: IoLoop) -> None:
    """Run the timers whose time has come."""
    loop.poll(timeout_ms=0)
    loop.poll(timeout_ms=0)


def test_timers_run_in_order_but_for_those_that_are_cancelled(loop: IoLoop) -> None:
    ran: list[int] = []
    now = time.monotonic()
    timers = [loop.call_at(now - 1 + number / 1000, lambda number=number: ran.append(number)) for number in range(500)]
    cancelled = random.Random(1).sample(range(500), 300)
    for number in cancelled:
        loop.cancel(timers[number])
        loop.cancel(timers[number])  # twice is once
    due(loop)
    assert ran == sorted(set(range(500)) - set(cancelled))


def test_a_timer_that_is_put_off_runs_once_and_not_before(loop: IoLoop) -> None:
    ran: list[str] = []
    timer = loop.call_later(PAST, lambda: ran.append("put off"))
    loop.reschedule(time.monotonic() + FAR, timer)
    due(loop)
    assert ran == []
    loop.reschedule(time.monotonic() + PAST, timer)
    due(loop)
    assert ran == ["put off"]


def test_a_loop_waits_for_the_next_timer_that_is_not_cancelled(loop: IoLoop) -> None:
    now = time.monotonic()
    loop.cancel(loop.call_at(now + 1, nothing))
    assert loop._next_scheduled_timeout(now) is None
    loop.cancel(loop.call_at(now + 1, nothing))
    loop.call_at(now + FAR, nothing)
    assert math.isclose(loop._next_scheduled_timeout(now) or 0, FAR)


def test_cancelled_timers_do_not_stay(loop: IoLoop) -> None:
    kept = [loop.call_later(FAR, nothing) for _ in range(10)]
    for _ in range(20 * MOST_CANCELLED):
        loop.cancel(loop.call_later(FAR / 2, nothing))
        assert len(loop._scheduled) <= len(kept) + MOST_CANCELLED + 1
    assert {task for when, task in loop._scheduled if task.scheduled_at == when} == set(kept)
