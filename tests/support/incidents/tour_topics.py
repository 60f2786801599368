"""Shows of the catalogue's alerts on topics, disks and kmon that touch nothing else."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from kafka_cluster import delete_records, wait_until

from incidents.incident import Phase
from incidents.stage import DISK_BROKER, Stage
from incidents.tour import Show
from incidents.tour_stage import configure, create_on, empty, fill, reassign
from incidents.watching import Kmon

SKEWED, ADDED = 2, 1
"""The broker that holds more than the others, and one that is to get a replica of it."""
SKEW_RECORDS = 1500
"""Of 100 kB each: more than all the rest of the tour writes to a broker."""
THROTTLE = "follower.replication.throttled.rate"
THROTTLED = {"follower_replication_throttled_replicas": "*"}
OVERRUN_INTERVAL = 2.0
LAST_POLL = "kmon_last_successful_poll_timestamp_seconds"


def dead_letters(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour.dlq", 0, partitions=1)
    yield Phase.WELL
    stage.feeder.burst(name, 1, 5)
    stage.feeder.producer.flush(10)
    yield Phase.TROUBLE
    delete_records(stage.cluster, name, {0: 5})
    yield Phase.OVER
    stage.delete_topic(name)


def unread(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-unread", 0)
    yield Phase.WELL
    stage.feeder.feed(name, range(3), 10)
    yield Phase.TROUBLE
    with stage.reader(name):
        yield Phase.OVER
    stage.delete_topic(name)


def min_isr_too_high(stage: Stage) -> Iterator[Phase]:
    yield from _configured(stage, "tour-min-isr", "min.insync.replicas", 3)


def unclean_election(stage: Stage) -> Iterator[Phase]:
    yield from _configured(stage, "tour-unclean", "unclean.leader.election.enable", "true")


def _configured(stage: Stage, topic: str, config: str, value: object) -> Iterator[Phase]:
    stage.fed(topic, 0)
    yield Phase.WELL
    configure(stage, "TOPIC", topic, {config: value})
    yield Phase.TROUBLE
    configure(stage, "TOPIC", topic, {config: None})
    yield Phase.OVER
    stage.delete_topic(topic)


def unreplicated(stage: Stage) -> Iterator[Phase]:
    yield Phase.WELL
    name = create_on(stage, "tour-unreplicated", 1)
    yield Phase.TROUBLE
    reassign(stage, name, (1, 2, 3))
    yield Phase.OVER
    stage.delete_topic(name)


def skewed(stage: Stage) -> Iterator[Phase]:
    name = create_on(stage, "tour-skewed", SKEWED, **THROTTLED)
    with throttled(stage, ADDED):
        yield Phase.WELL
        stage.write(name, SKEW_RECORDS)
        reassign(stage, name, (SKEWED, ADDED))
        yield Phase.TROUBLE
    yield Phase.OVER
    stage.delete_topic(name)


@contextmanager
def throttled(stage: Stage, broker: int) -> Iterator[None]:
    """Replicas on a broker of topics that are THROTTLED stay behind, unless they are in sync."""
    configure(stage, "BROKER", str(broker), {THROTTLE: 1})
    try:
        yield
    finally:
        configure(stage, "BROKER", str(broker), {THROTTLE: None})


def disk_nearly_full(stage: Stage) -> Iterator[Phase]:
    yield from _filled(stage, 0.9)


def disk_full(stage: Stage) -> Iterator[Phase]:
    yield from _filled(stage, 0.957)


def _filled(stage: Stage, used: float) -> Iterator[Phase]:
    disk = stage.cluster.disk
    if disk is None:
        raise RuntimeError("this user may not mount a small disk for a broker (unshare --mount)")
    yield Phase.WELL
    fill(disk, used)
    try:
        yield Phase.TROUBLE
    finally:
        empty(disk)
    yield Phase.OVER


def overrunning(stage: Stage) -> Iterator[Phase]:
    yield Phase.WELL
    with _hindered(stage.kmons["tour-overrunning"]):
        yield Phase.TROUBLE
    yield Phase.OVER


@contextmanager
def _hindered(kmon: Kmon) -> Iterator[None]:
    """Stop its process from before a poll is due until the one after that is overdue, and again and again."""
    first = wait_until(lambda: kmon.value(LAST_POLL), "the first poll of kmon")
    stopping = threading.Event()

    def hinder() -> None:
        # Polls are due every interval since the first: it runs from 0.15 to 0.85 of every other one.
        turn = int((time.time() - first) / OVERRUN_INTERVAL) + 1
        while not stopping.wait(max(0.0, first + (turn + 0.85) * OVERRUN_INTERVAL - time.time())):
            os.kill(kmon.pid, signal.SIGSTOP)
            turn += 2
            stopping.wait(max(0.0, first + (turn + 0.15) * OVERRUN_INTERVAL - time.time()))
            os.kill(kmon.pid, signal.SIGCONT)

    thread = threading.Thread(target=hinder, name="hinder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def state_locked(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-state", 60)
    with stage.reader(name) as reader:
        yield Phase.WELL
        with closing(sqlite3.connect(stage.kmons[name].state, isolation_level=None, timeout=60)) as database:
            database.execute("BEGIN IMMEDIATE")
            reader.held.update(range(3))  # what becomes of the group is to be written
            yield Phase.TROUBLE
        reader.held.clear()
        yield Phase.OVER
    stage.delete_topic(name)


OF_TOPICS = (
    Show(
        "tour.dlq", "records are written to a dead-letter topic, and then deleted", dead_letters, ("KafkaDeadLetters",)
    ),
    Show(
        "tour-unread",
        "a topic is produced to without a consumer",
        unread,
        ("KafkaTopicUnread",),
        notified_within=300,  # the rate of an hour, compressed, is known after half of it
    ),
    Show(
        "tour-min-isr", "`min.insync.replicas=3` on a topic with 3 replicas", min_isr_too_high, ("KafkaMinIsrTooHigh",)
    ),
    Show(
        "tour-unclean",
        "`unclean.leader.election.enable=true` on a topic",
        unclean_election,
        ("KafkaUncleanElectionEnabled",),
    ),
    Show(
        "tour-unreplicated",
        "a topic with one replica, which then gets three",
        unreplicated,
        ("KafkaTopicUnreplicated",),
    ),
    Show(
        "tour-skewed",
        "150 MB on one broker only, and a throttled reassignment to another broker",
        skewed,
        ("KafkaDiskSkew", "KafkaReassignmentSlow"),
    ),
    Show(
        "tour-state",
        "another process holds the file of kmon's state locked",
        state_locked,
        ("KmonStateNotKept",),
        kmon={},
    ),
    Show(
        "tour-overrunning",
        "kmon's process is stopped (SIGSTOP) for 2.6 s of every 4 s; it polls every 2 s",
        overrunning,
        ("KmonOverrunning",),
        kmon={"interval": f"{OVERRUN_INTERVAL:g}s"},
    ),
)
_DISK = (f"broker-{DISK_BROKER}/data",)
ON_ONE_DISK = (
    Show(
        "tour-disk-nearly-full",
        "another file fills 90 % of a broker's disk",
        disk_nearly_full,
        ("KafkaDiskNearlyFull",),
        subjects=_DISK,
    ),
    Show(
        "tour-disk-full", "another file fills 95.7 % of a broker's disk", disk_full, ("KafkaDiskFull",), subjects=_DISK
    ),
)
