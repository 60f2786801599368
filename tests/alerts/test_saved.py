"""Alerts as text and back, and what becomes of them in a run with other settings."""

import json
import math
from dataclasses import replace

import pytest
from alert_fixtures import changed, rule_of, view_of
from hostile import HOSTILE
from views import NOW

from alerts.rules import OVER, covers, samples
from alerts.samples import Sample, Samples
from alerts.saved import Saved, from_json, take_up, to_json
from alerts.state import FIRING, PENDING, RESOLVED, RESOLVED_SECONDS, Alert, State, step
from monitor.settings.alerts import RuleSettings, WatchdogSettings

RULE = rule_of("Lag", 50, for_seconds=20)
PAY = (("cluster", "shop"), ("group", "pay"))


def state_of(verdicts: str, rule: RuleSettings = RULE) -> State:
    """The alert on PAY after a series of T (true) and f (false), 10 s apart from NOW on."""
    state: State = {}
    for index, verdict in enumerate(verdicts):
        samples = Samples((Sample(PAY, 70.0),)) if verdict == "T" else Samples(false=frozenset([PAY]))
        state, _ = step(state, rule, samples, NOW + 10 * index, 1_000.0 + 10 * index)
    return state


def saved_of(verdicts: str, rule: RuleSettings = RULE) -> Saved:
    return Saved(NOW + 60, "shop", "id", {rule.name: tuple(state_of(verdicts, rule).values())})


def restarted(saved: Saved, rule: RuleSettings = RULE, cluster: str = "shop", later: float = 0.0) -> Alert:
    """The one alert in a new run, whose monotonic clock is at 5."""
    states, _ = take_up(from_json(to_json(saved)), [rule], cluster, "id", now=saved.saved_at + later, monotonic=5.0)
    (alert,) = states[rule.name].values()
    return alert


def test_alerts_come_back_as_they_were_but_for_the_clock_of_the_process() -> None:
    (alert,) = state_of("TTT").values()
    back = restarted(saved_of("TTT"))
    assert back.phase == FIRING
    assert back.held.since is None
    assert replace(back, held=alert.held, sent_at=alert.sent_at, resolved_monotonic=0.0) == alert
    assert back.sent_at == -math.inf


def test_a_pending_one_keeps_its_clock() -> None:
    back = restarted(saved_of("TT"))
    assert (back.phase, back.held.seconds, back.sent_at) == (PENDING, 10.0, None)


def test_a_resolved_one_is_told_for_the_rest_of_its_time() -> None:
    saved = saved_of("TTTf")
    for later, left in ((0.0, RESOLVED_SECONDS - 30), (400.0, RESOLVED_SECONDS - 430), (3_000.0, 0.0), (-90.0, 900.0)):
        back = restarted(saved, later=later)
        assert back.phase == RESOLVED
        assert back.resolved_monotonic + RESOLVED_SECONDS - 5.0 == left


def test_every_name_comes_back() -> None:
    alerts = []
    for name in [*HOSTILE, "\udcff", "\x00", "", "💥" * 500]:
        labels = (("cluster", name), ("group", name))
        every = (("alertname", name), *labels, ("severity", name))
        alerts.append(Alert(every, Sample(labels, 1.5, True, why=name), NOW, unknown_reason=name))
    saved = Saved(NOW, HOSTILE[0], None, {"a": tuple(alerts), HOSTILE[1]: tuple(alerts[:1])})
    assert to_json(saved).isascii()
    assert from_json(to_json(saved)) == saved


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "7",
        '"text"',
        "{}",
        '{"version": 2}',
        '{"version": 1}',
        "[" * 100_000,
        to_json(saved_of("TTT"))[:-9],
        to_json(saved_of("TTT")).replace('"active_at": 1', '"active_at": "'),
        to_json(saved_of("TTT")).replace('"value": 70.0', '"value": NaN'),
        to_json(saved_of("TTT")).replace('"value": 70.0', '"value": true'),
        to_json(saved_of("TTT")).replace('"sample"', '"simple"'),
        to_json(saved_of("TTT")).replace('["group", "pay"]', '["group", 7]'),
        to_json(saved_of("TTT")).replace('["group", "pay"]', '["group"]'),
        to_json(saved_of("TTT")).replace('"alertname"', '"name"'),
        to_json(saved_of("TTT")).replace('"cluster", "shop"', '"clusters", "shop"'),
        json.dumps({**json.loads(to_json(saved_of("T"))), "alerts": None}),
        json.dumps({**json.loads(to_json(saved_of("T"))), "alerts": [1]}),
        json.dumps({**json.loads(to_json(saved_of("T"))), "cluster": None}),
    ],
)
def test_anything_else_is_one_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


def test_a_rule_that_was_removed_ends_what_fired() -> None:
    saved = saved_of("TTT")
    states, (farewell,) = take_up(saved, [], "shop", "id", now=NOW, monotonic=0.0)
    assert states == {}
    assert (farewell.alert.labels, farewell.resolution) == (saved.alerts["Lag"][0].labels, "removed")
    for verdicts in ("T", "TTTf"):
        assert take_up(saved_of(verdicts), [], "shop", "id", now=NOW, monotonic=0.0) == ({}, ())


@pytest.mark.parametrize(
    "changes",
    [{"over": "partition"}, {"group": "other"}, {"over": "partition", "group": "pay"}],
)
def test_a_rule_that_no_longer_covers_an_alert_ends_it(changes: dict[str, object]) -> None:
    rule = changed(RULE, **changes)
    states, (farewell,) = take_up(saved_of("TTT"), [rule], "shop", "id", now=NOW, monotonic=0.0)
    assert (states, farewell.resolution, farewell.why) == ({}, "removed", "its rule no longer covers it")


@pytest.mark.parametrize("partition", ["", "x", "-1", "1.5"])
def test_labels_that_no_sample_has_are_left_alone(partition: str) -> None:
    """A rule that was given them could never be evaluated again."""
    labels = (*PAY, ("topic", "orders"), ("partition", partition))
    alert = Alert(labels, Sample(labels, 70.0), NOW)
    rule = changed(RULE, over="partition")
    assert take_up(Saved(NOW, "shop", "id", {"Lag": (alert,)}), [rule], "shop", "id", now=NOW, monotonic=0.0) == (
        {},
        (),
    )
    assert covers(rule, (*labels[:3], ("partition", "7")))
    assert not covers(WatchdogSettings(), labels)


@pytest.mark.parametrize("over", OVER)
def test_a_rule_covers_every_sample_it_has(over: str) -> None:
    rule = rule_of("Lag", 0, over=over, group=".*", topic="orders")
    found = samples(rule, view_of("70")).true
    assert found
    assert all(covers(rule, sample.labels) for sample in found)


def test_changed_labels_end_the_old_alert_and_the_new_one_goes_on() -> None:
    severe = changed(RULE, severity="critical")
    (old,) = state_of("TTT").values()
    states, (farewell,) = take_up(saved_of("TTT"), [severe], "shop", "id", now=NOW + 60, monotonic=0.0)
    assert (farewell.alert, farewell.resolution) == (old, "renamed")
    ((labels, new),) = states["Lag"].items()
    assert labels == new.labels
    assert dict(labels)["severity"] == "critical"
    assert (new.phase, new.fired_at, new.active_at, new.sent_at) == (FIRING, old.fired_at, old.active_at, None)
    # What nobody was told of needs no end.
    _, farewells = take_up(saved_of("TT"), [severe], "shop", "id", now=NOW + 60, monotonic=0.0)
    assert farewells == ()


def test_a_renamed_cluster_takes_its_alerts_along() -> None:
    states, (farewell,) = take_up(saved_of("TTT"), [RULE], "store", "id", now=NOW + 60, monotonic=0.0)
    ((labels, new),) = states["Lag"].items()
    assert dict(labels)["cluster"] == dict(new.sample.labels)["cluster"] == "store"
    assert dict(farewell.alert.labels)["cluster"] == "shop"


@pytest.mark.parametrize("cluster_id", [None, "other"])
def test_another_cluster_does_not(cluster_id: str | None) -> None:
    states, farewells = take_up(saved_of("TTT"), [RULE], "store", cluster_id, now=NOW + 60, monotonic=0.0)
    (alert,) = states["Lag"].values()
    assert (dict(alert.labels)["cluster"], farewells) == ("shop", ())


def test_a_longer_for_does_not_take_back_what_fires() -> None:
    patient = changed(RULE, for_seconds=3_600.0)
    back = restarted(saved_of("TTT"), patient)
    state, _ = step({back.labels: back}, patient, Samples((Sample(PAY, 70.0),)), NOW + 90, 15.0)
    assert [each.phase for each in state.values()] == [FIRING]
