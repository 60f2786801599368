"""An hour in which receivers fail, on a clock that the test moves: others go on, order is kept, nothing is lost."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from alert_fixtures import FakeClock, notice_of
from certificates import Authority
from http_receiver import HttpReceiver
from receiver_fixtures import context_of, receiver_settings, resolved
from smtp_receiver import SmtpReceiver
from views import NOW

from alerts.delivery import LONGEST_WAIT_SECONDS, Receiver
from alerts.notice import Notice, timestamp
from alerts.notifiers import notifier_of, receiver_of

HOUR = 3_600
POLL = 10
FAULTS = {"busy": 429, "broken": 500, "hangs": 0}
"""What a receiver responds for the first hour, 0 for nothing at all."""


def script() -> Iterator[tuple[int, Notice]]:
    """An incident every five minutes for an hour: each fires for seven minutes."""
    for number in range(12):
        start = 300 * number
        name = f"group-{number:02}"
        yield start, notice_of(name, starts_at=NOW + start)
        yield (
            start + 420,
            resolved(name, start + 420) if number % 2 else notice_of(name, starts_at=NOW + start, again=True),
        )


def settings_of(kind: str, url: str, timeout: str = "60s") -> dict[str, object]:
    """A receiver of a kind. Only one that hangs is waited for briefly: a busy machine delays the others too."""
    own: dict[str, object] = {"routing_key": "k"} if kind == "pagerduty" else {}
    if kind != "alertmanager":
        own = {**own, "group_by": ["group"], "repeat_interval": "24h"}
    return {"type": kind, "url": url, "timeout": timeout, **own}


class Simulation:
    """Receivers without threads on one clock. `tried` is when each failed, in seconds since the beginning."""

    def __init__(self, *settings: Mapping[str, object]) -> None:
        self.clock = FakeClock()
        self.start = self.clock.mono
        self.receivers = [
            receiver_of(receiver_settings(**each), monotonic=self.clock.monotonic, wall=self.clock.time, start=False)
            for each in settings
        ]
        self.tried: dict[str, list[float]] = {each.name: [] for each in self.receivers}

    @property
    def now(self) -> float:
        return self.clock.mono - self.start

    def run(self, until: float, events: list[tuple[int, Notice]]) -> None:
        """Polls until a time, each of which notices what has happened since."""
        while self.now < until:
            due = [notice for at, notice in events if self.now - POLL < at <= self.now]
            for receiver in self.receivers:
                receiver.offer(due, valid_seconds=240)
                self._turns(receiver)
            self.clock.move(POLL)

    def _turns(self, receiver: Receiver) -> None:
        while True:
            before = receiver.counters.retries
            wait = receiver.turn()
            if receiver.counters.retries > before:
                self.tried[receiver.name].append(self.now)
            if wait:
                return


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("webhook", "busy"),
        ("webhook", "broken"),
        ("webhook", "hangs"),
        ("pagerduty", "busy"),
        ("pagerduty", "broken"),
        ("slack", "broken"),
    ],
)
def test_an_hour_of_faults_loses_nothing(kind: str, fault: str) -> None:
    """The receiver that failed has in the end been sent exactly what the healthy one has, in the same order."""
    events = list(script())
    with HttpReceiver() as healthy, HttpReceiver(FAULTS[fault], headers={"Retry-After": "200"}) as failing:
        simulation = Simulation(
            {**settings_of(kind, failing.url, "100ms" if fault == "hangs" else "60s"), "name": "failing"},
            {**settings_of(kind, healthy.url), "name": "healthy"},
        )
        simulation.run(HOUR, events)
        sent = simulation.receivers[1].counters
        assert (sent.retries, sent.queued, sent.failed) == (0, 0, 0)
        assert sent.sent >= 12
        failed = simulation.receivers[0].counters
        assert (failed.sent, failed.failed, failed.dropped) == (0, 0, 0)
        assert failed.queued == sent.sent
        assert failed.last_error.startswith({"busy": "HTTP 429", "broken": "HTTP 500", "hangs": "ReadTimeout"}[fault])
        failing.release()
        failing.statuses = [200]
        simulation.run(HOUR + 1_200, events)
    assert without_name(failing.accepted) == without_name(healthy.accepted)
    assert simulation.receivers[0].counters.queued == 0


def test_an_hour_with_a_certificate_that_has_expired_loses_nothing(tmp_path: Path) -> None:
    events = list(script())
    authority = Authority("CA")
    (tmp_path / "ca.pem").write_text(authority.pem)
    tls = context_of(authority.issue("old", ["127.0.0.1"], days=-1), tmp_path)
    with HttpReceiver() as healthy, HttpReceiver(tls=tls) as failing:
        simulation = Simulation(
            {**settings_of("webhook", failing.url), "name": "failing", "ssl_cafile": str(tmp_path / "ca.pem")},
            {**settings_of("webhook", healthy.url), "name": "healthy"},
        )
        simulation.run(HOUR, events)
        failed = simulation.receivers[0].counters
        assert (failed.sent, failed.failed, failed.dropped, failing.posts) == (0, 0, 0, [])
        assert failed.last_error.endswith("certificate has expired")
        assert simulation.receivers[1].counters.queued == 0
        tls.load_cert_chain(*authority.issue("new", ["127.0.0.1"]).write(tmp_path, "new"))
        simulation.run(HOUR + 1_200, events)
    assert without_name(failing.accepted) == without_name(healthy.accepted)


def without_name(posts: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in post.items() if name != "receiver"} for post in posts]


@pytest.mark.parametrize("fault", ["busy", "broken"])
def test_an_alertmanager_that_was_away_knows_in_the_end_how_each_alert_stands(fault: str) -> None:
    events = list(script())
    with HttpReceiver() as healthy, HttpReceiver(FAULTS[fault]) as failing:
        simulation = Simulation(
            {**settings_of("alertmanager", failing.url), "name": "failing"},
            {**settings_of("alertmanager", healthy.url), "name": "healthy"},
        )
        simulation.run(HOUR, events)
        failing.release()
        failing.statuses = [200]
        simulation.run(HOUR + 600, events)
    ends = {timestamp(notice.ends_at) for _, notice in events if notice.resolved}
    last: list[dict[str, tuple[str, bool]]] = [{}, {}]
    for server, known in zip((failing, healthy), last, strict=True):
        for post in server.accepted:
            for alert in post:
                name = alert["labels"]["group"]
                over = alert["endsAt"] in ends
                assert (alert["startsAt"], True) != known.get(name), "fires after it was resolved"
                known[name] = (alert["startsAt"], over)
    assert len(last[1]) == 12
    assert last[0] == last[1]
    assert simulation.receivers[0].counters.queued == 0


def test_a_mail_server_that_fails_for_an_hour_loses_no_mail() -> None:
    events = list(script())
    with ExitStack() as stack:
        healthy, busy, hanging = (stack.enter_context(SmtpReceiver(each)) for each in ("250 OK", "451 busy", "hang"))

        def settings(server: SmtpReceiver, timeout: str) -> dict[str, object]:
            return {
                "name": server.address,
                "type": "smtp",
                "server": server.address,
                "from": "kmon@example.com",
                "to": "a@example.com",
                "encryption": "none",
                "timeout": timeout,
                "group_by": "group",
                "repeat_interval": "24h",
            }

        simulation = Simulation(settings(busy, "60s"), settings(hanging, "100ms"), settings(healthy, "60s"))
        simulation.run(HOUR, events)
        assert [len(each.mails) for each in (busy, hanging)] == [0, 0]
        busy.answer = hanging.answer = "250 OK"
        # On a busy machine an answer takes longer than what hangs was waited for.
        simulation.receivers[1]._notifier = notifier_of(receiver_settings(**settings(hanging, "60s")))
        simulation.run(HOUR + 1_200, events)
    subjects = [[mail["Subject"] for mail in each.mails] for each in (busy, hanging, healthy)]
    assert len(subjects[2]) >= 12
    assert subjects[0] == subjects[1] == subjects[2]


def test_a_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    with HttpReceiver(429, headers={"Retry-After": "200"}) as busy, HttpReceiver(503) as broken:
        simulation = Simulation(
            {**settings_of("webhook", busy.url), "name": "busy"},
            {**settings_of("webhook", broken.url), "name": "broken"},
        )
        simulation.run(HOUR, list(script()))
    gaps = [
        after - before for before, after in zip(simulation.tried["busy"], simulation.tried["busy"][1:], strict=False)
    ]
    assert len(gaps) >= HOUR / 220
    assert min(gaps) >= 200
    assert max(gaps) <= 200 + POLL
    # One that does not ask is tried at least once a minute.
    assert len(simulation.tried["broken"]) > HOUR / (60 + POLL)


def test_a_receiver_that_asks_for_a_day_is_tried_after_an_hour() -> None:
    with HttpReceiver(429, headers={"Retry-After": "86400"}) as server:
        simulation = Simulation({**settings_of("webhook", server.url), "name": "r"})
        simulation.run(3 * HOUR, list(script()))
    assert [at // LONGEST_WAIT_SECONDS for at in simulation.tried["r"]] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["alertmanager", "webhook", "pagerduty", "slack"])
def test_what_is_refused_is_counted_and_does_not_hold_up_the_rest(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A redirect and a wrong URL are given up, so that what comes after the mistake is mended arrives."""
    events = list(script())
    with HttpReceiver(302, headers={"Location": "http://127.0.0.1:1/"}) as moved, HttpReceiver(404) as wrong:
        simulation = Simulation(
            {**settings_of(kind, moved.url), "name": "moved"}, {**settings_of(kind, wrong.url), "name": "wrong"}
        )
        simulation.run(HOUR / 2, events)
        for each in simulation.receivers:
            assert (each.counters.queued, each.counters.retries, each.counters.sent) == (0, 0, 0)
            assert each.counters.failed >= 6
            lines = [line for line in caplog.messages if line.startswith(f"alerts to {each.name}: HTTP ")]
            if kind != "alertmanager":  # which is sent every alert again
                assert len(lines) == each.counters.failed
                assert "; given up: [FIRING 1] Lag: group group-00 is behind" in lines[0]
        moved.statuses = wrong.statuses = [200]
        simulation.run(HOUR, events)
    assert moved.accepted
    assert wrong.accepted
    assert [each.counters.last_error for each in simulation.receivers] == ["", ""]


def test_a_receiver_gets_only_what_matches() -> None:
    with HttpReceiver() as server, HttpReceiver() as all_of_them:
        simulation = Simulation(
            {**settings_of("webhook", server.url), "name": "one", "match": {"group": "~group-0[13]"}},
            {**settings_of("webhook", all_of_them.url), "name": "all", "send_resolved": False},
        )
        simulation.run(HOUR, list(script()))
    names = [(post["status"], post["groupLabels"]["group"]) for post in server.accepted]
    assert names == [
        ("firing", "group-01"),
        ("resolved", "group-01"),
        ("firing", "group-03"),
        ("resolved", "group-03"),
    ]
    assert [post["status"] for post in all_of_them.accepted] == ["firing"] * 12


def test_nothing_is_left_waiting_for_its_group_when_kmon_ends() -> None:
    with HttpReceiver() as server:
        receiver = receiver_of(receiver_settings(type="webhook", url=server.url, group_wait="1h"))
        receiver.offer([notice_of("a")])
        receiver.close(20)
        assert receiver.join(20)
    assert [post["notification_reason"] for post in server.accepted] == ["first notification"]


def test_a_group_is_sent_by_the_thread_when_its_wait_is_over() -> None:
    with HttpReceiver() as server:
        receiver = receiver_of(receiver_settings(type="webhook", url=server.url, group_wait="50ms"))
        receiver.offer([notice_of("a")])
        assert server.wait_for(lambda: len(server.accepted) == 1)
        receiver.close(20)
        assert receiver.join(20)
