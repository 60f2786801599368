"""kmon demo as a user without a terminal runs it: a cluster, groups of every type, metrics, and nothing left behind."""

import re
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
from kafka_cluster import wait_until
from prometheus_client.parser import text_string_to_metric_families
from views import shop_view

from kmon.commands.demo import demo_settings, line_of

pytestmark = pytest.mark.kafka


def _group_types(url: str) -> dict[str, str]:
    """The groups on the metrics page whose lag is known, with their types."""
    with urllib.request.urlopen(url, timeout=10) as page:
        families = {each.name: each for each in text_string_to_metric_families(page.read().decode())}
    if not {"kmon_group_lag", "kmon_cluster_topics", "kmon_cluster_groups"} <= families.keys():
        return {}
    known = {each.labels["group"] for each in families["kmon_group_lag"].samples}
    return {
        each.labels["type"]: each.labels["group"]
        for each in families["kmon_group_info"].samples
        if each.labels["group"] in known
    }


def test_the_demo_shows_groups_of_every_type_and_leaves_nothing(kafka_here: None) -> None:
    command = [sys.executable, "-m", "kmon", "demo", "--brokers", "1", "--no-tui", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        assert demo.stdout
        try:
            told: dict[str, str] = {}
            while "Metrics" not in told:
                name, _, value = demo.stdout.readline().partition(" ")
                told[name] = value.strip()
            assert re.fullmatch(r"127\.0\.0\.1:\d+", told["Kafka"])
            wait_until(
                lambda: {"classic", "consumer", "share", "streams"} <= set(_group_types(told["Metrics"])),
                "a group of each type with a known lag",
                timeout_seconds=120,
            )
            line = ""
            while "groups (" not in line:
                line = demo.stdout.readline()
            assert "1 broker ·" in line
            children = psutil.Process(demo.pid).children(recursive=True)
            assert children
            demo.send_signal(signal.SIGINT)
            assert demo.wait(30) == 0
        finally:
            demo.kill()
    deadline = time.monotonic() + 10
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline, [child for child in children if child.is_running()]
        time.sleep(0.1)


def test_a_line_a_poll_tells_the_state_in_words() -> None:
    view = shop_view()
    line = line_of(view)
    assert view.totals.lag is None
    assert f"lag ≥ {view.totals.lag_at_least:,.0f} ·" in line
    assert "demo critical: 3 brokers · 9 partitions · 7 groups (1 ok, 3 behind, 1 lost, 2 unknown) · " in line
    assert line.endswith(f" · {view.verdict.sentence}")
    assert line_of(shop_view(error="connection refused")).endswith("  demo unreachable: connection refused")


def test_the_demo_asks_often_and_has_rules() -> None:
    settings = demo_settings("127.0.0.1:1,127.0.0.1:2", "127.0.0.1:9308")
    assert settings.cluster.bootstrap_servers == ("127.0.0.1:1", "127.0.0.1:2")
    assert settings.cluster.name == "demo"
    assert {rule.name for rule in settings.alerts.rules} == {"GroupBehind", "GroupFarBehind"}
