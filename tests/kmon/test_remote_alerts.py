"""kmon tui --url: the alerts of a running kmon, changed over its HTTP API as the terminal UI asks for it."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from silencing_kmon import HOSTILE, ID, LABELS, TOKEN, SilencingKmon
from textual.pilot import Pilot
from tui_screen import app_on, detail, table, text
from views import shop_view

from exporters.listen import serve
from kmon import cli
from kmon.commands.remote import Remote
from kmon.commands.remote_alerts import RemoteAlerts
from kmon.commands.tui import server_of
from monitor.model.silences import Matcher
from monitor.settings.api import ApiSettings
from monitor.settings.model import Settings
from tui.server import ServerError


class Running(SilencingKmon):
    """It is served on loopback."""

    url = ""


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    with serve(running.app, "127.0.0.1", 0) as running.url:
        yield running
    running.store.close()


Connect = Callable[..., RemoteAlerts]


@pytest.fixture
def remote(kmon: Running) -> Iterator[Connect]:
    """Connects to the server, or another, until the test ends."""
    made: list[RemoteAlerts] = []

    def connect(token: str | None = TOKEN, url: str = "") -> RemoteAlerts:
        made.append(RemoteAlerts(Remote(url or kmon.url, token), "ana"))
        return made[-1]

    yield connect
    for each in made:
        each.close()


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    for _ in range(500):
        await pilot.pause(0.02)
        if holds():
            return
    raise AssertionError(text(pilot.app))


async def test_the_terminal_ui_acknowledges_and_silences_on_a_real_server(kmon: Running) -> None:
    args = argparse.Namespace(url=kmon.url, created_by="ana")
    server = server_of(args, Settings(api=ApiSettings(token=SecretStr(TOKEN))))
    assert server is not None
    app, _ = app_on(shop_view(), server=server)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        await pilot.press("7", "tab", "tab")
        await until(pilot, lambda: ID in table(pilot).keys)
        await pilot.press("a", *"on it", "enter")
        await until(pilot, lambda: "acknowledged: Lag" in text(app) and "by ana: on it" in detail(app))
        assert [(each.labels, each.created_by) for each in kmon.mutes.acknowledgements()] == [(LABELS, "ana")]
        await pilot.press("s", *"broker 3", "enter")
        await until(pilot, lambda: "silenced, acknowledged by ana" in text(app))
        (silence,) = kmon.mutes.silences()
        assert silence.matchers == tuple(Matcher(name, "=", value) for name, value in LABELS)
        await pilot.press("x", "enter")
        await until(pilot, lambda: "silenced, acknowledged" not in text(app))
        await pilot.press("a", "enter")
        await until(pilot, lambda: "no longer acknowledged" in text(app))
        assert kmon.mutes.acknowledgements() == ()
    server.close()


def test_alerts_come_as_the_server_has_them_with_what_mutes_them_now(kmon: Running, remote: Connect) -> None:
    server = remote()
    server.acknowledge(ID, "on it")
    server.silence(['team=""', 'group="b"'], 60.0, "why")
    found = server.alerts("demo", None)
    view = kmon.source.latest()
    assert view is not None
    assert found.alerts == tuple(each.muted_by(kmon.mutes) for each in view.alerts)
    assert [each.acknowledged_by for each in found.alerts] == ["ana", ""]
    assert found.silences == kmon.mutes.silences()
    assert found.acknowledgements == kmon.mutes.acknowledgements()
    assert found.rules == view.rules != ()
    assert HOSTILE in found.alerts[0].summary


def test_a_cluster_with_another_name_is_found_by_its_id(kmon: Running, remote: Connect) -> None:
    view = kmon.source.latest()
    assert view is not None
    assert len(remote().alerts("prod", view.snapshot.cluster_id).alerts) == 2
    with pytest.raises(ServerError, match="does not monitor prod: it has demo"):
        remote().alerts("prod", "another")


@pytest.mark.parametrize(
    ("do", "words"),
    [
        (lambda connect: connect(None).acknowledge(ID, ""), "KMON_API_TOKEN"),
        (lambda connect: connect("wrong-wrong-wrong").silence(["a=b"], 60.0, "x"), "HTTP 401"),
        (lambda connect: connect().expire(["nothing"]), "HTTP 404: no such silence"),
        (lambda connect: connect().withdraw("nothing"), "HTTP 404"),
        (lambda connect: connect().silence(["a"], 60.0, "x"), "HTTP 400: matchers"),
        (lambda connect: connect(url="http://127.0.0.1:1").alerts("demo", None), "cannot reach kmon at"),
    ],
    ids=["no token", "wrong token", "no silence", "no acknowledgement", "no matcher", "unreachable"],
)
def test_what_is_refused_has_its_reason(
    kmon: Running, remote: Connect, do: Callable[[Connect], Any], words: str
) -> None:
    with pytest.raises(ServerError, match=words):
        do(remote)
    assert kmon.mutes.silences() == ()


def test_another_version_of_kmon_is_said(remote: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Remote, "get", lambda *_args, **_query: {"clusters": [{"cluster": "demo"}], "alerts": [{}]})
    with pytest.raises(ServerError, match="as another version of kmon does"):
        remote().alerts("demo", None)


def test_a_change_that_a_restart_loses_is_said(kmon: Running, remote: Connect) -> None:
    kmon.store.close()
    assert "a restart of kmon loses this" in remote().acknowledge(ID, "")


@pytest.mark.parametrize(
    ("words", "line"),
    [(["--once", "--url", "http://a"], "--url: not with --once"), (["--url", "127.0.0.1"], "--url: is not a URL")],
)
def test_what_cannot_be_used_is_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kmon.commands.tui.lacking", lambda: None)
    assert cli.main(["tui", "-b", "127.0.0.1:1", *words]) == 2
    assert capsys.readouterr().err.startswith(line)
