"""Each notifier against a real receiver: what it sends, and what it makes of the answer."""

import base64
import io
import logging
import socket
from pathlib import Path

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from views import NOW

from alerts.notice import Delivered, GiveUp, Retry
from alerts.notifiers import NOTIFIERS, open_receiver
from alerts.notifiers.alertmanager import Alertmanager
from alerts.notifiers.stdout import Stdout
from monitor.settings.receivers import USES

HOSTILE = 'pay"<b>\n\x1b[2J\u202e\x00é\udcff'


def test_an_alert_is_posted_as_alertmanager_documents_it() -> None:
    firing = notice_of(HOSTILE, ends_at=NOW + 240, url="http://kmon/groups/x")
    resolved = notice_of("two", resolved=True, ends_at=NOW + 9.5)
    with HttpReceiver() as server:
        assert Alertmanager(f"{server.url}/am/").notify([firing, resolved]) == Delivered()
    assert server.paths == ["/am/api/v2/alerts"]
    assert server.requests[0]["Content-Type"] == "application/json"
    assert server.posts[0] == [
        {
            "labels": {"alertname": "Lag", "group": HOSTILE, "severity": "warning"},
            "annotations": dict(firing.annotations),
            "startsAt": "2026-09-21T14:13:20.000Z",
            "endsAt": "2026-09-21T14:17:20.000Z",
            "generatorURL": "http://kmon/groups/x",
        },
        {
            "labels": {"alertname": "Lag", "group": "two", "severity": "warning"},
            "annotations": dict(resolved.annotations),
            "startsAt": "2026-09-21T14:13:20.000Z",
            "endsAt": "2026-09-21T14:13:29.500Z",
        },
    ]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, Delivered),
        (202, Delivered),
        (204, Delivered),
        (400, GiveUp),
        (401, GiveUp),
        (404, GiveUp),
        (408, Retry),
        (429, Retry),
        (500, Retry),
        (503, Retry),
    ],
)
def test_the_answer_decides(status: int, kind: type) -> None:
    body = b"" if status == 204 else b"no\nsuch\x1b thing" + b"." * 100_000
    with HttpReceiver(status, body=body) as server:
        outcome = Alertmanager(server.url).notify([notice_of()])
    assert type(outcome) is kind
    if not isinstance(outcome, Delivered):
        assert outcome.reason.startswith(rf"HTTP {status}: no\nsuch\x1b thing...")
        assert len(outcome.reason) < 300


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_reported_and_not_followed(status: int) -> None:
    """It could carry the alerts, and the password, to another host."""
    with HttpReceiver() as other, HttpReceiver(status, headers={"Location": f"{other.url}/x"}) as server:
        outcome = Alertmanager(server.url.replace("//", "//me:secret@")).notify([notice_of()])
    assert isinstance(outcome, GiveUp)
    assert outcome.reason.startswith(f"HTTP {status}: redirects to {other.url}/x")
    assert other.posts == []


def test_nobody_there_and_no_answer_are_tried_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        outcome = Alertmanager(f"http://127.0.0.1:{taken.getsockname()[1]}").notify([notice_of()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("ConnectError")
    with HttpReceiver(0) as server:
        outcome = Alertmanager(server.url, timeout_seconds=0.05).notify([notice_of()])
    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("ReadTimeout")


def test_a_password_is_sent_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    with HttpReceiver() as server, caplog.at_level(logging.DEBUG):
        alertmanager = Alertmanager(server.url.replace("//", "//me:s3cr%40t@"))
        alertmanager.notify([notice_of()])
        assert alertmanager.url == f"{server.url}/api/v2/alerts"
    assert server.requests[0]["Authorization"] == "Basic " + base64.b64encode(b"me:s3cr@t").decode()
    assert "s3cr" not in caplog.text


def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpReceiver() as server, HttpReceiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        assert Alertmanager(server.url).notify([notice_of()]) == Delivered()
    assert proxy.posts == []


@pytest.mark.parametrize("url", ["", "alertmanager:9093", "ftp://x", "http://", "http://[::1", "https:///s3cret"])
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="the Alertmanager's address is no") as failure:
        Alertmanager(url)
    assert not url or url not in str(failure.value)


def test_stdout_prints_a_line_an_event() -> None:
    stream = io.StringIO()
    notices = [
        notice_of("a"),
        notice_of("b", resolved=True, ends_at=NOW + 9, annotations=(("summary", "two\nlines \x1b[2J"),)),
    ]
    assert Stdout(stream).notify(notices) == Delivered()
    assert stream.getvalue().split("\n") == [
        "2026-09-21T14:13:20.000Z FIRING warning Lag: group a is behind",
        r"2026-09-21T14:13:29.000Z RESOLVED warning Lag: two\nlines \x1b[2J",
        "",
    ]


def test_stdout_prints_what_the_terminal_cannot_as_escapes() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    assert Stdout(stream).notify([notice_of(annotations=(("summary", "lag ≥ 5"),))]) == Delivered()
    assert raw.getvalue().endswith(rb"lag \u2265 5" + b"\n")


def test_stdout_gives_up_on_a_closed_stream(tmp_path: Path) -> None:
    stream = (tmp_path / "out").open("w")
    stream.close()
    assert isinstance(Stdout(stream).notify([notice_of()]), GiveUp)


def test_stdout_is_whatever_it_is_at_the_time(capsys: pytest.CaptureFixture[str]) -> None:
    Stdout().notify([notice_of("a")])
    assert "FIRING warning Lag: group a is behind" in capsys.readouterr().out


def test_the_registry_makes_each_kind() -> None:
    assert {kind.name for kind in NOTIFIERS if kind.of} == set(USES)
    assert {kind.name: kind.make for kind in NOTIFIERS if not kind.grouped} == {
        "alertmanager": Alertmanager,
        "stdout": Stdout,
    }
    receiver = open_receiver("alertmanager", "http://me:secret@localhost:1/am")
    assert receiver.name == "http://localhost:1/am/api/v2/alerts"
    receiver.close(0)
    with pytest.raises(KeyError):
        open_receiver("pigeon")
