"""What the chaos test writes to its cluster, and notes in the ledger as it does: topics, groups, records and commits.

Every offsets partition has groups: one that keeps up, one that is far behind, and for some one that moves on. Half of
the offsets partitions have one replica, so that their groups lose their coordinator with a broker; the others have
three, so that their groups get another one.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from breakable import Cluster
from chaos_checks import INTERNAL, THRESHOLD
from chaos_truth import Ledger, Partition, Series
from kafka import KafkaProducer, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, KafkaTimeoutError, NoError
from kafka_cluster import commit_all, create_topic, wait_until

REPLICATED, SINGLE = "replicated", "single"
PARTITIONS = 3
RECORDS = 10_000
"""In each partition before anything is broken: more than is written afterwards, so that who is behind stays so."""
FAR_BEHIND = 1_000
"""What groups that are behind have committed."""
COORDINATORS = 6
"""Partitions of the offsets topic: the first half have one replica."""
MOVING = (0, 3, 4)
"""The offsets partitions whose third group moves on."""
PACE_SECONDS = 1.0
LATE_SECONDS = 4.0
"""A commit that had no answer may still be on its way, so the next one waits."""

assert RECORDS - FAR_BEHIND > THRESHOLD


def coordinator_of(group: str) -> int:
    """The offsets partition of a group: Java's hash of its name, without the sign."""
    code = 0
    for unit in memoryview(group.encode("utf-16-le")).cast("H"):
        code = (31 * code + unit) & 0xFFFFFFFF
    return (code & 0x7FFFFFFF) % COORDINATORS


def names(role: str) -> dict[int, str]:
    """A group id of this role for each offsets partition."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < COORDINATORS:
        found.setdefault(coordinator_of(f"{role}-{number}"), f"{role}-{number}")
        number += 1
    return found


def prepare(cluster: Cluster, ledger: Ledger) -> None:
    """Make topics, records and groups, and write them down."""
    _spread_coordinators(cluster)
    create_topic(cluster, REPLICATED, PARTITIONS, 3, retention_ms=-1, min_insync_replicas=2)
    with closing(cluster.admin()) as admin:
        assignment = {number: [broker] for number, broker in enumerate(cluster.ids)}
        configs = {"retention.ms": "-1", "min.insync.replicas": "1"}
        admin.create_topics({SINGLE: {"assignments": assignment, "configs": configs}}, wait_for_metadata=True)
    places = [(topic, number) for topic in (REPLICATED, SINGLE) for number in range(PARTITIONS)]
    with closing(_producer(cluster)) as producer:
        for topic, number in places:
            futures = [producer.send(topic, b"x", partition=number) for _ in range(RECORDS)]
        producer.flush()
        assert futures[-1].get(30).offset == RECORDS - 1
    commits: dict[str, dict[Partition, int]] = {}
    for at, group in names("behind").items():
        commits[group] = dict.fromkeys(places, FAR_BEHIND + at)
    for group in (*names("ahead").values(), *moving_groups()):
        commits[group] = dict.fromkeys(places, RECORDS)
    commit_all(cluster, commits)
    with closing(cluster.admin()) as admin:
        for each in admin.describe_topics():
            rows = sorted(each["partitions"], key=lambda row: row["partition_index"])
            ledger.topics[each["name"]] = tuple(tuple(row["replica_nodes"]) for row in rows)
    ledger.ends.update({place: Series.at(RECORDS) for place in places})
    for group, offsets in commits.items():
        ledger.commits[group] = {place: Series.at(offset) for place, offset in offsets.items()}
    ledger.brokers = frozenset(cluster.ids)


def moving_groups() -> list[str]:
    found = names("moving")
    return [found[partition] for partition in MOVING]


def _spread_coordinators(cluster: Cluster) -> None:
    """Leave the first half of the offsets partitions one replica each, on a broker each."""
    alone = {TopicPartition(INTERNAL, number): [broker] for number, broker in enumerate(cluster.ids)}
    with closing(cluster.admin()) as admin:
        resource = ConfigResource(ConfigResourceType.TOPIC, INTERNAL, {"min.insync.replicas": "1"})
        admin.alter_configs([resource], incremental=True)
        assert not any(admin.alter_partition_reassignments(alone).values())

        def moved() -> bool:
            (topic,) = admin.describe_topics([INTERNAL])
            replicas = {row["partition_index"]: row["replica_nodes"] for row in topic["partitions"]}
            return all(replicas[place.partition] == brokers for place, brokers in alone.items())

        wait_until(moved, "one replica of half of the offsets partitions")
    cluster.wait_in_sync()


def _producer(cluster: Cluster) -> Any:
    """One that never gives up and never writes twice."""
    return KafkaProducer(
        bootstrap_servers=cluster.bootstrap.split(","),
        acks="all",
        enable_idempotence=True,
        delivery_timeout_ms=3_600_000,
        request_timeout_ms=3_000,
        linger_ms=0,
    )


@contextmanager
def writing(cluster: Cluster, ledger: Ledger) -> Iterator[None]:
    """A record a second to each partition and a commit a second of each moving group, for as long as it lasts."""
    ended = threading.Event()
    producer = _producer(cluster)
    tasks = [threading.Thread(target=_produce, args=(producer, ledger, ended))]
    tasks += [threading.Thread(target=_commit, args=(cluster, ledger, group, ended)) for group in moving_groups()]
    for task in tasks:
        task.start()
    try:
        yield
    finally:
        ended.set()
        for task in tasks:
            task.join()
        _end(producer)


def _end(producer: Any) -> None:
    """End a producer with what it has not written, which is not in the ledger."""
    with suppress(KafkaTimeoutError):
        producer.close(timeout=10)
        return
    # It gave up before it ended its thread, which would try forever.
    producer._sender.force_close()
    producer._sender.join()
    producer.close()


def _produce(producer: Any, ledger: Ledger, ended: threading.Event) -> None:
    """Never more than one record of a partition is under way."""
    under_way: dict[Partition, Any] = {}
    while not ended.wait(PACE_SECONDS):
        for place, series in ledger.ends.items():
            if place in under_way and not under_way[place].is_done:
                continue
            ledger.begin(series, series.confirmed[-1][1] + 1, time.monotonic())
            future = under_way[place] = producer.send(place[0], b"x", partition=place[1])
            future.add_callback(lambda sent, series=series: ledger.confirm(series, sent.offset + 1, time.monotonic()))


def _commit(cluster: Cluster, ledger: Ledger, group: str, ended: threading.Event) -> None:
    """The same commit again until it is confirmed; as a consumer does, no further than what was produced."""
    places = ledger.commits[group]
    while not ended.wait(PACE_SECONDS):
        before = next(iter(places.values())).confirmed[-1][1]
        value = min(before + 1, *(ledger.ends[place].confirmed[-1][1] for place in places))
        if value == before:
            continue
        for series in places.values():
            ledger.begin(series, value, time.monotonic())
        tries = 0
        while not (done := _committed(cluster, group, value, places)) and not ended.wait(PACE_SECONDS):
            tries += 1
        if done:
            for series in places.values():
                ledger.confirm(series, value, time.monotonic())
            if tries:
                ended.wait(LATE_SECONDS)


def _committed(cluster: Cluster, group: str, value: float, places: dict[Partition, Series]) -> bool:
    wanted = {TopicPartition(*place): OffsetAndMetadata(int(value), "", -1) for place in places}
    try:
        with closing(cluster.admin(request_timeout_ms=3000, bootstrap_timeout_ms=3000)) as admin:
            return all(error is NoError for error in admin.alter_group_offsets(group, wanted).values())
    except KafkaError:
        return False
