"""The launcher on a real Kafka: its brokers, every way that one of them can end, and Kafka's own tools."""

import signal
import socket
from contextlib import closing

import pytest
from breakable import Cluster
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from kafka_cluster import (
    broker_killed,
    broker_paused,
    broker_stopped,
    commit,
    make_topic,
    produce,
    unique,
    wait_until,
)

from kmon.demo.errors import DemoError
from kmon.demo.readiness import registered

pytestmark = pytest.mark.kafka


def unfenced(cluster: Cluster) -> set[int]:
    """Empty where the one that was asked did not answer in time."""
    return registered([*map(cluster.address, cluster.running)])


def answers(address: str) -> bool:
    try:
        KafkaAdminClient(bootstrap_servers=address, bootstrap_timeout_ms=1500, request_timeout_ms=1500).close()
    except KafkaError:
        return False
    return True


def test_three_brokers_with_racks_and_features(kafka: Cluster) -> None:
    with closing(kafka.admin()) as admin:
        brokers = admin.describe_cluster()["brokers"]
        features = admin.describe_features()
    assert {(b["broker_id"], b["rack"], f"{b['host']}:{b['port']}") for b in brokers} == {
        (i, f"r{i}", kafka.address(i)) for i in (1, 2, 3)
    }
    assert kafka.bootstrap == ",".join(map(kafka.address, kafka.ids))
    assert all(features[name]["finalized"][1] >= 1 for name in ("group.version", "share.version", "streams.version"))


def test_paused_broker_listens_and_never_answers(kafka: Cluster) -> None:
    with broker_paused(kafka, 2):
        assert kafka.state(2) == "paused"
        host, port = kafka.address(2).split(":")
        with socket.create_connection((host, int(port)), timeout=5):
            assert not answers(kafka.address(2))
        wait_until(lambda: unfenced(kafka) == {1, 3}, "fencing of broker 2")
    assert kafka.state(2) == "running"
    assert unfenced(kafka) == {1, 2, 3}
    assert answers(kafka.address(2))


@pytest.mark.parametrize(("broken", "code"), [(broker_killed, -signal.SIGKILL), (broker_stopped, 143)])
def test_ended_broker_comes_back_with_its_data(kafka: Cluster, broken: type, code: int) -> None:
    topic = make_topic(kafka, replicas=3)
    assert produce(kafka, topic, count=3, acks="all") == 3
    address, pid = kafka.address(3), kafka.process(3).pid
    with broken(kafka, 3):
        assert (kafka.state(3), kafka.process(3).poll()) == ("ended", code)
        assert produce(kafka, topic, count=2, acks="all") == 5
    assert kafka.address(3) == address
    assert kafka.process(3).pid != pid
    with closing(kafka.admin()) as admin:
        [described] = admin.describe_topics([topic])
    assert set(described["partitions"][0]["isr_nodes"]) == {1, 2, 3}


def test_kafkas_own_tool_reads_what_we_committed(kafka: Cluster) -> None:
    topic, group = make_topic(kafka), unique("group")
    produce(kafka, topic, count=9)
    commit(kafka, group, {(topic, 0): 4})
    told = kafka.run_tool(
        ".consumer.group.ConsumerGroupCommand", "--bootstrap-server", kafka.bootstrap, "--describe", "--group", group
    )
    assert [group, topic, "0", "4", "9", "5"] in [line.split()[:6] for line in told.splitlines()]


def test_failing_tool_tells_why(kafka: Cluster) -> None:
    with pytest.raises(DemoError, match=r"ConsumerGroupCommand exited with code 1: .*no-such-option"):
        kafka.run_tool(".consumer.group.ConsumerGroupCommand", "--no-such-option")
