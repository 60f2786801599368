"""Clusters of the launcher that end or never start: every way it can end, and every way a start can fail."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest
from breakable import Cluster
from kafka import TopicPartition
from kafka_cluster import create_topic, make_topic, produce, unique, wait_until

from kmon.demo import cluster as cluster_module
from kmon.demo.errors import DemoError
from kmon.demo.node import free_ports
from kmon.demo.readiness import registered
from kmon.demo.shop import STREAMS_INPUT, STREAMS_OUTPUT
from kmon.demo.workload import streams_member

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("kafka_here")]

# Starts a cluster, tells its pids and folder, and waits for its end.
PARENT = """
import os, signal, sys
from kmon.demo.cluster import Cluster
with Cluster(brokers=1) as cluster:
    if sys.argv[1] == "pause":
        os.kill(cluster.process(1).pid, signal.SIGSTOP)
    other = cluster.spawn("other", ["sleep", "600"])
    try:
        print(cluster.process(1).pid, other.pid, cluster.folder, flush=True)
        sys.stdin.read()
    finally:
        print("left", flush=True)
"""


def gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@pytest.fixture(scope="module")
def parents(kafka_here: None) -> Iterator[list[subprocess.Popen[str]]]:
    """Three processes that start a cluster each, side by side; the first one pauses its broker."""
    with ExitStack() as running:
        parents = [running.enter_context(start_parent(mode)) for mode in ("pause", "run", "run")]
        yield parents
        for parent in parents:
            parent.kill()


def start_parent(mode: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def children(parent: subprocess.Popen[str]) -> tuple[list[int], Path]:
    """The pids and the folder of a parent's cluster, once it runs."""
    assert parent.stdout
    *pids, folder = parent.stdout.readline().split()
    assert not any(gone(int(pid)) for pid in pids)
    return [int(pid) for pid in pids], Path(folder)


def test_killed_parent_leaves_no_process_and_no_data(parents: list[subprocess.Popen[str]]) -> None:
    pids, folder = children(parents[0])
    parents[0].kill()
    wait_until(lambda: all(map(gone, pids)), f"the end of {pids}")
    wait_until(lambda: not folder.exists(), f"the removal of {folder}")


@pytest.mark.parametrize(("row", "number"), [(1, signal.SIGINT), (2, signal.SIGTERM)])
def test_interrupted_parent_leaves_no_process_and_no_data(
    parents: list[subprocess.Popen[str]], row: int, number: signal.Signals
) -> None:
    parent = parents[row]
    pids, folder = children(parent)
    parent.send_signal(number)
    assert parent.wait(timeout=30) == -number
    assert parent.stdout
    # Python turns SIGINT into an exception, and leaves by the front door.
    assert parent.stdout.read() == ("left\n" if number == signal.SIGINT else "")
    wait_until(lambda: all(map(gone, pids)), f"the end of {pids}")
    wait_until(lambda: not folder.exists(), f"the removal of {folder}")


def test_taken_port_is_left_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taker:
        taken = taker.getsockname()[1]
        offers = [[taken, *free_ports(1)], free_ports(2)]
        monkeypatch.setattr(cluster_module, "free_ports", lambda _count: offers.pop(0))
        with Cluster(brokers=1) as cluster:
            assert not offers
            assert cluster.address(1) != f"127.0.0.1:{taken}"
            assert registered([cluster.address(1)]) == {1}


def test_the_temporary_folder_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka Streams unpacks RocksDB, and clients unpack codecs, into Java's folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Cluster(brokers=1) as cluster:
        for topic in (STREAMS_INPUT, STREAMS_OUTPUT):
            create_topic(cluster, topic)
        streams_member(cluster, unique("streams"), "streams-1")
        (library,) = wait_until(lambda: [*tmp_path.rglob("librocksdbjni*")], "RocksDB in the cluster's folder")
        assert cluster.folder in library.parents
    assert not cluster.folder.exists()
    assert [*tmp_path.rglob("librocksdbjni*")] == []


def test_data_dir_is_kept_and_started_from_again(tmp_path: Path) -> None:
    with Cluster(brokers=1, data_dir=tmp_path / "kept") as cluster:
        topic = make_topic(cluster)
        produce(cluster, topic, count=6)
    with Cluster(brokers=1, data_dir=tmp_path / "kept") as cluster, closing(cluster.admin()) as admin:
        from kafka.admin import OffsetSpec

        partition = TopicPartition(topic, 0)
        assert admin.list_partition_offsets({partition: OffsetSpec.LATEST})[partition].offset == 6
    assert {each.name for each in (tmp_path / "kept").iterdir()} == {"broker-1"}


def test_broker_that_dies_at_start_shows_the_end_of_its_log() -> None:
    with pytest.raises(DemoError, match=r"no\.such\.Class") as raised:
        Cluster(brokers=1, config={"authorizer.class.name": "no.such.Class"}).__enter__()
    message = str(raised.value)
    assert message.startswith("broker 1 exited with code 1; logs are in /")
    logs = re.search(r"logs are in (\S+);", message)
    assert logs
    assert "no.such.Class" in (Path(logs[1]) / "broker-1.log").read_text()


def test_bad_property_is_named() -> None:
    with pytest.raises(DemoError, match=r"cannot format a log dir: .*Invalid value soon .*log\.retention\.ms"):
        Cluster(brokers=1, config={"log.retention.ms": "soon"}).__enter__()


def test_data_dir_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match=r"^cannot write to .*/file/data: Not a directory$"):
        Cluster(brokers=1, data_dir=tmp_path / "file" / "data").__enter__()


@pytest.mark.parametrize("brokers", [0, 6])
def test_number_of_brokers(brokers: int) -> None:
    with pytest.raises(DemoError, match="1 to 5 brokers"):
        Cluster(brokers=brokers)
