"""Log dirs and configs of a real cluster: what Kafka's own tools print, and a disk that breaks."""

import json
import math
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from breakable import Cluster
from kafka.admin import ConfigResource, ConfigResourceType
from kafka_cluster import make_topic, produce, wait_until
from real_kmon import settings_of

from monitor.collect.collectors.base import Collector
from monitor.collect.collectors.cluster import ClusterCollector
from monitor.collect.collectors.configs import ConfigCollector
from monitor.collect.collectors.log_dirs import LogDirCollector
from monitor.model.table import Table
from monitor.model.view import View
from monitor.poll.poller import Poller, poll_once

pytestmark = pytest.mark.kafka

TOPIC, BROKER = ConfigResourceType.TOPIC, ConfigResourceType.BROKER
Replica = tuple[int, str, str, int, int, int, bool]
"""Broker, log dir, topic, partition, size, lag, future."""


def poll(cluster: Cluster, *collectors: type[Collector]) -> View:
    view = poll_once(settings_of(cluster.bootstrap), (ClusterCollector, *collectors))
    assert view.up, view.snapshot.error
    return view


# -------------------------------------------------------------------- log dirs


def replicas(view: View, *topics: str) -> set[Replica]:
    table, dirs, names = view.snapshot.replicas, view.snapshot.log_dirs, view.snapshot.topics.topic
    columns = (
        table.broker.tolist(),
        dirs.path[table.log_dir],
        names[table.topic],
        table.partition.tolist(),
        table.size_bytes.astype(int).tolist(),
        table.offset_lag.astype(int).tolist(),
        table.future.tolist(),
    )
    return {row for row in zip(*columns, strict=True) if row[2] in topics}


def printed(cluster: Cluster, *topics: str) -> set[Replica]:
    """The same as Kafka's own tool prints it."""
    out = cluster.run_tool(
        ".LogDirsCommand", "--bootstrap-server", cluster.bootstrap, "--describe", "--topic-list", ",".join(topics)
    )
    answer = json.loads(next(line for line in out.splitlines() if line.startswith("{")))
    found = set()
    for broker in answer["brokers"]:
        for log_dir in broker["logDirs"]:
            for each in log_dir["partitions"]:
                topic, _, number = each["partition"].rpartition("-")
                place = (broker["broker"], log_dir["logDir"], topic, int(number))
                found.add((*place, each["size"], each["offsetLag"], each["isFuture"]))
    return found


def test_sizes_are_those_of_kafkas_own_tool(kafka: Cluster) -> None:
    topics = [make_topic(kafka, "disk", partitions=3), make_topic(kafka, "disk", partitions=1, replicas=2)]
    for number, topic in enumerate(topics):
        produce(kafka, topic, count=20 + number, value=b"x" * 1000)

    def settled() -> View | None:
        """A View in which the followers have what the leaders have."""
        view = poll(kafka, LogDirCollector)
        sizes = {topic: [row[4] for row in replicas(view, topic) if row[3] == 0] for topic in topics}
        return view if all(min(each) == max(each) > 20_000 for each in sizes.values() if each) else None

    view = wait_until(settled, "replication of the records")
    assert len(replicas(view, *topics)) == 3 * 3 + 2
    assert replicas(view, *topics) == printed(kafka, *topics)
    dirs = view.snapshot.log_dirs
    assert dirs.broker.tolist() == list(kafka.ids)
    disk = shutil.disk_usage(kafka.folder)
    assert dirs.total_bytes.tolist() == [disk.total] * 3
    assert (dirs.usable_bytes > 0).all()
    assert view.complete


@pytest.fixture
def two_disks(kafka_here: None, tmp_path: Path) -> Iterator[Cluster]:
    """One broker with the log dirs `tmp_path / "a"`, which has the metadata, and `tmp_path / "b"`."""
    config = {
        "log.dirs": f"{tmp_path / 'a'},{tmp_path / 'b'}",
        # Writing this checkpoint is how an idle broker finds that a disk is gone.
        "replica.high.watermark.checkpoint.interval.ms": 500,
    }
    with Cluster(brokers=1, config=config) as cluster:
        yield cluster


def test_a_log_dir_that_breaks_is_told_and_costs_only_its_own_rows(two_disks: Cluster, tmp_path: Path) -> None:
    good, bad = str(tmp_path / "a"), str(tmp_path / "b")
    topic = make_topic(two_disks, "spread", partitions=8)
    for partition in range(8):
        produce(two_disks, topic, partition)
    before = poll(two_disks, LogDirCollector)
    assert before.snapshot.log_dirs.path.tolist() == [good, bad]
    assert replicas(before, topic) == printed(two_disks, topic)
    assert {row[1] for row in replicas(before, topic)} == {good, bad}

    shutil.rmtree(bad)
    Path(bad).touch()

    def broken() -> View | None:
        view = poll(two_disks, LogDirCollector)
        return None if view.complete else view

    view = wait_until(broken, "the loss of a log dir")
    dirs = view.snapshot.log_dirs
    offline = "broker 1: the log dir is offline (KAFKA_STORAGE_ERROR)"
    assert dirs.path.tolist() == [good, bad]
    assert [view.reasons[code] for code in dirs.reason] == ["", offline]
    assert dirs.total_bytes[0] > 0
    assert math.isnan(dirs.total_bytes[1])
    assert replicas(view, topic) == {row for row in replicas(before, topic) if row[1] == good}
    assert math.isnan(view.broker_totals.size_bytes[0]), "a sum over the disks that are left is not a size"
    outcome = view.outcome("log_dirs")
    assert outcome is not None
    assert outcome.error == offline


# -------------------------------------------------------------------- configs


def row(view: View, table: Table, at: int) -> dict[str, Any]:
    values = {each.name: getattr(table, each.name)[at] for each in table.schema()}
    return {**values, "reason": view.reasons[values["reason"]]}


def topic_row(view: View, topic: str) -> dict[str, Any]:
    return row(view, view.snapshot.topic_configs, view.topic_rows[topic])


def broker_row(view: View, broker: int) -> dict[str, Any]:
    table = view.snapshot.broker_configs
    return row(view, table, table.broker.tolist().index(broker))


def said(cluster: Cluster, kind: ConfigResourceType, name: str) -> dict[str, str]:
    """All configs as kafka-python's admin gives them."""
    with closing(cluster.admin()) as admin:
        answer = admin.describe_configs([ConfigResource(kind, name)], config_filter="all")
    (configs,) = (each for kinds in answer.values() for each in kinds.values())
    return {key: each["value"] for key, each in configs.items()}


@contextmanager
def altered(cluster: Cluster, kind: ConfigResourceType, name: str, **configs: object) -> Iterator[None]:
    """Configs set while inside, with `_` for `.`; returns when the brokers say so."""
    wanted = {key.replace("_", "."): str(value) for key, value in configs.items()}
    with closing(cluster.admin()) as admin:
        admin.alter_configs([ConfigResource(kind, name, wanted)])
        try:
            wait_until(lambda: wanted.items() <= said(cluster, kind, name).items(), f"{wanted} of {name}")
            yield
        finally:
            admin.reset_configs([ConfigResource(kind, name, dict.fromkeys(wanted))])
            wait_until(lambda: not wanted.items() <= said(cluster, kind, name).items(), f"reset of {name}")


def test_configs_of_topics_are_what_the_admin_says_also_after_a_change(kafka: Cluster) -> None:
    topic, twin = (make_topic(kafka, "configs", retention_ms=3_600_000, cleanup_policy="compact,delete") for _ in "ab")
    first = poll(kafka, ConfigCollector)
    values, theirs = topic_row(first, topic), said(kafka, TOPIC, topic)
    assert values["reason"] == ""
    assert values["min_insync_replicas"] == int(theirs["min.insync.replicas"])
    assert values["retention_seconds"] == int(theirs["retention.ms"]) / 1000 == 3600
    assert (values["retention_bytes"], theirs["retention.bytes"]) == (math.inf, "-1")
    assert (values["local_retention_seconds"], theirs["local.retention.ms"]) == (3600, "-2")
    assert values["cleanup_policy"] == theirs["cleanup.policy"]
    assert values["unclean_election"] == {"false": 0, "true": 1}[theirs["unclean.leader.election.enable"]]
    assert values["timestamp_type"] == theirs["message.timestamp.type"]
    assert values["remote_storage"] == {"false": 0, "true": 1}[theirs["remote.storage.enable"]]
    assert values == topic_row(first, twin)

    changes = {"retention_ms": -1, "retention_bytes": 4096, "segment_bytes": 2_000_000}
    with altered(kafka, TOPIC, topic, **changes, message_timestamp_type="LogAppendTime"):
        changed = topic_row(poll(kafka, ConfigCollector), topic)
        assert (changed["retention_seconds"], changed["retention_bytes"]) == (math.inf, 4096)
        assert changed["timestamp_type"] == "LogAppendTime"
    with altered(kafka, TOPIC, topic, segment_bytes=2_000_000):
        drifted = topic_row(poll(kafka, ConfigCollector), topic)
    assert len({each["digest"] for each in (values, changed, drifted)}) == 3
    later = topic_row(poll(kafka, ConfigCollector), twin)
    assert later == values


def test_configs_of_brokers_are_what_the_admin_says_also_after_a_change(kafka: Cluster) -> None:
    first = poll(kafka, ConfigCollector)
    assert first.snapshot.broker_configs.broker.tolist() == list(kafka.ids)
    values, theirs = broker_row(first, 2), said(kafka, BROKER, "2")
    assert values["min_insync_replicas"] == int(theirs["min.insync.replicas"])
    assert values["replication_factor"] == int(theirs["default.replication.factor"])
    assert values["retention_seconds"] == int(theirs["log.retention.hours"]) * 3600
    assert values["offsets_retention_seconds"] == int(theirs["offsets.retention.minutes"]) * 60
    assert values["transaction_max_timeout_seconds"] == int(theirs["transaction.max.timeout.ms"]) / 1000
    assert values["unclean_election"] == {"false": 0, "true": 1}[theirs["unclean.leader.election.enable"]]
    assert values["auto_create_topics"] == {"false": 0, "true": 1}[theirs["auto.create.topics.enable"]]
    digests = {broker_row(first, broker)["digest"] for broker in kafka.ids}
    assert len(digests) == 1, "brokers that differ by nature only have one digest"
    with altered(kafka, BROKER, "2", log_retention_ms=7_200_000):
        view = poll(kafka, ConfigCollector)
        assert broker_row(view, 2)["retention_seconds"] == 7200
        assert {broker_row(view, broker)["digest"] for broker in (1, 3)} == digests
        assert broker_row(view, 2)["digest"] not in digests


def test_a_topic_that_appears_is_asked_for_in_the_next_poll(kafka: Cluster) -> None:
    poller = Poller(settings_of(kafka.bootstrap), (ClusterCollector, ConfigCollector))
    with closing(poller):
        assert poller.poll().complete
        topic = make_topic(kafka, "later", retention_ms=5000)
        view = wait_until(lambda: topic_there(poller.poll(), topic), f"{topic} in metadata")
        assert topic_row(view, topic)["retention_seconds"] == 5


def topic_there(view: View, topic: str) -> View | None:
    return view if topic in view.topic_rows and topic_row(view, topic)["reason"] == "" else None
