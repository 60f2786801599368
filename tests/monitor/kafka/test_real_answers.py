"""A real broker's answers, byte for byte: kmon's own schemas read them whole, and both decoding paths read the same."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from breakable import Cluster
from kafka.protocol.consumer import OffsetFetchRequest
from kafka_cluster import commit, consumer_group, make_topic, produce, share_group, streams_group, unique, wait_until
from plain import plain_list_offsets, plain_offset_fetch, plain_one_group
from real_kmon import polling, rows_of, settings_of

from kmon.demo.shop import STREAMS_INPUT
from monitor.kafka import schemas
from monitor.kafka.client.apis import (
    BATCHED_OFFSET_FETCH,
    CONSUMER_GROUP_DESCRIBE,
    DESCRIBE_SHARE_GROUP_OFFSETS,
    LIST_OFFSETS,
    OFFSET_FETCH,
    SHARE_GROUP_DESCRIBE,
    STREAMS_GROUP_DESCRIBE,
    Api,
)
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.list_offsets import EARLIEST, LATEST, decode_list_offsets, encode_list_offsets
from monitor.kafka.decode.offset_fetch import decode_offset_fetch, joined, read_one_group
from monitor.model.reasons import Kind
from monitor.model.view import View
from monitor.poll.poller import Poller
from monitor.settings.client_options import client_options

pytestmark = pytest.mark.kafka

METADATA = "says é, \N{PARROT}, and\0 what " + "a long note " * 40


class Live:
    """Groups of every type with a member each, and who coordinates them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.topic = make_topic(cluster, "answers", partitions=3)
        for partition in range(3):
            produce(cluster, self.topic, partition, count=partition + 4)
        self.consumer, self.share, self.streams = map(unique, ("consumer", "share", "streams"))
        self.noted = [unique("noted") for _ in range(4)]
        for number, group in enumerate(self.noted):
            metadata = METADATA if number % 2 else ""
            commit(cluster, group, {(self.topic, partition): number for partition in range(3)}, metadata, epoch=0)
            # Records of unequal length side by side.
            commit(cluster, group, {(self.topic, 1): number}, "short", epoch=-1)
        self.view: View

    def coordinator(self, group: str) -> int:
        return int(self.view.snapshot.groups.coordinator[self.view.group_rows[group]])

    @property
    def brokers(self) -> list[BrokerAddress]:
        table = self.view.snapshot.brokers
        columns = (table.broker.tolist(), table.host, table.port.tolist(), table.rack)
        return [BrokerAddress(*row) for row in zip(*columns, strict=True)]


@pytest.fixture(scope="module")
def live(kafka: Cluster) -> Iterator[Live]:
    live = Live(kafka)
    with ExitStack() as running, polling(kafka) as poller:
        running.enter_context(consumer_group(kafka, live.consumer, live.topic, wait=False))
        running.enter_context(share_group(kafka, live.share, live.topic, wait=False))
        running.enter_context(streams_group(kafka, live.streams))
        produce(kafka, STREAMS_INPUT, count=3, value=b"one two three")
        live.view = wait_until(lambda: settled(poller, live), "groups with commits")
        yield live


def settled(poller: Poller, live: Live) -> View | None:
    """A View in which each group has a member and has read something."""
    view = poller.poll()
    for group in (live.consumer, live.share, live.streams):
        if not any(row["lag"] == 0 and row["member_id"] for row in rows_of(view, group).values()):
            return None
    return view if view.complete else None


@contextmanager
def client_of(cluster: Cluster, brokers: list[BrokerAddress]) -> Iterator[Client]:
    settings = settings_of(cluster.bootstrap)
    client = Client(
        settings.bootstrap_servers,
        partial(client_options, settings),
        request_timeout_seconds=settings.request_timeout_seconds,
        max_answer_bytes=settings.max_answer_bytes,
    )
    try:
        client.learn(brokers)
        yield client
    finally:
        client.close()


def answers(live: Live, api: Api, node: int, body: Callable[[int], bytes]) -> list[Answer]:
    """The answers to a question in every version that kmon speaks and the broker serves."""
    found = []
    with client_of(live.cluster, live.brokers) as client:
        for version in range(api.oldest, api.newest + 1):
            ask = Ask(node, replace(api, oldest=version, newest=version), body)
            (reply,) = client.ask([ask], time.monotonic() + 60)
            if isinstance(reply, Fault):
                assert reply.kind is Kind.UNSUPPORTED, reply
            else:
                assert reply.version == version
                found.append(reply)
    return found


DESCRIBE = [
    ("consumer", CONSUMER_GROUP_DESCRIBE, schemas.ConsumerGroupDescribeRequest, schemas.ConsumerGroupDescribeResponse),
    ("share", SHARE_GROUP_DESCRIBE, schemas.ShareGroupDescribeRequest, schemas.ShareGroupDescribeResponse),
    ("streams", STREAMS_GROUP_DESCRIBE, schemas.StreamsGroupDescribeRequest, schemas.StreamsGroupDescribeResponse),
]


@pytest.mark.parametrize(("kind", "api", "request_class", "response_class"), DESCRIBE, ids=[row[0] for row in DESCRIBE])
def test_describe_answers_are_read_to_the_last_byte(
    live: Live, kind: str, api: Api, request_class: Any, response_class: Any
) -> None:
    group = getattr(live, kind)
    found = answers(
        live,
        api,
        live.coordinator(group),
        lambda version: bytes(request_class(version=version, group_ids=[group, "no-such-group"]).encode()),
    )
    assert [each.version for each in found] == list(range(api.oldest, api.newest + 1))
    for answer in found:
        described = response_class.decode(answer.body, version=answer.version)
        assert bytes(described.encode()) == answer.body
        ours, missing = sorted(described.groups, key=lambda each: each.error_code)
        assert (ours.group_id, ours.error_code, ours.group_state) == (group, 0, "Stable")
        assert missing.error_code in (16, 69)  # NOT_COORDINATOR, or GROUP_ID_NOT_FOUND from what would be its own
        (member,) = ours.members
        assert member.client_host == "/127.0.0.1"
        assert member.client_id


def test_epochs_of_groups_whose_coordinator_assigns_and_tasks_of_streams_groups(live: Live) -> None:
    snapshot = live.view.snapshot
    for group in (live.consumer, live.share, live.streams):
        row = live.view.group_rows[group]
        assert snapshot.groups.epoch[row] == snapshot.groups.assignment_epoch[row] > 0
        assert snapshot.members.epoch[snapshot.members.group == row].tolist() == [snapshot.groups.epoch[row]]
    streams = live.view.group_rows[live.streams]
    assert snapshot.groups.topology_epoch[streams] >= 0
    subtopologies, theirs = snapshot.subtopologies, snapshot.subtopologies.group == streams
    sources = dict(zip(subtopologies.subtopology[theirs], subtopologies.source_topics[theirs], strict=True))
    assert (STREAMS_INPUT,) in sources.values()
    assert any(subtopologies.repartition_topics[theirs])
    assert any(subtopologies.changelog_topics[theirs])
    (member,) = np.flatnonzero(snapshot.members.group == streams)
    tasks = snapshot.tasks.member == member
    assert set(snapshot.tasks.role[tasks]) == {"active"}
    assert set(snapshot.tasks.subtopology[tasks]) == set(sources)
    assert tasks.sum() == (snapshot.assignments.member == member).sum()


def test_share_offsets_are_read_to_the_last_byte(live: Live) -> None:
    group_class = schemas.DescribeShareGroupOffsetsRequest.RequestGroup

    def body(version: int) -> bytes:
        groups = [group_class(version=version, group_id=name, topics=None) for name in (live.share, "no-such-group")]
        return bytes(schemas.DescribeShareGroupOffsetsRequest(version=version, groups=groups).encode())

    found = answers(live, DESCRIBE_SHARE_GROUP_OFFSETS, live.coordinator(live.share), body)
    assert [answer.version for answer in found] == [0, 1]
    for answer in found:
        described = schemas.DescribeShareGroupOffsetsResponse.decode(answer.body, version=answer.version)
        assert bytes(described.encode()) == answer.body
        ours = described.groups[0]
        assert (ours.group_id, ours.error_code) == (live.share, 0)
        assert [topic.topic_name for topic in ours.topics] == [live.topic]
        assert sorted(each.partition_index for each in ours.topics[0].partitions) == [0, 1, 2]
        assert {each.error_code for each in ours.topics[0].partitions} == {0}


def same(fast: Any, plain: Any) -> None:
    """Both tables are equal, column by column, in type and in value."""
    for each in fields(fast):
        left, right = getattr(fast, each.name), getattr(plain, each.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, err_msg=each.name)
            assert left.dtype == right.dtype, each.name
        else:
            assert left == right, each.name


def test_committed_offsets_by_both_paths(live: Live) -> None:
    """Of groups with metadata strings, of a streams group, and of one that does not exist."""
    nodes = {live.coordinator(group) for group in (*live.noted, live.streams)}
    seen: dict[str, set[float]] = {}
    for node in nodes:

        def body(version: int) -> bytes:
            group = OffsetFetchRequest.OffsetFetchRequestGroup
            names = [*live.noted, live.streams, live.consumer, unique("nobody")]
            groups = [group(version=version, group_id=name, topics=None) for name in names]
            return bytes(OffsetFetchRequest(version=version, groups=groups, require_stable=False).encode())

        found = answers(live, BATCHED_OFFSET_FETCH, node, body)
        assert [answer.version for answer in found] == [8, 9]
        for answer in found:
            fast = decode_offset_fetch(answer.body, answer.version)
            same(fast, plain_offset_fetch(answer.body, answer.version))
            for group, offset in zip(fast.group.tolist(), fast.committed_offset.tolist(), strict=True):
                seen.setdefault(fast.groups[group], set()).add(offset)
            assert METADATA.encode() in answer.body or not any(live.coordinator(g) == node for g in live.noted[1::2])
    assert {group: seen[group] for group in live.noted} == {group: {float(n)} for n, group in enumerate(live.noted)}
    assert live.streams in seen


def test_committed_offsets_of_one_group_by_both_paths(live: Live) -> None:
    """With and without metadata strings, of a streams group, and of one that does not exist."""
    of_one = replace(OFFSET_FETCH, newest=7)
    for group in (*live.noted, live.streams, unique("nobody")):
        node = live.coordinator(group) if group in live.view.group_rows else 1

        def body(version: int, group: str = group) -> bytes:
            return bytes(OffsetFetchRequest(version=version, group_id=group, topics=None).encode())

        found = answers(live, of_one, node, body)
        assert [answer.version for answer in found] == [5, 6, 7]
        for answer in found:
            fast = joined([read_one_group(group, answer.body, answer.version)], answer.version)
            same(fast, plain_one_group(group, answer.body, answer.version))
            if group in live.noted:
                assert fast.committed_offset.tolist() == [live.noted.index(group)] * 3


@pytest.mark.parametrize("timestamp", [LATEST, EARLIEST, 0], ids=["latest", "earliest", "by time"])
def test_offsets_by_both_paths(live: Live, timestamp: int) -> None:
    """Of all partitions, led by the broker or not, and of one that does not exist."""
    snapshot = live.view.snapshot
    topics = [
        (name, snapshot.partitions.partition[snapshot.partitions.topic == row])
        for row, name in enumerate(snapshot.topics.topic)
    ]
    topics.append(("no-such-topic", np.arange(2, dtype=np.int32)))

    def body(version: int) -> bytes:
        return encode_list_offsets(topics, timestamp, version)

    for node in live.cluster.ids:
        found = answers(live, LIST_OFFSETS, node, body)
        assert [answer.version for answer in found] == list(range(4, 12))
        for answer in found:
            fast = decode_list_offsets(answer.body, answer.version)
            same(fast, plain_list_offsets(answer.body, answer.version))
            assert len(fast.partition) == sum(len(partitions) for _, partitions in topics)
            assert {3, 6} & set(fast.error.tolist())  # UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER
            assert not np.isnan(fast.offset).all()
