"""Shows of the catalogue's alerts on groups: each on topics and groups of its own."""

import time
from collections.abc import Iterator
from contextlib import closing

from kafka import KafkaConsumer
from kafka_cluster import delete_records, wait_until

from incidents.clients import SESSION_MS, VALUE
from incidents.consumers import (
    PARTITIONS,
    dead_consumer,
    held,
    offsets_reset,
    slow_drain,
    slowed,
    streams_without_tasks,
    stuck_partition,
)
from incidents.incident import Phase
from incidents.stage import Stage, places
from incidents.tour import Show
from kmon.demo.shop import STREAMS_INPUT, STREAMS_OUTPUT

LATE_SECONDS = 1200.0
SLO_SCALE = 200.0
"""How many times shorter the windows of burn rates are than documented: 3 d are 22 min."""


def losing(stage: Stage) -> Iterator[Phase]:
    yield from slowed(stage, stage.fed("tour-losing", 100, retention_ms=120_000, segment_ms=5_000), 10)


def lost(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-lost", 0)
    stage.feeder.burst(name, 3, 300)
    with stage.reader(name):
        yield Phase.WELL
    stage.feeder.burst(name, 3, 300)
    stage.feeder.producer.flush(10)
    delete_records(stage.cluster, name, dict.fromkeys(PARTITIONS, 150))
    yield Phase.TROUBLE
    with stage.reader(name):
        yield Phase.OVER
    stage.delete_topic(name)


def ahead(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-ahead", 0)
    stage.feeder.burst(name, 3, 300)
    stage.feeder.producer.flush(10)
    stage.reset_offsets(name, places(name, PARTITIONS, 100))
    yield Phase.WELL
    stage.reset_offsets(name, places(name, PARTITIONS, 500))
    yield Phase.TROUBLE
    stage.reset_offsets(name, places(name, PARTITIONS, 100))
    yield Phase.OVER
    stage.delete_topic(name)


def rebalancing(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-rebalancing", 30)
    hangs = KafkaConsumer(
        bootstrap_servers=stage.bootstrap.split(","),
        group_id=name,
        client_id="hangs",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 9,
        max_poll_interval_ms=120_000,
    )
    with closing(hangs):
        hangs.subscribe([name])
        wait_until(lambda: (hangs.poll(200), hangs.assignment())[1], f"{name}'s assignment")
        yield Phase.WELL
        with stage.reader(name):
            yield Phase.TROUBLE
            hangs.close()
            yield Phase.OVER
    stage.delete_topic(name)


def time_lag(stage: Stage) -> Iterator[Phase]:
    name = stage.fed("tour-time-lag", 0)
    written = int((time.time() - LATE_SECONDS) * 1000)
    stage.feeder.burst(name, 3, 0)  # when it returns, metadata of the topic is there
    for each in PARTITIONS:
        stage.feeder.producer.send(name, VALUE, partition=each, timestamp_ms=written)
    stage.feeder.producer.flush(10)
    stage.reset_offsets(name, places(name, PARTITIONS, 0))
    yield Phase.WELL
    yield Phase.TROUBLE
    stage.reset_offsets(name, places(name, PARTITIONS, 1))
    yield Phase.OVER
    stage.delete_topic(name)


def objective_missed(stage: Stage) -> Iterator[Phase]:
    yield from held(stage, stage.fed("tour-objective", 60), PARTITIONS)


def far_behind(stage: Stage) -> Iterator[Phase]:
    yield from held(stage, stage.fed("tour-lag", 0), PARTITIONS, burst=12_000)


def data_loss_near(stage: Stage) -> Iterator[Phase]:
    yield from held(stage, stage.fed("tour-loss-near", 60, retention_ms=3_000_000), PARTITIONS)


OF_GROUPS = (
    Show(
        "tour-losing",
        "a consumer reads so slowly that retention overtakes it",
        losing,
        ("KafkaGroupLosing",),
        notified_within=240,
    ),
    Show(
        "tour-lost",
        "DeleteRecords beyond the committed offsets of a group without members",
        lost,
        ("KafkaGroupRecordsLost",),
    ),
    Show(
        "stuck-partition",
        "a member no longer reads one of its six partitions",
        stuck_partition,
        ("KafkaGroupStuck",),
        well_seconds=30,
    ),
    Show(
        "dead-consumer", "SIGKILL of the only member of a group", dead_consumer, ("KafkaGroupStopped",), well_seconds=30
    ),
    Show(
        "slow-drain",
        "a consumer reads half of what is produced",
        slow_drain,
        ("KafkaGroupGrowing",),
        well_seconds=30,
        notified_within=260,
    ),
    Show(
        "tour-ahead",
        "offsets beyond the log end are committed for a group without members",
        ahead,
        ("KafkaGroupAhead",),
    ),
    Show(
        "offsets-reset",
        "the offsets of a group are reset to the start of the log",
        offsets_reset,
        ("KafkaGroupRewound",),
        resolved_within=260,
    ),
    Show(
        "tour-rebalancing",
        "a member joins, and another one does not rejoin in time",
        rebalancing,
        ("KafkaGroupRebalancing",),
    ),
    Show(
        "streams-without-tasks",
        "the topic that a streams application reads is deleted",
        streams_without_tasks,
        ("KafkaStreamsGroupNotReady",),
        subjects=("streams-without-tasks", STREAMS_INPUT, STREAMS_OUTPUT),
        well_seconds=60,
    ),
    Show(
        "tour-time-lag",
        "the next records of a group were created 20 min ago",
        time_lag,
        ("KafkaGroupTimeLag",),
        kmon={},
    ),
    Show("tour-lag", "a member reads nothing of 12,000 records", far_behind, ("KafkaGroupLag",)),
    Show(
        "tour-loss-near",
        "a member reads nothing of topics that keep records for 50 min",
        data_loss_near,
        ("KafkaGroupDataLossNear",),
    ),
    Show(
        "tour-objective",
        "a group with an objective (99 % of the time at most 5 s late) reads nothing; windows are 200 times shorter",
        objective_missed,
        ("KafkaGroupBurning", "KafkaGroupBudgetSpent"),
        kmon={
            "time_scale": SLO_SCALE,
            "slos": [{"groups": ["tour-objective"], "time_lag": "5s", "objective": 99}],
        },
        resolved_within=240,
    ),
)
