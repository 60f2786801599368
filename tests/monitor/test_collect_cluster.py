"""Brokers, topics and partitions from Metadata's answer."""

import uuid
from typing import Any

import pytest
from answers import StubClient, answer_of, new_draft, timeout

from monitor.client.apis import METADATA
from monitor.client.client import BrokerAddress
from monitor.client.faults import Fault
from monitor.client.wire import Answer
from monitor.collectors.cluster import ClusterCollector
from monitor.draft import Draft
from monitor.snapshot import NO_LEADER

BROKERS = [
    {"node_id": 2, "host": "b2", "port": 9092, "rack": None},
    {"node_id": 1, "host": "b1", "port": 9092, "rack": "r1"},
]


def partition(number: int, leader: int = 1, **changes: Any) -> dict[str, Any]:
    base = {"error_code": 0, "partition_index": number, "leader_id": leader, "leader_epoch": 5}
    return {**base, "replica_nodes": [1, 2], "isr_nodes": [1], "offline_replicas": [2], **changes}


def topic(name: str, partitions: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    base = {"name": name, "partitions": partitions, "error_code": 0, "is_internal": name.startswith("__")}
    return {**base, "topic_id": uuid.UUID(int=len(name)), **changes}


TOPICS = [topic("orders", [partition(1, 2), partition(0)]), topic("clicks", [partition(0)])]


def metadata(node: int | str = 1, version: int = 12, **changes: Any) -> Answer:
    fields = {"brokers": BROKERS, "cluster_id": "abc", "controller_id": 2, "topics": TOPICS, **changes}
    return answer_of(METADATA, node, api_version=version, **fields)


def collect(collector: ClusterCollector, *replies: Answer | Fault, client: StubClient | None = None) -> Draft:
    """One poll in which the first asked gives the first reply, and so on."""
    left = list(replies)
    client = client or StubClient({}, nodes=[1, 2])
    client.replies["Metadata"] = lambda _ask: left.pop(0)
    draft = new_draft()
    asks = collector.ask(client, draft)
    collector.read(client, draft, asks, client.ask(asks, draft.deadline))
    return draft


@pytest.mark.parametrize("version", range(9, 14))
def test_brokers_topics_and_partitions_stand_in_order(version: int) -> None:
    draft = collect(ClusterCollector(), metadata(version=version))
    assert draft.brokers == [BrokerAddress(1, "b1", 9092, "r1"), BrokerAddress(2, "b2", 9092, None)]
    assert (draft.cluster_id, draft.controller) == ("abc", 2)
    assert draft.topics.topic.tolist() == ["clicks", "orders"]
    assert draft.topics.partitions.tolist() == [1, 2]
    assert draft.topics.first_row.tolist() == [0, 1]
    partitions = draft.partitions
    assert partitions.topic.tolist() == [0, 1, 1]
    assert partitions.partition.tolist() == [0, 0, 1]
    assert partitions.leader.tolist() == [1, 1, 2]
    assert partitions.leader_epoch.tolist() == [5, 5, 5]
    assert (partitions.replicas.row(2), partitions.isr.row(2), partitions.offline.row(2)) == ([1, 2], [1], [2])


def test_the_tables_are_used_again_when_only_the_brokers_are_shuffled() -> None:
    collector = ClusterCollector()
    first = collect(collector, metadata())
    second = collect(collector, metadata(brokers=BROKERS[::-1], throttle_time_ms=7))
    assert second.topics is first.topics
    assert second.partitions is first.partitions
    assert second.brokers == first.brokers


def test_a_moved_leader_makes_new_tables() -> None:
    collector = ClusterCollector()
    first = collect(collector, metadata())
    moved = [TOPICS[0], topic("clicks", [partition(0, leader=2, leader_epoch=6)])]
    second = collect(collector, metadata(topics=moved))
    assert second.partitions is not first.partitions
    assert second.partitions.leader.tolist() == [2, 1, 2]


def test_a_topic_recreated_under_its_name_has_another_id() -> None:
    collector = ClusterCollector()
    first = collect(collector, metadata())
    second = collect(
        collector, metadata(topics=[TOPICS[0], topic("clicks", [partition(0)], topic_id=uuid.UUID(int=99))])
    )
    assert first.topics.topic_id[0] != second.topics.topic_id[0]
    assert first.topics.topic_id[1] == second.topics.topic_id[1]


def test_topic_ids_are_printed_as_kafka_prints_them() -> None:
    value = uuid.UUID("d9b9d0c3-1f3f-4f6a-8f5e-0c3b6a1d2e4f")
    draft = collect(ClusterCollector(), metadata(topics=[topic("a", [partition(0)], topic_id=value)]))
    assert draft.topics.topic_id.tolist() == ["2bnQwx8_T2qPXgw7ah0uTw"]


def test_a_broker_without_topic_ids_leaves_them_unknown() -> None:
    draft = collect(ClusterCollector(), metadata(version=9))
    assert draft.topics.topic_id.tolist() == [None, None]


def test_a_partition_without_a_leader_says_so() -> None:
    leaderless = [topic("a", [partition(0, NO_LEADER, error_code=5, isr_nodes=[])])]
    draft = collect(ClusterCollector(), metadata(topics=leaderless))
    assert draft.partitions.leader.tolist() == [NO_LEADER]
    assert draft.partitions.isr.row(0) == []


def test_a_topic_with_an_error_has_the_reason_also_when_its_table_is_used_again() -> None:
    collector = ClusterCollector()
    topics = [topic("a", [partition(0)]), topic("secret", [], error_code=29, topic_id=None)]
    for _ in range(2):
        draft = collect(collector, metadata(topics=topics))
        assert [draft.reasons[code] for code in draft.topics.reason] == [
            "",
            "Describe on the topic is denied (TOPIC_AUTHORIZATION_FAILED)",
        ]


def test_no_controller_is_unknown() -> None:
    assert collect(ClusterCollector(), metadata(controller_id=-1)).controller is None


def test_the_broker_that_answered_is_asked_again_and_another_when_it_fails() -> None:
    collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2])
    collect(collector, metadata(node=1), client=client)
    draft = collect(collector, timeout(METADATA, 1), metadata(node=2), client=client)
    collect(collector, metadata(node=2), client=client)
    assert [node for what, _, node in client.log if what == "ask"] == [1, 1, 2, 2]
    assert draft.failed == {1: "broker 1: timed out after 3.0 s"}
    assert draft.error == ""
    assert len(draft.topics) == 2


def test_nobody_answers() -> None:
    faults = [timeout(METADATA, 1), timeout(METADATA, 2), timeout(METADATA, "bootstrap-0")]
    draft = collect(ClusterCollector(), *faults)
    assert draft.error == "; ".join(f"broker-{node}:9092: timed out after 3.0 s" for node in (1, 2, "bootstrap-0"))


def test_no_broker_is_reached_in_time() -> None:
    client = StubClient({})
    client.ask_any = lambda *_args, **_options: (None, [])  # type: ignore[method-assign]  # the deadline has passed
    assert collect(ClusterCollector(), client=client).error == "no broker of 127.0.0.1:9092 answered in time"


def test_what_cannot_be_understood_fails_the_cluster_and_not_as_an_empty_one() -> None:
    client, draft = StubClient({}), new_draft()
    odd = collect(ClusterCollector(), metadata(topics=[topic("a", [partition(1)])]), client=client)
    assert odd.error.endswith("'a' are not numbered from 0 without gaps")
    assert client.nodes == []
    ClusterCollector().fail(draft, "why")
    assert draft.error == "why"


def test_a_broker_that_names_no_brokers_says_nothing_of_the_cluster() -> None:
    draft = collect(ClusterCollector(), metadata(brokers=[]))
    assert draft.error.endswith(": names no brokers")
    refused = collect(ClusterCollector(), metadata(version=13, error_code=41))
    assert refused.error
