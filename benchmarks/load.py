"""Builds the benchmark's clusters: topics with records, and groups with committed offsets, on a real Kafka."""

import resource
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from kafka import KafkaAdminClient
from kafka.protocol.consumer import OffsetCommitRequest, OffsetCommitResponse
from kafka.protocol.metadata import FindCoordinatorRequest, FindCoordinatorResponse

from benchmarks.records import GZIP, batch, write
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import read
from monitor.poll.poller import Poller
from monitor.settings.model import ClusterSettings

FILES_BESIDE_LOGS = 2_000
"""What a broker opens beside a file a replica: jars, sockets, the segments of Kafka's own topics."""

OFFSET_COMMIT = Api(8, "OffsetCommit", 8, 8, 8)
FIND_COORDINATOR = Api(10, "FindCoordinator", 4, 4, 3)
GROUPS_AT_ONCE = 60


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
    records: int = 10_000
    """In each partition, written as one batch."""

    def topic_names(self) -> list[str]:
        return [f"topic-{number:04d}" for number in range(self.topics)]

    def rows_of(self, group: int) -> Iterator[tuple[str, range]]:
        """The partitions that a group has committed: whole topics, other ones for each group."""
        whole = -(-self.commits // self.partitions)
        left = self.commits
        for each in range(whole):
            yield f"topic-{(group * whole + each) % self.topics:04d}", range(min(left, self.partitions))
            left -= self.partitions

    def offset_of(self, group: int, topic: str, partition: int) -> int:
        """The log end, or some offset below it for one group in twenty."""
        if group % 20:
            return self.records
        return zlib.crc32(f"{group} {topic} {partition}".encode()) % self.records

    @property
    def replication_factor(self) -> int:
        """3, or 2 where each of three brokers may not open as many files as it would then hold replicas."""
        replicas = self.topics * self.partitions
        return 3 if resource.getrlimit(resource.RLIMIT_NOFILE)[1] > replicas + FILES_BESIDE_LOGS else 2


LOADS = {
    "A": Load("A", topics=500, partitions=20, groups=1000, commits=100, heap_mb=768),
    "B": Load("B", topics=400, partitions=50, groups=2000, commits=500, heap_mb=1200, interval_seconds=8),
    "V": Load("V", topics=50, partitions=20, groups=10_000, commits=10, heap_mb=1200, interval_seconds=10),
    "S": Load("S", topics=20, partitions=10, groups=20, commits=20, heap_mb=400),
}
"""A and B are the design's, V has many groups for `--viewers`, and S is small, to try the benchmark itself."""

CURVE = (
    Load("1k", topics=50, partitions=20, groups=100, commits=20, heap_mb=1800),
    Load("10k", topics=500, partitions=20, groups=1000, commits=20, heap_mb=1800),
    Load("20k", topics=1000, partitions=20, groups=5000, commits=20, heap_mb=1800, interval_seconds=8),
)
"""Steps of growth, each of which holds the one before; all are replicated as often as the last can be."""


def build(load: Load, bootstrap: str, *, there: Load | None = None, copies: int | None = None) -> float:
    """Create the topics and commit the offsets, without those that are `there`; the seconds it took.

    `copies` is the replication factor, by default that of the load.
    """
    began = time.monotonic()
    factor = copies or load.replication_factor
    names = load.topic_names()[there.topics if there else 0 :]
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=120_000)
    try:
        for at in range(0, len(names), 50):
            config = {"num_partitions": load.partitions, "replication_factor": factor}
            admin.create_topics(dict.fromkeys(names[at : at + 50], config), timeout_ms=120_000)
    finally:
        admin.close()
    with asking(bootstrap) as poller:
        poller.poll()
        if load.records:
            now = int(time.time() * 1000)
            records = batch([now] * load.records, GZIP)
            for at in range(0, len(names), 50):
                some = names[at : at + 50]
                write(poller, {(name, number): records for name in some for number in range(load.partitions)})
        _commit_all(load, poller._client, list(range(there.groups if there else 0, load.groups)))
    return time.monotonic() - began


@contextmanager
def asking(bootstrap: str) -> Iterator[Poller]:
    """A Poller with long time limits."""
    settings = ClusterSettings(
        bootstrap_servers=tuple(bootstrap.split(",")), request_timeout_seconds=60, interval_seconds=200
    )
    poller = Poller(settings)
    try:
        yield poller
    finally:
        poller.close()


def _commit_all(load: Load, client: Client, groups: list[int]) -> None:
    """Commit until every coordinator has taken all of it: new topics and coordinators take a while to be known."""
    for _ in range(100):
        left = [
            group
            for at in range(0, len(groups), GROUPS_AT_ONCE)
            for group in _commit(load, client, groups[at : at + GROUPS_AT_ONCE])
        ]
        if not left:
            return
        groups = left
        time.sleep(1)
    raise RuntimeError(f"the offsets of {len(groups)} groups could not be committed")


def _commit(load: Load, client: Client, groups: Sequence[int]) -> list[int]:
    """Commit the offsets of some groups; the answer is those that were not taken whole."""
    deadline = time.monotonic() + 60
    keys = {f"group-{group:05d}": group for group in groups}

    def find(version: int) -> bytes:
        return bytes(FindCoordinatorRequest(version=version, key_type=0, coordinator_keys=list(keys)).encode())

    (found,) = client.ask([Ask(client.nodes[0], FIND_COORDINATOR, find)], deadline)
    if not isinstance(found, Answer):
        return list(groups)
    coordinators = read(FindCoordinatorResponse, found.body, found.version).coordinators
    known = [(keys[each.key], each.node_id) for each in coordinators if not each.error_code]
    asks = [Ask(node, OFFSET_COMMIT, partial(_request, load, group)) for group, node in known]
    done = {
        group
        for (group, _), reply in zip(known, client.ask(asks, deadline), strict=True)
        if isinstance(reply, Answer) and _taken(reply)
    }
    return [group for group in groups if group not in done]


def _request(load: Load, group: int, version: int) -> bytes:
    topic = OffsetCommitRequest.OffsetCommitRequestTopic
    partition = topic.OffsetCommitRequestPartition
    topics = [
        topic(
            version=version,
            name=name,
            partitions=[
                partition(version=version, partition_index=number, committed_offset=load.offset_of(group, name, number))
                for number in numbers
            ],
        )
        for name, numbers in load.rows_of(group)
    ]
    return bytes(OffsetCommitRequest(version=version, group_id=f"group-{group:05d}", topics=topics).encode())


def _taken(answer: Answer) -> bool:
    response = read(OffsetCommitResponse, answer.body, answer.version)
    return not any(each.error_code for topic in response.topics for each in topic.partitions)
