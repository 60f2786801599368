"""Builds the benchmark's clusters: many topics, and many groups with committed offsets, on a real Kafka."""

import resource
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, NoError
from kafka.structs import OffsetAndMetadata, TopicPartition


@dataclass(frozen=True)
class Load:
    """`topics` × `partitions` partitions and `groups` × `commits` committed offsets; brokers get `heap_mb`."""

    name: str
    topics: int
    partitions: int
    groups: int
    commits: int
    heap_mb: int
    interval_seconds: int = 2
    """Between polls while memory is measured; half of it is the time limit of a request."""

    def topic_names(self) -> list[str]:
        return [f"topic-{number:04d}" for number in range(self.topics)]

    def offsets_of(self, group: int) -> Iterator[TopicPartition]:
        """The partitions that a group has committed: whole topics, other ones for each group."""
        whole = -(-self.commits // self.partitions)
        left = self.commits
        for each in range(whole):
            topic = f"topic-{(group * whole + each) % self.topics:04d}"
            for partition in range(min(left, self.partitions)):
                yield TopicPartition(topic, partition)
            left -= self.partitions

    @property
    def replication_factor(self) -> int:
        """3, or 2 where each of three brokers may not open as many files as it would then hold replicas."""
        replicas = self.topics * self.partitions
        return 3 if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > replicas + FILES_BESIDE_LOGS else 2


FILES_BESIDE_LOGS = 2_000
"""What a broker opens beside a file a replica: jars, sockets, the segments of Kafka's own topics."""

LOADS = {
    "A": Load("A", topics=500, partitions=20, groups=1000, commits=100, heap_mb=768),
    "B": Load("B", topics=400, partitions=50, groups=2000, commits=500, heap_mb=1200, interval_seconds=8),
    "S": Load("S", topics=20, partitions=10, groups=20, commits=20, heap_mb=400),
}
"""A and B are the design's; S is small, to try the benchmark itself."""


def build(load: Load, bootstrap: str) -> float:
    """Create the topics and commit the offsets; the seconds it took."""
    began = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
        try:
            names = load.topic_names()
            for at in range(0, len(names), 50):
                admin.create_topics(
                    {
                        name: {"num_partitions": load.partitions, "replication_factor": load.replication_factor}
                        for name in names[at : at + 50]
                    },
                    timeout_ms=120_000,
                )
        finally:
            admin.close()
        list(pool.map(lambda part: _commit(load, bootstrap, part), [range(n, load.groups, 2) for n in range(2)]))
    return time.monotonic() - began


def _commit(load: Load, bootstrap: str, groups: range) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
    for group in groups:
        offsets = {
            partition: OffsetAndMetadata(_offset(group, partition), "", -1) for partition in load.offsets_of(group)
        }
        for _ in range(60):
            with suppress(KafkaError):  # brokers that are this busy drop connections
                answer = admin.alter_group_offsets(f"group-{group:05d}", offsets)
                offsets = {partition: offsets[partition] for partition, error in answer.items() if error is not NoError}
            if not offsets:
                break
            # The admin client remembers coordinators for good, also when they have moved.
            admin.close()
            time.sleep(0.5)
            admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
        else:
            raise RuntimeError(f"group-{group:05d}: {len(offsets)} offsets could not be committed")
    admin.close()


def _offset(group: int, partition: TopicPartition) -> int:
    """Some offset, as long as offsets are on a busy cluster, so that pages and answers have their usual size."""
    return zlib.crc32(f"{group} {partition}".encode()) % 900_000_000 + 100_000_000
