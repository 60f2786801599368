"""Brokers, topics and partitions from Metadata's answer."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from answers import StubClient, answer_of, new_draft, timeout
from reasons import reason, texts, worded

from monitor.collect.collectors.cluster import ClusterCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import METADATA
from monitor.kafka.client.client import BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind, Reason, written
from monitor.model.snapshot import NO_LEADER

BROKERS: list[dict[str, Any]] = [
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
    """One poll in which these brokers give these replies, and others say what the first of them says."""
    return told(collector, *replies, client=client)[0]


def told(
    collector: ClusterCollector, *replies: Answer | Fault, client: StubClient | None = None
) -> tuple[Draft, list[str]]:
    """The same, and what is missing."""
    client = client or StubClient({}, nodes=[1, 2])
    by_node = {reply.node: reply for reply in replies}
    client.replies["Metadata"] = lambda ask: by_node.get(ask.node) or replace(replies[0], node=ask.node)
    client.log.clear()
    draft = new_draft()
    asks = collector.ask(client, draft)
    return draft, worded(collector.read(client, draft, asks, client.ask(asks, draft.deadline)))


def asked(client: StubClient) -> list[int | str]:
    return [node for what, _, node in client.log if what == "ask"]


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
        assert [texts(draft)[code] for code in draft.topics.reason] == [
            "",
            "Describe on the topic is denied (TOPIC_AUTHORIZATION_FAILED)",
        ]


def test_no_controller_is_unknown() -> None:
    assert collect(ClusterCollector(), metadata(controller_id=-1)).controller is None


def test_the_broker_that_was_believed_is_asked_again_with_each_of_the_others_in_turn() -> None:
    collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2, 3])
    brokers = [*BROKERS, {**BROKERS[0], "node_id": 3}]
    seen = []
    for _ in range(4):
        draft, missing = told(collector, metadata(brokers=brokers), client=client)
        assert missing == []
        assert len(draft.topics) == 2
        seen.append(asked(client))
    first = seen[0][0]
    assert [pair[0] for pair in seen] == [first] * 4
    assert {pair[1] for pair in seen} == {1, 2, 3} - {first}
    assert [len(pair) for pair in seen] == [2] * 4


def test_the_first_address_is_believed_once_a_broker_says_the_same() -> None:
    client = StubClient({})
    draft, missing = told(ClusterCollector(), metadata("bootstrap-0"), client=client)
    assert missing == []
    assert [each.node for each in draft.brokers] == [1, 2]
    assert asked(client) == ["bootstrap-0", 1, 2]


THREE: list[dict[str, Any]] = [*BROKERS, {"node_id": 3, "host": "b3", "port": 9092, "rack": None}]


def answers(*topics: list[dict[str, Any]], brokers: list[list[dict[str, Any]]] | None = None) -> list[Answer]:
    """What brokers 1, 2, … say of the topics, and of the brokers."""
    named = brokers or [THREE] * len(topics)
    pairs = zip(topics, named, strict=True)
    return [metadata(node, topics=each, brokers=them) for node, (each, them) in enumerate(pairs, 1)]


def led(leader: int, epoch: int, **changes: Any) -> list[dict[str, Any]]:
    return [topic("a", [partition(0, leader, leader_epoch=epoch, **changes)])]


def test_another_broker_is_asked_when_one_does_not_answer() -> None:
    client = StubClient({}, nodes=[1, 2, 3])
    good = metadata(brokers=THREE)
    for silent in (1, 2, 3):
        draft, missing = told(ClusterCollector(), good, timeout(METADATA, silent), client=client)
        assert (written(draft.errors), missing) == ("", [])
        assert len(draft.topics) == 2
        assert set(draft.failed) <= {silent}
        assert set(asked(client)) >= {1, 2, 3} - {silent}


@pytest.mark.parametrize("odd", [{"brokers": []}, {"topics": [topic("a", [partition(1)])]}])
def test_another_broker_is_asked_when_one_says_what_cannot_be_read(odd: dict[str, Any]) -> None:
    client = StubClient({}, nodes=[1, 2, 3])
    for broken in (1, 2, 3):
        good = metadata(2 if broken == 1 else 1, brokers=THREE)
        bad = metadata(broken, **{"brokers": THREE, **odd})
        draft, missing = told(ClusterCollector(), good, bad, client=client)
        assert (written(draft.errors), missing) == ("", [])
        assert len(draft.topics) == 2


def test_one_voice_among_several_brokers_is_told_for_what_it_is() -> None:
    draft, missing = told(ClusterCollector(), metadata(1), timeout(METADATA, 2))
    assert (written(draft.errors), missing) == ("", ["broker 2: timed out after 3.0 s"])
    assert len(draft.topics) == 2
    draft, missing = told(ClusterCollector(), metadata(1), metadata(2, brokers=[]))
    assert (written(draft.errors), missing) == ("", ["broker 2: names no brokers"])
    only = [BROKERS[1]]
    draft, missing = told(ClusterCollector(), metadata(1, brokers=only), client=StubClient({}, nodes=[1]))
    assert missing == []


@pytest.mark.parametrize("past", [1, 2, 3])
def test_a_broker_that_does_not_know_of_elections_is_overruled(past: int) -> None:
    said = [led(2, 7)] * 3
    said[past - 1] = led(3, 6)
    for _ in range(3):
        collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2, 3])
        for _ in range(4):
            draft, missing = told(collector, *answers(*said), client=client)
            assert missing == []
            assert draft.partitions.leader.tolist() == [2]


def test_a_broker_that_is_cut_off_and_names_all_brokers_is_overruled_by_those_that_miss_it() -> None:
    """Its followers' partitions lost it from the ISR, which is no new leader epoch."""
    without = [BROKERS[1], THREE[2]]
    shrunk, before = led(1, 5, isr_nodes=[1]), led(1, 5, isr_nodes=[1, 2])
    collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2, 3])
    for _ in range(4):
        client._nodes = [1, 2, 3]
        draft, missing = told(
            collector, *answers(shrunk, before, shrunk, brokers=[without, THREE, without]), client=client
        )
        assert missing == []
        assert draft.partitions.isr.row(0) == [1]
        assert [each.node for each in draft.brokers] == [1, 3]


def test_a_third_broker_decides_between_two_that_know_of_the_same_elections() -> None:
    shrunk, before = led(1, 5, isr_nodes=[1]), led(1, 5, isr_nodes=[1, 2])
    for said in ([shrunk, before, shrunk], [before, shrunk, shrunk], [shrunk, shrunk, before]):
        collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2, 3])
        for _ in range(4):
            draft, missing = told(collector, *answers(*said), client=client)
            assert missing == []
            assert draft.partitions.isr.row(0) == [1]


def test_brokers_that_do_not_agree_make_the_metadata_doubtful() -> None:
    said = [led(1, 5, isr_nodes=[1]), led(1, 5, isr_nodes=[2]), led(1, 5, isr_nodes=[1, 2])]
    client = StubClient({}, nodes=[1, 2, 3])
    draft, missing = told(ClusterCollector(), *answers(*said), client=client)
    assert written(draft.errors) == ""
    assert missing == ["brokers 1, 2 and 3 return different metadata"]
    assert sorted(map(str, asked(client))) == ["1", "2", "3"]


def test_a_topic_made_anew_begins_its_elections_anew() -> None:
    anew = [topic("a", [partition(0, 2, leader_epoch=0)], topic_id=uuid.UUID(int=99))]
    for said in ([anew, led(3, 6), anew], [led(3, 6), anew, anew], [anew, anew, led(3, 6)]):
        draft, missing = told(ClusterCollector(), *answers(*said), client=StubClient({}, nodes=[1, 2, 3]))
        assert missing == []
        assert draft.partitions.leader_epoch.tolist() == [0]


def test_brokers_that_agree_on_what_was_before_the_last_poll_are_doubted() -> None:
    """Two of them may be cut off, and asked by turns."""
    for newest in (1, 2, 3):
        said = [led(3, 6)] * 3
        said[newest - 1] = led(2, 7)
        collector, client = ClusterCollector(), StubClient({}, nodes=[1, 2, 3])
        assert told(collector, *answers(led(2, 7), led(2, 7), led(2, 7)), client=client)[1] == []
        for _ in range(3):
            draft, missing = told(collector, *answers(*said), client=client)
            assert draft.partitions.leader.tolist() == [2]
            assert missing == []
    draft, missing = told(collector, *answers(led(3, 6), led(3, 6), led(3, 6)), client=client)
    assert missing == ["the metadata of brokers 1, 2 and 3 is older than in the previous poll"]
    draft, missing = told(collector, *answers(led(3, 6), led(3, 6), led(3, 6)), client=client)
    assert missing == []


def test_elections_are_compared_topic_by_topic() -> None:
    more = [*led(2, 7), topic("b", [partition(0)])]
    draft, missing = told(ClusterCollector(), *answers(led(3, 6), more, led(3, 6)), client=StubClient({}, nodes=[1, 2]))
    assert missing == []
    assert draft.topics.topic.tolist() == ["a", "b"]


def test_nobody_answers() -> None:
    faults = [timeout(METADATA, 1), timeout(METADATA, 2), timeout(METADATA, "bootstrap-0")]
    draft = collect(ClusterCollector(), *faults)
    assert written(draft.errors) == "; ".join(
        f"broker-{node}:9092: timed out after 3.0 s" for node in (1, 2, "bootstrap-0")
    )


def test_no_broker_is_reached_in_time() -> None:
    client = StubClient({})
    client.ask_any = lambda *_args, **_options: (None, [])  # type: ignore[method-assign]  # the deadline has passed
    assert collect(ClusterCollector(), client=client).errors == (Reason(Kind.UNREACHABLE, detail="127.0.0.1:9092"),)


def test_what_cannot_be_understood_fails_the_cluster_and_not_as_an_empty_one() -> None:
    client, draft = StubClient({}), new_draft()
    odd = collect(ClusterCollector(), metadata(topics=[topic("a", [partition(1)])]), client=client)
    assert written(odd.errors).endswith("'a' are not numbered from 0 without gaps")
    assert client.nodes == []
    ClusterCollector().fail(draft, reason("why"))
    assert written(draft.errors) == "why"


def test_a_broker_that_names_no_brokers_says_nothing_of_the_cluster() -> None:
    draft = collect(ClusterCollector(), metadata(brokers=[]))
    assert written(draft.errors).endswith(": names no brokers")
    refused = collect(ClusterCollector(), metadata(version=13, error_code=41))
    assert refused.errors
