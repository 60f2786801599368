"""Webhooks: the message, its signature, logins, and a body of one's own, against a real server."""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from receiver_fixtures import HOSTILE, group_of, receiver_settings, receivers_of, resolved, send
from views import NOW

from alerts.notice import Delivered, Retry
from alerts.notifiers import notifier_of
from alerts.notifiers.webhook import FIELDS, SIGNATURE, Webhook, signature
from monitor.model.fingerprint import fingerprint
from monitor.settings.errors import SettingsError


def test_a_webhook_is_sent_alertmanagers_message() -> None:
    firing, over = notice_of(HOSTILE, url="http://kmon/x"), resolved("two")
    with HttpReceiver() as server:
        outcomes = send(receiver_settings(type="webhook", url=f"{server.url}/hook?key=1"), group_of(firing, over))
    assert outcomes == [Delivered()]
    assert server.paths == ["/hook?key=1"]
    assert server.posts == [
        {
            "version": "4",
            "receiver": "r",
            "status": "firing",
            "notification_reason": "first notification",
            "groupKey": '{}:{alertname="Lag"}',
            "groupLabels": {"alertname": "Lag"},
            "commonLabels": {"alertname": "Lag", "severity": "warning"},
            "commonAnnotations": {},
            "externalURL": "",
            "truncatedAlerts": 0,
            "alerts": [
                {
                    "status": "firing",
                    "labels": {"alertname": "Lag", "group": HOSTILE, "severity": "warning"},
                    "annotations": dict(firing.annotations),
                    "startsAt": "2026-09-21T14:13:20.000Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "http://kmon/x",
                    "fingerprint": fingerprint(firing.labels),
                },
                {
                    "status": "resolved",
                    "labels": {"alertname": "Lag", "group": "two", "severity": "warning"},
                    "annotations": dict(over.annotations),
                    "startsAt": "2026-09-21T14:13:20.000Z",
                    "endsAt": "2026-09-21T14:13:29.000Z",
                    "generatorURL": "",
                    "fingerprint": fingerprint(over.labels),
                },
            ],
        }
    ]


def test_a_group_without_firing_alerts_is_resolved() -> None:
    with HttpReceiver() as server:
        send(receiver_settings(type="webhook", url=server.url), group_of(resolved("a"), reason="all alerts resolved"))
    assert (server.posts[0]["status"], server.posts[0]["notification_reason"]) == ("resolved", "all alerts resolved")


def test_the_fingerprint_is_prometheuss() -> None:
    """FNV-1a of 64 bits: that of no byte, and the published one of the letter a."""
    assert fingerprint(()) == "cbf29ce484222325"
    by_hand = 0xCBF29CE484222325
    for byte in b"a\xffb\xff":
        by_hand = ((by_hand ^ byte) * 0x100000001B3) & (2**64 - 1)
    assert fingerprint((("a", "b"),)) == f"{by_hand:016x}"


def test_a_webhook_is_signed_over_time_and_body() -> None:
    with HttpReceiver() as server:
        settings = receiver_settings(type="webhook", url=server.url, signing_secret="s3cret")
        assert Webhook(settings, clock=lambda: NOW + 0.5).notify(group_of(notice_of())) == Delivered()
    header = server.requests[0][SIGNATURE]
    digest = hmac.new(b"s3cret", f"{int(NOW)}.".encode() + server.bodies[0], hashlib.sha256).hexdigest()
    assert header == f"t={int(NOW)},v1={digest}" == signature("s3cret", server.bodies[0], int(NOW))


def test_logins_of_a_webhook_are_sent_as_they_are_now(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    with HttpReceiver() as server:
        basic, bearer = receivers_of(
            tmp_path,
            f"""
            - {{name: a, type: webhook, url: "{server.url}", username: me, password: "${{PW}}"}}
            - {{name: b, type: webhook, url: "{server.url}", bearer_token_file: token}}
            """,
            {"PW": "s3cr@t"},
        )
        send(basic, group_of(notice_of()))
        notifier = Webhook(bearer)
        notifier.notify(group_of(notice_of()))
        (tmp_path / "token").write_text("two\n")
        notifier.notify(group_of(notice_of()))
        (tmp_path / "token").unlink()
        away = notifier.notify(group_of(notice_of()))
    sent = [each["Authorization"] for each in server.requests]
    assert sent == ["Basic bWU6czNjckB0", "Bearer one", "Bearer two"]
    assert isinstance(away, Retry)
    assert away.reason == f"{tmp_path}/token: file not found"


def test_a_body_of_ones_own_has_fields_inside_json_strings() -> None:
    body = '{"msg": "{{ title }}", "all": ["{{alertname}}", "{{ severity }}", "{{ firing }}/{{ resolved }}"]}'
    hostile = notice_of(HOSTILE, annotations=(("summary", 'say "hi"\\'),))
    with HttpReceiver() as server:
        outcomes = send(receiver_settings(type="webhook", url=server.url, body=body), group_of(hostile, resolved("b")))
    assert outcomes == [Delivered()]
    assert server.posts == [
        {"msg": '[FIRING 1, RESOLVED 1] Lag: say "hi"\\', "all": ["Lag", "warning", "1/1"]},
    ]


def test_every_field_of_a_body_can_be_written() -> None:
    body = json.dumps({name: f"{{{{ {name} }}}}" for name in FIELDS})
    with HttpReceiver() as server:
        send(receiver_settings(type="webhook", url=server.url, body=body), group_of(notice_of("a", url="http://k/a")))
    assert server.posts[0] == {
        "receiver": "r",
        "status": "firing",
        "reason": "first notification",
        "title": "[FIRING 1] Lag: group a is behind",
        "text": ("FIRING warning Lag since 2026-09-21T14:13:20.000Z\n  group a is behind\n  Details: http://k/a"),
        "headline": "group a is behind",
        "summary": "group a is behind",
        "group_key": '{}:{alertname="Lag"}',
        "alertname": "Lag",
        "cluster": "",
        "severity": "warning",
        "firing": "1",
        "resolved": "0",
        "url": "http://k/a",
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('{"a": "{{ titel }}"}', "body: unknown field titel: did you mean title?"),
        ('{"a": "{{ title }"}', "body: {{ is not closed: write {{ field }}"),
        ('{"a": "{{ if x }}"}', "body: {{ if x }} is no field: write {{ field }}"),
        ('{"a": {{ title }}}', "body: is not JSON with its fields filled: write fields inside strings"),
    ],
)
def test_a_body_that_could_not_be_sent_is_refused(body: str, problem: str) -> None:
    with pytest.raises(SettingsError) as failure:
        notifier_of(receiver_settings(type="webhook", url="http://x", body=body))
    assert failure.value.problems == (problem,)
