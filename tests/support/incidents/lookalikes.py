"""What looks like an incident of consumers and is none: nobody may be paged."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from incidents.clients import Reader
from incidents.consumers import PARTITIONS, STOPPED, dead_consumer
from incidents.incident import Incident, Phase
from incidents.scale import HOUR
from incidents.stage import Stage, places


def burst(stage: Stage) -> Iterator[Phase]:
    """20,000 records at once, which the consumer reads within five minutes of usual time."""
    name = stage.fed("burst-that-drains", 100)
    with stage.reader(name, per_second=800):
        yield Phase.WELL
        stage.feeder.burst(name, 3, 20_000)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def rolling_restart(stage: Stage) -> Iterator[Phase]:
    """Three consumers are started again, one after the other."""
    name = stage.fed("consumers-restart", 150, partitions=6)
    with ExitStack() as stack:
        readers: list[Reader] = []

        def start() -> Reader:
            return stack.enter_context(stage.reader(name))

        readers += [start() for _ in range(3)]
        yield Phase.WELL
        for each in readers:
            each.leave()
            time.sleep(2)
            start()
            time.sleep(4)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def idle_topic(stage: Stage) -> Iterator[Phase]:
    """A topic without records for long gets some, and the consumer takes its time over them."""
    name = stage.fed("idle-topic-wakes", 0)
    stage.feeder.burst(name, 3, 30)
    with stage.reader(name, per_second=15):
        yield Phase.WELL
        stage.feeder.burst(name, 3, 400)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def topic_recreated(stage: Stage) -> Iterator[Phase]:
    """A topic is deleted and made anew under its name, while its consumer runs."""
    name = stage.fed("topic-recreated", 100)
    with stage.reader(name):
        yield Phase.WELL
        stage.delete_topic(name)
        time.sleep(3)
        stage.fed(name, 100)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def partitions_added(stage: Stage) -> Iterator[Phase]:
    """A topic gets three partitions more, which the consumer comes to know when its metadata is old enough."""
    name = stage.fed("partitions-added", 100)
    with stage.reader(name):
        yield Phase.WELL
        stage.add_partitions(name, 6)
        time.sleep(1)
        stage.feeder.feed(name, range(3, 6), 30)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def planned_reset(stage: Stage) -> Iterator[Phase]:
    """Consumers are stopped, their offsets set back, and the records read again as fast as that goes."""
    name = stage.fed("planned-reset", 100)
    stage.feeder.burst(name, 3, 20_000)
    with stage.reader(name):
        yield Phase.WELL
    stage.reset_offsets(name, places(name, PARTITIONS, 0))
    with stage.reader(name, per_second=1500):
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def group_left_topic(stage: Stage) -> Iterator[Phase]:
    """A group stops to read one of two topics for good, and its commits stay."""
    left = stage.fed("group-left-topic", 60)
    kept = stage.fed("group-left-topic-kept", 60)
    with stage.reader("group-left-topic", left, kept) as reader:
        yield Phase.WELL
        reader.topics = (kept,)
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(left)
    stage.delete_topic(kept)


def hourly_commits(stage: Stage) -> Iterator[Phase]:
    """A consumer reads all the time and commits once an hour; kmon has never seen it before."""
    name = stage.fed("hourly-commits", 60)
    with stage.reader(name, commit_seconds=HOUR):
        time.sleep(5)  # its first commit, which is when it leaves
    with stage.reader(name, commit_seconds=HOUR):
        yield Phase.WELL
        yield Phase.TROUBLE
        yield Phase.OVER
    stage.delete_topic(name)


def kmon_restarted(stage: Stage) -> Iterator[Phase]:
    """Kmon is started again while its page is open: nobody is paged again, and nothing resolves before its time."""
    course = dead_consumer(stage, "kmon-restarted")
    yield next(course)
    yield next(course)
    stage.kmons["kmon-restarted"].restart()
    time.sleep(60)
    yield next(course)
    yield from course


LOOKALIKES = (
    Incident("burst-that-drains", "burst that drains", burst, innocent=True),
    Incident("consumers-restart", "rolling restart of consumers", rolling_restart, innocent=True),
    Incident("idle-topic-wakes", "idle topic waking up", idle_topic, innocent=True),
    Incident("topic-recreated", "topic recreated", topic_recreated, innocent=True),
    Incident("partitions-added", "partitions added", partitions_added, innocent=True),
    Incident("planned-reset", "planned offset reset", planned_reset, innocent=True),
    Incident(
        "group-left-topic",
        "group that left a topic",
        group_left_topic,
        innocent=True,
        subjects=("group-left-topic", "group-left-topic-kept"),
    ),
    Incident(
        "hourly-commits",
        "batch consumer that commits once an hour",
        hourly_commits,
        innocent=True,
        notified_within=HOUR + 20,
        resolved_within=0,
    ),
    Incident(
        "kmon-restarted",
        "kmon restarted in mid-incident",
        kmon_restarted,
        expects=(STOPPED,),
        lasts=0,
        innocent=True,
        own_kmon=True,
    ),
)
