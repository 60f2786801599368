"""Shows of the catalogue's alerts on brokers and the quorum: one after the other, because they touch everything."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from kafka import KafkaProducer
from kafka_cluster import wait_until

from incidents.brokers import IN_SYNC_SECONDS, controller_lost, other_than_controller
from incidents.clients import VALUE
from incidents.incident import Phase
from incidents.stage import Stage
from incidents.tour import Show
from incidents.tour_stage import TWO_DIRS_BROKER, TourCluster, create_on, empty, fill
from incidents.tour_topics import THROTTLED, throttled

SILENT = 2
BEHIND_RECORDS = 300
"""Of 100 kB each: a throttled follower fetches 1 MB in about 11 s."""
TRANSACTION_SECONDS = 8.0


def silent(stage: Stage) -> Iterator[Phase]:
    yield Phase.WELL
    stage.cluster.cut_off_monitor(True, SILENT)
    try:
        yield Phase.TROUBLE
    finally:
        stage.cluster.cut_off_monitor(False)
    yield Phase.OVER


def killed(stage: Stage) -> Iterator[Phase]:
    broker = other_than_controller(stage)
    name = create_on(stage, "tour-killed", broker)
    replicated = create_on(stage, "tour-killed-min-isr", *stage.cluster.ids, min_insync_replicas=3)
    stage.feeder.burst(name, 1, 10)
    stage.feeder.producer.flush(10)
    stage.reset_offsets(name, {(name, 0): 10})
    with closing(_transactional(stage, replicated)) as producer:
        yield Phase.WELL
        producer.begin_transaction()
        producer.send(replicated, VALUE, partition=0).get(10)
        stage.cluster.kill(broker)
        yield Phase.TROUBLE
    stage.cluster.start(broker)
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)
    _elect_preferred(stage)
    stage.delete_topic(name)
    stage.delete_topic(replicated)


def _transactional(stage: Stage, topic: str) -> Any:
    """A producer whose transaction the coordinator aborts soon, which hangs while `topic` is under min ISR."""
    producer = KafkaProducer(
        bootstrap_servers=stage.bootstrap.split(","),
        transactional_id=topic,
        transaction_timeout_ms=int(TRANSACTION_SECONDS * 1000),
    )
    producer.init_transactions()
    return producer


def out_of_sync(stage: Stage) -> Iterator[Phase]:
    follower = other_than_controller(stage)
    leader = next(each for each in stage.cluster.ids if each != follower)
    order = (leader, *(each for each in stage.cluster.ids if each != leader))
    name = create_on(stage, "tour-out-of-sync", *order, **THROTTLED)
    yield Phase.WELL
    with throttled(stage, follower):
        stage.cluster.stop(follower)
        stage.write(name, BEHIND_RECORDS)
        stage.cluster.start(follower)
        yield Phase.TROUBLE
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)
    _elect_preferred(stage)
    yield Phase.OVER
    stage.delete_topic(name)


def _elect_preferred(stage: Stage) -> None:
    with closing(stage.cluster.admin()) as admin:
        admin.elect_leaders(0, raise_errors=False)


def dir_offline(stage: Stage) -> Iterator[Phase]:
    cluster = stage.cluster
    assert isinstance(cluster, TourCluster)
    disk = cluster.second_disk
    if disk is None:
        raise RuntimeError("this user may not mount a small disk for a broker (unshare --mount)")
    name = create_on(stage, "tour-dir-offline", TWO_DIRS_BROKER, min_insync_replicas=1)
    with closing(cluster.admin()) as admin:
        admin.alter_replica_log_dirs({(name, 0, TWO_DIRS_BROKER): str(cluster.second_dir)})
    wait_until((cluster.second_dir / f"{name}-0").is_dir, f"{name} on the second disk")
    stage.feeder.feed(name, [0], 20)
    yield Phase.WELL
    fill(disk, 1.0)
    yield Phase.TROUBLE
    empty(disk)
    cluster.stop(TWO_DIRS_BROKER)
    cluster.start(TWO_DIRS_BROKER)
    yield Phase.OVER
    cluster.wait_in_sync(IN_SYNC_SECONDS)
    stage.delete_topic(name)


ONE_BY_ONE = (
    Show(
        "tour-silent",
        "nothing passes between kmon and one broker",
        silent,
        ("KafkaBrokerSilent",),
        effects=("KmonIncomplete",),
    ),
    Show(
        "tour-killed",
        "SIGKILL of a broker with a topic that a group reads, and with one that has an open transaction",
        killed,
        ("KafkaBrokerDown", "KafkaHangingTransaction", "KafkaQuorumMinority"),
        effects=("KafkaUnderMinIsr", "KafkaQuorumBehind", "KafkaGroupLagUnknown"),
        subjects=("tour-killed", "tour-killed-min-isr"),
    ),
    Show(
        "tour-out-of-sync",
        "a broker is stopped, 30 MB are written, and it starts with throttled replication",
        out_of_sync,
        ("KafkaUnderReplicated", "KafkaAtMinIsr", "KafkaLeaderImbalance"),
    ),
    Show(
        "tour-dir-offline",
        "the disk of one of a broker's log dirs is full, with a topic of one replica on it",
        dir_offline,
        ("KafkaLogDirOffline", "KafkaOfflinePartitions"),
        subjects=("tour-dir-offline", "small/logs"),
    ),
    Show("controller-lost", "SIGSTOP of two of three controllers", controller_lost, ("KafkaNoController",)),
)
