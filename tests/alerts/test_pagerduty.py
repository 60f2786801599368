"""PagerDuty: events that trigger and resolve, against a real server."""

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from receiver_fixtures import HOSTILE, group_of, receiver_settings, resolved, send

from alerts.notice import Delivered, GiveUp, Retry
from alerts.notifiers.pagerduty import SEVERITIES, dedup_key


def labelled(severity: str, group: str = "a", **more: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({"alertname": "Lag", "group": group, "severity": severity, "cluster": "shop", **more}.items()))


def test_pagerduty_gets_an_event_for_each_alert_that_is_news() -> None:
    page = notice_of(
        labels=labelled("page", HOSTILE),
        annotations=(("behind", "5 records"), ("note", "n"), ("runbook", "https://wiki/lag"), ("summary", "x" * 2_000)),
        url="http://kmon/x",
    )
    old, over = notice_of("old"), resolved("over")
    with HttpReceiver(202) as server:
        settings = receiver_settings(type="pagerduty", routing_key="k3y", url=f"{server.url}/v2/enqueue")
        assert send(settings, group_of(page, old, over, changed=(page, over))) == [Delivered()]
    assert server.paths == ["/v2/enqueue"] * 2
    trigger, resolve = server.posts
    assert resolve == {"routing_key": "k3y", "dedup_key": dedup_key(over), "event_action": "resolve"}
    assert trigger == {
        "routing_key": "k3y",
        "dedup_key": dedup_key(page),
        "event_action": "trigger",
        "client": "kmon",
        "client_url": "http://kmon/x",
        "links": [
            {"href": "https://wiki/lag", "text": "Runbook"},
            {"href": "http://kmon/x", "text": "Details"},
        ],
        "payload": {
            "summary": trigger["payload"]["summary"],
            "source": "shop",
            "severity": "critical",
            "timestamp": "2026-09-21T14:13:20.000Z",
            "component": 'pay"<b>\\n\\x1b[2J\\u202e\\x00é\\udcff',
            "class": "Lag",
            "custom_details": {"Behind": "5 records", "note": "n", "labels": dict(page.labels)},
        },
    }
    assert len(trigger["payload"]["summary"]) <= 1_024


def test_an_incident_is_resolved_by_the_key_that_opened_it() -> None:
    """The key is made from the labels alone: texts and times change, and several kmons see one alert."""
    one = notice_of("a", annotations=(("summary", "x"),))
    assert dedup_key(one) == dedup_key(resolved("a", 100)) != dedup_key(notice_of("b"))
    assert len(dedup_key(one)) <= 255


@pytest.mark.parametrize(("severity", "expected"), [*SEVERITIES.items(), ("something else", "error")])
def test_severities_of_pagerduty(severity: str, expected: str) -> None:
    with HttpReceiver(202) as server:
        send(
            receiver_settings(type="pagerduty", routing_key="k", url=server.url),
            group_of(notice_of(labels=labelled(severity))),
        )
    assert server.posts[0]["payload"]["severity"] == expected
    assert {each: SEVERITIES[each] for each in ("page", "ticket", "info")} == {
        "page": "critical",
        "ticket": "warning",
        "info": "info",
    }


def test_an_event_that_is_too_large_goes_without_its_details() -> None:
    own = tuple((f"note{each}", "x" * 1_000) for each in range(600))
    large = notice_of("a", annotations=(*own, ("summary", "behind")))
    with HttpReceiver(202) as server:
        send(receiver_settings(type="pagerduty", routing_key="k", url=server.url), group_of(large))
    assert len(server.bodies[0]) < 512_000
    assert server.posts[0]["payload"]["summary"] == "behind"


def test_pagerduty_that_is_busy_is_sent_all_again_and_one_that_refuses_an_event_gets_the_others() -> None:
    group = group_of(notice_of("a"), notice_of("b"))
    with HttpReceiver(202, 429, 202, headers={"Retry-After": "7"}) as server:
        outcomes = send(receiver_settings(type="pagerduty", routing_key="k", url=server.url), group, group)
    assert outcomes[0] == Retry("HTTP 429: Too Many Requests", 7.0)
    assert outcomes[1] == Delivered()
    keys = [post["dedup_key"] for post in server.posts]
    assert keys[:2] == keys[2:]
    with HttpReceiver(400, 202) as server:
        (outcome,) = send(receiver_settings(type="pagerduty", routing_key="k", url=server.url), group)
    assert isinstance(outcome, GiveUp)
    assert len(server.posts) == 2
