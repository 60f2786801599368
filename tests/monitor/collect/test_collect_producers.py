"""Producers of partitions that transactions hold back, from DescribeProducers of the leaders."""

import math
from typing import Any

import numpy as np
import pytest
from alone import TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from kafka.protocol.admin import DescribeProducersRequest
from reasons import reason
from views import Topic, snapshot_of

from monitor.collect.collectors import producers
from monitor.collect.collectors.producers import ProducerCollector
from monitor.collect.draft import Draft, OffsetColumn
from monitor.kafka.client.apis import DESCRIBE_PRODUCERS
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.selection import Choice

NAME = "producers"
# Rows: a-0 on 1, a-1 on 2, b-0 on 1, c-0 on none.
SNAPSHOT = snapshot_of(
    [
        Topic("a", [(0, 0), (0, 0)], leaders=[1, 2]),
        Topic("b", [(0, 0)], leaders=[1]),
        Topic("c", [(0, 0)], leaders=[-1]),
    ],
    [],
)
DENIED = "Read on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"


class Producing(Alone):
    """Polls with producers switched on; `stables` are the stable offsets of partitions that all end at 100."""

    def __init__(self, stables: list[float], *, on: bool = True) -> None:
        super().__init__(ProducerCollector(), SNAPSHOT)
        self.stables = stables
        self.choice = Choice(producers=on)

    def poll(self, *replies: Answer | Fault, at: float = 0.0, **fields: Any) -> Draft:
        none = np.zeros(4, np.int32)
        ends, stables = OffsetColumn(np.full(4, 100.0), none), OffsetColumn(np.array(self.stables), none)
        fields = {"choice": self.choice, "ends": ends, "stables": stables, **fields}
        return super().poll(*replies, at=at, **fields)


def state(producer_id: int, start: int = -1, last: int = 1_500) -> dict[str, int]:
    """A producer; times in milliseconds."""
    return {
        "producer_id": producer_id,
        "producer_epoch": 3,
        "last_sequence": 9,
        "last_timestamp": last,
        "coordinator_epoch": 0,
        "current_txn_start_offset": start,
    }


def told(node: int, *partitions: tuple[str, int, list[dict[str, int]]], error: int = 0) -> Answer:
    topics = [
        {
            "name": topic,
            "partitions": [
                {"partition_index": number, "error_code": error, "error_message": None, "active_producers": active}
            ],
        }
        for topic, number, active in partitions
    ]
    return answer_of(DESCRIBE_PRODUCERS, node, topics=topics)


def rows(draft: Draft) -> list[tuple[Any, ...]] | None:
    """Topic row, partition, producer id, epoch, last time, start; unknown numbers are None."""
    table = draft.producers
    if table is None:
        return None
    columns = [getattr(table, each.name).tolist() for each in table.schema()]
    return [
        tuple(None if isinstance(each, float) and math.isnan(each) else each for each in row)
        for row in zip(*columns, strict=True)
    ]


def test_only_leaders_of_partitions_that_are_held_back_are_asked() -> None:
    one = Producing([100, 90, math.nan, 90])
    draft = one.poll(told(2, ("a", 1, [state(8), state(7, 90), state(6, last=-1)])))
    assert rows(draft) == [(0, 1, 6, 3, None, None), (0, 1, 7, 3, 1.5, 90), (0, 1, 8, 3, 1.5, None)]
    assert (one.asked, one.missing) == ([("DescribeProducers", 2)], [])
    assert capability(draft, NAME) == (1, "")


def test_what_is_asked() -> None:
    asked: dict[Any, dict[str, list[int]]] = {}

    def reply(ask: Ask) -> Answer | Fault:
        request = DescribeProducersRequest.decode(ask.body(0), version=0)
        asked[ask.node] = {each.name: each.partition_indexes for each in request.topics}
        return told(int(ask.node))

    one = Producing([90, 90, 80, 90])
    one.client.replies["DescribeProducers"] = reply
    one.poll()
    assert asked == {1: {"b": [0], "a": [0]}, 2: {"a": [1]}}
    asked.clear()
    one.poll(at=30, failed={1: "why"})
    assert asked == {2: {"a": [1]}}


def test_asked_every_30_seconds_and_kept_in_between() -> None:
    one = Producing([90, 100, 100, 100])
    for at in (0, 29):
        assert rows(one.poll(told(1, ("a", 0, [state(7, 90)])), at=at)) == [(0, 0, 7, 3, 1.5, 90)]
    assert one.asked == [("DescribeProducers", 1)]
    one.stables = [100] * 4
    draft = one.poll(at=30)
    assert (rows(draft), capability(draft, NAME)) == ([], (1, ""))
    assert one.asked == [("DescribeProducers", 1)]


def test_switched_off_and_nothing_to_ask() -> None:
    one = Producing([90] * 4, on=False)
    draft = one.poll()
    assert (rows(draft), one.asked, one.missing) == (None, [], [])
    assert capability(draft, NAME) == (None, Kind.SWITCHED_OFF.value)
    draft = Producing([100] * 4).poll()
    assert (rows(draft), capability(draft, NAME)) == ([], (None, Kind.NOTHING_HELD_BACK.value))
    draft = Producing([90] * 4).poll(ends=None, stables=None)
    assert capability(draft, NAME) == (None, Kind.NOTHING_HELD_BACK.value)


def test_denied_is_a_capability_and_no_error() -> None:
    one = Producing([90, 90, 100, 100])
    draft = one.poll(told(1, ("a", 0, []), error=29), told(2, ("a", 1, [state(7)])))
    assert rows(draft) == [(0, 1, 7, 3, 1.5, None)]
    assert (capability(draft, NAME), one.missing) == ((0, DENIED), [])
    assert capability(one.poll(at=10), NAME) == (0, DENIED)


def test_faults_and_errors() -> None:
    one = Producing([90, 90, 100, 100])
    draft = one.poll(timeout(DESCRIBE_PRODUCERS), told(2, ("a", 1, []), error=6))
    assert (rows(draft), one.missing) == ([], [TIMEOUT, "broker 2: NOT_LEADER_FOR_PARTITION"])
    one = Producing([90, 100, 100, 100])
    draft = one.poll(timeout(DESCRIBE_PRODUCERS))
    assert capability(draft, NAME) == (None, TIMEOUT)
    one = Producing([90, 100, 100, 100])
    draft = one.poll(lacking(DESCRIBE_PRODUCERS))
    assert (capability(draft, NAME), one.missing) == ((0, "not served by this broker"), [])


def test_at_most_so_many_partitions_those_held_back_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producers, "PARTITIONS_AT_A_TIME", 1)
    one = Producing([99, 50, 98, 100])
    draft = one.poll(told(2, ("a", 1, [state(7)])))
    assert one.asked == [("DescribeProducers", 2)]
    notice = "producers known for 1 of 3 partitions blocked by transactions"
    assert draft.notices == one.poll(at=1).notices == [notice]


def test_cut_answers_are_unknown() -> None:
    whole = told(1, ("a", 0, [state(7, 90)]))
    for size in range(len(whole.body)):
        one = Producing([90, 100, 100, 100])
        draft = one.poll(Answer(whole.api, whole.version, whole.body[:size], 1))
        assert (rows(draft), len(one.missing), capability(draft, NAME)[0]) == ([], 1, None)


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = Producing([100] * 4).poll()
    ProducerCollector().fail(draft, reason("why"))
    assert capability(draft, NAME) == (None, "why")
