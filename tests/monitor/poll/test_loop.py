"""The loop of polls: each View is shown, polls do not overlap, nothing but a stop ends it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from answers import StubClient
from small_cluster import small_cluster

import monitor.poll.poller
from monitor.model.view import View
from monitor.poll.loop import FRESH_AFTER, PATIENCE_SECONDS, PollLoop
from monitor.poll.poller import Poller, poll_once
from monitor.poll.source import Memory
from monitor.settings.model import ClusterSettings

SETTINGS = ClusterSettings(name="demo", bootstrap_servers=("127.0.0.1:1",), interval_seconds=0.1)
PATIENCE = 20.0
"""Seconds after which a test that waits for a thread gives up."""


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> StubClient:
    stub = small_cluster()
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: stub)
    return stub


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[PollLoop, Memory]]]:
    loops: list[PollLoop] = []

    def begin(enrich: Callable[[View], View] = lambda view: view) -> tuple[PollLoop, Memory]:
        memory = Memory("demo", 0.1)
        loops.append(PollLoop(SETTINGS, memory, enrich))
        loops[-1].start()
        return loops[-1], memory

    yield begin
    for loop in loops:
        loop.stop()


def wait_for_views(memory: Memory, count: int) -> list[View]:
    views: list[View] = []
    enough = threading.Event()

    def listen(view: View) -> None:
        views.append(view)
        if len(views) >= count:
            enough.set()

    end = memory.subscribe(listen)
    assert enough.wait(PATIENCE)
    end()
    return views


def test_every_view_is_enriched_and_shown(client: StubClient, start: Callable[..., tuple[PollLoop, Memory]]) -> None:
    seen: list[View] = []

    def enrich(view: View) -> View:
        seen.append(replace(view, alerts=()))
        return seen[-1]

    loop, memory = start(enrich)
    wait_for_views(memory, 3)
    loop.stop()
    assert seen[-1] is memory.latest()
    assert len({id(view) for view in seen}) == len(seen)


def test_polls_never_overlap(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way = threading.Lock()
    overlapped: list[bool] = []
    poll = monitor.poll.poller.Poller.poll

    def watched(self: monitor.poll.poller.Poller) -> View:
        overlapped.append(not under_way.acquire(blocking=False))
        try:
            threading.Event().wait(0.15)  # longer than the interval
            return poll(self)
        finally:
            under_way.release()

    monkeypatch.setattr(monitor.poll.poller.Poller, "poll", watched)
    _, memory = start()
    views = wait_for_views(memory, 3)
    assert not any(overlapped)
    assert views[0].snapshot.overruns == 0
    assert views[2].snapshot.overruns >= 2
    assert views[2].snapshot.interval_seconds == SETTINGS.interval_seconds


def test_a_poll_that_is_asked_for_does_not_wait_for_its_turn(client: StubClient) -> None:
    memory = Memory("demo", 3_600.0)
    loop = PollLoop(SETTINGS.model_copy(update={"interval_seconds": 3_600.0}), memory)
    arrived = threading.Semaphore(0)
    memory.subscribe(lambda _: arrived.release())
    loop.start()
    try:
        for _ in range(3):
            assert arrived.acquire(timeout=PATIENCE)
            memory.poll_now()
        assert arrived.acquire(timeout=PATIENCE)
        view = memory.latest()
        assert view is not None
        assert view.snapshot.overruns == 0
    finally:
        loop.stop()
    assert loop.trouble() == ""


def test_wishes_during_a_poll_make_one_more_poll() -> None:
    memory = Memory("demo", 10.0)
    for _ in range(5):
        memory.poll_now()
    assert memory.wait_for_wish(0)
    assert not memory.wait_for_wish(0)


def test_a_failing_enrichment_is_logged_and_the_next_poll_is_shown(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([True, True])

    def enrich(view: View) -> View:
        if next(failures, False):
            raise RuntimeError("broken on purpose")
        return view

    _, memory = start(enrich)
    wait_for_views(memory, 1)
    assert caplog.messages.count("the poll of cluster demo failed") == 2


def test_a_poll_that_raises_is_logged_and_the_next_is_shown(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = monitor.poll.poller.Poller.poll
    failures = iter([True])

    def sometimes(self: monitor.poll.poller.Poller) -> View:
        if next(failures, False):
            raise RuntimeError("broken on purpose")
        return poll(self)

    monkeypatch.setattr(monitor.poll.poller.Poller, "poll", sometimes)
    _, memory = start()
    assert wait_for_views(memory, 1)[0].complete


class NoMemory(logging.Handler):
    """A log that fails as it does when there is no memory left, `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def handle(self, record: logging.LogRecord) -> bool:
        if self.left:
            self.left -= 1
            raise MemoryError
        return True


@pytest.fixture
def failing_log() -> Iterator[NoMemory]:
    handler = NoMemory(2)
    logger = logging.getLogger("monitor")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_log_that_fails_does_not_end_the_polls(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], failing_log: NoMemory
) -> None:
    failures = iter([True, True])

    def enrich(view: View) -> View:
        if next(failures, False):
            raise MemoryError
        return view

    loop, memory = start(enrich)
    wait_for_views(memory, 1)
    assert failing_log.left == 0
    assert loop.trouble() == ""


def test_what_ends_the_work_of_the_thread_begins_it_anew_with_new_connections(
    start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch, failing_log: NoMemory
) -> None:
    clients = [small_cluster(), small_cluster()]
    left = list(clients)
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: left.pop(0))
    failures = iter([True])

    def enrich(view: View) -> View:
        if next(failures, False):
            raise SystemExit
        return view

    loop, memory = start(enrich)
    assert wait_for_views(memory, 1)[0].complete
    assert clients[0].closed
    assert not clients[1].closed
    assert loop.trouble() == ""


def test_an_io_thread_that_crashed_costs_a_poll_not_all_that_follow(
    start: Callable[..., tuple[PollLoop, Memory]],
) -> None:
    loop, memory = start()
    wait_for_views(memory, 1)
    poller = loop._poller
    assert poller
    net = poller._client._net

    def crash(*_args: object) -> None:
        raise MemoryError

    with suppress(MemoryError):
        net.run(lambda: setattr(net, "_schedule_tasks", crash))
    net.wakeup()
    net._io_thread.join(PATIENCE)
    wait_for_views(memory, 2)
    assert loop._poller is not poller


def test_polls_that_fail_again_and_again_are_made_by_a_fresh_poller(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a Poller remembers of earlier polls may be what fails."""
    poll, pollers = Poller.poll, list[Poller]()

    def broken(self: Poller) -> View:
        if self not in pollers:
            pollers.append(self)
        if len(pollers) == 1:
            raise ValueError("what it remembers is broken")
        return poll(self)

    monkeypatch.setattr(Poller, "poll", broken)
    _, memory = start()
    wait_for_views(memory, 2)
    assert len(pollers) == 2


def test_a_poller_that_cannot_be_made_is_tried_again(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    poll, failures, makes = Poller.poll, iter([True] * FRESH_AFTER), iter([False, True, True])

    def sometimes(self: Poller) -> View:
        if next(failures, False):
            raise ValueError("broken on purpose")
        return poll(self)

    def make(*args: Any, **options: Any) -> Poller:
        if next(makes, False):
            raise OSError("too many open files")
        return Poller(*args, **options)

    monkeypatch.setattr(Poller, "poll", sometimes)
    monkeypatch.setattr("monitor.poll.loop.Poller", make)
    _, memory = start()
    assert wait_for_views(memory, 1)[0].complete


def test_polls_that_have_stopped_are_reported_and_slow_ones_are_not(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]]
) -> None:
    now = [1000.0]
    under_way, go_on = threading.Event(), threading.Event()

    def enrich(view: View) -> View:
        if under_way.is_set():
            return view
        under_way.set()
        assert go_on.wait(PATIENCE)
        return view

    memory = Memory("demo", 0.1)
    loop = PollLoop(SETTINGS, memory, enrich, monotonic=lambda: now[0])
    assert loop.trouble() == ""
    loop.start()
    try:
        assert under_way.wait(PATIENCE)
        now[0] += PATIENCE_SECONDS
        assert loop.trouble() == ""
        now[0] += 1
        assert loop.trouble() == "demo: no poll has completed for 61 s (interval 0.1 s)"
        go_on.set()
        wait_for_views(memory, 2)
        assert loop.trouble() == ""
        under_way.clear()
        go_on.clear()
        assert under_way.wait(PATIENCE)
        now[0] += 3 * 61
        assert loop.trouble() == ""  # it may take three times as long as the longest so far
        now[0] += 10
        assert "no poll has completed for 193 s" in loop.trouble()
    finally:
        go_on.set()
        loop.stop()


def test_a_poll_thread_that_is_dead_is_reported(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PollLoop, "_run", lambda _self: None)
    loop, _ = start()
    loop._worker._thread.join(PATIENCE)
    assert loop.trouble() == "demo: the poll thread is dead"
    loop.stop()
    assert loop.trouble() == ""


def test_a_stop_ends_the_thread_and_closes_the_connections(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]]
) -> None:
    loop, memory = start()
    wait_for_views(memory, 1)
    loop.stop()
    assert client.closed
    assert "poll-demo" not in {thread.name for thread in threading.enumerate()}
    loop.stop()  # again is no harm


def test_a_poll_that_a_stop_cuts_off_is_not_shown(
    client: StubClient, start: Callable[..., tuple[PollLoop, Memory]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look like a cluster that is down, and fire alerts."""
    asking, closed = threading.Event(), threading.Event()
    close = client.close

    def hang(*args: object, **options: object) -> object:
        asking.set()
        closed.wait(PATIENCE)
        return None, []

    def cut_off() -> None:
        close()
        closed.set()

    monkeypatch.setattr(client, "ask_any", hang)
    monkeypatch.setattr(client, "close", cut_off)
    loop, memory = start()
    assert asking.wait(PATIENCE)
    loop.stop()
    assert memory.latest() is None
    assert "poll-demo" not in {thread.name for thread in threading.enumerate()}


def test_a_loop_that_never_started_can_be_stopped(client: StubClient) -> None:
    PollLoop(SETTINGS, Memory("demo", 0.1)).stop()


def test_options_that_cannot_be_used_fail_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: ClusterSettings) -> dict[str, object]:
        raise ValueError("no such file")

    monkeypatch.setattr(monitor.poll.poller, "client_options", broken)
    loop = PollLoop(SETTINGS, Memory("demo", 0.1))
    with pytest.raises(ValueError, match="no such file"):
        loop.start()
    loop.stop()


def test_one_poll_closes_its_connections(client: StubClient) -> None:
    assert poll_once(SETTINGS).complete
    assert client.closed
