"""Several clusters in one process: one that hangs or is down delays no other and hides nothing of it."""

import socket
from pathlib import Path

import pytest
from breakable import Cluster
from kafka_cluster import commit, make_topic, produce, unique, wait_until
from real_kmon import Serve

from kmon.demo.node import free_ports

pytestmark = pytest.mark.kafka


def test_a_cluster_that_hangs_and_one_that_is_down_cost_another_nothing(kafka: Cluster, tmp_path: Path) -> None:
    topic, group = make_topic(kafka, "many"), unique("many")
    produce(kafka, topic, count=25)
    commit(kafka, group, {(topic, 0): 5})
    path = tmp_path / "kmon.yaml"
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        hanging = f"127.0.0.1:{silent.getsockname()[1]}"
        path.write_text(
            "contexts:\n"
            f"  - {{name: well, bootstrap_servers: '{kafka.bootstrap}', interval: 2s, request_timeout: 10s}}\n"
            f"  - {{name: hangs, bootstrap_servers: '{hanging}', interval: 30s, request_timeout: 10s}}\n"
            f"  - {{name: down, bootstrap_servers: '127.0.0.1:{free_ports(1)[0]}', interval: 1s}}\n"
        )
        with Serve("--config", str(path), "--no-dashboard") as serve:

            def up() -> dict[str, float]:
                return {
                    dict(labels)["cluster"]: value
                    for labels, value in serve.metrics().get("kmon_cluster_up", {}).items()
                }

            wait_until(lambda: up().get("well") == 1 and up().get("down") == 0, "the two that answer at once")
            polls = "kmon_last_successful_poll_timestamp_seconds"
            first = serve.metrics().get(polls)
            wait_until(lambda: serve.metrics().get(polls) != first, "its next polls, while the other still hangs")
            assert "hangs" not in up()
            lag = serve.metrics()["kmon_group_lag"]
            assert {labels: value for labels, value in lag.items() if dict(labels)["group"] == group} == {
                (("cluster", "well"), ("group", group)): 20
            }
