"""The cluster about itself, on real Kafka: quorum, fenced brokers, reassignments, transactions, tiered offsets."""

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from breakable import Cluster
from kafka import KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka_cluster import broker_killed, commit, make_topic, produce, unique, wait_until
from real_kmon import polling

from kmon.demo.jars import KAFKA_VERSION, class_path
from monitor.model.lag import CREATE
from monitor.model.selection import Choice
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

SLOW = ("transactions", "producers", "tiered_offsets", "configs")


@contextmanager
def polling_all(cluster: Cluster) -> Iterator[Poller]:
    """A Poller with producers switched on, in whose polls slow collectors ask each time, too."""
    with polling(cluster) as poller:
        poller._choice = Choice(producers=True, every=dict.fromkeys(SLOW, 0.0))
        yield poller


def capabilities(view: View) -> dict[str, tuple[float, str]]:
    table = view.snapshot.capabilities
    return {
        name: (available, why)
        for name, available, why in zip(table.capability, table.available.tolist(), table.why, strict=True)
    }


def features(view: View) -> dict[str, int]:
    table = view.snapshot.features
    return dict(zip(table.feature, table.level.tolist(), strict=True))


def kafkas_status(cluster: Cluster) -> dict[str, str]:
    """What MetadataQuorumCommand prints."""
    out = cluster.run_tool(".MetadataQuorumCommand", "--bootstrap-server", cluster.bootstrap, "describe", "--status")
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in out.splitlines())}


def test_quorum_versions_and_features_are_what_kafkas_own_tools_say(kafka: Cluster) -> None:
    with polling(kafka) as poller:
        view = poller.poll()
        status = kafkas_status(kafka)
        after = poller.poll().snapshot.quorum
    snapshot = view.snapshot
    assert snapshot.controller == int(status["LeaderId"])
    assert snapshot.quorum_epoch == int(status["LeaderEpoch"])
    assert snapshot.quorum.node.tolist() == list(kafka.ids)
    assert all(f'"id": {node}' in status["CurrentVoters"] for node in kafka.ids)
    assert snapshot.quorum.voter.all()
    assert snapshot.quorum.node[snapshot.quorum.leader].tolist() == [snapshot.controller]
    leads = snapshot.quorum.leader
    assert snapshot.quorum.log_end_offset[leads][0] <= int(status["HighWatermark"]) + 100
    assert int(status["HighWatermark"]) <= after.log_end_offset[leads][0]
    assert (np.abs(snapshot.quorum.last_fetch - snapshot.time) < 60).all(), "unix seconds"
    assert (np.nan_to_num(view.quorum_lags.lag) < 100).all()

    assert snapshot.brokers.version.tolist() == [KAFKA_VERSION.rpartition(".")[0]] * len(kafka.ids)
    assert snapshot.brokers.fenced.tolist() == [0] * len(kafka.ids)
    with closing(kafka.admin()) as admin:
        told = admin.describe_features()
    assert features(view), told
    for name, level in features(view).items():
        assert f"'{name}'" in str(told)
        assert str(level) in str(told)
    known = capabilities(view)
    for name in ("quorum", "fenced_brokers", "features", "reassignments", "eligible_replicas", "transactions"):
        assert known[name] == (1, ""), name


def test_a_killed_controller(kafka: Cluster) -> None:
    """Another one leads the quorum, the broker is fenced, and holds all that is committed."""
    topic = make_topic(kafka, min_insync_replicas=3)
    produce(kafka, topic, acks="all")
    with polling(kafka, request_timeout_seconds=3.0) as poller:
        before = poller.poll().snapshot
        killed = before.controller
        assert killed is not None
        assert before.quorum_epoch is not None
        with broker_killed(kafka, killed):

            def settled() -> View | None:
                view = poller.poll()
                snapshot = view.snapshot
                fenced = snapshot.brokers.broker[snapshot.brokers.fenced == 1].tolist()
                told = fenced == [killed] and view.topic_rows[topic] in snapshot.eligible_replicas.topic
                return view if told and snapshot.controller is not None else None

            view: View = wait_until(settled, "another controller, and the killed one fenced")
            snapshot = view.snapshot
            assert snapshot.controller != killed
            assert snapshot.quorum_epoch is not None
            assert snapshot.quorum_epoch > before.quorum_epoch
            assert snapshot.quorum.node[snapshot.quorum.leader].tolist() == [snapshot.controller]
            assert killed in snapshot.quorum.node, "it is still a voter"
            row = snapshot.brokers.broker.tolist().index(killed)
            assert f"{snapshot.brokers.host[row]}:{snapshot.brokers.port[row]}" == kafka.address(killed)
            table, at = snapshot.eligible_replicas, view.topic_rows[topic]
            assert [table.eligible.row(row) for row in np.flatnonzero(table.topic == at).tolist()] == [[killed]]

        def back() -> View | None:
            view = poller.poll()
            snapshot = view.snapshot
            return view if snapshot.brokers.fenced.tolist() == [0] * 3 and not len(snapshot.eligible_replicas) else None

        wait_until(back, "all brokers unfenced and in sync")


@contextmanager
def throttled(cluster: Cluster) -> Iterator[None]:
    """Replication of topics that are throttled nearly stands still."""
    rates = ("leader.replication.throttled.rate", "follower.replication.throttled.rate")

    def alter(value: object) -> None:
        resources = [
            ConfigResource(ConfigResourceType.BROKER, str(node), dict.fromkeys(rates, value)) for node in cluster.ids
        ]
        admin.alter_configs(resources, raise_on_unknown=False)

    with closing(cluster.admin()) as admin:
        alter("1")
        try:
            yield
        finally:
            alter(("DELETE", None))


def test_a_reassignment_under_way(kafka: Cluster) -> None:
    replicas = {f"{side}_replication_throttled_replicas": "*" for side in ("leader", "follower")}
    topic = make_topic(kafka, partitions=1, replicas=1, min_insync_replicas=1, **replicas)
    partition = TopicPartition(topic, 0)
    produce(kafka, topic, count=4, value=bytes(900_000))
    with polling(kafka) as poller, throttled(kafka), closing(kafka.admin()) as admin:
        view = poller.poll()
        (leader,) = view.snapshot.partitions.replicas.row(int(view.snapshot.topics.first_row[view.topic_rows[topic]]))
        other = next(node for node in kafka.ids if node != leader)
        admin.alter_partition_reassignments({partition: [other]})
        try:
            view = wait_until(
                lambda: (view := poller.poll()).complete and len(view.snapshot.reassignments) and view, "it under way"
            )
            table = view.snapshot.reassignments
            assert (table.topic.tolist(), table.partition.tolist()) == ([view.topic_rows[topic]], [0])
            assert table.adding.row(0) == [other]
            assert table.removing.row(0) == [leader]
            assert sorted(table.replicas.row(0)) == sorted([leader, other])
            row = view.snapshot.topics.first_row[view.topic_rows[topic]]
            assert view.partition_health.reassigning.tolist() == [
                each == row for each in range(len(view.partition_health))
            ]
            assert view.partition_health.missing[row] == 0, "what is being added is not missing"
        finally:
            admin.alter_partition_reassignments({partition: None})
        wait_until(lambda: not len(poller.poll().snapshot.reassignments), "its end")
        admin.delete_topics([topic])


def test_a_transaction_left_open(kafka: Cluster) -> None:
    """It is told with all about it, and holds back the stable offset while the end moves on."""
    topic, name = make_topic(kafka, partitions=2), unique("transfer")
    config = {"bootstrap_servers": kafka.bootstrap, "transactional_id": name, "transaction_timeout_ms": 50_000}
    with polling_all(kafka) as poller, closing(KafkaProducer(**config)) as producer:
        assert name not in poller.poll().snapshot.transactions.transactional_id.tolist()
        producer.init_transactions()
        producer.begin_transaction()
        for _ in range(3):
            producer.send(topic, b"x", partition=1)
        producer.flush()
        view = poller.poll()
        snapshot, at = view.snapshot, view.topic_rows[topic]
        table = snapshot.transactions
        row = table.transactional_id.tolist().index(name)
        assert (table.state[row], table.timeout_seconds[row], table.reason[row]) == ("Ongoing", 50, 0)
        assert abs(table.started[row] - snapshot.time) < 60
        assert table.coordinator[row] in kafka.ids
        written = snapshot.transaction_partitions
        of_it = written.transaction == row
        assert (written.topic[of_it].tolist(), written.partition[of_it].tolist()) == ([at], [1])

        first = snapshot.topics.first_row[at]
        assert snapshot.offsets.stable_offset[first : first + 2].tolist() == [0, 0]
        assert snapshot.offsets.end_offset[first : first + 2].tolist() == [0, 3]
        assert view.partition_health.unstable[first + 1] == 3
        producers = snapshot.producers
        assert (producers.topic.tolist(), producers.partition.tolist()) == ([at], [1])
        assert producers.producer_id.tolist() == [table.producer_id[row]]
        assert producers.transaction_start_offset.tolist() == [0]
        assert abs(producers.last_timestamp[0] - snapshot.time) < 60
        assert capabilities(view)["producers"] == (1, "")

        end = produce(kafka, topic, 1, count=2)
        snapshot = poller.poll().snapshot
        assert (snapshot.offsets.stable_offset[first + 1], snapshot.offsets.end_offset[first + 1]) == (0, end)
        producer.commit_transaction()

        def over() -> bool:
            snapshot = poller.poll().snapshot
            gone = name not in snapshot.transactions.transactional_id.tolist()
            return gone and snapshot.offsets.stable_offset[first + 1] == end + 1  # the marker counts

        wait_until(over, "its end")


# -------------------------------------------------------------------- an older Kafka, with remote storage

OLDER = "3.9.1"
"""The newest Kafka whose tests are on Maven Central, and with them a storage that is tiered to a folder."""


@pytest.fixture(scope="module")
def tiered(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One broker that moves what is older than a second to remote storage."""
    folder: Path = tmp_path_factory.mktemp("remote")
    jars = class_path("Kafka's tiered storage", (f"org.apache.kafka:kafka-storage:{OLDER}:test",))
    config = {
        "remote.log.storage.system.enable": "true",
        "remote.log.storage.manager.class.name": "org.apache.kafka.server.log.remote.storage.LocalTieredStorage",
        "remote.log.storage.manager.class.path": next(jar for jar in jars if jar.name.endswith("-test.jar")),
        "remote.log.storage.manager.impl.prefix": "rsm.config.",
        "rsm.config.dir": folder,
        "remote.log.metadata.manager.listener.name": "PLAINTEXT",
        "rlmm.config.remote.log.metadata.topic.replication.factor": 1,
        "rlmm.config.remote.log.metadata.topic.num.partitions": 1,
        "remote.log.manager.task.interval.ms": 500,
        "log.retention.check.interval.ms": 500,
        "log.initial.task.delay.ms": 500,
    }
    with Cluster(brokers=1, version=OLDER, config=config) as cluster:
        yield cluster


def shell(cluster: Cluster, topic: str, time: str) -> float:
    """An offset of partition 0 as Kafka's own GetOffsetShell prints it."""
    out = cluster.run_tool(".GetOffsetShell", "--bootstrap-server", cluster.bootstrap, "--topic", topic, "--time", time)
    return float(out.strip().rpartition(":")[2])


def test_tiered_offsets_and_what_an_older_kafka_cannot_tell(tiered: Cluster) -> None:
    topic = make_topic(
        tiered, "tiered", remote_storage_enable="true", segment_bytes=20_000, local_retention_ms=1000, retention_ms=-1
    )
    plain = make_topic(tiered, "plain")
    end = produce(tiered, topic, count=100, value=bytes(1000))
    produce(tiered, plain)
    with polling_all(tiered) as poller:

        def moved(poller: Poller = poller) -> View | None:
            view = poller.poll()
            table = view.snapshot.tiered_offsets
            return view if table.local_start_offset.tolist() == [end] and table.tiered_end_offset[0] > 0 else None

        view: View = wait_until(moved, "all to be tiered")
    snapshot = view.snapshot
    assert snapshot.tiered_offsets.topic.tolist() == [view.topic_rows[topic]]
    assert snapshot.tiered_offsets.local_start_offset[0] == shell(tiered, topic, "earliest-local")
    assert snapshot.tiered_offsets.tiered_end_offset[0] == shell(tiered, topic, "latest-tiered")
    assert snapshot.offsets.start_offset[snapshot.topics.first_row[view.topic_rows[topic]]] == 0

    assert view.complete
    assert snapshot.brokers.version.tolist() == ["3.9"]
    assert math.isnan(snapshot.brokers.fenced[0])
    assert features(view)["metadata.version"] == 21
    assert snapshot.controller == 1
    known = capabilities(view)
    assert known["fenced_brokers"] == (0, "not served by this broker (Kafka 3.9)")
    assert known["eligible_replicas"] == (0, "the feature eligible.leader.replicas.version is not on")
    for name in ("quorum", "features", "reassignments", "transactions", "tiered_offsets"):
        assert known[name] == (1, ""), name


def test_records_in_remote_storage_are_dated(tiered: Cluster) -> None:
    topic = make_topic(
        tiered, "aged", remote_storage_enable="true", segment_bytes=20_000, local_retention_ms=1000, retention_ms=-1
    )
    group, now = unique("aged"), time.time()
    ages = [5_000.0 - 40 * number for number in range(100)]
    producer = KafkaProducer(bootstrap_servers=tiered.bootstrap)
    try:
        for age in ages:
            producer.send(topic, bytes(1000), partition=0, timestamp_ms=int((now - age) * 1000))
        producer.flush(60)
    finally:
        producer.close()
    commit(tiered, group, {(topic, 0): 33})
    with polling_all(tiered) as poller:

        def moved() -> View | None:
            view = poller.poll()
            table = view.snapshot.tiered_offsets
            local = table.local_start_offset[table.topic == view.topic_rows[topic]]
            return view if local.tolist() == [len(ages)] else None

        wait_until(moved, "all to be tiered")
    with polling_all(tiered) as poller:
        view = poller.poll()
    (row,) = np.flatnonzero(view.lag.group == view.group_rows[group])
    times, truth = view.lag_times, view.time - (now - ages[33])
    assert times.method[row] == CREATE
    assert times.lag_seconds_error[row] <= 0.01 * truth * 1.02
    assert abs(times.lag_seconds[row] - truth) <= times.lag_seconds_error[row] + 0.002
