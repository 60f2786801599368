"""The Grafana dashboards on the demo cluster: a real Prometheus finds data for each panel that is not about trouble."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from grafana_boards import Target, targets, without_data
from prometheus_server import deployed, query, rules, until

pytestmark = [pytest.mark.kafka, pytest.mark.prometheus]

NOT_ON_THE_DEMO = (
    # Series that exist only for faults.
    r"kmon_group_partition_lost|kmon_topic_status|kmon_replica_offset_lag|kmon_partition_(?:offline|under_min_isr)",
    r"kmon_partition_(?:at_min_isr|out_of_sync_replicas|not_preferred_leader|eligible_leader_replicas)",
    r"kmon_partition_(?:reassigning|reassigned_ratio|open_transaction_records)",
    r"kmon_broker_status.*!=\"ok\".* == 1|kmon_group_status.*!=\"ok\".*share.* == 1",
    r"kmon_(?:collector_success|capability)\{[^}]*\}\) == 0$",
    r"kmon_events_total",
    # Series of several brokers, of other settings, and of receivers.
    r"kmon_broker_(?:size|leader)_skew_ratio|kmon_group_partition_owner_info|kmon_series_withheld",
    r"kmon_alert_notifications",
    # Series of what brokers report themselves, where the settings name their endpoints.
    r"kmon_broker_(?:handler_idle|request_p99|request_throttle_p99|bytes_in|bytes_out|deprecated_requests)_",
)
"""Patterns of expressions that may be empty on a healthy cluster of one broker whose kmon has default settings."""


@pytest.fixture(scope="module")
def demo(kafka_here: None) -> Iterator[str]:
    """The URL of the kmon of a demo cluster."""
    command = [sys.executable, "-m", "kmon", "demo", "--brokers", "1", "--no-tui", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            line = ""
            while not line.startswith("Metrics "):
                line = process.stdout.readline()
                assert line, "kmon demo ended"
            yield line.split()[1]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def test_every_panel_has_data_on_the_demo_cluster(demo: str, tmp_path: Path) -> None:
    expected = [target for target in targets() if not re.search("|".join(NOT_ON_THE_DEMO), target.expression)]
    assert len(expected) > 90
    with deployed(demo, tmp_path) as url:
        last: list[Target] = []

        def found() -> bool | None:
            nonlocal last
            last = [each for each in without_data(partial(query, url)) if each in expected]
            return not last or None

        try:
            until(found)
        except pytest.fail.Exception:
            pytest.fail("\n".join(f"{target}: {target.expression}" for target in last))
        assert [(rule["name"], rule["lastError"]) for rule in rules(url) if rule["health"] == "err"] == []
