"""Alerts and silences in the terminal UI: those of a kmon that sends alerts, which is asked off the UI thread."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from tui_screen import app_on, detail, lines, monitor, table, text
from views import NOW, FixtureSource, shop_view

from monitor.analysis.view import with_alerts
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import Acknowledgement, Matcher, Silence
from monitor.model.view import AlertRow, RuleRow
from tui.app import KmonApp
from tui.screens.alerts import NEEDS, NOT_FIRING, wrong_silence
from tui.screens.form import FormScreen
from tui.screens.group import GroupScreen
from tui.server import ServerAlerts, ServerError

LABELS = (("alertname", "Lag"), ("group", "orders-fulfilment"), ("team", "\u202e[b]\n"))
ID = fingerprint(LABELS)
ALERT = AlertRow("Lag", "firing", "page", LABELS, "[b]\x1b it lags", 1.0, NOW - 90, NOW - 60)
OWN = replace(ALERT, rule="Own", labels=(("group", "own"),), state="pending", firing_since=None)
SILENCE = Silence("s1", (Matcher("group", "=~", "orders.*"),), NOW - 60, NOW + 3_600, "ben", "known [b]")
OVER = replace(SILENCE, id="s0", ends_at=NOW - 1)
SIZE = (120, 30)


OWN_RULES = (RuleRow("Own", "lag", "lag > 5", 60.0, "page", "send", "own.yaml:1:1"),)
THEIR_RULES = (
    RuleRow("Quiet", "topic", 'topic ~ "[b]"', 0.0, "ticket", "observe", "theirs.yaml:9:1"),
    RuleRow("Lag", "group", "lag > 5", 60.0, "page", "send", "theirs.yaml:1:1", 1, 2),
)


class Server:
    """An AlertServer in this process that records what it is asked, and refuses or hangs if a test tells it to."""

    url = "http://kmon.example"

    def __init__(self) -> None:
        self.alerts_: tuple[AlertRow, ...] = (ALERT,)
        self.silences: tuple[Silence, ...] = (OVER,)
        self.known: tuple[Acknowledgement, ...] = ()
        self.asked: list[tuple[Any, ...]] = []
        self.threads: set[threading.Thread] = set()
        self.error = self.refused = ""
        self.free = threading.Event()
        self.free.set()

    def alerts(self, cluster: str, cluster_id: str | None) -> ServerAlerts:
        self.threads.add(threading.current_thread())
        self.free.wait()
        if self.error:
            raise ServerError(self.error)
        silenced = tuple(each.id for each in self.silences if each is not OVER)
        by = self.known[0].created_by if self.known else ""
        rows = tuple(replace(each, silenced_by=silenced, acknowledged_by=by) for each in self.alerts_)
        return ServerAlerts(NOW, rows if cluster == "demo" else (), self.silences, self.known, THEIR_RULES)

    def acknowledge(self, name: str, comment: str) -> str:
        self.known = (Acknowledgement(LABELS, "ana", comment, NOW - 5),)
        return self._do("acknowledge", name, comment)

    def withdraw(self, name: str) -> str:
        self.known = ()
        return self._do("withdraw", name)

    def silence(self, matchers: Sequence[str], seconds: float, comment: str) -> str:
        self.silences = (SILENCE, OVER)
        return self._do("silence", tuple(matchers), seconds, comment)

    def expire(self, ids: Sequence[str]) -> str:
        self.silences = (OVER,)
        return self._do("expire", *ids)

    def _do(self, *asked: Any) -> str:
        self.threads.add(threading.current_thread())
        self.asked.append(asked)
        if self.refused:
            raise ServerError(self.refused)
        return f"done: {asked[0]}"


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Wait for what comes from another thread."""
    for _ in range(500):
        await pilot.pause(0.01)
        if holds():
            return
    raise AssertionError(text(pilot.app))


async def shows(pilot: Pilot[None], words: str) -> None:
    await until(pilot, lambda: words in text(pilot.app))


def app_with(server: Server | None) -> KmonApp:
    app, _ = app_on(with_alerts(shop_view(), (OWN,), rules=OWN_RULES), server=server)
    return app


async def test_without_a_server_the_own_alerts_are_listed_and_the_keys_say_what_they_need() -> None:
    app = app_with(None)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("7", "tab", "tab")
        assert table(pilot).keys == [fingerprint(OWN.labels)]
        assert f"Evaluated here, not sent. {NEEDS}" in lines(app)[2]
        for keys in (("a",), ("s",), ("tab", "s")):
            await pilot.press(*keys)
            await until(pilot, lambda: text(app).count("To acknowledge and silence alerts") > 1)
            assert not isinstance(app.screen, FormScreen)
            app.clear_notifications()


async def test_an_alert_is_acknowledged_and_that_withdrawn_off_the_ui_thread() -> None:
    server = Server()
    app = app_with(server)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("7", "tab", "tab")
        await until(pilot, lambda: table(pilot).keys == [ID])
        assert f"From kmon at {server.url}" in lines(app)[2]
        assert "[b]\\x1b it lags" in detail(app)
        await pilot.press("a")
        await shows(pilot, "Acknowledge Lag")
        await pilot.press(*"on it", "enter")
        await shows(pilot, "done: acknowledge")
        assert server.asked == [("acknowledge", ID, "on it")]
        await shows(pilot, "acknowledged by ana")
        assert detail(app).endswith("acknowledged 5 s ago by ana: on it")
        await pilot.press("a")
        await shows(pilot, "Withdraw the acknowledgement of Lag")
        await pilot.press("enter")
        await shows(pilot, "done: withdraw")
        assert server.asked[1:] == [("withdraw", ID)]
        assert threading.current_thread() not in server.threads
        await pilot.press("enter")
        assert isinstance(app.screen, GroupScreen)


async def test_an_alert_is_silenced_by_its_labels_and_the_silence_expires() -> None:
    server = Server()
    server.alerts_ = (ALERT, OWN)
    app = app_with(server)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("7", "tab", "tab")
        await until(pilot, lambda: ID in table(pilot).keys)
        await pilot.press("G", "a")
        await shows(pilot, NOT_FIRING)
        await pilot.press("g", "x")
        await shows(pilot, "No silence holds this alert back")
        await pilot.press("s")
        await shows(pilot, 'team="\\u202e[b]\\n"')
        await pilot.press("enter")
        await shows(pilot, "needs a comment")
        await pilot.press(*"known", "shift+tab", *"x", "tab", "enter")
        await shows(pilot, "for: 2hx is not a duration")
        await pilot.press("shift+tab", "backspace", "tab", "enter")
        await shows(pilot, "done: silence")
        matchers = tuple(str(Matcher(name, "=", value)) for name, value in LABELS)
        assert server.asked == [("silence", matchers, 7_200.0, "known")]
        await until(pilot, lambda: "silenced until" in detail(app))
        assert "by ben: known [b]" in detail(app)
        await pilot.press("tab")
        assert table(pilot).keys == ["s1"]
        await pilot.press("shift+tab", "x")
        await shows(pilot, "Expire the silence")
        await pilot.press("enter")
        await shows(pilot, "done: expire")
        assert server.asked[1:] == [("expire", "s1")]
        await pilot.press("tab")
        assert "No silences" in text(app)


async def test_silences_are_added_and_expired_in_their_own_list() -> None:
    server = Server()
    app = app_with(server)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("7", "shift+tab", "shift+tab")
        await until(pilot, lambda: app.picture.served is not None and app.picture.served.found is not None)
        await pilot.press("s", *"group=b", "enter", "enter", "enter", "enter", *"why", "enter")
        await until(pilot, lambda: table(pilot).keys == ["s1"])
        assert server.asked == [("silence", ("group=b",), 7_200.0, "why")]
        assert "s1, from" in detail(app)
        await pilot.press("x", "escape", "x", "enter")
        await until(pilot, lambda: table(pilot).keys == [])
        assert server.asked[1:] == [("expire", "s1")]


async def test_what_the_server_refuses_or_does_not_answer_is_said_in_words() -> None:
    server = Server()
    app, source = app_on(with_alerts(shop_view(), (OWN,)), server=server)
    server.error = "cannot reach kmon [b]\x1b"
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await pilot.press("7", "tab", "tab")
        await shows(pilot, "Evaluated here, not sent: cannot reach kmon [b]\\x1b")
        assert table(pilot).keys == [fingerprint(OWN.labels)]
        server.error = ""
        source.show(with_alerts(shop_view(1), (OWN,)))
        await until(pilot, lambda: table(pilot).keys == [ID])
        server.refused = "HTTP 401: needs the token"
        await pilot.press("a", "enter")
        await shows(pilot, "HTTP 401: needs the token")
        server.error = "timed out"
        source.show(with_alerts(shop_view(2), (OWN,)))
        await shows(pilot, "Last known, ")
        assert "timed out" in lines(app)[2]
        assert table(pilot).keys == [ID]


async def test_rules_are_those_of_the_kmon_whose_alerts_are_shown() -> None:
    app = app_with(None)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("7", *["tab"] * 4)
        assert table(pilot).keys == ["Own"]
        assert "lag: lag > 5 from own.yaml:1:1" in detail(app)
    app = app_with(Server())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("7", *["tab"] * 4)
        await until(pilot, lambda: table(pilot).keys == ["Lag", "Quiet"])
        row = next(line for line in lines(app) if "Lag" in line)
        assert row.split()[1:8] == ["firing", "Lag", "page", "1", "2", "1", "min"]
        await pilot.press("j")
        assert 'topic: topic ~ "[b]" from theirs.yaml:9:1' in detail(app)


async def test_a_server_that_hangs_holds_up_nothing() -> None:
    server = Server()
    server.free.clear()
    app = app_with(server)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("7", "tab", "tab")
        await shows(pilot, f"Asking kmon at {server.url}")
        await pilot.press("1")
        assert monitor(pilot).NAME == "overview"
        await pilot.press("q")
    assert not app.is_running
    server.free.set()


async def test_each_cluster_shows_its_own_alerts() -> None:
    server = Server()
    sources = [FixtureSource(shop_view()), FixtureSource(shop_view(cluster="other"), cluster="other")]
    app = KmonApp(sources, server=server, clock=lambda: NOW)
    async with app.run_test(size=SIZE) as pilot:
        app.watch_cluster(0)
        await pilot.press("7", "tab", "tab")
        await until(pilot, lambda: table(pilot).keys == [ID])
        app.watch_cluster(1)
        await shows(pilot, f"From kmon at {server.url}")
        assert table(pilot).keys == []
        app.watch_cluster(0)
        await until(pilot, lambda: table(pilot).keys == [ID])


@pytest.mark.parametrize("size", [(80, 24), (20, 5)])
async def test_alerts_silences_and_forms_fit_every_terminal(size: tuple[int, int]) -> None:
    server = Server()
    server.silences = (SILENCE,)
    app = app_with(server)
    async with app.run_test(size=size) as pilot:
        await pilot.press("7", "tab", "tab")
        await until(pilot, lambda: table(pilot).keys == [ID])
        for keys in (
            ("a",),
            ("escape", "s"),
            ("escape", "x"),
            ("escape", "tab"),
            ("s",),
            ("escape", "x"),
            ("escape", "tab"),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            assert [strip.cell_length for strip in strips] == [size[0]] * size[1]
            assert all(strip.text.isprintable() for strip in strips)
    assert server.asked == []


@pytest.mark.parametrize(
    ("matchers", "duration", "comment", "wrong"),
    [
        (["group=b", ""], "2h", "why", ""),
        (["group"], "2h", "why", "group is not a matcher"),
        (["group=~("], "2h", "why", "RE2"),
        (["", ""], "2h", "why", "needs a matcher"),
        (["group=b"], "", "why", "for: it is not a duration"),
        (["group=b"], "2h", "", "needs a comment"),
    ],
)
def test_what_is_wrong_with_a_silence_is_said_before_it_is_sent(
    matchers: list[str], duration: str, comment: str, wrong: str
) -> None:
    found = wrong_silence(matchers, duration, comment)
    assert wrong in found
    assert bool(found) is bool(wrong)
