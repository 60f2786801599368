"""The life of an alert: as Prometheus has it while all is known, and frozen while it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from alert_fixtures import rule_of
from hypothesis import given
from hypothesis import strategies as st

from alerts.samples import Labels, Sample, Samples
from alerts.state import (
    FIRING,
    PENDING,
    RESOLVED,
    Event,
    State,
    identity,
    step,
    watched,
)
from monitor.settings.alerts import RuleSettings

A: Labels = (("cluster", "demo"), ("group", "a"))
B: Labels = (("cluster", "demo"), ("group", "b"))
START = 1_000
LETTERS = {PENDING: "p", FIRING: "F", RESOLVED: "r"}


def samples_of(verdicts: Mapping[Labels, str]) -> Samples:
    """T true, f false, g gone, u unknown; what is not mentioned is unknown too."""
    by = {letter: [labels for labels, verdict in verdicts.items() if verdict == letter] for letter in "Tfgu"}
    return Samples(
        tuple(Sample(labels, 100.0) for labels in by["T"]),
        frozenset(by["f"]),
        frozenset(by["g"]),
        dict.fromkeys(by["u"], "why"),
    )


@dataclass
class Run:
    """The phase after each evaluation of one alert (a dot when there is none), and all events by evaluation."""

    phases: str
    events: list[tuple[int, Event]]
    state: State


def play(rule: RuleSettings, verdicts: str, times: Sequence[int] | None = None, wall: int = 0) -> Run:
    """Evaluate a series of verdicts on A, every 10 s unless `times` says otherwise."""
    times = times or [10 * each for each in range(len(verdicts))]
    state: State = {}
    phases, events = "", []
    for index, (verdict, time) in enumerate(zip(verdicts, times, strict=True)):
        state, sent = step(state, rule, samples_of({A: verdict}), wall + time, START + time)
        alert = state.get(identity(rule, A))
        phases += LETTERS[alert.phase] if alert else "."
        events += [(index, event) for event in sent]
    return Run(phases, events, state)


@pytest.mark.parametrize(
    ("for_seconds", "keep", "verdicts", "phases"),
    [
        # As Prometheus: for 0 fires at once, a break starts over, keep_firing_for starts over too.
        (0, 0, "fTTff", ".FFrr"),
        (30, 0, "TTTTTf", "pppFFr"),
        (30, 0, "TTTfTTTT", "ppp.pppF"),
        (30, 0, "TTTgT", "ppp.p"),
        (0, 20, "TffTfff", "FFFFFFr"),
        (0, 0, "TfTfT", "FrFrF"),
        # Unknown freezes: neither begins, nor promotes, nor resolves.
        (0, 0, "uuu", "..."),
        (30, 0, "TTuuuuuTTT", "ppppppppFF"),
        (10, 0, "TuuuuT", "pppppF"),
        (30, 0, "TuTuTuTu", "ppppppFF"),
        (30, 0, "TTuufTTTT", "pppp.pppF"),
        (0, 0, "Tuuuuuuf", "FFFFFFFr"),
        (0, 0, "TuuuuuuT", "FFFFFFFF"),
        (0, 30, "Tffuuuuuff", "FFFFFFFFFr"),
        (0, 0, "Tfuuu", "Frrrr"),
        # Gone resolves at once, whatever keep_firing_for says.
        (0, 300, "Tg", "Fr"),
        (0, 300, "Tug", "FFr"),
    ],
)
def test_the_life_of_an_alert(for_seconds: int, keep: int, verdicts: str, phases: str) -> None:
    rule = rule_of("Lag", 50, for_seconds=for_seconds, keep_firing_for_seconds=keep)
    assert play(rule, verdicts).phases == phases


def test_it_starts_when_it_fires_and_says_how_it_ended() -> None:
    run = play(rule_of("Lag", 50, for_seconds=20), "TTTTf", wall=500)
    (_, fired), (_, resolved) = run.events
    assert (fired.alert.active_at, fired.alert.fired_at, fired.alert.resolved_at) == (500, 520, None)
    assert (resolved.alert.fired_at, resolved.alert.resolved_at, resolved.alert.resolution) == (520, 540, "below")
    assert play(rule_of("Lag", 50), "Tg").events[-1][1].alert.resolution == "gone"


def test_it_is_sent_again_every_minute_and_resolved_for_fifteen() -> None:
    """Alertmanager forgets what it is not told again, and after a restart knows nothing."""
    polls = 13 + 120
    run = play(rule_of("Lag", 50), "T" * 13 + "f" * 120)
    sent = [(index, event.alert.phase, event.again) for index, event in run.events]
    assert sent[:3] == [(0, FIRING, False), (6, FIRING, True), (12, FIRING, True)]
    assert sent[3:] == [(13 + 6 * each, RESOLVED, each > 0) for each in range(16)]
    assert run.phases == "F" * 13 + "r" * 91 + "." * (polls - 104)


def test_a_failed_poll_goes_on_sending_what_fires() -> None:
    run = play(rule_of("Lag", 50), "T" + "u" * 12)
    assert [(index, event.alert.phase) for index, event in run.events] == [(0, FIRING), (6, FIRING), (12, FIRING)]
    (alert,) = run.state.values()
    assert (alert.unknown_at, alert.unknown_reason) == (10, "why")
    assert alert.sample.value == 100


def test_what_was_not_asked_about_is_unknown_never_false() -> None:
    rule = rule_of("Lag", 50)
    state, _ = step({}, rule, samples_of({A: "T"}), 0, START)
    after, _ = step(state, rule, Samples(reason="nobody looked"), 10, START + 10)
    (alert,) = after.values()
    assert (alert.phase, alert.unknown_reason) == (FIRING, "nobody looked")


def test_labels_identify_an_alert_and_values_do_not() -> None:
    rule = rule_of("Lag", 50, severity="critical", labels={"team": "pay"})
    state, _ = step({}, rule, Samples((Sample(A, 60.0),)), 0, START)
    assert list(state) == [
        (("alertname", "Lag"), ("cluster", "demo"), ("group", "a"), ("severity", "critical"), ("team", "pay"))
    ]
    after, events = step(state, rule, Samples((Sample(A, 99.0, at_least=True),)), 10, START + 10)
    assert list(after) == list(state)
    assert next(iter(after.values())).sample == Sample(A, 99.0, at_least=True)
    assert events == ()


def test_only_alerts_that_live_are_watched() -> None:
    run = play(rule_of("Lag", 50), "Tf")
    assert watched(run.state) == ()
    assert watched(play(rule_of("Lag", 50, for_seconds=60), "T").state) == (A,)


SERIES = st.lists(st.tuples(st.integers(1, 40), st.sampled_from("TTTffgu"), st.sampled_from("TTTffgu")), max_size=40)
TIMES = st.sampled_from([0, 1, 20, 60])


@given(SERIES, TIMES, TIMES)
def test_nothing_fires_or_resolves_on_anything_but_knowledge(
    series: list[tuple[int, str, str]], for_seconds: int, keep: int
) -> None:
    """Held against a count of known time kept beside it, for two alerts that must not disturb each other.

    Time is known to be true from an evaluation that says so to the next one, whatever that says.
    """
    rule = rule_of("Lag", 50, for_seconds=for_seconds, keep_firing_for_seconds=keep)
    state: State = {}
    time = 0
    phase, true, false = {A: ".", B: "."}, {A: 0, B: 0}, {A: 0, B: 0}
    previous = {A: "", B: ""}
    last_sent: dict[Labels, str] = {A: "r", B: "r"}
    for gap, *verdicts in series:
        time += gap
        given_now: dict[Labels, str] = dict(zip((A, B), verdicts, strict=True))
        state, events = step(state, rule, samples_of(given_now), time, START + time)
        assert {labels for labels, alert in state.items() if identity(rule, alert.sample.labels) != labels} == set()
        for labels, verdict in given_now.items():
            alert = state.get(identity(rule, labels))
            after = LETTERS[alert.phase] if alert else "."
            before = phase[labels]
            if before in ".r":
                true[labels], false[labels] = 0, 0
            else:
                true[labels] += gap if previous[labels] == "T" else 0
                false[labels] += gap if previous[labels] == "f" else 0
            false[labels] = 0 if verdict == "T" else false[labels]
            if verdict == "T":
                enough = true[labels] >= for_seconds
                assert after == ("F" if before == "F" or enough else "p")
            elif verdict == "u":
                assert after == before or (before, after) == ("r", ".")
            elif before == "p":
                assert after == "."
            elif before == "F":
                assert after == ("r" if verdict == "g" or false[labels] >= keep else "F")
            else:
                assert after in (before, ".")
            phase[labels], previous[labels] = after, verdict
        for event in events:
            letter = LETTERS[event.alert.phase]
            source = event.alert.sample.labels
            assert letter in "Fr"
            assert event.again == (last_sent[source] == letter), "each phase is news once, and they alternate"
            last_sent[source] = letter


@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from("TTTf")), max_size=40), TIMES)
def test_while_all_is_known_it_is_prometheus(series: list[tuple[int, str]], for_seconds: int) -> None:
    """Prometheus's own formula: firing when now - ActiveAt >= for."""
    rule = rule_of("Lag", 50, for_seconds=for_seconds)
    state: State = {}
    time, active_at = 0, None
    for gap, verdict in series:
        time += gap
        state, _ = step(state, rule, samples_of({A: verdict}), time, START + time)
        active_at = (time if active_at is None else active_at) if verdict == "T" else None
        alert = state.get(identity(rule, A))
        if active_at is None:
            assert alert is None or alert.phase == RESOLVED
        else:
            assert alert is not None
            assert alert.phase == (FIRING if time - active_at >= for_seconds else PENDING)
            assert alert.active_at == active_at
