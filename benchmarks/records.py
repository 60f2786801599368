"""Writes record batches that are made once to many partitions, which is faster than a producer makes records."""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from kafka.protocol.producer import ProduceRequest, ProduceResponse
from kafka.record.default_records import DefaultRecordBatchBuilder

from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import error_reason
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import read
from monitor.poll.poller import Poller

PRODUCE = Api(0, "Produce", 9, 12, 9, throttled=False)
GZIP = 1

REFUSED = {3, 5, 6, 19}
"""Errors of a leader that is not yet or no longer one, or has too few replicas in sync: nothing was appended."""

Place = tuple[str, int]
"""Topic and partition."""


def batch(timestamps: Sequence[int], compression: int = 0) -> bytes:
    """A batch with a small record at each of these times (unix ms)."""
    builder = DefaultRecordBatchBuilder(2, compression, 0, -1, -1, -1, 1 << 20)
    for place, timestamp in enumerate(timestamps):
        builder.append(place, timestamp, None, b"x", [])
    return bytes(builder.build())


def write(poller: Poller, batches: Mapping[Place, bytes]) -> None:
    """Append a batch to each of these partitions. Raises RuntimeError when a leader does not take it."""
    left = dict(batches)
    for _ in range(60):
        leaders = _leaders(poller)
        left = {place: each for place, each in left.items() if place not in leaders} | _produce(
            poller._client, leaders, {place: each for place, each in left.items() if place in leaders}
        )
        if not left:
            return
        time.sleep(1)
    raise RuntimeError(f"no leader took the records of {len(left)} partitions")


def _leaders(poller: Poller) -> dict[Place, int]:
    snapshot = poller.poll().snapshot
    partitions, names = snapshot.partitions, snapshot.topics.topic
    columns = (partitions.topic.tolist(), partitions.partition.tolist(), partitions.leader.tolist())
    return {(str(names[topic]), number): leader for topic, number, leader in zip(*columns, strict=True) if leader >= 0}


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
