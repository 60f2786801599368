"""Local starts and tiered ends of topics with remote storage, from ListOffsets of the leaders."""

import math
from typing import Any

import numpy as np
from alone import BOTH_FAILED, TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from kafka.protocol.consumer import ListOffsetsRequest
from reasons import reason, texts
from views import Topic, snapshot_of

from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.leader_offsets import NO_LEADER_REASON, NOT_ANSWERED
from monitor.collect.collectors.tiered_offsets import EARLIEST_LOCAL, LATEST_TIERED, TieredOffsetCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_OFFSETS, LOCAL_OFFSETS, TIERED_OFFSETS, Api
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.cluster_tables import TopicConfigs
from monitor.model.table import objects

NAME = "tiered_offsets"
# Rows: a-0 on 1, b-0 on 1, b-1 on 2, c-0 on none.
SNAPSHOT = snapshot_of(
    [
        Topic("a", [(0, 0)], leaders=[1]),
        Topic("b", [(0, 0), (0, 0)], leaders=[1, 2]),
        Topic("c", [(0, 0)], leaders=[-1]),
    ],
    [],
)
Rows = dict[tuple[str, int], tuple[int, int]]


def configs(*remote: float) -> TopicConfigs:
    """Configs of topics of which only remote.storage.enable matters."""
    floats = {
        each.name: np.full(len(remote), math.nan) for each in TopicConfigs.schema() if each.metadata["dtype"] == "f8"
    }
    texts = dict.fromkeys(("cleanup_policy", "timestamp_type", "digest"), objects([None] * len(remote)))
    columns = {**floats, **texts, "remote_storage": np.array(remote), "reason": np.zeros(len(remote), np.int32)}
    return TopicConfigs(**columns)


class Tiered(Alone):
    """Polls of a cluster that serves `local` and `tiered`: (topic, partition) to offset and error code."""

    def __init__(self, local: Rows, tiered: Rows, newest: int = 11) -> None:
        super().__init__(TieredOffsetCollector(), SNAPSHOT)
        self.replies = {EARLIEST_LOCAL: local, LATEST_TIERED: tiered}
        self.instead: dict[tuple[Any, Api], Answer | Fault] = {}
        self.timestamps: list[int] = []
        self.client.versions = {node: {LIST_OFFSETS.key: (1, newest)} for node in (1, 2)}
        self.client.replies["ListOffsets"] = self._reply

    def _reply(self, ask: Ask) -> Answer | Fault:
        if (ask.node, ask.api) in self.instead:
            return self.instead[ask.node, ask.api]
        version = ask.api.version(self.client.versions[ask.node])
        if version is None:
            return lacking(ask.api, int(ask.node))
        request = ListOffsetsRequest.decode(ask.body(version), version=version)
        topics = []
        for topic in request.topics:
            rows = []
            for each in topic.partitions:
                self.timestamps.append(each.timestamp)
                offset, error = self.replies[each.timestamp][topic.name, each.partition_index]
                rows.append({"partition_index": each.partition_index, "offset": offset, "error_code": error})
            topics.append({"name": topic.name, "partitions": rows})
        return answer_of(ask.api, ask.node, api_version=version, topics=topics)

    def second(self, *remote: float, **fields: Any) -> Draft:
        """The poll after the one in which the configs of topics became known."""
        self.poll(topic_configs=configs(*remote))
        return self.poll(topic_configs=configs(*remote), at=1, **fields)


def rows(draft: Draft) -> list[tuple[Any, ...]] | None:
    """Topic row, partition, local start, tiered end, reason; unknown numbers are None."""
    table = draft.tiered_offsets
    if table is None:
        return None
    columns = [getattr(table, each.name).tolist() for each in table.schema()]
    return [
        (topic, number, *(None if math.isnan(each) else each for each in offsets), texts(draft)[reason])
        for topic, number, *offsets, reason in zip(*columns, strict=True)
    ]


LOCAL: Rows = {("a", 0): (1, 0), ("b", 0): (50, 0), ("b", 1): (60, 0)}
TIERED: Rows = {("a", 0): (2, 0), ("b", 0): (49, 0), ("b", 1): (-1, 0)}


def test_only_topics_with_remote_storage_from_the_poll_after_their_configs() -> None:
    one = Tiered(LOCAL, TIERED)
    draft = one.poll(topic_configs=configs(0, 1, math.nan))
    assert (rows(draft), one.asked, capability(draft, NAME)) == ([], [], (1, ""))
    draft = one.poll(topic_configs=configs(0, 1, math.nan), at=1)
    assert rows(draft) == [(1, 0, 50, 49, ""), (1, 1, 60, None, "")]
    assert (one.missing, sorted(one.timestamps)) == ([], [LATEST_TIERED] * 2 + [EARLIEST_LOCAL] * 2)
    assert one.asked == [("ListOffsets", node) for node in (1, 1, 2, 2)]


def test_asked_every_30_seconds_and_at_once_for_a_new_topic() -> None:
    one = Tiered(LOCAL, TIERED)
    one.second(0, 1, 0)
    asked = len(one.asked)
    assert rows(one.poll(topic_configs=configs(0, 1, 0), at=30)) == [(1, 0, 50, 49, ""), (1, 1, 60, None, "")]
    assert len(one.asked) == asked
    one.poll(topic_configs=configs(1, 1, 0), at=30.5)
    draft = one.poll(topic_configs=configs(1, 1, 0), at=30.6)
    assert rows(draft) == [(0, 0, 1, 2, ""), (1, 0, 50, 49, ""), (1, 1, 60, None, "")]
    assert len(one.asked) > asked
    asked = len(one.asked)
    one.poll(topic_configs=configs(1, 1, 0), at=60.6)
    assert len(one.asked) == asked + 4


def test_partitions_without_leader_and_errors_say_why() -> None:
    one = Tiered({**LOCAL, ("b", 1): (-1, 6)}, TIERED)
    assert rows(one.second(0, 1, 1)) == [
        (1, 0, 50, 49, ""),
        (1, 1, None, None, "broker 2: NOT_LEADER_FOR_PARTITION"),
        (2, 0, None, None, str(NO_LEADER_REASON)),
    ]
    one = Tiered({**LOCAL, ("a", 0): (-1, 0)}, TIERED)
    assert rows(one.second(1, 0, 0)) == [(0, 0, None, 2, str(NOT_ANSWERED))]


def test_a_leader_that_fails() -> None:
    one = Tiered(LOCAL, TIERED)
    one.instead[1, LOCAL_OFFSETS] = timeout(LOCAL_OFFSETS)
    assert rows(one.second(0, 1, 0)) == [(1, 0, None, 49, TIMEOUT), (1, 1, 60, None, "")]
    assert one.missing == [TIMEOUT]
    one = Tiered(LOCAL, TIERED)
    one.instead[1, TIERED_OFFSETS] = timeout(TIERED_OFFSETS)
    assert rows(one.second(0, 1, 0)) == [(1, 0, 50, None, ""), (1, 1, 60, None, "")]
    assert one.missing == [TIMEOUT]
    one = Tiered(LOCAL, TIERED)
    draft = one.second(0, 1, 0, failed={1: "broker 1: why"})
    assert rows(draft) == [(1, 0, None, None, "broker 1: why"), (1, 1, 60, None, "")]
    assert one.missing == ["broker 1: why"]


def test_older_brokers() -> None:
    draft = Tiered(LOCAL, TIERED, newest=8).second(0, 1, 0)
    assert rows(draft) == [(1, 0, 50, None, ""), (1, 1, 60, None, "")]
    assert capability(draft, NAME) == (1, "")
    assert capability(draft, "tiered_end_offsets") == (0, "ListOffsets v9 is not served by broker 1, 2")
    one = Tiered(LOCAL, TIERED, newest=7)
    draft = one.second(1, 0, 0, versions={1: "3.3", 2: "3.3"})
    why = "not served by this broker (Kafka 3.3)"
    assert (rows(draft), one.missing) == ([(0, 0, None, None, why)], [])
    assert capability(draft, NAME) == (0, why)
    draft = Tiered(LOCAL, TIERED).poll(failed=BOTH_FAILED)
    assert (rows(draft), capability(draft, NAME)) == (None, (None, str(NOBODY)))


def test_a_topic_of_the_same_name_is_another() -> None:
    one = Tiered(LOCAL, TIERED)
    one.second(1, 0, 0)
    topics = snapshot_of([Topic("a", [(0, 0)]), Topic("b", [(0, 0)]), Topic("c", [(0, 0)])], []).topics
    topics.topic_id.setflags(write=True)
    topics.topic_id[0] = "another"
    assert rows(one.poll(topic_configs=configs(1, 0, 0), at=2, topics=topics)) == []


def test_cut_answers_are_unknown() -> None:
    whole = answer_of(
        LOCAL_OFFSETS, 1, topics=[{"name": "a", "partitions": [{"partition_index": 0, "offset": 1, "error_code": 0}]}]
    )
    for size in range(len(whole.body)):
        one = Tiered(LOCAL, TIERED)
        one.instead[1, LOCAL_OFFSETS] = Answer(whole.api, whole.version, whole.body[:size], 1)
        ((_, _, local, tiered, reason),) = rows(one.second(1, 0, 0)) or []
        assert (local, tiered, one.missing) == (None, 2, [reason])


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = Tiered(LOCAL, TIERED).poll()
    TieredOffsetCollector().fail(draft, reason("why"))
    assert capability(draft, NAME) == (None, "why")
