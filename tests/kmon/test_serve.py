"""kmon serve when a part of it fails: it tells so, and it does not stay as a process that serves nothing new."""

import asyncio
import gc
import re
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from answers import StubClient
from http_receiver import HttpReceiver
from kafka_cluster import wait_until
from small_cluster import small_cluster

import monitor.poll.poller
from kmon import cli
from kmon.commands.serve import serving
from monitor.model.view import View
from monitor.poll.poller import Poller
from monitor.settings.alerts import WATCHDOG, AlertSettings, RuleSettings
from monitor.settings.api import ApiSettings
from monitor.settings.metrics import MetricsSettings
from monitor.settings.model import ClusterSettings, Settings


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> StubClient:
    stub = small_cluster()
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: stub)
    return stub


def test_it_is_unhealthy_while_no_poll_can_be_made(client: StubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.poll.loop.PATIENCE_SECONDS", 0.5)
    poll = Poller.poll
    broken = threading.Event()

    def sometimes(self: Poller) -> View:
        if broken.is_set():
            raise MemoryError
        return poll(self)

    monkeypatch.setattr(Poller, "poll", sometimes)
    cluster = ClusterSettings(name="demo", bootstrap_servers=("a:1",), interval_seconds=0.1)
    alerts = AlertSettings(keep_state=False)
    settings = Settings(contexts=(cluster,), listen="127.0.0.1:0", dashboard=False, alerts=alerts)
    with serving(settings, settings.contexts) as (_, url), httpx.Client(base_url=url) as http:
        wait_until(lambda: http.get("/-/ready").is_success, "the first poll")
        wait_until(lambda: http.get("/-/healthy").text == "kmon is alive\n", "it to be healthy")
        broken.set()
        wait_until(lambda: http.get("/-/healthy").status_code == 503, "it to be unhealthy")
        assert re.fullmatch(
            r"demo: no poll has completed for \d+ s \(interval 0.1 s\): "
            r"[\d,]+ polls? failed, the last by MemoryError\n",
            http.get("/-/healthy").text,
        )
        assert http.get("/-/ready").is_success
        broken.clear()
        wait_until(lambda: http.get("/-/healthy").is_success, "it to be healthy again")


def test_it_ends_when_its_http_server_fails(
    client: StubClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    polled = threading.Event()
    poll = Poller.poll

    def noted(self: Poller) -> View:
        polled.set()
        return poll(self)

    async def main_loop(_server: uvicorn.Server) -> None:
        await asyncio.to_thread(polled.wait, 20)
        await asyncio.to_thread(wait_until, gc.get_freeze_count, "leaving out of collection what was set up")

    monkeypatch.setattr(Poller, "poll", noted)
    monkeypatch.setattr(uvicorn.Server, "main_loop", main_loop)
    monkeypatch.setenv("KMON_ALERTS_KEEP_STATE", "false")
    assert cli.main(["serve", "-b", "a:1", "--listen", "127.0.0.1:0", "--no-dashboard"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "kmon serve: the HTTP server failed: see the log for the reason"
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize(
    ("more", "start"),
    [
        ({"listen": "0.0.0.0:0"}, f"http://{socket.gethostname()}:{{port}}/groups/"),
        ({"listen": "127.0.0.1:0"}, "http://127.0.0.1:{port}/groups/"),
        ({"listen": "[::1]:0"}, "http://[::1]:{port}/groups/"),
        ({"listen": "127.0.0.1:0", "external_url": "https://kmon.example/k/"}, "https://kmon.example/k/groups/"),
        (
            {"listen": "127.0.0.1:0", "external_url": "https://kmon.example", "dashboard": False},
            "https://kmon.example/groups/",
        ),
    ],
)
def test_alerts_link_to_where_users_reach_kmon(client: StubClient, more: dict[str, Any], start: str) -> None:
    cluster = ClusterSettings(name="demo", bootstrap_servers=("a:1",), interval_seconds=0.1)
    with HttpReceiver() as receiver:
        rules = (RuleSettings(name="Lag", lag_above=0),)
        alerts = AlertSettings(keep_state=False, rules=rules, alertmanagers=(receiver.url,))
        settings = Settings(contexts=(cluster,), alerts=alerts, **more)
        with serving(settings, settings.contexts, insecure_allow_open=True) as (_, url):
            posted = wait_until(lambda: receiver.elements, "an alert")
            expected = start.format(port=urlsplit(url).port)
            assert posted[0]["generatorURL"].startswith(expected)
            if "external_url" in more:
                assert httpx.get(f"{url}/-/healthy", headers={"Host": "kmon.example"}).is_success


def test_the_metrics_have_the_names_that_the_settings_choose(client: StubClient) -> None:
    cluster = ClusterSettings(name="demo", bootstrap_servers=("a:1",), interval_seconds=0.1)
    settings = Settings(
        contexts=(cluster,),
        listen="127.0.0.1:0",
        dashboard=False,
        alerts=AlertSettings(keep_state=False),
        metrics=MetricsSettings(names=("kafka_exporter",)),
    )
    with serving(settings, settings.contexts) as (_, url), httpx.Client(base_url=url) as http:
        page = wait_until(lambda: (text := http.get("/metrics").text).count("\nkafka_brokers ") and text, "a poll")
    assert 'kmon_cluster_up{cluster="demo"} 1\n' in page
    assert "kmon_partition_end_offset" not in page
    assert "kminion_" not in page


def test_silences_and_heartbeats_are_those_of_the_settings(client: StubClient, tmp_path: Path) -> None:
    cluster = ClusterSettings(name="demo", bootstrap_servers=("a:1",), interval_seconds=0.1)
    token = "0123456789abcdef"
    with HttpReceiver() as switch:
        alerts = AlertSettings.model_validate(
            {"state_directory": str(tmp_path), "watchdog": {"enabled": True}, "heartbeat": {"url": switch.url}}
        )
        api = ApiSettings.model_validate({"token": token})
        settings = Settings(contexts=(cluster,), listen="127.0.0.1:0", dashboard=False, alerts=alerts, api=api)
        with (
            serving(settings, settings.contexts, print_alerts=False) as (_, url),
            httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}) as http,
        ):
            body = {"matchers": [f"alertname={WATCHDOG}"], "duration_seconds": 60, "created_by": "me", "comment": "x"}
            assert http.post("silences", json=body, headers={"Authorization": "Bearer wrong"}).status_code == 401
            made = http.post("silences", json=body).json()
            assert made["kept"]

            def silenced() -> bool:
                found = http.get("alerts").json().get("alerts", [])
                return any(each["silenced_by"] == [made["silence"]["id"]] for each in found)

            wait_until(silenced, "the alert to be silenced")
            assert switch.wait_for(lambda: len(switch.paths) > 0)
            page = wait_until(
                lambda: (text := httpx.get(f"{url}/metrics").text).count("notifications_sent_total{") and text, "a poll"
            )
            assert 'receiver="heartbeat"' in page
            assert re.search(r'^kmon_alert_state_kept\{cluster="[^"]+"\} 1$', page, re.MULTILINE)
