"""The heartbeat: requested while polls, rules and receivers work, and not one time more."""

from dataclasses import dataclass, field

import pytest
from alert_fixtures import FakeClock, rule_of, view_of
from http_receiver import HttpReceiver
from pydantic import ValidationError

from alerts.evaluator import Evaluator
from alerts.heartbeat import CHECK_SECONDS, SOON_SECONDS, Heartbeat
from monitor.settings.heartbeat import HeartbeatSettings


@dataclass
class Beats:
    """A heartbeat without a thread, and what is wrong with alerting."""

    url: str
    troubles: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = HeartbeatSettings.model_validate({"url": self.url, "interval": "60s", **self.options})
        self.heartbeat = Heartbeat(settings, lambda: self.troubles)


def test_it_is_sent_every_interval_while_nothing_is_wrong() -> None:
    with HttpReceiver() as server:
        beats = Beats(f"{server.url}/ping/1?x=y", options={"bearer_token": "t"})
        assert [beats.heartbeat.turn() for _ in range(3)] == [60.0] * 3
        assert server.paths == ["/ping/1?x=y"] * 3
        assert server.requests[0]["Authorization"] == "Bearer t"
    assert (beats.heartbeat.counters.sent, beats.heartbeat.counters.failed) == (3, 0)


def test_it_can_be_a_get() -> None:
    with HttpReceiver() as server:
        assert Beats(server.url, options={"method": "GET"}).heartbeat.turn() == 60.0
        assert server.methods == ["GET"]


def test_nothing_is_sent_while_something_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "alerts.heartbeat")
    with HttpReceiver() as server:
        beats = Beats(server.url, ["demo: rules were last evaluated 5 min ago"])
        assert [beats.heartbeat.turn() for _ in range(3)] == [CHECK_SECONDS] * 3
        assert server.paths == []
        beats.troubles.clear()
        assert beats.heartbeat.turn() == 60.0
        assert len(server.paths) == 1
    assert caplog.messages == [
        "no heartbeat is sent: demo: rules were last evaluated 5 min ago",
        "heartbeats are sent again",
    ]


@pytest.mark.parametrize("status", [500, 429, 404, 302])
def test_one_that_fails_is_tried_again_soon(status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "alerts.heartbeat")
    with HttpReceiver(status, status, 200) as server:
        beats = Beats(server.url)
        assert [beats.heartbeat.turn() for _ in range(3)] == [SOON_SECONDS, SOON_SECONDS, 60.0]
    assert (beats.heartbeat.counters.sent, beats.heartbeat.counters.failed) == (1, 2)
    assert [f"HTTP {status}" in caplog.messages[0], len(caplog.messages)] == [True, 2]


def test_nobody_there_is_a_failure_that_does_not_repeat_the_url(caplog: pytest.LogCaptureFixture) -> None:
    assert Beats("http://127.0.0.1:1/secret").heartbeat.turn() == SOON_SECONDS
    assert "secret" not in caplog.text


def test_rules_that_are_not_evaluated_are_a_reason_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    evaluator = Evaluator([rule_of("Lag", 50)], clock=clock, interval_seconds=10)
    assert evaluator.troubles(1) == ["a first poll is not done"]
    evaluator.observe(view_of("0"), "demo")
    assert evaluator.troubles(1) == []
    assert evaluator.troubles(2) == ["a first poll is not done"]
    clock.move(30)
    assert evaluator.troubles(1) == []
    clock.move(1)
    assert evaluator.troubles(1) == ["demo: rules were last evaluated 31 s ago"]
    evaluator.observe(view_of("!"), "demo")  # an unreachable cluster is what an alert is for
    assert evaluator.troubles(1) == []

    def broken(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr("alerts.evaluator.samples", broken)
        evaluator.observe(view_of("0"), "demo")
    assert evaluator.troubles(1) == ["demo: rule Lag cannot be evaluated"]
    evaluator.observe(view_of("0"), "demo")
    assert evaluator.troubles(1) == []


@pytest.mark.parametrize(
    ("url", "problem"), [("ftp://x", "is not an http or https URL"), ("http://u:p@x", "has a user name or password")]
)
def test_a_wrong_url_is_an_error_of_its_key(url: str, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem) as failure:
        HeartbeatSettings.model_validate({"url": url})
    assert failure.value.errors()[0]["ctx"]["key"] == "url"
