"""Eligible leader replicas of partitions that are short of replicas in sync, from DescribeTopicPartitions."""

from typing import Any

import numpy as np
import pytest
from alone import BOTH_FAILED, TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from kafka.protocol.admin import DescribeTopicPartitionsRequest
from reasons import reason
from views import Topic, snapshot_of

from monitor.collect.collectors import eligible_replicas
from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.eligible_replicas import FEATURE, EligibleReplicaCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_TOPIC_PARTITIONS
from monitor.kafka.client.wire import Answer
from monitor.model.cluster_tables import Features
from monitor.model.table import objects

NAME = "eligible_replicas"
WHOLE = snapshot_of([Topic("a", [(0, 0)]), Topic("b", [(0, 0), (0, 0)])], [])
SHORT = snapshot_of(
    [
        Topic("a", [(0, 0)], isr=[[1, 2, 3]]),
        Topic("b", [(0, 0), (0, 0)], isr=[[1], [1, 2, 3]]),
        Topic("c", [(0, 0)], isr=[[]], leaders=[-1]),
    ],
    [],
)
ON = Features(feature=objects([FEATURE]), level=np.array([1]))
OFF = Features(feature=objects(["metadata.version"]), level=np.array([21]))


def described(*topics: tuple[str, list[tuple[list[int] | None, list[int] | None]]], **fields: Any) -> Answer:
    """An answer; a topic is its name and, of each partition, the eligible and the last known replicas."""
    partition = {"error_code": 0, "leader_id": 1, "leader_epoch": 0, "replica_nodes": [1], "isr_nodes": [1]}
    listed = [
        {
            "error_code": 0,
            "name": name,
            "partitions": [
                {
                    **partition,
                    "partition_index": number,
                    "eligible_leader_replicas": eligible,
                    "last_known_elr": last,
                    "offline_replicas": [],
                }
                for number, (eligible, last) in enumerate(rows)
            ],
        }
        for name, rows in topics
    ]
    return answer_of(DESCRIBE_TOPIC_PARTITIONS, **{"topics": listed, "next_cursor": None, **fields})


def rows(draft: Draft) -> list[tuple[Any, ...]] | None:
    table = draft.eligible_replicas
    if table is None:
        return None
    return [
        (int(topic), int(partition), table.eligible.row(row), table.last_known.row(row))
        for row, (topic, partition) in enumerate(zip(table.topic, table.partition, strict=True))
    ]


ANSWER = described(("b", [([2], []), ([], [])]), ("c", [([], [3])]))


def test_only_partitions_that_are_short_of_replicas() -> None:
    one = Alone(EligibleReplicaCollector(), SHORT)
    draft = one.poll(ANSWER, features=ON)
    assert rows(draft) == [(1, 0, [2], []), (2, 0, [], [3])]
    assert (one.missing, one.asked, draft.notices) == ([], [("DescribeTopicPartitions", 1)], [])
    assert capability(draft, NAME) == (1, "")


def test_topics_that_are_whole_are_not_asked_for() -> None:
    one = Alone(EligibleReplicaCollector(), SHORT)
    (ask,) = one.collector.ask(one.client, one.poll(ANSWER))
    request = DescribeTopicPartitionsRequest.decode(ask.body(0), version=0)
    assert [each.name for each in request.topics] == ["b", "c"]


def test_nothing_is_asked_while_all_is_in_sync() -> None:
    one = Alone(EligibleReplicaCollector(), WHOLE)
    one.client.versions = {1: {75: (0, 0)}}
    draft = one.poll()
    assert (one.asked, rows(draft), capability(draft, NAME)) == ([], None, (1, ""))
    one.client.versions = {1: {75: (7, 7)}}
    draft = one.poll(versions={1: "3.9"})
    assert (rows(draft), capability(draft, NAME)) == (None, (0, "not served by this broker (Kafka 3.9)"))
    draft = one.poll(failed=BOTH_FAILED)
    assert (capability(draft, NAME), one.missing) == ((None, str(NOBODY)), [])


def test_without_the_feature_no_replica_is_said_to_be_ineligible() -> None:
    one = Alone(EligibleReplicaCollector(), SHORT)
    for _ in range(3):
        draft = one.poll(ANSWER, features=OFF)
        assert (rows(draft), capability(draft, NAME), one.missing) == (
            None,
            (0, f"the feature {FEATURE} is not on"),
            [],
        )
    assert len(one.asked) == 1, "once that is known, nothing is asked"
    one.client.versions = {1: {75: (0, 0)}}
    one.poll(features=ON)
    assert rows(one.poll(ANSWER, features=ON)) == [(1, 0, [2], []), (2, 0, [], [3])]


def test_null_lists_and_denied_topics() -> None:
    one = Alone(EligibleReplicaCollector(), SHORT)
    draft = one.poll(described(("b", [(None, None), ([], [])])), features=ON)
    assert rows(draft) == [(1, 0, [], [])]
    denied = {"error_code": 29, "name": "b", "partitions": []}
    draft = one.poll(described(topics=[denied]))
    assert (rows(draft), one.missing) == ([], [])


def test_more_partitions_than_an_answer_holds_are_cut_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "eligible leader replicas known for 1 of 2 partitions short of in-sync replicas (limit: {} per response)"
    one = Alone(EligibleReplicaCollector(), SHORT)
    cursor = {"topic_name": "c", "partition_index": 0}
    draft = one.poll(described(("b", [([2], []), ([], [])]), next_cursor=cursor))
    assert (rows(draft), draft.notices) == ([(1, 0, [2], [])], [said.format("2,000")])
    monkeypatch.setattr(eligible_replicas, "PARTITIONS_AN_ANSWER", 2)
    draft = one.poll(described(("b", [([2], []), ([], [])])))
    assert (rows(draft), draft.notices) == ([(1, 0, [2], [])], [said.format("2")])


def test_faults() -> None:
    one = Alone(EligibleReplicaCollector(), SHORT)
    draft = one.poll(timeout(DESCRIBE_TOPIC_PARTITIONS))
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (None, TIMEOUT), [TIMEOUT])
    draft = one.poll(lacking(DESCRIBE_TOPIC_PARTITIONS))
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (0, "not served by this broker"), [])
    draft = one.poll(failed=BOTH_FAILED)
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (None, str(NOBODY)), [str(NOBODY)])


def test_cut_answers_are_unknown() -> None:
    for size in range(len(ANSWER.body)):
        one = Alone(EligibleReplicaCollector(), SHORT)
        draft = one.poll(Answer(ANSWER.api, ANSWER.version, ANSWER.body[:size], 1))
        assert (rows(draft), capability(draft, NAME)[0], len(one.missing)) == (None, None, 1)


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = Alone(EligibleReplicaCollector(), SHORT).poll(ANSWER)
    EligibleReplicaCollector().fail(draft, reason("why"))
    assert capability(draft, NAME) == (None, "why")
