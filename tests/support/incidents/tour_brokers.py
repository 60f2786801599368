"""Shows of the catalogue's alerts on brokers and the quorum: one after the other, because they touch everything."""

from collections.abc import Iterator
from contextlib import closing

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
    stage.feeder.burst(name, 1, 10)
    stage.feeder.producer.flush(10)
    stage.reset_offsets(name, {(name, 0): 10})
    yield Phase.WELL
    stage.cluster.kill(broker)
    yield Phase.TROUBLE
    stage.cluster.start(broker)
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)
    stage.delete_topic(name)


def out_of_sync(stage: Stage) -> Iterator[Phase]:
    follower = other_than_controller(stage)
    leader = next(each for each in stage.cluster.ids if each != follower)
    order = (leader, *(each for each in stage.cluster.ids if each != leader))
    names = [
        create_on(stage, "tour-under-min-isr", *order, min_insync_replicas=3, **THROTTLED),
        create_on(stage, "tour-at-min-isr", *order, min_insync_replicas=2, **THROTTLED),
    ]
    yield Phase.WELL
    with throttled(stage, follower):
        stage.cluster.stop(follower)
        for name in names:
            stage.write(name, BEHIND_RECORDS)
        stage.cluster.start(follower)
        yield Phase.TROUBLE
    with closing(stage.cluster.admin()) as admin:
        wait_until(lambda: _elected(admin), "the election of preferred leaders")
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)
    for name in names:
        stage.delete_topic(name)


def _elected(admin: object) -> bool:
    """Whether preferred leaders were elected, of all partitions of which they are in sync."""
    admin.elect_leaders(0, raise_errors=False)  # type: ignore[attr-defined]
    return True


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
    producer = KafkaProducer(
        bootstrap_servers=stage.bootstrap.split(","),
        transactional_id=name,
        transaction_timeout_ms=int(TRANSACTION_SECONDS * 1000),
    )
    with closing(producer):
        producer.init_transactions()
        yield Phase.WELL
        producer.begin_transaction()
        producer.send(name, VALUE, partition=0).get(10)
        fill(disk, 1.0)
        yield Phase.TROUBLE
        empty(disk)
        cluster.stop(TWO_DIRS_BROKER)
        cluster.start(TWO_DIRS_BROKER)
        yield Phase.OVER
        producer.close(timeout=0)
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
        "SIGKILL of a broker, the only one with a topic that a group reads",
        killed,
        ("KafkaBrokerDown", "KafkaQuorumMinority"),
        effects=("KafkaQuorumBehind", "KafkaGroupLagUnknown"),
    ),
    Show(
        "tour-out-of-sync",
        "a broker is stopped, 60 MB are written, and it starts with throttled replication",
        out_of_sync,
        ("KafkaUnderReplicated", "KafkaUnderMinIsr", "KafkaAtMinIsr", "KafkaLeaderImbalance"),
        subjects=("tour-under-min-isr", "tour-at-min-isr"),
    ),
    Show(
        "tour-dir-offline",
        "the disk of one of a broker's log dirs is full, with a topic of one replica and an open transaction on it",
        dir_offline,
        ("KafkaLogDirOffline", "KafkaOfflinePartitions", "KafkaHangingTransaction"),
        subjects=("tour-dir-offline", "small/logs"),
    ),
    Show("controller-lost", "SIGSTOP of two of three controllers", controller_lost, ("KafkaNoController",)),
)
