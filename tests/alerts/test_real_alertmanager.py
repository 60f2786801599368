"""A real Alertmanager: what kmon posts is accepted whole, seen as firing, and seen as over."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from alert_fixtures import FakeClock, rule_of, view_of
from http_receiver import GUARD_SECONDS, HttpReceiver
from ready_server import answered, free_address, ready_server
from requirements import require
from views import Group, Topic, snapshot_of

from alerts.evaluator import Evaluator, Kept
from alerts.kept_alerts import KeptAlerts
from alerts.notifiers import open_receiver
from alerts.store import Store
from monitor.analysis.view import make_view

pytestmark = pytest.mark.alertmanager

CONFIG = """
route:
  receiver: page
  group_by: ["..."]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - {matchers: ['alertname="Grouped"'], group_by: [alertname, cluster], group_wait: 2s}
receivers: [{name: page, webhook_configs: [{url: "%s", send_resolved: true}]}]
"""
RESEND_SECONDS = 2.0
"""From one sending to the next; what is not sent again expires after four of them."""
T = TypeVar("T")
NAME = 'pay "x" <b>\n\x1b[2J \\ é世界'


def until(ask: Callable[[], T | None]) -> T:
    """What `ask` answers once it is not None; fails when it never is."""
    return answered(ask, GUARD_SECONDS)


@pytest.fixture(scope="module")
def pages() -> Iterator[HttpReceiver]:
    """Who is paged by that Alertmanager."""
    with HttpReceiver() as receiver:
        yield receiver


class Alertmanager:
    """An Alertmanager of our own on loopback, which can be ended and started again on the same storage."""

    def __init__(self, folder: Path, pages: HttpReceiver) -> None:
        program = shutil.which("alertmanager") or shutil.which("prometheus-alertmanager")
        if program is None:
            require("alertmanager", "no alertmanager or prometheus-alertmanager is in PATH")
        (folder / "config.yml").write_text(CONFIG % pages.url)
        self._address, self._log = free_address(), folder / "log"
        self.url = f"http://{self._address}"
        self._command = [
            program,
            f"--config.file={folder / 'config.yml'}",
            f"--storage.path={folder}",
            f"--web.listen-address={self._address}",
            "--cluster.listen-address=",
        ]

    def running(self) -> AbstractContextManager[str]:
        """Its base URL while it runs."""
        return ready_server(self._command, self._address, self._log, GUARD_SECONDS)


@pytest.fixture(scope="module")
def alertmanager(pages: HttpReceiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a running Alertmanager."""
    with Alertmanager(tmp_path_factory.mktemp("alertmanager"), pages).running() as url:
        yield url


def told(pages: HttpReceiver, alert: str) -> list[tuple[str, str]]:
    """Status and start of each notification of an alert, in order."""
    alerts = [each for post in pages.posts for each in post["alerts"] if each["labels"]["alertname"] == alert]
    return [(each["status"], each["startsAt"]) for each in alerts]


def alerts_at(url: str, name: str) -> list[dict[str, Any]]:
    """What Alertmanager lists of one alert name; it lists only what has not ended."""
    answer = httpx.get(f"{url}/api/v2/alerts", params={"filter": f'alertname="{name}"'}, trust_env=False)
    return answer.raise_for_status().json()  # type: ignore[no-any-return] # JSON


def test_it_sees_an_alert_fire_and_end(alertmanager: str) -> None:
    clock = FakeClock(wall=time.time() - 600)
    evaluator = Evaluator(
        [rule_of("GroupLag", 50, severity="critical", for_seconds=10, labels={"team": "pay"})],
        [open_receiver("alertmanager", alertmanager)],
        page_url=lambda labels, _: f"http://127.0.0.1:9308/groups/pay%0A?cluster={labels['cluster']}",
        clock=clock,
    )

    def observe(word: str) -> None:
        evaluator.observe(view_of(word, NAME))
        clock.move(1)

    observe("70")
    clock.move(10)
    observe("70+?")
    (alert,) = until(lambda: alerts_at(alertmanager, "GroupLag") or None)
    assert alert["labels"] == {
        "alertname": "GroupLag",
        "cluster": "demo",
        "group": NAME,
        "severity": "critical",
        "team": "pay",
    }
    assert alert["status"]["state"] in ("active", "unprocessed")
    assert alert["generatorURL"] == "http://127.0.0.1:9308/groups/pay%0A?cluster=demo"
    assert alert["annotations"]["lag"] == "≥ 70"
    assert r"\n\x1b[2J" in alert["annotations"]["summary"]

    clock.move(60)
    observe("!")
    until(
        lambda: next((each for each in alerts_at(alertmanager, "GroupLag") if "unknown" in each["annotations"]), None)
    )

    observe("0")
    until(lambda: True if alerts_at(alertmanager, "GroupLag") == [] else None)
    evaluator.stop(GUARD_SECONDS)
    (counters,) = evaluator.counters.receivers
    assert (counters.sent, counters.failed, counters.retries, counters.queued) == (3, 0, 0, 0)


def test_it_takes_a_batch_of_every_hostile_name(alertmanager: str) -> None:
    """One alert that it refused would be answered with 400, and counted."""
    names = ["", " ", "a/b?c#d%", "\x00", "\u202e", "\udcff", "'\"`{}[]", "x" * 10_000, "<script>", "${jndi:x}"]
    groups = [Group(name, {("orders", 0): 0}) for name in names]
    evaluator = Evaluator([rule_of("Hostile", 50)], [open_receiver("alertmanager", alertmanager)])
    evaluator.observe(make_view(snapshot_of([Topic("orders", [(0, 99)])], groups)))
    evaluator.stop(GUARD_SECONDS)
    (counters,) = evaluator.counters.receivers
    assert (counters.failed, counters.last_error) == (0, "")
    seen = {each["labels"].get("group") for each in alerts_at(alertmanager, "Hostile")}
    assert seen == {name.replace("\udcff", "\ufffd") or None for name in names}


def test_a_restart_is_no_news_to_it(alertmanager: str, pages: HttpReceiver, tmp_path: Path) -> None:
    """The first kmon's last word expires while the second one, whose `for` is an hour, is at work."""
    clock = FakeClock(wall=time.time() - 600)

    def run(for_seconds: float) -> tuple[Evaluator, Store]:
        store = Store(tmp_path)
        part = KeptAlerts(store, "demo")
        evaluator = Evaluator(
            [rule_of("Restarted", 50, for_seconds=for_seconds)],
            [open_receiver("alertmanager", alertmanager)],
            interval_seconds=RESEND_SECONDS,
            resend_seconds=RESEND_SECONDS,
            clock=clock,
            kept={"demo": Kept(part, part.load(clock.wall))},
            store=store,
        )
        return evaluator, store

    def end(evaluator: Evaluator, store: Store) -> None:
        evaluator.stop(GUARD_SECONDS)
        store.close(GUARD_SECONDS)

    first, store = run(for_seconds=0)
    first.observe(view_of("70"))
    end(first, store)
    (seen,) = until(lambda: alerts_at(alertmanager, "Restarted") or None)
    expires = datetime.fromisoformat(seen["endsAt"]).timestamp()
    assert pages.wait_for(lambda: bool(told(pages, "Restarted")))

    second, store = run(for_seconds=3_600)
    while time.time() < expires + 1:
        second.observe(view_of("70"))
        clock.move(RESEND_SECONDS)
        time.sleep(RESEND_SECONDS / 5)
    (still,) = alerts_at(alertmanager, "Restarted")
    assert still["startsAt"] == seen["startsAt"]
    second.observe(view_of("0"))
    end(second, store)
    assert pages.wait_for(lambda: len(told(pages, "Restarted")) > 1)
    assert [status for status, _ in told(pages, "Restarted")] == ["firing", "resolved"]
    assert len({start for _, start in told(pages, "Restarted")}) == 1


def kmon(alert: str, alertmanager: str, clock: FakeClock) -> Evaluator:
    """A kmon that sends again what fires every RESEND_SECONDS."""
    return Evaluator(
        [rule_of(alert, 50)],
        [open_receiver("alertmanager", alertmanager)],
        interval_seconds=RESEND_SECONDS,
        resend_seconds=RESEND_SECONDS,
        clock=clock,
    )


def expiry(alertmanager: str, alert: str) -> float:
    """When an alert ends that is not sent again, in unix seconds."""
    (seen,) = until(lambda: alerts_at(alertmanager, alert) or None)
    return datetime.fromisoformat(seen["endsAt"]).timestamp()


def test_groups_of_one_alert_are_one_notification(alertmanager: str, pages: HttpReceiver) -> None:
    groups = [Group(name, {("orders", 0): 0}) for name in ("pay", "ship", "mail")]
    evaluator = Evaluator([rule_of("Grouped", 50)], [open_receiver("alertmanager", alertmanager)])
    evaluator.observe(make_view(snapshot_of([Topic("orders", [(0, 99)])], groups)))
    evaluator.stop(GUARD_SECONDS)
    assert pages.wait_for(lambda: bool(told(pages, "Grouped")))
    (post,) = [each for each in pages.posts if each["alerts"][0]["labels"]["alertname"] == "Grouped"]
    assert {each["labels"]["group"] for each in post["alerts"]} == {"pay", "ship", "mail"}
    assert post["groupLabels"] == {"alertname": "Grouped", "cluster": "demo"}


def test_two_kmons_page_once_also_when_one_of_them_ends(alertmanager: str, pages: HttpReceiver) -> None:
    clock = FakeClock(wall=time.time() - 600)
    first, second = kmon("Twice", alertmanager, clock), kmon("Twice", alertmanager, clock)
    first.observe(view_of("70"))
    clock.move(1)
    second.observe(view_of("70"))
    assert pages.wait_for(lambda: bool(told(pages, "Twice")))
    first.stop(GUARD_SECONDS)
    expires = expiry(alertmanager, "Twice")
    while time.time() < expires + 1:
        clock.move(RESEND_SECONDS)
        second.observe(view_of("70"))
        time.sleep(RESEND_SECONDS / 5)
    assert len(alerts_at(alertmanager, "Twice")) == 1
    second.observe(view_of("0"))
    second.stop(GUARD_SECONDS)
    assert pages.wait_for(lambda: len(told(pages, "Twice")) > 1)
    assert [status for status, _ in told(pages, "Twice")] == ["firing", "resolved"]


def test_an_alertmanager_that_is_started_again_pages_no_second_time(pages: HttpReceiver, tmp_path: Path) -> None:
    clock = FakeClock(wall=time.time() - 600)
    alertmanager = Alertmanager(tmp_path, pages)
    evaluator = kmon("Again", alertmanager.url, clock)

    def watch(until_there: int) -> None:
        def there() -> bool | None:
            clock.move(RESEND_SECONDS)
            evaluator.observe(view_of("70"))
            return len(alerts_at(alertmanager.url, "Again")) == until_there or None

        until(there)

    with alertmanager.running():
        watch(1)
        assert pages.wait_for(lambda: bool(told(pages, "Again")))
    clock.move(RESEND_SECONDS)
    evaluator.observe(view_of("70"))  # while nobody is there to take it
    with alertmanager.running():
        watch(1)  # it holds alerts in memory only
        time.sleep(2)  # of its group_interval
        assert [status for status, _ in told(pages, "Again")] == ["firing"]
        evaluator.observe(view_of("0"))
        evaluator.stop(GUARD_SECONDS)
        assert pages.wait_for(lambda: len(told(pages, "Again")) > 1)
    assert [status for status, _ in told(pages, "Again")] == ["firing", "resolved"]
