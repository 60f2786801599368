"""Threads that begin their work again: whatever it raises, and where not even a log line can be written."""

import logging
import threading

import pytest

from monitor.poll.worker import Worker

GUARD_SECONDS = 20.0


def no_memory(*_args: object, **_options: object) -> bool:
    raise MemoryError


@pytest.mark.parametrize("error", [MemoryError(), SystemExit(1), KeyboardInterrupt(), ValueError("bad")])
@pytest.mark.parametrize("log_works", [True, False])
def test_work_is_done_again_until_it_returns(
    error: BaseException, log_works: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[BaseException | None] = [error, error, None]
    done: list[str] = []

    def work() -> None:
        done.append(threading.current_thread().name)
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    if not log_works:
        monkeypatch.setattr(logging.Logger, "exception", no_memory)
    worker = Worker("worker", work, restart_seconds=0.001)
    worker.start()
    assert worker.join(GUARD_SECONDS)
    assert done == ["worker"] * 3
    assert caplog.messages == ["thread worker failed and restarts"] * (2 if log_works else 0)


@pytest.mark.parametrize("step", ["monitor.poll.worker.log_failure", "threading.Event.wait"])
def test_handling_a_failure_that_fails_too_does_not_end_the_thread(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory is short, a lock to wait on cannot be had either."""
    outcomes: list[BaseException | None] = [MemoryError(), MemoryError(), None]

    def work() -> None:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome

    worker = Worker("worker", work, restart_seconds=0.001)
    if step == "threading.Event.wait":
        monkeypatch.setattr(worker._ending, "wait", no_memory)
    else:
        monkeypatch.setattr(step, no_memory)
    worker.start()
    assert worker.join(GUARD_SECONDS)
    assert outcomes == []


def test_one_that_is_to_end_does_not_begin_again() -> None:
    began, goes_on = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        assert goes_on.wait(GUARD_SECONDS)
        raise ValueError("cut off")

    worker = Worker("worker", work, restart_seconds=0.001)
    assert worker.join(0)
    worker.start()
    assert began.wait(GUARD_SECONDS)
    assert not worker.dead
    worker.end()
    goes_on.set()
    assert worker.join(GUARD_SECONDS)
    assert not worker.dead
