"""Silences and acknowledgements: what they hold back, what is sent all the same, and that they survive a restart."""

import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from alert_fixtures import FakeClock, Recorder, cut_off, notice_of, rule_of, view_of
from http_receiver import GUARD_SECONDS
from receiver_fixtures import HOSTILE
from views import NOW

from alerts.delivery import Policy, Receiver
from alerts.evaluator import Evaluator, Kept
from alerts.grouping import Grouping
from alerts.kept_alerts import KeptAlerts
from alerts.mutes import EXPIRED_SECONDS, Mutes
from alerts.notice import Delivered, GroupNotice, Notice, Outcome
from alerts.notifiers.stdout import Stdout
from alerts.outbox import Box
from alerts.queues import GroupQueue, NewsQueue
from alerts.store import Store
from monitor.model.silences import InvalidSilenceError, Silence

GROUPING = Grouping(("group",), wait_seconds=30, interval_seconds=60, repeat_seconds=3_600)
PAY = (("alertname", "Lag"), ("cluster", "demo"), ("group", "pay"), ("severity", "warning"))


class Told:
    """What a receiver of groups was told: `!` fires, `~` resolved."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def notify(self, group: GroupNotice) -> Outcome:
        self.words.append(" ".join(dict(each.labels)["group"] + "!~"[each.resolved] for each in group.notices))
        return Delivered()


class Kmon:
    """A run of kmon with a receiver of groups, an Alertmanager and standard output, without threads."""

    def __init__(self, directory: Path, clock: FakeClock, told: Told) -> None:
        self.clock, self.told = clock, told
        self.store = Store(directory)
        self.mutes = Mutes(self.store, clock)
        box = Box(self.store, "r")
        now, unix = clock.monotonic(), clock.time()
        queue = GroupQueue(GROUPING, 1_000, mutes=self.mutes, box=box, now=now, unix=unix)
        self.alertmanager, self.printed = Recorder(), io.StringIO()
        policy = Policy(again=False)
        news = NewsQueue(policy.batch, policy.capacity, self.mutes.is_muted)

        def receiver(name: str, notifier: object, **more: object) -> Receiver:
            settings = {"monotonic": clock.monotonic, "wall": clock.time, "start": False, **more}
            return Receiver(name, notifier, **settings)  # type: ignore[arg-type] # one of each kind

        self.receivers = [
            receiver("r", told, queue=queue),
            receiver("am", self.alertmanager),
            receiver("stdout", Stdout(self.printed), policy=policy, queue=news),
        ]
        part = KeptAlerts(self.store, "demo")
        self.evaluator = Evaluator(
            [rule_of("Lag", 50)],
            self.receivers,
            clock=clock,
            kept={"demo": Kept(part, part.load(unix))},
            store=self.store,
            mutes=self.mutes,
        )

    def poll(self, word: str, seconds: float = 10) -> str:
        """Polls with one View for some time; the marks of the alert: s for silenced, a for acknowledged."""
        every = 10 if seconds < 1_000 else 300
        for _ in range(int(seconds / every)):
            rows = self.evaluator.observe(view_of(word), "demo")
            for each in self.receivers:
                while each.turn() == 0:
                    pass
            self.clock.move(every)
        return "".join("s" * bool(row.silenced_by) + "a" * bool(row.acknowledged_by) or "." for row in rows)

    def silence(self, *matchers: str, seconds: float = 600) -> Silence:
        return self.mutes.add(
            matchers or ('group="pay"',),
            starts_at=None,
            ends_at=self.clock.time() + seconds,
            created_by="me",
            comment="known",
        )

    @property
    def lines(self) -> list[str]:
        """What was printed: FIRING or RESOLVED."""
        return [line.split()[1] for line in self.printed.getvalue().splitlines()]


@contextmanager
def run(directory: Path, clock: FakeClock, told: Told, *, away: float = 0.0) -> Iterator[Kmon]:
    """A run that is killed in the end."""
    clock.wall += away
    clock.mono = 7.0
    each = Kmon(directory, clock, told)
    try:
        yield each
    finally:
        cut_off(each.store)


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[Kmon]:
    with run(tmp_path, FakeClock(), Told()) as each:
        yield each


def test_a_silenced_alert_is_shown_and_sent_to_alertmanager_only(kmon: Kmon) -> None:
    kmon.silence()
    assert kmon.poll("70", 120) == "s"
    assert (kmon.told.words, kmon.lines) == ([], [])
    assert kmon.alertmanager.attempts
    kmon.poll("0", 120)
    assert (kmon.told.words, kmon.lines) == ([], [])


def test_one_that_still_fires_when_the_silence_ends_is_sent_then(kmon: Kmon) -> None:
    kmon.silence(seconds=600)
    kmon.poll("70", 590)
    assert (kmon.told.words, kmon.lines) == ([], [])
    assert kmon.poll("70", 130) == "."
    assert (kmon.told.words, kmon.lines) == (["pay!"], ["FIRING"])
    kmon.poll("0", 120)
    assert (kmon.told.words, kmon.lines) == (["pay!", "pay~"], ["FIRING", "RESOLVED"])


def test_a_silence_that_is_expired_ends_at_once(kmon: Kmon) -> None:
    silence = kmon.silence(seconds=86_400)
    kmon.poll("70", 60)
    ended = kmon.mutes.expire(silence.id)
    assert ended is not None
    assert ended.state(kmon.clock.time()) == "expired"
    kmon.poll("70", 120)
    assert kmon.told.words == ["pay!"]
    assert kmon.mutes.expire("no such id") is None


def test_what_was_sent_before_a_silence_is_not_repeated_and_its_end_is_sent(kmon: Kmon) -> None:
    kmon.poll("70", 60)
    kmon.silence(seconds=3 * 3_600)
    kmon.poll("70", 2 * 3_600)
    assert kmon.told.words == ["pay!"]
    kmon.poll("0", 120)
    assert kmon.told.words == ["pay!", "pay~"]
    assert kmon.lines == ["FIRING", "RESOLVED"]


def test_a_silence_that_begins_later_holds_nothing_back_until_then(kmon: Kmon) -> None:
    now = kmon.clock.time()
    kmon.mutes.add(
        ['alertname=~"L.."'], starts_at=now + 3_600, ends_at=now + 7_200, created_by="me", comment="maintenance"
    )
    assert kmon.poll("70", 60) == "."
    assert kmon.poll("70", 4_200) == "s"
    assert kmon.told.words == ["pay!"]


def test_an_acknowledged_alert_is_not_repeated_and_its_end_is_sent(kmon: Kmon) -> None:
    kmon.poll("70", 60)
    kmon.mutes.acknowledge(PAY, "me", "on it")
    assert kmon.poll("70", 2 * 3_600) == "a"
    assert kmon.told.words == ["pay!"]
    kmon.poll("0", 120)
    assert kmon.told.words == ["pay!", "pay~"]
    assert kmon.mutes.acknowledgements() == ()
    kmon.poll("70", 120)  # the next one is another incident
    assert kmon.told.words == ["pay!", "pay~", "pay!"]


def test_one_that_is_acknowledged_before_it_was_sent_is_never_sent(kmon: Kmon) -> None:
    kmon.poll("70", 10)
    kmon.mutes.acknowledge(PAY, "me", "")
    kmon.poll("70", 300)
    kmon.poll("0", 300)
    assert kmon.told.words == []


def test_a_withdrawn_acknowledgement_lets_repeats_through(kmon: Kmon) -> None:
    kmon.poll("70", 60)
    kmon.mutes.acknowledge(PAY, "me", "")
    kmon.poll("70", 2 * 3_600)
    assert kmon.mutes.withdraw(PAY)
    assert not kmon.mutes.withdraw(PAY)
    kmon.poll("70", 120)
    assert kmon.told.words == ["pay!", "pay!"]


def test_an_unknown_poll_ends_no_acknowledgement(kmon: Kmon) -> None:
    kmon.poll("70", 60)
    kmon.mutes.acknowledge(PAY, "me", "")
    for word in ("!", "?", "-?"):
        assert kmon.poll(word, 30) == "a"


def test_both_survive_a_kmon_that_is_killed(tmp_path: Path) -> None:
    clock, told = FakeClock(), Told()
    with run(tmp_path, clock, told) as first:
        first.poll("70", 60)
        silence = first.silence('group="other"', seconds=3_600)
        first.mutes.acknowledge(PAY, "me", HOSTILE)
        assert first.mutes.kept()
    with run(tmp_path, clock, told, away=600) as second:
        assert second.mutes.silences() == (silence,)
        (found,) = second.mutes.acknowledgements()
        assert (found.labels, found.comment) == (PAY, HOSTILE.strip())
        assert second.poll("70", 2 * 3_600) == "a"
        second.poll("0", 120)
    assert told.words == ["pay!", "pay~"]
    with run(tmp_path, clock, told) as third:
        assert third.mutes.acknowledgements() == ()
        assert [each.id for each in third.mutes.silences()] == [silence.id]
        clock.move(EXPIRED_SECONDS)
        third.poll("0")
        assert third.mutes.silences() == ()
        assert third.store.flush()
    with run(tmp_path, clock, told) as last:
        assert last.mutes.silences() == ()


def test_other_groups_are_sent_as_ever(tmp_path: Path) -> None:
    clock, told = FakeClock(), Told()
    mutes = Mutes(clock=clock)
    queue = GroupQueue(replace(GROUPING, by=("alertname",)), 1_000, mutes=mutes)
    receiver = Receiver("r", told, monotonic=clock.monotonic, wall=clock.time, queue=queue, start=False)

    def offer(*notices: Notice) -> None:
        receiver.offer(notices)
        clock.move(90)
        while receiver.turn() == 0:
            pass

    mutes.add(["group=b"], starts_at=None, ends_at=NOW + 1e6, created_by="me", comment="x")
    offer(notice_of("a"), notice_of("b"))
    mutes.acknowledge(notice_of("a").labels, "me", "")
    offer(notice_of("c"))
    assert told.words == ["a!", "a! c!"]  # the acknowledged one is still there, but is no reason to send


def test_rows_that_cannot_be_read_cost_only_themselves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with run(tmp_path, FakeClock(), Told()) as first:
        first.silence()
        kept = first.silence('group="b"')
        assert first.mutes.kept()
    with closing(sqlite3.connect(first.store.path)) as database, database:
        database.execute("UPDATE silences SET body = '{}' WHERE id != ?", (kept.id,))
    with run(tmp_path, FakeClock(), Told()) as second:
        assert second.mutes.silences() == (kept,)
    assert "1 silence" in caplog.text


def test_without_a_file_they_are_in_memory_and_this_is_known() -> None:
    mutes = Mutes()
    mutes.add(["a=b"], starts_at=None, ends_at=time.time() + 3_600, created_by="me", comment="x")
    assert len(mutes.silences()) == 1
    assert not mutes.kept()


def test_there_is_an_end_to_silences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.mutes.MOST_SILENCES", 1)
    mutes = Mutes()
    mutes.add(["a=b"], starts_at=None, ends_at=time.time() + 3_600, created_by="me", comment="x")
    with pytest.raises(InvalidSilenceError, match="expire some"):
        mutes.add(["a=b"], starts_at=None, ends_at=time.time() + 3_600, created_by="me", comment="x")


def test_a_kmon_that_ends_writes_them(tmp_path: Path) -> None:
    store = Store(tmp_path)
    mutes = Mutes(store)
    mutes.add(["a=b"], starts_at=None, ends_at=time.time() + 3_600, created_by="me", comment="x")
    store.close(GUARD_SECONDS)
    store = Store(tmp_path)
    assert len(Mutes(store).silences()) == 1
    store.close(GUARD_SECONDS)
