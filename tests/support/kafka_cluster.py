"""Short ways to put a real Kafka into the state a test needs: topics, records, commits, groups, broken brokers."""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from breakable import Cluster
from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from kmon.demo import readiness
from kmon.demo.processes import Process
from kmon.demo.shop import STREAMS_INPUT, STREAMS_OUTPUT
from kmon.demo.workload import consumer_member, share_member, streams_member

_numbers = itertools.count(1)


def unique(name: str) -> str:
    """A name no other test of this session uses; the cluster is shared."""
    return f"{name}-{os.getpid()}-{next(_numbers)}"


def wait_until(happened: Callable[[], object], what: str, timeout_seconds: float = 60) -> Any:
    """Ask until the answer is true and return it; TimeoutError names `what`.

    Kafka's retriable errors, such as those of a coordinator that loads, count as not yet.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer, refused = _asked(happened)
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen in {timeout_seconds:.0f} s") from refused
        time.sleep(0.1)


def _asked(happened: Callable[[], object]) -> tuple[object, KafkaError | None]:
    try:
        return happened(), None
    except KafkaError as error:
        if not error.retriable:
            raise
        return None, error


# -------------------------------------------------------------------- topics and records


def make_topic(
    cluster: Cluster, name: str = "topic", partitions: int = 1, replicas: int = -1, **configs: object
) -> str:
    """Create a topic and return its name, made unique; configs with `_` for `.`: `retention_ms=1000`."""
    topic = unique(name)
    create_topic(cluster, topic, partitions, replicas, **configs)
    return topic


def create_topic(cluster: Cluster, topic: str, partitions: int = 1, replicas: int = -1, **configs: object) -> None:
    """Create a topic of just this name; returns when it has leaders."""
    options = {
        "num_partitions": partitions,
        "replication_factor": replicas,
        "configs": {key.replace("_", "."): str(value) for key, value in configs.items()},
    }
    with closing(cluster.admin()) as admin:
        admin.create_topics({topic: options}, wait_for_metadata=True)


def produce(
    cluster: Cluster, topic: str, partition: int = 0, count: int = 1, value: bytes = b"x", **config: Any
) -> int:
    """Write `count` records to a partition and return its end offset after them; `config` goes to the producer."""
    settings = {"bootstrap_servers": cluster.bootstrap, **config}
    with closing(KafkaProducer(**settings)) as producer:
        futures = [producer.send(topic, value, partition=partition) for _ in range(count)]
        producer.flush()
        return int(futures[-1].get(timeout=30).offset) + 1


def delete_records(cluster: Cluster, topic: str, before: Mapping[int, int]) -> None:
    """Move log start offsets: `{partition: new start offset}`."""
    with closing(cluster.admin()) as admin:
        admin.delete_records({TopicPartition(topic, p): offset for p, offset in before.items()})


# -------------------------------------------------------------------- groups


def commit(
    cluster: Cluster, group: str, offsets: Mapping[tuple[str, int], int], metadata: str = "", epoch: int = -1
) -> None:
    """Commit `{(topic, partition): offset}` for a group without members, which is made if it is new."""
    commit_all(cluster, {group: offsets}, metadata, epoch)


def commit_all(
    cluster: Cluster, places: Mapping[str, Mapping[tuple[str, int], int]], metadata: str = "", epoch: int = -1
) -> None:
    """The same for several groups, `{group: {(topic, partition): offset}}`."""
    with closing(cluster.admin()) as admin:
        for group, offsets in places.items():
            wanted = {TopicPartition(*tp): OffsetAndMetadata(at, metadata, epoch) for tp, at in offsets.items()}
            readiness.commit(admin, group, wanted)


def group_states(cluster: Cluster) -> dict[str, str]:
    """`{group: state}` of all groups, as the coordinators list them once they have all loaded theirs."""
    with closing(cluster.admin()) as admin:
        listed = readiness.asked_until_ready(admin.list_groups)
    return {group["group_id"]: group["group_state"] for group in listed}


def wait_for_group(cluster: Cluster, group: str, state: str = "Stable") -> None:
    """Return when a group of any type is listed in this state."""
    wait_until(lambda: group_states(cluster).get(group) == state, f"{group} {state}")


@contextmanager
def member(cluster: Cluster, group: str, *topics: str, **config: Any) -> Iterator[KafkaConsumer]:
    """A member of a classic group that has its assignment: a KafkaConsumer that commits only when told to.

    It is polled by the test (`consumer.poll()`), which also keeps it a member when it takes longer than a session.
    """
    settings = {
        "bootstrap_servers": cluster.bootstrap,
        "group_id": group,
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "max_poll_records": 1,
        **config,
    }
    with closing(KafkaConsumer(**settings)) as consumer:
        # Paused until then, so that the first record is the test's own to poll.
        consumer.subscribe(topics, listener=_PauseOnAssignment(consumer))
        wait_until(lambda: (consumer.poll(200), consumer.assignment())[1], f"{group}'s assignment")
        consumer.resume(*consumer.assignment())
        yield consumer


class _PauseOnAssignment(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python ships no types
    def __init__(self, consumer: KafkaConsumer) -> None:
        self.consumer = consumer

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.consumer.pause(*assigned)

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        pass


@contextmanager
def consumer_group(cluster: Cluster, group: str, topic: str, *, wait: bool = True) -> Iterator[Process]:
    """A KIP-848 group with one member that reads `topic` from its start and commits, until the `with` ends.

    It begins when the group is Stable, or without `wait` at once, so that several members start at the same time.
    """
    process = consumer_member(cluster, group, topic, unique("consumer"))
    with _running(cluster, group, process, wait=wait):
        yield process


@contextmanager
def share_group(cluster: Cluster, group: str, topic: str, *, wait: bool = True) -> Iterator[Process]:
    """A share group with one member that reads `topic` from its start, until the `with` ends; `wait` as above."""
    from kafka.admin import ConfigResource, ConfigResourceType

    with closing(cluster.admin()) as admin:
        reset = {"share.auto.offset.reset": "earliest"}
        admin.alter_configs([ConfigResource(ConfigResourceType.GROUP, group, reset)], raise_on_unknown=False)
    process = share_member(cluster, group, topic, unique("share"))
    with _running(cluster, group, process, wait=wait):
        yield process


@contextmanager
def streams_group(cluster: Cluster, group: str, *, wait: bool = True) -> Iterator[Process]:
    """A streams group: word counts of `STREAMS_INPUT`, which is made if it is not there."""
    with closing(cluster.admin()) as admin:
        there = admin.list_topics()
    for topic in (STREAMS_INPUT, STREAMS_OUTPUT):
        if topic not in there:
            create_topic(cluster, topic, partitions=2)
    process = streams_member(cluster, group, unique("streams"))
    with _running(cluster, group, process, wait=wait):
        yield process


@contextmanager
def _running(cluster: Cluster, group: str, process: Process, *, wait: bool) -> Iterator[None]:
    try:
        if wait:
            wait_until(lambda: not process.running or group_states(cluster).get(group) == "Stable", f"{group} Stable")
            assert process.running, process.tail()
        yield
    finally:
        process.stop()


# -------------------------------------------------------------------- broken brokers, mended at the end


@contextmanager
def broker_paused(cluster: Cluster, broker: int) -> Iterator[None]:
    """SIGSTOP a broker; afterwards it goes on, and everything is in sync again."""
    cluster.pause(broker)
    try:
        yield
    finally:
        cluster.resume(broker)
        cluster.wait_in_sync()


@contextmanager
def broker_killed(cluster: Cluster, broker: int) -> Iterator[None]:
    """SIGKILL a broker; afterwards it is started again, and everything is in sync again."""
    cluster.kill(broker)
    try:
        yield
    finally:
        cluster.start(broker)
        cluster.wait_in_sync()


@contextmanager
def broker_stopped(cluster: Cluster, broker: int) -> Iterator[None]:
    """Shut a broker down orderly; afterwards it is started again, and everything is in sync again."""
    cluster.stop(broker)
    try:
        yield
    finally:
        cluster.start(broker)
        cluster.wait_in_sync()
