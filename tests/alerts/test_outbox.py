"""What waits for receivers and what they were told outlives kmon: nothing is lost, nobody is told twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from alert_fixtures import FakeClock, Recorder, cut_off, fill_disk, notice_of
from http_receiver import GUARD_SECONDS, HttpReceiver
from receiver_fixtures import HOSTILE, resolved
from views import NOW

from alerts.delivery import Receiver
from alerts.grouping import Grouping
from alerts.notice import Delivered, GroupNotice, Notice, Outcome, Retry
from alerts.outbox import Box
from alerts.queues import UNCONFIRMED_SECONDS, GroupQueue
from alerts.store import FILE, Store

GROUPING = Grouping(("group",), wait_seconds=30, interval_seconds=60, repeat_seconds=1e6)
AWAY = Retry("away")


class Teller(Recorder):
    """Remembers what it was told of, as `name!` where it fires and `name~` where it is resolved."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.away = False

    def notify(self, group: GroupNotice) -> Outcome:  # type: ignore[override] # it is given groups
        if self.away:
            return AWAY
        self.told += [dict(each.labels)["group"] + "!~"[each.resolved] for each in group.news]
        return Delivered()


class Run:
    """One run of kmon with one receiver, without a thread. Leaving it without `end` is what kill -9 leaves."""

    def __init__(self, directory: Path, teller: Teller, clock: FakeClock, name: str = "r") -> None:
        self.clock = clock
        self.store = Store(directory)
        queue = GroupQueue(GROUPING, 1_000, box=Box(self.store, name), now=clock.monotonic(), unix=clock.time())
        self.receiver = Receiver(
            name,
            teller,
            monotonic=clock.monotonic,
            queue=queue,
            wall=clock.time,
            start=False,
        )

    def offer(self, *notices: Notice) -> None:
        self.receiver.offer(notices)
        self.turns()

    def turns(self) -> None:
        while self.receiver.turn() == 0:
            pass

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds / 10)):
            self.clock.move(10)
            self.turns()


@contextmanager
def run(directory: Path, teller: Teller, clock: FakeClock, *, away: float = 0.0) -> Iterator[Run]:
    """A run that begins with a new monotonic clock and is cut off."""
    clock.wall += away
    clock.mono = random.uniform(1, 1e6)
    each = Run(directory, teller, clock)
    try:
        yield each
    finally:
        cut_off(each.store)


def test_what_waited_is_sent_by_the_next_run_and_nothing_is_told_twice(tmp_path: Path) -> None:
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        first.offer(notice_of("told"))
        first.wait(60)
        teller.away = True
        first.offer(notice_of("waiting"), notice_of("over"))
        first.wait(60)
        first.offer(resolved("over"))
        first.wait(120)
        first.offer(notice_of("fresh"))
    assert teller.told == ["told!"]
    teller.away = False
    with run(tmp_path, teller, clock, away=300) as second:
        # As the evaluator does after a restart.
        second.offer(notice_of("told", again=True), notice_of("waiting", again=True), notice_of("fresh", again=True))
        second.wait(60)
        assert teller.told == ["told!", "waiting!", "over!", "over~", "fresh!"]
        second.offer(resolved("told"), resolved("waiting"))
        second.wait(120)
    assert sorted(teller.told[5:]) == ["told~", "waiting~"]


def test_an_alert_of_which_nothing_was_kept_is_told_though_it_is_sent_again(tmp_path: Path) -> None:
    """Kmon was killed between noticing it and writing, or the receiver is new."""
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as only:
        only.offer(notice_of("a", again=True))
        only.wait(60)
    assert teller.told == ["a!"]


def test_an_alert_that_no_rule_confirms_after_a_restart_is_resolved(tmp_path: Path) -> None:
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        first.offer(notice_of("a"), notice_of("b"))
        first.wait(60)
    with run(tmp_path, teller, clock, away=7_200) as second:
        second.offer(notice_of("b", again=True))
        second.wait(UNCONFIRMED_SECONDS - 60)
        assert sorted(teller.told) == ["a!", "b!"]
        second.wait(180)
        assert teller.told[2:] == ["a~"]
        second.wait(3_600)
    assert teller.told[3:] == []


@pytest.mark.parametrize("seed", range(5))
def test_a_run_cut_off_at_any_point_loses_nothing_and_tells_nothing_twice(tmp_path: Path, seed: int) -> None:
    """Ten incidents, a receiver that comes and goes, and kmon killed at random ten times."""
    chance = random.Random(seed)
    teller, clock = Teller(), FakeClock()
    firing: dict[str, Notice] = {}
    expected: set[str] = set()
    kills = sorted(chance.sample(range(300), 10))
    step, started = 0, 0
    while step < 300:
        with run(tmp_path, teller, clock, away=chance.uniform(0, 300)) as current:
            current.offer(*(replace(each, again=True) for each in firing.values()))
            end = kills.pop(0) if kills else 300
            while step < end:
                step += 1
                teller.away = chance.random() < 0.5
                if step % 30 == 1:
                    name = f"n{started}"
                    started += 1
                    firing[name] = notice_of(name, starts_at=NOW + step)
                    expected |= {f"{name}!", f"{name}~"}
                    current.offer(firing[name])
                elif step % 30 == 21:
                    name, notice = next(iter(firing.items()))
                    del firing[name]
                    current.offer(replace(notice, resolved=True, ends_at=clock.time()))
                current.wait(10)
    teller.away = False
    with run(tmp_path, teller, clock) as last:
        last.offer(*(replace(each, again=True) for each in firing.values()))
        last.wait(300)
    assert sorted(teller.told) == sorted(expected)
    for name in {each[:-1] for each in expected}:
        assert teller.told.index(f"{name}!") < teller.told.index(f"{name}~")


def test_one_that_was_sent_and_not_yet_crossed_out_is_sent_again(tmp_path: Path) -> None:
    """At least once: kmon dies after the receiver took it."""
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        first.offer(notice_of("a"))
        clock.move(30)
        batch = first.receiver._queue.head(clock.monotonic(), clock.time(), at_once=False)
        assert batch is not None
        written = first.receiver._queue.keep(clock.monotonic(), clock.time())
        assert written is not None
        assert written()
        teller.notify(batch.message)
    with run(tmp_path, teller, clock) as second:
        second.turns()
    assert teller.told == ["a!", "a!"]


PROGRAM = """
import sys, time
from pathlib import Path
from alert_fixtures import notice_of
from receiver_fixtures import receiver_settings
from alerts.notifiers import receiver_of
from alerts.outbox import Box
from alerts.store import Store
box = Box(Store(Path(sys.argv[1])), "r")
settings = receiver_settings(type="webhook", url=sys.argv[2], group_wait="0s")
receiver_of(settings, box=box).offer([notice_of("a")])
time.sleep(60)
"""


def test_a_process_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    from receiver_fixtures import receiver_settings

    from alerts.notifiers import receiver_of

    path = os.pathsep.join(each for each in sys.path if each)
    with HttpReceiver(500) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), server.url], env={**os.environ, "PYTHONPATH": path}
        )
        try:
            assert server.wait_for(lambda: len(server.posts) > 0)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(GUARD_SECONDS)
        server.statuses = [200]
        store = Store(tmp_path)
        settings = receiver_settings(type="webhook", url=server.url, group_wait="0s")
        receiver = receiver_of(settings, box=Box(store, "r"))
        assert server.wait_for(lambda: len(server.accepted) > 0)
        receiver.close(GUARD_SECONDS)
        assert receiver.join(GUARD_SECONDS)
        store.close(GUARD_SECONDS)
    assert [each["notification_reason"] for each in server.accepted] == ["first notification"]
    assert server.accepted[0] == server.posts[0]


def test_names_of_all_kinds_come_back(tmp_path: Path) -> None:
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        teller.away = True
        first.offer(notice_of(HOSTILE, annotations=(("summary", HOSTILE),), url="http://x/é"))
        first.wait(60)
        before = dict(first.receiver._queue._waiting)  # type: ignore[attr-defined]
    with run(tmp_path, teller, clock) as second:
        assert second.receiver._queue._waiting == before  # type: ignore[attr-defined]
        assert len(before) == 1


def test_a_damaged_file_is_moved_aside_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(b"not a database" * 1_000)
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as only:
        only.offer(notice_of("a"))
        only.wait(60)
    assert teller.told == ["a!"]
    assert (tmp_path / f"{FILE}.broken").read_bytes().startswith(b"not a database")
    assert [each for each in caplog.messages if "moved to state.sqlite.broken" in each]
    with run(tmp_path, teller, clock) as second:
        second.offer(notice_of("a", again=True))
        second.wait(60)
    assert teller.told == ["a!"]


def test_rows_that_cannot_be_read_cost_only_themselves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        teller.away = True
        first.offer(notice_of("a"), notice_of("b"))
        first.wait(60)
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("UPDATE waiting SET body = ? WHERE number = 1", (json.dumps({"labels": 5}),))
    database.close()
    teller.away = False
    with run(tmp_path, teller, clock) as second:
        second.wait(10)
    assert len(teller.told) == 1
    assert [each for each in caplog.messages if "1 row" in each]


def test_what_waits_for_a_receiver_that_is_no_longer_there_is_removed(tmp_path: Path) -> None:
    teller, clock = Teller(), FakeClock()
    with run(tmp_path, teller, clock) as first:
        teller.away = True
        first.offer(notice_of("a"))
        first.wait(60)
    store = Store(tmp_path)
    store.keep_only(["other"])
    store.close(GUARD_SECONDS)
    teller.away = False
    with run(tmp_path, teller, clock) as second:
        second.wait(60)
    assert teller.told == []


def test_a_full_disk_costs_the_file_and_not_the_alerts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    teller, clock = Teller(), FakeClock()
    caplog.set_level("INFO")
    with run(tmp_path, teller, clock) as only:
        fill_disk(only.store)
        for number in range(20):
            only.offer(notice_of(f"n{number}", annotations=(("summary", "x" * 10_000),)))
        only.wait(60)
        assert len(teller.told) == 20
        assert len([each for each in caplog.messages if "disk is full" in each]) == 1
        assert "disk is full" in only.store.trouble
        fill_disk(only.store, pages=1_000_000)
        only.offer(notice_of("late"))
        only.wait(60)
    assert any("kept over a restart again" in each for each in caplog.messages)
    with run(tmp_path, teller, clock) as second:
        second.offer(notice_of("n0", again=True), notice_of("late", again=True))
        second.wait(60)
    assert len(teller.told) == 21


def test_nothing_is_sent_before_it_is_written_with_what_it_is_about(tmp_path: Path) -> None:
    """What a killed kmon has told is in its file, so that its next run does not begin the alert anew."""
    teller, clock = Teller(), FakeClock()
    go_on, begun = threading.Event(), threading.Event()

    def slow(database: sqlite3.Connection) -> Callable[[], None]:
        begun.set()
        assert go_on.wait(GUARD_SECONDS)
        database.execute("INSERT INTO alerts VALUES ('demo', 'the alert')")
        return lambda: None

    with run(tmp_path, teller, clock) as only:
        with only.store.together():
            only.store.offer("alerts of demo", slow)
            only.receiver.offer([notice_of("a")])
        clock.move(60)
        sending = threading.Thread(target=only.turns)
        sending.start()
        assert begun.wait(GUARD_SECONDS)
        assert teller.told == []
        assert only.store._database is not None
        with closing(sqlite3.connect(only.store.path)) as other:
            assert list(other.execute("SELECT * FROM groups")) == list(other.execute("SELECT * FROM alerts")) == []
            go_on.set()
            sending.join(GUARD_SECONDS)
            assert teller.told == ["a!"]
            assert (
                len(list(other.execute("SELECT * FROM groups")))
                == len(list(other.execute("SELECT * FROM alerts")))
                == 1
            )
