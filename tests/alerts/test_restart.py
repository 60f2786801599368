"""kmon ends and starts again within an incident: nothing resolves, nobody is paged twice, no start changes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alert_fixtures import FakeClock, Recorder, rule_of, view_of
from http_receiver import GUARD_SECONDS
from reasons import reasons
from series import Poll, watch
from views import NOW

from alerts.catalogue import catalogue
from alerts.cluster_state import SETTLING_POLLS
from alerts.delivery import Receiver
from alerts.evaluator import Evaluator, Kept
from alerts.kept_alerts import KeptAlerts
from alerts.notice import Notice
from alerts.notifiers import open_receiver
from alerts.rules import AnyRule
from alerts.store import Store
from monitor.analysis.view import make_view
from monitor.model.view import AlertRow, View
from monitor.settings.alerts import UnreachableSettings, WatchdogSettings

RULE = rule_of("Lag", 50, for_seconds=20)


class Kmon:
    """Runs of kmon one after the other on one directory and clock, each with a monotonic clock of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.recorder = Recorder()
        self.rows: tuple[AlertRow, ...] = ()
        self._evaluator: Evaluator | None = None

    def start(self, *rules: AnyRule, source: str = "demo", away: float = 0.0) -> None:
        """A new run `away` seconds after the one before has ended."""
        self.stop()
        self.clock.wall += away
        self.clock.mono = 7.0
        self.source = source
        self._store = Store(self.directory)
        assert not self._store.trouble
        part = KeptAlerts(self._store, source)
        kept = {source: Kept(part, part.load(self.clock.wall))}
        receiver = Receiver("r", self.recorder)
        self._evaluator = Evaluator(rules, [receiver], clock=self.clock, kept=kept, store=self._store)

    def poll(self, *words: str | View) -> str:
        """The phases after polls 10 s apart, by alert of each View: p, F, or a dot where there is none."""
        assert self._evaluator is not None
        phases = ""
        for word in words:
            self.rows = self._evaluator.observe(view_of(word) if isinstance(word, str) else word, self.source)
            phases += "".join(row.state[0].replace("f", "F") for row in self.rows) or "."
            self.clock.move(10)
        return phases

    def stop(self) -> None:
        if self._evaluator is not None:
            self._evaluator.stop(GUARD_SECONDS)
            self._store.close(GUARD_SECONDS)
            self._evaluator = None

    @property
    def told(self) -> list[Notice]:
        """All notices, once the run has ended."""
        self.stop()
        return [notice for attempt in self.recorder.attempts for notice in attempt]


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[Kmon]:
    runs = Kmon(tmp_path)
    yield runs
    runs.stop()


def named(view: View, cluster: str, cluster_id: str | None = "id") -> View:
    return make_view(replace(view.snapshot, cluster=cluster, cluster_id=cluster_id))


def test_what_fires_goes_on_firing_from_its_start(kmon: Kmon) -> None:
    kmon.start(RULE)
    assert kmon.poll("0", "70", "70", "70") == ".ppF"
    kmon.start(RULE, away=30)
    assert kmon.poll("80", "80") == "FF"
    (row,) = kmon.rows
    assert (row.active_since, row.firing_since) == (NOW + 10, NOW + 30)
    first, again = kmon.told
    assert [each.starts_at for each in (first, again)] == [NOW + 30] * 2
    assert [(each.resolved, each.again) for each in (first, again)] == [(False, False), (False, True)]


def test_a_pending_alert_keeps_its_clock_and_the_time_without_kmon_does_not_count(kmon: Kmon) -> None:
    kmon.start(RULE)
    assert kmon.poll("0", "70", "70") == ".pp"
    kmon.start(RULE, away=600)
    assert kmon.poll("70", "70", "70") == "pFF"
    assert kmon.rows[0].active_since == NOW + 10


def test_a_printed_alert_is_printed_once(kmon: Kmon, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        store = Store(kmon.directory)
        part = KeptAlerts(store, "demo")
        kept = {"demo": Kept(part, part.load(kmon.clock.wall))}
        evaluator = Evaluator([rule_of("Lag", 50)], [open_receiver("stdout")], clock=kmon.clock, kept=kept, store=store)
        evaluator.observe(view_of("70"))
        kmon.clock.move(10)
        evaluator.stop(GUARD_SECONDS)
        store.close(GUARD_SECONDS)
    assert capsys.readouterr().out.count("FIRING") == 1


@pytest.mark.parametrize("word", ["!", "-?", "?", "denied"])
def test_what_a_first_poll_cannot_tell_resolves_nothing(kmon: Kmon, word: str) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70", "70")
    kmon.start(RULE)
    assert kmon.poll(word, word, word, "70") == "FFFF"
    assert not any(each.resolved for each in kmon.told)


def incomplete(word: str) -> View:
    """A poll of which a collector that lag does not need failed."""
    view = view_of(word)
    failed = replace(view.snapshot.outcomes[0], collector="log_dirs", errors=reasons("broker 2: timed out"))
    return make_view(replace(view.snapshot, outcomes=(*view.snapshot.outcomes, failed)))


def test_nothing_resolves_before_a_complete_poll(kmon: Kmon) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70", "70")
    for word in ("-", "0"):
        kmon.start(RULE)
        assert kmon.poll(incomplete(word), "!", incomplete("70"), "70") == "FFFF"
    kmon.start(RULE)
    assert kmon.poll("0") == "."
    assert [each.resolved for each in kmon.told][-1]


def test_a_broker_that_stays_away_does_not_keep_an_alert_for_ever(kmon: Kmon) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70", "70")
    kmon.start(RULE)
    assert kmon.poll(*[incomplete("0")] * SETTLING_POLLS) == "F" * (SETTLING_POLLS - 1) + "."


def test_once_restarted_only_the_first_polls_are_held_back(kmon: Kmon) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70", "70")
    kmon.start(RULE)
    assert kmon.poll("70", incomplete("0")) == "F."


def test_what_resolved_just_before_is_told_again_and_fires_anew_as_a_new_one(kmon: Kmon) -> None:
    kmon.start(rule_of("Lag", 50))
    assert kmon.poll("70", "0") == "F."
    kmon.start(rule_of("Lag", 50), away=60)
    assert kmon.poll("0", "70") == ".F"
    told = [(each.resolved, each.again, each.starts_at) for each in kmon.told]
    assert told == [(False, False, NOW), (True, False, NOW), (True, True, NOW), (False, False, NOW + 90)]


def test_an_alert_whose_beginning_nobody_saw_says_for_at_least(kmon: Kmon) -> None:
    kmon.start(rule_of("Lag", 50))
    kmon.poll("70")
    assert " or earlier; " in kmon.rows[0].summary
    kmon.poll("70", "70")
    assert " for at least 20 s, " in kmon.rows[0].summary
    kmon.start(rule_of("Lag", 50))
    kmon.poll("70")
    assert "for at least 20 s" in kmon.rows[0].summary


@pytest.mark.parametrize(
    ("before", "seen"), [("0", True), ("-", True), ("70", True), ("!", False), ("?", False), ("-?", False)]
)
def test_the_beginning_is_seen_when_the_poll_before_knows(kmon: Kmon, before: str, seen: bool) -> None:
    rule = rule_of("Lag", 100)
    kmon.start(rule)
    kmon.poll("0", before, "200")
    assert ("or earlier" in kmon.rows[0].summary) is not seen


def test_it_begins_again_unseen_when_it_had_resolved_and_was_unknown_since(kmon: Kmon) -> None:
    kmon.start(rule_of("Lag", 50))
    kmon.poll("0", "70", "0", "?", "70")
    assert "or earlier" in kmon.rows[0].summary


def test_a_removed_rule_ends_its_alerts_at_once(kmon: Kmon) -> None:
    kmon.start(RULE, rule_of("Other", 50))
    kmon.poll("0", "70", "70", "70")
    kmon.start(rule_of("Other", 50))
    assert kmon.poll("70") == "F"
    ended = [each for each in kmon.told if each.resolved]
    assert [dict(each.labels)["alertname"] for each in ended] == ["Lag"]
    said = (
        "Lag of cluster demo, group pay is over: its rule is no longer in the settings; "
        "it fired since 2026-09-21 14:13:30 UTC"
    )
    assert dict(ended[0].annotations) == {"headline": said, "resolution": "removed", "summary": said}


def test_a_renamed_cluster_takes_its_alerts_along(kmon: Kmon) -> None:
    kmon.start(RULE)
    assert kmon.poll(*(named(view_of(word), "demo") for word in ("0", "70", "70", "70"))) == ".ppF"
    kmon.start(RULE, source="store")
    assert kmon.poll(named(view_of("!"), "store", None), *[named(view_of("70"), "store")] * 2) == ".FF"
    assert (dict(kmon.rows[0].labels)["cluster"], kmon.rows[0].firing_since) == ("store", NOW + 30)
    assert [(dict(each.labels)["cluster"], each.resolved, each.starts_at) for each in kmon.told] == [
        ("demo", False, NOW + 30),
        ("demo", True, NOW + 30),
        ("store", False, NOW + 30),
    ]
    kmon.start(RULE)
    assert kmon.poll(named(view_of("70"), "demo")) == "F"


def test_an_unreachable_cluster_stays_so(kmon: Kmon) -> None:
    rule = UnreachableSettings(for_seconds=20)
    kmon.start(rule)
    assert kmon.poll("70", "!", "!", "!") == ".ppF"
    kmon.start(rule, away=60)
    assert kmon.poll("!", "70") == "F."
    assert [(each.resolved, each.starts_at) for each in kmon.told] == [
        (False, NOW + 30),
        (False, NOW + 30),
        (True, NOW + 30),
    ]


def test_the_watchdog_has_one_start(kmon: Kmon) -> None:
    for _ in range(2):
        kmon.start(WatchdogSettings())
        kmon.poll("0")
    assert {each.starts_at for each in kmon.told} == {NOW}


def test_a_file_that_cannot_be_used_changes_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    part = KeptAlerts(store, "demo")
    evaluator = Evaluator([rule_of("Lag", 50)], kept={"demo": Kept(part, part.load(NOW))}, store=store)
    assert [row.state for row in evaluator.observe(view_of("70"))] == ["firing"]
    assert not store.flush()
    assert evaluator.counters.unkept > 0
    assert store.trouble
    evaluator.stop(GUARD_SECONDS)
    store.close(GUARD_SECONDS)
    assert len(caplog.messages) == 1


def test_an_old_state_is_left_alone(kmon: Kmon) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70", "70")
    kmon.start(RULE, away=2 * 3_600)
    assert kmon.poll("70") == "p"
    assert not any(each.resolved for each in kmon.told)


def test_a_wall_clock_that_jumps_restores_what_it_can(kmon: Kmon) -> None:
    kmon.start(RULE)
    kmon.poll("70", "70")
    kmon.start(RULE, away=-1_800)
    assert kmon.poll("70", "70") == "pF"


STUCK = next(each for each in catalogue() if each.name == "KafkaGroupStuck")


def stuck_for(seconds: float, polls: int, *, reads: int = 0) -> list[View]:
    """Polls from a start of kmon on: a member that stuck that long before, and at the end reads everything."""
    still = [Poll(5_000 + 100 * each, 1_000, age=seconds + 10 * each) for each in range(polls)]
    end = 5_000 + 100 * polls
    return watch([*still, *(Poll(end + 100 * each, end + 100 * each) for each in range(reads))])


def read_then_stuck(well: int, polls: int) -> list[View]:
    read = [Poll(1_000 + 100 * each, 1_000 + 100 * each) for each in range(well)]
    last = 1_000 + 100 * (well - 1)
    return watch([*read, *(Poll(last + 100 * each, last) for each in range(polls))])


def test_a_restart_does_not_resolve_what_takes_minutes_of_polls_to_show_again(kmon: Kmon) -> None:
    kmon.start(STUCK)
    assert kmon.poll(*read_then_stuck(12, 90)).endswith("F")
    kmon.start(STUCK, away=60)
    assert set(kmon.poll(*stuck_for(900, 120, reads=90))[:120]) == {"F"}
    told = kmon.told
    resolved = [each.resolved for each in told]
    assert resolved[-1]
    assert resolved == sorted(resolved)
    assert len({each.starts_at for each in told}) == 1


def test_what_kmon_saw_stuck_from_its_start_on_pages_once_it_is_too_long_for_a_batch(kmon: Kmon) -> None:
    kmon.start(STUCK)
    phases = kmon.poll(*stuck_for(0, 60 * 6 + 60))
    assert "F" not in phases[: 60 * 6]
    assert phases.endswith("F")


def test_after_a_restart_what_is_well_again_resolves_ten_minutes_later(kmon: Kmon) -> None:
    kmon.start(STUCK)
    kmon.poll(*read_then_stuck(12, 90))
    kmon.start(STUCK)
    phases = kmon.poll(*stuck_for(900, 0, reads=120))
    assert set(phases[:60]) == {"F"}
    assert phases.endswith(".")
