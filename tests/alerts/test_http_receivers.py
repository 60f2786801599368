"""What all receivers over HTTP have: redirects, Retry-After and TLS, against real servers; and what a message says."""

import ssl
from pathlib import Path

import pytest
from alert_fixtures import notice_of
from certificates import Authority
from http_receiver import HttpReceiver
from receiver_fixtures import context_of, group_of, receiver_settings

from alerts.message import MOST, TITLE, text, title
from alerts.notice import Delivered, GiveUp, Outcome, Retry
from alerts.notifiers import NOTIFIERS, notifier_of
from monitor.settings.receivers import ReceiverSettings


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("receivers")


def http_settings(kind: str, url: str, **more: object) -> ReceiverSettings:
    """A receiver of a type that posts over HTTP."""
    own = {"pagerduty": {"routing_key": "k"}}.get(kind, {})
    return receiver_settings(type=kind, url=url, **own, **more)


HTTP_TYPES = ("alertmanager", "webhook", "pagerduty", "slack")


def outcome_of(settings: ReceiverSettings) -> Outcome:
    message = [notice_of()] if settings.type == "alertmanager" else group_of(notice_of())
    return notifier_of(settings).notify(message)  # type: ignore[arg-type] # each gets what it takes


@pytest.mark.parametrize("kind", HTTP_TYPES)
def test_a_redirect_is_not_followed(kind: str) -> None:
    with HttpReceiver() as other, HttpReceiver(302, headers={"Location": f"{other.url}/x"}) as server:
        outcome = outcome_of(http_settings(kind, server.url))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason == f"HTTP 302: redirects to {other.url}/x, which kmon does not follow: give that address"
    assert other.posts == []


@pytest.mark.parametrize("kind", HTTP_TYPES)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120.0), ("0.5", 0.5), ("-3", 0.0), ("nan", 0.0), ("soon", 0.0), ("Mon, 01 Jan 2024 00:00:00 GMT", 0.0)],
)
def test_a_receiver_says_how_long_to_wait(kind: str, header: str, seconds: float) -> None:
    with HttpReceiver(503, headers={"Retry-After": header}) as server:
        assert outcome_of(http_settings(kind, server.url)) == Retry("HTTP 503: Service Unavailable", seconds)


@pytest.mark.parametrize("kind", HTTP_TYPES)
def test_bad_tls_is_a_clear_reason(kind: str, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    trust = {"ssl_cafile": str(tmp_path / "ca.pem")}
    expired = context_of(authority.issue("x", ["127.0.0.1"], days=-1), tmp_path)
    other_host = context_of(authority.issue("x", ["example.com"]), tmp_path)
    good = context_of(authority.issue("x", ["127.0.0.1"]), tmp_path)
    refused = "TLS: the receiver's certificate is not accepted: "
    with HttpReceiver(tls=expired, body=b'{"ok": true}') as server:
        assert outcome_of(http_settings(kind, server.url, **trust)) == Retry(refused + "certificate has expired")
    with HttpReceiver(tls=other_host) as server:
        outcome = outcome_of(http_settings(kind, server.url, **trust))
        assert isinstance(outcome, Retry)
        assert outcome.reason.startswith(refused + "IP address mismatch")
        assert outcome_of(http_settings(kind, server.url, **trust, check_hostname=False)) == Delivered()
    with HttpReceiver(tls=good) as server:
        untrusted = outcome_of(http_settings(kind, server.url))
        assert untrusted == Retry(refused + "unable to get local issuer certificate")
        assert outcome_of(http_settings(kind, server.url, **trust)) == Delivered()
    with HttpReceiver() as server:
        plain = outcome_of(http_settings(kind, server.url.replace("http:", "https:")))
        assert isinstance(plain, Retry)
        assert plain.reason.startswith("TLS: ")


def test_a_client_certificate_is_shown(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    context = context_of(authority.issue("x", ["127.0.0.1"]), tmp_path)
    context.load_verify_locations(cadata=authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    cert, key = authority.issue("kmon").write(tmp_path, "client")
    with HttpReceiver(tls=context) as server:
        settings = http_settings(
            "webhook", server.url, ssl_cafile=str(tmp_path / "ca.pem"), ssl_certfile=str(cert), ssl_keyfile=str(key)
        )
        assert outcome_of(settings) == Delivered()
        without = outcome_of(http_settings("webhook", server.url, ssl_cafile=str(tmp_path / "ca.pem")))
    assert isinstance(without, Retry)


def test_a_title_is_short_and_a_text_bounded() -> None:
    many = group_of(*(notice_of(str(each), annotations=(("summary", "z" * 500),)) for each in range(MOST + 5)))
    assert len(title(many)) == TITLE
    assert text(many).endswith("and 5 more alerts")
    assert text(many).count("FIRING") == MOST


def test_the_news_come_first() -> None:
    old, new = notice_of("old"), notice_of("new")
    assert text(group_of(old, new, changed=(new,))).index("new") < text(group_of(old, new, changed=(new,))).index("old")
    assert title(group_of(old, new, changed=(new,))).endswith("group new is behind")


def test_all_types_are_tested_here() -> None:
    assert {each.name for each in NOTIFIERS if each.of} == {*HTTP_TYPES, "smtp", "apprise"}
