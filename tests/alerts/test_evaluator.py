"""From a series of Views to what arrives at real HTTP receivers, and what the faces are shown."""

import io
from collections.abc import Callable, Iterable
from datetime import datetime

import pytest
from alert_fixtures import FakeClock, Recorder, rule_of, view_of
from http_receiver import GUARD_SECONDS, HttpReceiver
from views import NOW, Group, Topic, snapshot_of

from alerts.delivery import Policy, Receiver
from alerts.evaluator import Evaluator
from alerts.notifiers import open_receiver
from alerts.notifiers.alertmanager import Alertmanager
from alerts.rules import samples
from alerts.samples import Labels, Samples
from monitor.analysis.view import make_view
from monitor.model.view import AlertRow, View
from monitor.settings.alerts import RuleSettings

RULE = rule_of("GroupLag", lag_above=50, severity="critical", labels={"team": "pay"})


def play(evaluator: Evaluator, clock: FakeClock, words: str) -> str:
    """The phase after each View: p, F, or a dot when no alert is shown. Polls are 10 s apart."""
    phases = ""
    for word in words.split():
        rows = evaluator.observe(view_of(word))
        phases += rows[0].state[0].replace("f", "F") if rows else "."
        clock.move(10)
    return phases


@pytest.mark.parametrize(
    ("changes", "words", "phases"),
    [
        ({}, "0 51 70 50 0", ".FF.."),
        ({"for_seconds": 20}, "70 70 70 70 0", "ppFF."),
        ({"for_seconds": 20}, "70 70 0 70 70 70", "pp.ppF"),
        ({"for_seconds": 20}, "70 ! ! ! ! 70 70", "pppppp" + "F"),
        ({"for_seconds": 20}, "70 ? denied -? 70 70", "pppppF"),
        ({}, "? ! denied -? 0p -", "......"),
        ({}, "70 ! ? denied -? 50+? 70", "FFFFFFF"),
        ({}, "70 ! ? denied -? 50+? 50", "FFFFFF."),
        ({}, "0 51+? 0", ".F."),
        ({}, "70 -", "F."),
        ({"for_seconds": 60}, "70 - 70", "p.p"),
        ({"keep_firing_for_seconds": 20}, "70 0 0 70 0 0 0", "FFFFFF."),
        ({"keep_firing_for_seconds": 600}, "70 -", "F."),
        ({"over": "partition"}, "70 50+? ?", "F.."),
        ({"over": "partition"}, "70 ? ! denied -? 70 50", "FFFFFF."),
    ],
)
def test_a_series_of_views(changes: dict[str, object], words: str, phases: str) -> None:
    """What a rule makes of known, unknown, failed and gone. The words are explained at `view_of`."""
    clock = FakeClock()
    rule = rule_of(**{"name": "GroupLag", "lag_above": 50.0, **changes})  # type: ignore[arg-type] # any field
    assert play(Evaluator([rule], clock=clock), clock, words) == phases


def test_the_faces_are_shown_what_is_pending_and_firing() -> None:
    clock = FakeClock()
    evaluator = Evaluator([rule_of("Slow", 50, for_seconds=15), RULE], clock=clock)
    evaluator.observe(view_of("0"))
    evaluator.observe(view_of("60"))
    clock.move(10)
    firing, pending = evaluator.observe(view_of("70"))
    assert firing == AlertRow(
        rule="GroupLag",
        state="firing",
        severity="critical",
        labels=(
            ("alertname", "GroupLag"),
            ("cluster", "demo"),
            ("group", "pay"),
            ("severity", "critical"),
            ("team", "pay"),
        ),
        summary=firing.summary,
        value=70.0,
        active_since=NOW,
        firing_since=NOW,
    )
    assert firing.summary.startswith("group pay on ")
    assert (pending.rule, pending.state, pending.active_since, pending.firing_since) == ("Slow", "pending", NOW, None)
    unknown, _ = evaluator.observe(view_of("!"))
    assert (unknown.state, unknown.value) == ("firing", None)
    assert make_view(view_of("70").snapshot, alerts=(firing, pending)).alerts == (firing, pending)


def test_an_alertmanager_is_told_when_it_fires_again_and_when_it_is_over() -> None:
    clock = FakeClock()
    with HttpReceiver() as server:
        evaluator = Evaluator(
            [RULE],
            [open_receiver("alertmanager", server.url)],
            page_url=lambda labels, _: f"https://kmon.example/groups/{labels['group']}?cluster={labels['cluster']}",
            clock=clock,
        )
        for word, count in (("70", 1), ("70", 1), ("!", 1), ("?", 1), ("70", 1), ("70", 1), ("80", 2), ("0", 3)):
            evaluator.observe(view_of(word))
            assert server.wait_for(lambda count=count: len(server.elements) == count)  # type: ignore[misc] # bound now
            clock.move(10)
        evaluator.stop(GUARD_SECONDS)
    first, again, over = server.elements
    assert [each["labels"] for each in server.elements] == [first["labels"]] * 3
    assert first["labels"] == {
        "alertname": "GroupLag",
        "cluster": "demo",
        "group": "pay",
        "severity": "critical",
        "team": "pay",
    }
    assert first["startsAt"] == again["startsAt"] == over["startsAt"] == "2026-09-21T14:13:20.000Z"
    assert over["endsAt"] == "2026-09-21T14:14:30.000Z"
    assert first["generatorURL"] == "https://kmon.example/groups/pay?cluster=demo"
    assert [each["annotations"]["lag"] for each in server.elements] == ["70", "80", "80"]
    assert over["annotations"]["resolution"] == "below"
    assert evaluator.counters.receivers[0].sent == 3


@pytest.mark.parametrize(("interval", "valid"), [(10, 240), (300, 1_200)])
def test_a_firing_alert_outlives_lost_sendings(interval: float, valid: float) -> None:
    """By four times the longer of interval and resend delay, from when it is sent."""
    recorder = Recorder()
    evaluator = Evaluator([RULE], [Receiver("r", recorder)], interval_seconds=interval)
    before = datetime.now().timestamp()  # noqa: DTZ005 - only its timestamp is used
    evaluator.observe(view_of("70"))
    evaluator.stop(GUARD_SECONDS)
    after = datetime.now().timestamp()  # noqa: DTZ005 - only its timestamp is used
    ((notice,),) = recorder.attempts
    assert before + valid <= notice.ends_at <= after + valid


def test_a_notice_starts_when_the_alert_fires_not_when_it_was_first_seen() -> None:
    clock, recorder = FakeClock(), Recorder()
    evaluator = Evaluator([rule_of("GroupLag", 50, for_seconds=20)], [Receiver("r", recorder)], clock=clock)
    play(evaluator, clock, "70 70 70")
    evaluator.stop(GUARD_SECONDS)
    ((notice,),) = recorder.attempts
    assert notice.starts_at == NOW + 20


def test_what_is_printed_is_one_line_an_event() -> None:
    clock, stream = FakeClock(), io.StringIO()
    evaluator = Evaluator([RULE], [open_receiver("stdout", stream)], clock=clock)
    play(evaluator, clock, "70 " * 20 + "! " * 20 + "0 " * 20)
    evaluator.stop(GUARD_SECONDS)
    firing, resolved, end = stream.getvalue().split("\n")
    assert firing.split()[:4] == ["2026-09-21T14:13:20.000Z", "FIRING", "critical", "GroupLag:"]
    assert resolved.split()[:4] == ["2026-09-21T14:20:00.000Z", "RESOLVED", "critical", "GroupLag:"]
    assert end == ""


def test_a_dead_receiver_delays_neither_a_healthy_one_nor_the_poll() -> None:
    """While one hangs in its first request and another always fails, the third gets all of it."""
    clock = FakeClock()
    with HttpReceiver(0) as hanging, HttpReceiver(500) as failing, HttpReceiver() as healthy:
        receivers = [open_receiver("alertmanager", each.url) for each in (hanging, failing, healthy)]
        evaluator = Evaluator([RULE], receivers, clock=clock)
        assert play(evaluator, clock, "70 " * 13 + "0") == "F" * 13 + "."
        assert healthy.wait_for(lambda: any(each["annotations"].get("resolution") for each in healthy.elements))
        assert failing.wait_for(lambda: failing.posts != [])
        assert hanging.wait_for(lambda: hanging.posts != [])
        assert (hanging.answered, len(hanging.posts)) == (0, 1)
        hanging.release()
        evaluator.stop(0.0)
        assert all(receiver.join(GUARD_SECONDS) for receiver in receivers)
    counters = {each.receiver: each for each in evaluator.counters.receivers}
    assert counters[receivers[1].name].sent == 0
    assert counters[receivers[1].name].last_error.startswith("HTTP 500")
    assert counters[receivers[2].name].last_error == ""


def test_an_alertmanager_that_comes_back_is_told_in_order() -> None:
    with HttpReceiver(500, 429, 503, 200) as server:
        policy = Policy(first_retry_seconds=0.001, last_retry_seconds=0.002)
        clock = FakeClock()
        evaluator = Evaluator([RULE], [Receiver("am", Alertmanager(server.url), policy)], clock=clock)
        play(evaluator, clock, "70 0")
        assert server.wait_for(lambda: server.answered >= 4)
        evaluator.stop(GUARD_SECONDS)
    ends = [each["annotations"].get("resolution", "fires") for post in server.posts[3:] for each in post]
    assert ends == ["fires", "below"]


def test_stopping_delivers_what_waits() -> None:
    with HttpReceiver() as server:
        evaluator = Evaluator([RULE], [open_receiver("alertmanager", server.url)])
        evaluator.observe(view_of("70"))
        evaluator.stop()
        assert len(server.elements) == 1


def test_stopping_says_what_was_not_delivered(caplog: pytest.LogCaptureFixture) -> None:
    with HttpReceiver(0) as server:
        receiver = open_receiver("alertmanager", server.url)
        evaluator = Evaluator([RULE], [receiver])
        evaluator.observe(view_of("70"))
        assert server.wait_for(lambda: server.posts != [])
        evaluator.stop(0.0)
        assert "stopped with 1 undelivered" in caplog.text
        server.release()
        assert receiver.join(GUARD_SECONDS)


def two_groups(pay: float, other: float) -> View:
    topics = [Topic("orders", [(0, 1_000)])]
    groups = [Group("pay", {("orders", 0): 1_000 - pay}), Group("other", {("orders", 0): 1_000 - other})]
    return make_view(snapshot_of(topics, groups))


def test_a_rule_that_cannot_be_evaluated_keeps_what_fires_and_spares_the_others(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()

    def fail(rule: RuleSettings, view: View, asked: Iterable[Labels]) -> Samples:
        if rule.name == "Broken" and NOW < clock.wall <= NOW + 30:
            raise OverflowError("too much")
        return samples(rule, view, asked)

    monkeypatch.setattr("alerts.evaluator.samples", fail)
    evaluator = Evaluator([rule_of("Broken", 50), rule_of("Plain", 50)], clock=clock)
    assert [row.rule for row in evaluator.observe(two_groups(70, 0))] == ["Broken", "Plain"]
    for _ in range(3):
        clock.move(10)
        rows = evaluator.observe(two_groups(70, 80))
        assert [(row.rule, row.state) for row in rows] == [("Broken", "firing")] + [("Plain", "firing")] * 2
    assert (evaluator.counters.evaluations, evaluator.counters.failures) == (8, 3)
    assert caplog.text.count("Traceback") == 1
    assert rows[0].value is None
    assert "too much" in rows[0].summary
    clock.move(10)
    assert evaluator.observe(two_groups(0, 0)) == ()


def test_clusters_do_not_answer_for_one_another() -> None:
    clock = FakeClock()
    evaluator = Evaluator([RULE], clock=clock)

    def on(cluster: str, lag: float) -> tuple[AlertRow, ...]:
        topics = [Topic("orders", [(0, 1_000)])]
        groups = [Group("pay", {("orders", 0): 1_000 - lag})]
        clock.move(10)
        return evaluator.observe(make_view(snapshot_of(topics, groups, cluster=cluster)))

    (before,) = on("east", 70)
    assert on("west", 0) == ()
    (after,) = on("east", 70)
    assert dict(after.labels)["cluster"] == "east"
    assert after.firing_since == before.firing_since


def test_a_jump_of_the_wall_clock_fires_and_resolves_nothing() -> None:
    clock = FakeClock()
    evaluator = Evaluator([rule_of("GroupLag", 50, for_seconds=60)], clock=clock)
    evaluator.observe(view_of("70"))
    for jump in (3_600, -7_200):
        clock.wall += jump
        clock.move(10)
        assert [row.state for row in evaluator.observe(view_of("70"))] == ["pending"]


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        Evaluator([RULE, RULE])


@pytest.mark.parametrize("make", [lambda: view_of("70"), lambda: view_of("!"), lambda: view_of("-?")])
def test_without_rules_nothing_is_shown(make: Callable[[], View]) -> None:
    assert Evaluator([]).observe(make()) == ()
