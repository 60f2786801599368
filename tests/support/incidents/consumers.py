"""Incidents of consumers: each on topics and groups of its own, so that all of them run side by side."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from kafka import KafkaProducer

from incidents.clients import POISON, VALUE
from incidents.incident import Incident, Phase
from incidents.stage import Stage, places
from kmon.demo.processes import Process
from kmon.demo.shop import STREAMS_INPUT, STREAMS_OUTPUT
from kmon.demo.workload import share_member, streams_member

PARTITIONS = range(3)


def dead_consumer(stage: Stage, name: str = "dead-consumer") -> Iterator[Phase]:
    """SIGKILL of the only consumer of a busy topic; it is started again once somebody was paged."""
    stage.fed(name, 300)

    def start() -> Process:
        module = "incidents.clients"
        return stage.cluster.spawn(name, [sys.executable, "-m", module, stage.bootstrap, name, name])

    consumer = start()
    try:
        yield Phase.WELL
        consumer.kill()
        yield Phase.TROUBLE
        consumer = start()
        yield Phase.OVER
    finally:
        stage.delete_topic(name)
        consumer.stop()


def stuck_partition(stage: Stage) -> Iterator[Phase]:
    """One of six partitions is no longer read, while the others of the same member are."""
    yield from held(stage, stage.fed("stuck-partition", 120, partitions=6), (4,))


def held(stage: Stage, topic: str, partitions: Iterable[int], burst: int = 0) -> Iterator[Phase]:
    """A member no longer reads these partitions; `burst` records are written in the trouble."""
    with stage.reader(topic) as reader:
        yield Phase.WELL
        reader.held.update(partitions)
        if burst:
            stage.feeder.burst(topic, len(PARTITIONS), burst)
        yield Phase.TROUBLE
        reader.held.clear()
        yield Phase.OVER
    stage.delete_topic(topic)


def poison_record(stage: Stage) -> Iterator[Phase]:
    """A record on which the consumer fails each time it is started again."""
    name = stage.fed("poison-record", 60)
    with stage.reader(name, fragile=True) as reader:
        yield Phase.WELL
        stage.feeder.burst(name, 1, 1, POISON)
        yield Phase.TROUBLE
        reader.fragile = False
        yield Phase.OVER
    stage.delete_topic(name)


def slow_drain(stage: Stage) -> Iterator[Phase]:
    """The consumer reads half of what comes in."""
    yield from slowed(stage, stage.fed("slow-drain", 200), 100)


def slowed(stage: Stage, topic: str, per_second: float) -> Iterator[Phase]:
    """A member reads no more than `per_second` records a second."""
    with stage.reader(topic) as reader:
        yield Phase.WELL
        reader.per_second = per_second
        yield Phase.TROUBLE
        reader.per_second = None
        yield Phase.OVER
    stage.delete_topic(topic)


def retention_overtaking(stage: Stage) -> Iterator[Phase]:
    """A consumer reads so slowly that retention is about to delete what it has not read."""
    yield from slowed(stage, stage.fed("retention-overtaking", 200, retention_ms=240_000, segment_ms=5_000), 40)


def offsets_reset(stage: Stage) -> Iterator[Phase]:
    """Committed offsets are set to the start of the log, and the consumer reads all of it again."""
    name = stage.fed("offsets-reset", 100)
    stage.feeder.burst(name, 3, 30_000)
    with stage.reader(name):
        yield Phase.WELL
    stage.reset_offsets(name, places(name, PARTITIONS, 0))
    with stage.reader(name, per_second=300) as reader:
        yield Phase.TROUBLE
        reader.per_second = None
        yield Phase.OVER
    stage.delete_topic(name)


def open_transaction(stage: Stage) -> Iterator[Phase]:
    """A producer leaves a transaction open, and read_committed consumers wait behind it."""
    name = stage.fed("open-transaction", 60)
    producer = KafkaProducer(
        bootstrap_servers=stage.bootstrap.split(","), transactional_id=name, transaction_timeout_ms=900_000
    )
    with ExitStack() as stack:
        stack.callback(producer.close, timeout=2)
        stack.enter_context(stage.reader(name, isolation_level="read_committed"))
        producer.init_transactions()
        yield Phase.WELL
        producer.begin_transaction()
        producer.send(name, VALUE, partition=0)
        producer.flush()
        yield Phase.TROUBLE
        producer.abort_transaction()
        yield Phase.OVER
    stage.delete_topic(name)


def share_group_stuck(stage: Stage) -> Iterator[Phase]:
    """The only member of a share group hangs, and its session is a long one."""
    name = stage.fed("share-group-stuck", 60)
    stage.configure_group(name, {"share.auto.offset.reset": "earliest", "share.session.timeout.ms": "900000"})
    member = share_member(stage.cluster, name, name, f"{name}-1")
    try:
        yield Phase.WELL
        stop(member)
        yield Phase.TROUBLE
        go_on(member)
        yield Phase.OVER
    finally:
        stage.delete_topic(name)
        member.kill()


def streams_without_tasks(stage: Stage) -> Iterator[Phase]:
    """The topic that a streams application reads is deleted, so that its group has no tasks to assign."""
    stage.fed(STREAMS_INPUT, 20, partitions=2)
    stage.fed(STREAMS_OUTPUT, 0, partitions=2)
    name = "streams-without-tasks"
    # Kafka's client gives up after two heartbeats, which by default is after 10 s that nothing compresses.
    stage.configure_group(name, {"streams.heartbeat.interval.ms": "25000", "streams.session.timeout.ms": "90000"})
    member = streams_member(stage.cluster, name, f"{name}-1")
    try:
        yield Phase.WELL
        stage.delete_topic(STREAMS_INPUT)
        yield Phase.TROUBLE
        stage.fed(STREAMS_INPUT, 20, partitions=2)
        if not member.running:
            member = streams_member(stage.cluster, name, f"{name}-2")
        yield Phase.OVER
    finally:
        stage.delete_topic(STREAMS_INPUT)
        member.kill()
        stage.delete_internal_topics(name)  # else the group stays behind on them, and kmon reports it


def kmon_cut_off(stage: Stage) -> Iterator[Phase]:
    """Nothing passes between kmon and Kafka; every connection stays open."""
    yield Phase.WELL
    stage.cluster.cut_off_monitor(cut=True)
    yield Phase.TROUBLE
    stage.cluster.cut_off_monitor(cut=False)
    yield Phase.OVER


def stop(process: Process) -> None:
    process.send_signal(signal.SIGSTOP)


def go_on(process: Process) -> None:
    process.send_signal(signal.SIGCONT)


STUCK, STOPPED, GROWING = "KafkaGroupStuck", "KafkaGroupStopped", "KafkaGroupGrowing"
LOSING, LOST, REWOUND = "KafkaGroupLosing", "KafkaGroupRecordsLost", "KafkaGroupRewound"

CONSUMER_INCIDENTS = (
    Incident("dead-consumer", "dead consumer", dead_consumer, (STOPPED,)),
    Incident("stuck-partition", "one stuck partition", stuck_partition, (STUCK,)),
    Incident("poison-record", "poison record", poison_record, (STUCK, STOPPED)),
    Incident("slow-drain", "slow drain", slow_drain, (GROWING,), notified_within=260),
    Incident(
        "retention-overtaking", "retention overtaking", retention_overtaking, (LOSING,), lasts=0, notified_within=340
    ),
    Incident("offsets-reset", "offsets reset by mistake", offsets_reset, (REWOUND,), resolved_within=260),
    Incident("open-transaction", "open transaction", open_transaction, (STUCK,)),
    Incident("share-group-stuck", "share group stuck", share_group_stuck, (STUCK,)),
    Incident(
        "streams-without-tasks",
        "streams group without tasks",
        streams_without_tasks,
        ("KafkaStreamsGroupNotReady",),
        subjects=("streams-without-tasks", STREAMS_INPUT, STREAMS_OUTPUT),
        lasts=0,  # its client gives up soon, and its group is empty then
        well_seconds=60,  # its internal topics are there after a heartbeat
    ),
    Incident(
        "kmon-cut-off", "kmon cut off from Kafka", kmon_cut_off, ("KmonClusterUnreachable",), own_kmon=True, lasts=0
    ),
)
