"""Incidents of brokers, and one look-alike: each alone, because they touch everything."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from incidents.incident import Incident, Phase
from incidents.stage import DISK_BROKER, Stage

FULL = 0.965
"""The share of the disk that is filled."""
RECORD_BYTES = 100_000
IN_SYNC_SECONDS = 180.0
"""How long replicas may take to be in sync again on a busy machine."""


def rolling_restart(stage: Stage) -> Iterator[Phase]:
    """Each broker is shut down in order and started again, when all replicas are in sync."""
    yield Phase.WELL
    for broker in stage.cluster.ids:
        stage.cluster.stop(broker)
        stage.cluster.start(broker)
        stage.cluster.wait_in_sync(IN_SYNC_SECONDS)
    yield Phase.TROUBLE
    yield Phase.OVER


def hung_broker(stage: Stage) -> Iterator[Phase]:
    """SIGSTOP of a broker that does not lead the quorum: its connections stay open."""
    broker = other_than_controller(stage)
    yield Phase.WELL
    stage.cluster.pause(broker)
    try:
        yield Phase.TROUBLE
    finally:
        stage.cluster.resume(broker)
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)


def broker_killed(stage: Stage) -> Iterator[Phase]:
    """SIGKILL of a broker."""
    broker = other_than_controller(stage)
    yield Phase.WELL
    stage.cluster.kill(broker)
    yield Phase.TROUBLE
    stage.cluster.start(broker)
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)


def controller_lost(stage: Stage) -> Iterator[Phase]:
    """Two of three nodes hang, the active controller among them: the quorum has no majority and no leader."""
    lost = [_controller(stage), other_than_controller(stage)]
    yield Phase.WELL
    for broker in lost:
        stage.cluster.pause(broker)
    try:
        yield Phase.TROUBLE
    finally:
        for broker in lost:
            stage.cluster.resume(broker, wait=False)
    yield Phase.OVER
    stage.cluster.wait_in_sync(IN_SYNC_SECONDS)


def disk_filling(stage: Stage) -> Iterator[Phase]:
    """The disk of one broker fills up with a topic that only it holds; then the topic is deleted."""
    disk, name = stage.cluster.disk, "disk-filling"
    assert disk is not None
    with closing(stage.cluster.admin()) as admin:
        admin.create_topics(
            {name: {"assignments": {0: [DISK_BROKER]}, "configs": {"min.insync.replicas": "1"}}}, wait_for_metadata=True
        )
    yield Phase.WELL
    _fill(stage, name, disk)
    yield Phase.TROUBLE
    stage.delete_topic(name)
    yield Phase.OVER


def _fill(stage: Stage, topic: str, disk: Path) -> None:
    """Write to a topic until so much of the disk is used."""
    found = os.statvfs(disk)
    missing = (FULL - 1) * found.f_blocks * found.f_frsize + found.f_bavail * found.f_frsize
    stage.write(topic, int(missing / RECORD_BYTES), RECORD_BYTES)


def _controller(stage: Stage) -> int:
    with closing(stage.cluster.admin()) as admin:
        (topic,) = admin.describe_metadata_quorum()["topics"]
        return int(topic["partitions"][0]["leader_id"])


def other_than_controller(stage: Stage) -> int:
    leader = _controller(stage)
    return next(each for each in (2, 1, 3) if each != leader)


DOWN = "KafkaBrokerDown"

BROKER_INCIDENTS = (
    Incident(
        "brokers-restart",
        "rolling restart of brokers",
        rolling_restart,
        innocent=True,
        alone=True,
        well_seconds=5,
        lasts=0,
        notified_within=40,
    ),
    Incident("hung-broker", "hung broker", hung_broker, (DOWN,), alone=True, well_seconds=10, lasts=30),
    Incident("broker-killed", "broker killed", broker_killed, (DOWN,), alone=True, well_seconds=10, lasts=30),
    Incident(
        "controller-lost",
        "controller lost",
        controller_lost,
        ("KafkaNoController",),
        alone=True,
        well_seconds=10,
        lasts=30,
    ),
)

DISK = Incident(
    "disk-filling",
    "disk filling",
    disk_filling,
    ("KafkaDiskFull",),
    lasts=0,
    subjects=("disk-filling", f"broker-{DISK_BROKER}/data"),
)
