"""A receiver's queue: order, batches, retries, what is dropped, and the end. No test here waits on a clock."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from alert_fixtures import Recorder, notice_of
from http_receiver import GUARD_SECONDS
from views import NOW

from alerts.delivery import Policy, Receiver, retry_seconds
from alerts.notice import Delivered, GiveUp, Notice, Outcome, Retry

QUICK = Policy(first_retry_seconds=0.001, last_retry_seconds=0.002)


def finish(receiver: Receiver) -> None:
    """Deliver all that waits and end the thread."""
    receiver.close(GUARD_SECONDS)
    assert receiver.join(GUARD_SECONDS)


def names(notices: Sequence[Notice]) -> list[str]:
    return [dict(notice.labels)["group"] for notice in notices]


@dataclass
class Gate(Recorder):
    """A notifier that holds its first attempt until a test opens it."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        self.entered.set()
        assert self.opened.wait(GUARD_SECONDS)
        return super().notify(notices)


def test_what_cannot_be_delivered_yet_is_tried_again_in_order() -> None:
    recorder = Recorder([Retry("away"), Retry("away"), Delivered()])
    receiver = Receiver("r", recorder, QUICK)
    receiver.offer([notice_of("a"), notice_of("b"), notice_of("a", resolved=True, ends_at=NOW + 9)])
    finish(receiver)
    assert [names(attempt) for attempt in recorder.attempts][-1] == ["a", "b", "a"]
    assert [notice.resolved for notice in recorder.attempts[-1]] == [False, False, True]
    counters = receiver.counters
    assert (counters.sent, counters.retries, counters.failed, counters.queued) == (3, 2, 0, 0)
    assert counters.last_error == ""


def test_what_is_refused_is_given_up_and_does_not_hold_up_the_rest() -> None:
    recorder = Recorder([GiveUp("bad \x1b[2J request")])
    receiver = Receiver("r", recorder, Policy(batch=1))
    receiver.offer([notice_of("a"), notice_of("b")])
    finish(receiver)
    assert [names(attempt) for attempt in recorder.attempts] == [["a"], ["b"]]
    assert (receiver.counters.failed, receiver.counters.sent) == (1, 1)


def test_a_notifier_that_breaks_is_one_failure(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Recorder):
        def notify(self, notices: Sequence[Notice]) -> Outcome:
            if not self.attempts:
                self.attempts.append([])
                raise RuntimeError("a bug")
            return super().notify(notices)

    receiver = Receiver("r", Broken(), Policy(batch=1))
    receiver.offer([notice_of("a"), notice_of("b")])
    finish(receiver)
    assert (receiver.counters.failed, receiver.counters.sent) == (1, 1)
    assert "a bug" in caplog.text


def test_batches_are_bounded() -> None:
    gate = Gate()
    receiver = Receiver("r", gate)
    receiver.offer([notice_of("first")])
    assert gate.entered.wait(GUARD_SECONDS)
    receiver.offer([notice_of(str(each)) for each in range(600)])
    gate.opened.set()
    finish(receiver)
    assert [len(attempt) for attempt in gate.attempts] == [1, 256, 256, 88]


def test_the_oldest_are_dropped_and_counted_when_the_queue_is_full() -> None:
    gate = Gate()
    receiver = Receiver("r", gate)
    receiver.offer([notice_of("first")])
    assert gate.entered.wait(GUARD_SECONDS)
    receiver.offer([notice_of(str(each)) for each in range(10_003)])
    assert (receiver.counters.queued, receiver.counters.dropped) == (10_000, 4)
    gate.opened.set()
    finish(receiver)
    assert names(gate.attempts[1])[0] == "3"
    assert names(gate.attempts[-1])[-1] == "10002"


def test_news_takes_the_place_of_the_same_that_still_waits() -> None:
    """A receiver that comes back after hours is told each thing once, as it stands now."""
    gate = Gate()
    receiver = Receiver("r", gate)
    receiver.offer([notice_of("first")])
    assert gate.entered.wait(GUARD_SECONDS)
    for lag in ("100", "200", "300"):
        receiver.offer([notice_of("a", again=lag != "100", annotations=(("lag", lag),)), notice_of("b")])
    receiver.offer([notice_of("a", resolved=True, ends_at=NOW + 9)])
    gate.opened.set()
    finish(receiver)
    assert [(dict(each.labels)["group"], each.resolved) for each in gate.attempts[1]] == [
        ("a", False),
        ("b", False),
        ("a", True),
    ]
    assert gate.attempts[1][0].annotations == (("lag", "300"),)


def test_news_that_comes_while_the_old_is_on_its_way_is_sent_too() -> None:
    gate = Gate()
    receiver = Receiver("r", gate)
    receiver.offer([notice_of("a", annotations=(("lag", "1"),))])
    assert gate.entered.wait(GUARD_SECONDS)
    receiver.offer([notice_of("a", again=True, annotations=(("lag", "2"),))])
    gate.opened.set()
    finish(receiver)
    assert [attempt[0].annotations for attempt in gate.attempts] == [(("lag", "1"),), (("lag", "2"),)]


def test_who_wants_no_repetition_gets_none() -> None:
    recorder = Recorder()
    receiver = Receiver("r", recorder, Policy(again=False))
    receiver.offer([notice_of("a")])
    receiver.offer([notice_of("a", again=True), notice_of("b", again=True)])
    finish(receiver)
    assert [name for attempt in recorder.attempts for name in names(attempt)] == ["a"]


def test_a_firing_notice_is_good_from_when_it_is_sent_and_a_resolved_one_keeps_its_end() -> None:
    recorder = Recorder()
    receiver = Receiver("r", recorder)
    receiver.offer([notice_of("a"), notice_of("b", resolved=True, ends_at=NOW + 9)], valid_seconds=1e9)
    finish(receiver)
    firing, resolved = (notice for attempt in recorder.attempts for notice in attempt)
    assert firing.ends_at > 1e9 + NOW - 1e8
    assert resolved.ends_at == NOW + 9


def test_the_end_does_not_wait_for_a_notifier_that_hangs() -> None:
    gate = Gate()
    receiver = Receiver("r", gate)
    receiver.offer([notice_of("a"), notice_of("b")])
    assert gate.entered.wait(GUARD_SECONDS)
    receiver.close(0.0)
    assert not receiver.join(0.0)
    assert receiver.counters.queued == 2
    gate.opened.set()
    assert receiver.join(GUARD_SECONDS)


def test_the_end_gives_up_on_a_receiver_that_stays_away() -> None:
    receiver = Receiver("r", Recorder([Retry("away")] * 100_000), QUICK)
    receiver.offer([notice_of("a")])
    receiver.close(0.01)
    assert receiver.join(GUARD_SECONDS)
    assert (receiver.counters.queued, receiver.counters.last_error) == (1, "away")


def test_the_wait_doubles_up_to_a_bound_and_jitters_downwards() -> None:
    policy = Policy(first_retry_seconds=1, last_retry_seconds=30)
    assert [retry_seconds(policy, attempt, 0) for attempt in (1, 2, 3, 5, 6, 7, 10_000)] == [1, 2, 4, 16, 30, 30, 30]
    assert retry_seconds(policy, 3, 1) == 2


def test_a_receiver_that_keeps_refusing_is_logged_again_at_a_slow_pace(caplog: pytest.LogCaptureFixture) -> None:
    """Ten minutes of a wrong password, with a notice a minute."""
    caplog.set_level(logging.INFO)
    refusals = [GiveUp(f"HTTP 401: Unauthorized, request {number}") for number in range(11)]
    gate = Recorder([*refusals, Delivered()])
    receiver = Receiver("r", gate, Policy(batch=1), monotonic=lambda: 60.0 * len(gate.attempts))
    receiver.offer([notice_of(str(each)) for each in range(12)])
    finish(receiver)
    first, *again, over = caplog.messages
    assert first.endswith(refusals[0].reason)
    logged = [f"alerts to r: {refusals[number].reason} (5 times in the last 5 min)" for number in (5, 10)]
    assert again == logged
    assert "HTTP" not in over


def test_when_it_last_arrived_is_known() -> None:
    receiver = Receiver("r", Recorder([Delivered(), GiveUp("no")]), Policy(batch=1))
    assert receiver.counters.last_sent_at == 0
    before = time.time()
    receiver.offer([notice_of("a"), notice_of("b")])
    finish(receiver)
    assert before <= receiver.counters.last_sent_at <= time.time()


def test_a_thread_that_fails_begins_again_with_what_was_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    failures, settled = iter([True]), threading.Event()
    settle = Receiver._settle

    def fail_once(self: Receiver, *args: Any) -> None:
        if next(failures, False):
            raise MemoryError
        settle(self, *args)
        settled.set()

    monkeypatch.setattr(Receiver, "_settle", fail_once)
    monkeypatch.setattr("monitor.poll.worker.RESTART_SECONDS", 0.0)
    recorder = Recorder()
    receiver = Receiver("r", recorder, QUICK)
    receiver.offer([notice_of("a")])
    assert settled.wait(GUARD_SECONDS)
    assert len(recorder.attempts) == 2
    assert receiver.trouble() == ""
    finish(receiver)
    assert receiver.counters.sent == 1


def test_a_thread_that_is_dead_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Receiver, "_run", lambda _self: None)
    receiver = Receiver("r", Recorder(), QUICK)
    receiver._worker._thread.join(GUARD_SECONDS)
    assert receiver.trouble().startswith("alerts to r: ")


def test_an_end_between_a_look_and_the_wait_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread has found nothing to do, and is about to wait for ever, when it is told to end."""
    looked, closed = threading.Event(), threading.Event()
    turn = Receiver.turn

    def slow(self: Receiver) -> float | None:
        wait = turn(self)
        looked.set()
        assert closed.wait(GUARD_SECONDS)
        return wait

    monkeypatch.setattr(Receiver, "turn", slow)
    receiver = Receiver("r", Recorder())
    assert looked.wait(GUARD_SECONDS)
    receiver.close(1e6)
    closed.set()
    assert receiver.join(GUARD_SECONDS)
