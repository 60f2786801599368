"""A benchmark's cluster whose records have known times hours back, and whose groups stand at known ones of them."""

import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from kafka.protocol.producer import ProduceRequest, ProduceResponse
from kafka.record.default_records import DefaultRecordBatchBuilder

from benchmarks.load import Load, build
from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import read
from monitor.model.table import Ints
from monitor.poll.poller import Poller
from monitor.settings.model import ClusterSettings

PRODUCE = Api(0, "Produce", 9, 12, 9, throttled=False)

REFUSED = {3, 5, 6, 19}
"""Errors of a leader that is not yet or no longer one, or has too few replicas in sync: nothing was appended."""

RECORDS = 300
HOUR_MS = 3_600_000
BURSTS = 12
"""Batches of a partition; a request takes one batch of each."""

Place = tuple[str, int]
"""Topic and partition."""


@dataclass(frozen=True)
class AgedLoad(Load):
    """Every partition has RECORDS records, and groups stand at some of them."""

    def offset_of(self, group: int, topic: str, partition: int) -> int:
        return zlib.crc32(f"{group} {topic} {partition}".encode()) % RECORDS

    def places(self) -> list[Place]:
        return [(name, number) for name in self.topic_names() for number in range(self.partitions)]


AGED = AgedLoad("aged", topics=50, partitions=20, groups=10, commits=100, heap_mb=512)
"""Each of its 1,000 partitions has one group behind on it."""


def build_aged(load: AgedLoad, bootstrap: str) -> tuple[dict[Place, Ints], float]:
    """Topics, records and commits; the timestamps of all records (unix ms, by offset), and the seconds it took."""
    began = time.monotonic()
    build(load, bootstrap)
    chance = random.Random(20261124)
    bursts = {place: _bursts(chance, int(time.time() * 1000)) for place in load.places()}
    settings = ClusterSettings(
        bootstrap_servers=tuple(bootstrap.split(",")), request_timeout_seconds=60, interval_seconds=200
    )
    poller = Poller(settings)
    try:
        _write(poller, bursts)
    finally:
        poller.close()
    times = {place: np.concatenate(each) for place, each in bursts.items()}
    return times, time.monotonic() - began


def _bursts(chance: random.Random, now: int) -> list[Ints]:
    """The records of a partition: bursts of a few to a hundred, with pauses of milliseconds to hours between them."""
    sizes = np.array([chance.paretovariate(1.0) for _ in range(BURSTS)])
    ends = np.round(np.cumsum(sizes) / sizes.sum() * RECORDS).astype(np.int64)
    oldest = chance.choice((1, 6, 24)) * HOUR_MS * chance.random()
    pauses = np.array([10 ** chance.uniform(0, 5) for _ in range(BURSTS)])
    starts = now - oldest + np.cumsum(pauses) / pauses.sum() * oldest * chance.uniform(0.2, 0.99)
    lasts = np.append(starts[1:], now - 1) - starts
    bursts: list[Ints] = []
    for count, start, last in zip(np.diff(ends, prepend=0), starts, lasts, strict=True):
        long = last * chance.choice((0.001, 0.1, 1.0))
        bursts.append(np.sort([int(start + long * chance.random()) for _ in range(count)]).astype(np.int64))
    return bursts


def _write(poller: Poller, bursts: Mapping[Place, Sequence[Ints]]) -> None:
    """Append all bursts, one of each partition at a time."""
    leaders = _leaders(poller)
    for number in range(BURSTS):
        left = {place: _batch(each[number]) for place, each in bursts.items() if len(each[number])}
        for _ in range(30):
            left = _produce(poller._client, leaders, left)
            if not left:
                break
            time.sleep(1)
            leaders = _leaders(poller)
        else:
            raise RuntimeError(f"no leader took the records of {len(left)} partitions")


def _leaders(poller: Poller) -> dict[Place, int]:
    snapshot = poller.poll().snapshot
    partitions, names = snapshot.partitions, snapshot.topics.topic
    columns = (partitions.topic.tolist(), partitions.partition.tolist(), partitions.leader.tolist())
    return {(str(names[topic]), number): leader for topic, number, leader in zip(*columns, strict=True)}


def _batch(timestamps: Ints) -> bytes:
    batch = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for place, timestamp in enumerate(timestamps.tolist()):
        batch.append(place, timestamp, None, b"x", [])
    return bytes(batch.build())


def _produce(client: Client, leaders: Mapping[Place, int], batches: Mapping[Place, bytes]) -> dict[Place, bytes]:
    """Append a batch to each partition; the answer is those that were surely not taken.

    Raises RuntimeError when it is not known whether one was.
    """
    asks = [
        Ask(leader, PRODUCE, _request({place: batches[place] for place in places}))
        for leader, places in groupby(sorted(batches, key=lambda each: (leaders[each], each)), leaders.__getitem__)
    ]
    left = {}
    for reply in client.ask(asks, time.monotonic() + 60):
        answers = read(ProduceResponse, reply.body, reply.version).responses if isinstance(reply, Answer) else []
        if not answers:
            raise RuntimeError(f"whether records were written is not known: {reply}")
        for topic in answers:
            for each in topic.partition_responses:
                if each.error_code in REFUSED:
                    left[topic.name, each.index] = batches[topic.name, each.index]
                elif each.error_code:
                    raise RuntimeError(f"writing to {topic.name}: {error_reason(each.error_code)}")
    return left


def _request(batches: Mapping[Place, bytes]) -> Callable[[int], bytes]:
    def body(version: int) -> bytes:
        topic = ProduceRequest.TopicProduceData
        topics = [
            topic(
                version=version,
                name=name,
                partition_data=[
                    topic.PartitionProduceData(version=version, index=place[1], records=batches[place])
                    for place in places
                ],
            )
            for name, places in groupby(batches, itemgetter(0))
        ]
        return bytes(ProduceRequest(version=version, acks=-1, timeout_ms=60_000, topic_data=topics).encode())

    return body
