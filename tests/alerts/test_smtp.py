"""Mails: what they say, encryption, logins and refusals, against a real SMTP server."""

import ssl
from pathlib import Path

import pytest
from alert_fixtures import notice_of
from certificates import Authority
from receiver_fixtures import HOSTILE, context_of, group_of, receiver_settings, resolved, send
from smtp_receiver import SmtpReceiver

from alerts.notice import Delivered, GiveUp, Outcome, Retry
from monitor.settings.receivers import ReceiverSettings


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("mail authority")


@pytest.fixture(scope="module")
def server_tls(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return context_of(authority.issue("mail", ["127.0.0.1"]), tmp_path_factory.mktemp("mail"))


def mail_settings(server: SmtpReceiver, **settings: object) -> ReceiverSettings:
    return receiver_settings(
        **{
            "type": "smtp",
            "server": server.address,
            "from": "kmon <kmon@example.com>",
            "to": ["a@example.com", "b@example.com"],
            "encryption": "none",
            **settings,
        }
    )


def test_a_group_is_one_mail_in_plain_text() -> None:
    hostile = notice_of(HOSTILE, annotations=(("summary", f"behind:\nBcc: x {HOSTILE}"),))
    with SmtpReceiver() as server:
        assert send(mail_settings(server), group_of(hostile, resolved("b")), group_of(resolved("c"))) == [
            Delivered(),
            Delivered(),
        ]
    first, second = server.mails
    assert server.recipients == [["a@example.com", "b@example.com"]] * 2
    assert first["Subject"].startswith("[FIRING 1, RESOLVED 1] Lag: behind:\\nBcc: x pay")
    assert first["Bcc"] is None
    assert (first["From"], first["To"]) == ("kmon <kmon@example.com>", "a@example.com, b@example.com")
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["In-Reply-To"] == second["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]
    assert first.get_content_type() == "text/plain"
    body = first.get_content().replace("\r\n", "\n")
    assert "RESOLVED warning Lag at 2026-09-21T14:13:29.000Z\n  group b is behind" in body
    assert body.endswith("Reason for this mail: first notification\n")


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_mail_is_encrypted_and_logged_in(
    encryption: str, authority: Authority, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    login = {"username": "me", "password": "s3cret", "ssl_cafile": str(tmp_path / "ca.pem"), "encryption": encryption}
    with SmtpReceiver(tls=server_tls, at_once=encryption == "tls") as server:
        assert send(mail_settings(server, **login), group_of(notice_of())) == [Delivered()]
        assert (server.encrypted, server.logins) == ([True], ["\0me\0s3cret"])
        (refused,) = send(mail_settings(server, **{**login, "password": "wrong"}), group_of(notice_of()))
        (untrusted,) = send(mail_settings(server, encryption=encryption), group_of(notice_of()))
    assert refused == GiveUp("SMTP 535: no such user")
    assert untrusted == Retry("TLS: the receiver's certificate is not accepted: unable to get local issuer certificate")
    assert len(server.mails) == 1


def test_a_server_without_starttls_gets_nothing_in_clear_text() -> None:
    with SmtpReceiver() as server:
        (outcome,) = send(mail_settings(server, encryption="starttls"), group_of(notice_of()))
    assert isinstance(outcome, Retry)
    assert "STARTTLS" in outcome.reason
    assert server.mails == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("451 busy", Retry("SMTP 451: busy")),
        ("550 no", GiveUp("SMTP 550: no")),
    ],
)
def test_the_code_of_a_mail_server_decides(answer: str, expected: Outcome) -> None:
    with SmtpReceiver(answer) as server:
        assert send(mail_settings(server), group_of(notice_of())) == [expected]


def test_recipients_that_are_refused() -> None:
    with SmtpReceiver() as server:
        server.refused_recipients = {"a@example.com": "550 unknown"}
        (some,) = send(mail_settings(server), group_of(notice_of()))
        server.refused_recipients["b@example.com"] = "450 greylisted"
        (all_of_them,) = send(mail_settings(server), group_of(notice_of()))
    assert some == GiveUp("SMTP 550: 1 recipient refused: unknown")
    assert all_of_them == Retry("SMTP 450: greylisted")
    assert len(server.mails) == 1


def test_a_mail_server_that_hangs_or_is_away_is_tried_again() -> None:
    with SmtpReceiver("hang") as server:
        (hanging,) = send(mail_settings(server, timeout="100ms"), group_of(notice_of()))
    (away,) = send(mail_settings(server), group_of(notice_of()))
    assert isinstance(hanging, Retry)
    assert "timed out" in hanging.reason
    assert isinstance(away, Retry)
    assert away.reason.startswith("ConnectionRefusedError")
