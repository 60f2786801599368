"""kmon tui: it polls and evaluates as kmon serve does, sends nothing, keeps nothing, and shows what has stopped."""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from face_views import healthy, unreachable
from http_receiver import HttpReceiver
from kafka_cluster import wait_until
from small_cluster import small_cluster
from tui_screen import lines, settled
from views import shop_view

import monitor.poll.poller
from kmon import cli
from kmon.commands import tui
from kmon.commands.tui import Polls
from kmon.commands.wiring import polling
from monitor.model.view import AlertRow, View
from monitor.poll.loop import PollLoop
from monitor.poll.source import Memory
from monitor.settings.alerts import AlertSettings, RuleSettings
from monitor.settings.errors import SettingsError
from monitor.settings.model import ClusterSettings, Settings
from monitor.settings.security import SecuritySettings
from tui.app import KmonApp

CLUSTER = ClusterSettings(name="demo", bootstrap_servers=("a:1",), interval_seconds=0.1)


def settings_of(directory: Path, *alertmanagers: str, cluster: ClusterSettings = CLUSTER) -> Settings:
    alerts = AlertSettings(
        rules=(RuleSettings(name="Late", lag_above=1, for_seconds=0),),
        alertmanagers=alertmanagers,
        state_directory=str(directory),
    )
    return Settings(contexts=(cluster,), alerts=alerts)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    stub = small_cluster()
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: stub)


@pytest.fixture
def start() -> Iterator[Callable[[Settings], Polls]]:
    """Begins polls, which end with the test."""
    begun: list[Polls] = []

    def start(settings: Settings) -> Polls:
        begun.append(Polls(settings, settings.contexts))
        begun[-1].start()
        return begun[-1]

    yield start
    for each in begun:
        each.stop()


def firing(memory: Memory) -> list[AlertRow]:
    view = memory.latest()
    return [] if view is None else [each for each in view.alerts if each.state == "firing"]


@pytest.mark.usefixtures("client")
def test_rules_are_evaluated_and_nothing_is_sent_printed_or_written(
    tmp_path: Path, start: Callable[[Settings], Polls], capsys: pytest.CaptureFixture[str]
) -> None:
    with HttpReceiver() as receiver:
        settings = settings_of(tmp_path, receiver.url)
        polls = start(settings)
        wait_until(lambda: firing(polls.memories[0]), "an alert")
        assert {each.rule for each in firing(polls.memories[0])} == {"Late"}
        polls.stop()
        assert (receiver.posts, list(tmp_path.iterdir())) == ([], [])
        # The same settings under kmon serve do both.
        with polling(settings, settings.contexts) as serve:
            serve.start()
            assert receiver.wait_for(lambda: bool(receiver.posts))
        assert list(tmp_path.iterdir()) != []
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("client")
def test_it_watches_beside_a_kmon_serve_whose_state_it_leaves_alone(
    tmp_path: Path, start: Callable[[Settings], Polls], caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_of(tmp_path)
    with polling(settings, settings.contexts) as serve:
        serve.start()
        wait_until(lambda: firing(serve.memory), "an alert")
        polls = start(settings)
        wait_until(lambda: firing(polls.memories[0]), "an alert")
    assert "another kmon uses it" not in caplog.text


@pytest.mark.usefixtures("client")
async def test_a_dead_poll_thread_is_shown_with_the_reason_that_healthy_gives(
    tmp_path: Path, start: Callable[[Settings], Polls], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PollLoop, "_run", lambda _self: None)
    polls = start(settings_of(tmp_path))
    wait_until(polls.troubles, "the thread to be dead")
    app = KmonApp(polls.memories, troubles=polls.troubles)
    async with app.run_test(size=(100, 24)) as pilot:
        app._tick()
        await settled(pilot)
        assert lines(app)[2].strip() == "✘ demo: the poll thread is dead"


async def test_what_keeps_it_from_polling_is_shown_and_raised_when_it_is_quit(
    tmp_path: Path, start: Callable[[Settings], Polls], monkeypatch: pytest.MonkeyPatch
) -> None:
    security = SecuritySettings(protocol="SSL", ssl_cafile=str(tmp_path / "ca.pem"))
    cluster = CLUSTER.model_copy(update={"security": security})
    settings = settings_of(tmp_path, cluster=cluster)
    polls = start(settings)
    wait_until(polls.troubles, "the reason")
    (trouble,) = polls.troubles()
    assert trouble.startswith("kmon cannot poll: ")
    assert "ca.pem" in trouble

    monkeypatch.setattr(tui, "clusters_from", lambda _args: (settings, settings.contexts))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr(Polls, "stop", lambda self: self._thread.join())
    monkeypatch.setattr(tui, "run_app", lambda _app: None)
    with pytest.raises(SettingsError, match=r"ca\.pem"):
        tui.run(argparse.Namespace(once=False, url=None))


@pytest.mark.parametrize(
    ("view", "code", "out", "err"),
    [
        (healthy, 0, ["127.0.0.1:1", "●", "ok"], ""),
        (shop_view, 1, ["127.0.0.1:1", "✘", "critical"], "kmon tui: partial: lag of clicks-sessionizer is unknown: "),
        (unreachable, 2, [], "kmon tui: 127.0.0.1:1: "),
    ],
)
def test_once_prints_one_poll_and_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    view: Callable[[], View],
    code: int,
    out: list[str],
    err: str,
) -> None:
    monkeypatch.setattr("monitor.poll.poller.poll_once", lambda *_: view())
    assert cli.main(["tui", "--once", "-b", "127.0.0.1:1"]) == code
    told = capsys.readouterr()
    assert told.out.split()[:3] == out
    assert ("Status" in told.out) == (code < 2)
    assert err in told.err
    assert bool(told.err) == (code > 0)


def test_once_prints_every_cluster(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "kmon.yaml"
    file.write_text("contexts: [{name: a, bootstrap_servers: 'a:1'}, {name: b, bootstrap_servers: 'b:1'}]")
    views = {"a": unreachable, "b": healthy}
    monkeypatch.setattr("monitor.poll.poller.poll_once", lambda cluster, *_: views[cluster.title]())
    assert cli.main(["tui", "--once", "--config", str(file)]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("kmon tui: a: ")
    assert told.out.split()[:3] == ["b", "●", "ok"]
