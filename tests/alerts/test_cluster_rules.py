"""The alerts that kmon brings itself: a cluster that cannot be polled, and the watchdog."""

from dataclasses import replace

import pytest
from alert_fixtures import UNREACHABLE as ERROR
from alert_fixtures import FakeClock, Recorder, rule_of, view_of
from http_receiver import GUARD_SECONDS
from pydantic import ValidationError
from views import NOW

from alerts.annotations import annotate
from alerts.delivery import Receiver
from alerts.effective import rules_of
from alerts.evaluator import Evaluator
from alerts.rules import CONDITIONS
from monitor.analysis.view import make_view
from monitor.model.view import AlertRow, View
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, AlertSettings, UnreachableSettings, WatchdogSettings

LOST = UnreachableSettings(for_seconds=20)


def named(view: View, cluster: str) -> View:
    return make_view(replace(view.snapshot, cluster=cluster))


def play(evaluator: Evaluator, clock: FakeClock, words: str) -> str:
    phases = ""
    for word in words.split():
        rows = evaluator.observe(view_of(word))
        phases += rows[0].state[0].replace("f", "F") if rows else "."
        clock.move(10)
    return phases


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        ("70 ! ! ! ! 70", ".ppFF."),
        ("! ! ! 70", "ppF."),
        ("! ! 70 ! ! !", "pp.ppF"),
        ("70 -? ? denied", "...."),
    ],
)
def test_a_cluster_that_cannot_be_polled(words: str, phases: str) -> None:
    clock = FakeClock()
    assert play(Evaluator([LOST], clock=clock), clock, words) == phases


def test_it_is_told_with_the_reason_and_when_it_is_over() -> None:
    clock, recorder = FakeClock(), Recorder()
    pages = {"demo": "https://kmon.example/"}
    evaluator = Evaluator(
        [LOST],
        [Receiver("r", recorder)],
        page_url=lambda labels, _: f"{pages[labels['cluster']]}{labels.get('group')}",
        clock=clock,
    )
    play(evaluator, clock, "70 ! ! ! 70")
    evaluator.stop(GUARD_SECONDS)
    fired, over = (notice for attempt in recorder.attempts for notice in attempt)
    assert fired.labels == (("alertname", UNREACHABLE), ("cluster", "demo"), ("severity", "critical"))
    assert over.labels == fired.labels
    assert [fired.resolved, over.resolved] == [False, True]
    assert dict(fired.annotations)["summary"] == (
        f"cluster demo is unreachable since 2026-09-21 14:13:30 UTC; no poll has succeeded yet; {ERROR}"
    )
    assert dict(over.annotations)["summary"] == (
        "cluster demo is reachable again; it fired since 2026-09-21 14:13:30 UTC"
    )
    assert fired.url == "https://kmon.example/None"


def test_one_that_never_responded_is_unreachable_for_at_least_as_long_as_kmon_runs() -> None:
    clock = FakeClock()
    evaluator = Evaluator([LOST], clock=clock)
    rows: tuple[AlertRow, ...] = ()
    for _ in range(7):
        rows = evaluator.observe(view_of("!"))
        clock.move(10)
    assert " for at least 1 min, " in rows[0].summary


def test_it_ends_when_the_cluster_is_called_by_its_id() -> None:
    """Without a name in the settings a cluster is called by its address until it has responded."""
    clock, recorder = FakeClock(), Recorder()
    evaluator = Evaluator([LOST, rule_of("Lag", 50)], [Receiver("r", recorder)], clock=clock)
    for _ in range(4):
        evaluator.observe(named(view_of("!"), "a:9092"), "a:9092")
        clock.move(10)
    (row,) = evaluator.observe(named(view_of("70"), "id"), "a:9092")
    assert (row.rule, dict(row.labels)["cluster"]) == ("Lag", "id")
    clock.move(10)
    evaluator.observe(named(view_of("!"), "id"), "a:9092")
    evaluator.stop(GUARD_SECONDS)
    told = [notice for attempt in recorder.attempts for notice in attempt]
    assert [(dict(each.labels)["alertname"], dict(each.labels)["cluster"], each.resolved) for each in told] == [
        (UNREACHABLE, "a:9092", False),
        (UNREACHABLE, "a:9092", True),
        ("Lag", "id", False),
    ]


def test_the_watchdog_always_fires() -> None:
    clock = FakeClock()
    evaluator = Evaluator([WatchdogSettings()], clock=clock)
    assert play(evaluator, clock, "70 ! - 0 -?") == "FFFFF"
    (row,) = evaluator.observe(view_of("0"))
    assert (row.firing_since, row.severity) == (NOW, "none")
    assert row.summary == "kmon polls cluster demo and sends alerts since 2026-09-21 14:13:20 UTC"


def test_which_there_are_is_up_to_the_settings() -> None:
    (usual,) = rules_of(AlertSettings(catalogue=False))
    assert usual == UnreachableSettings(annotations={"runbook_url": "docs/runbooks.md#kmonclusterunreachable"})
    settings = AlertSettings.model_validate(
        {
            "catalogue": False,
            "unreachable": {"enabled": False},
            "watchdog": {"enabled": True, "labels": {"team": "kafka"}, "annotations": {"runbook": "here"}},
        }
    )
    (rule,) = rules_of(settings)
    assert rule == settings.watchdog
    evaluator = Evaluator([rule])
    (row,) = evaluator.observe(view_of("0"))
    assert ("team", "kafka") in row.labels
    (alert,) = evaluator._clusters["demo"].states[WATCHDOG].values()
    assert dict(annotate(rule, alert))["runbook"] == "here"


def test_their_names_are_theirs() -> None:
    with pytest.raises(ValueError, match="'KmonWatchdog' is a built-in alert"):
        AlertSettings.model_validate({"rules": [{"name": WATCHDOG, "lag_above": 1}]})
    assert list(CONDITIONS) == [UNREACHABLE, WATCHDOG]


@pytest.mark.parametrize("changes", [{"name": "Mine"}, {"for": -1.0}, {"for": float("inf")}])
def test_what_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        UnreachableSettings.model_validate(changes)
    assert [error["loc"] for error in caught.value.errors()] == [(*changes,)]
