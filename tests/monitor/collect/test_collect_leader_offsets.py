"""Start and end offsets of partitions, from their leaders."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from reasons import failed, reason, texts, worded
from views import Topic, snapshot_of

from monitor.collect.collectors.leader_offsets import (
    NO_LEADER_REASON,
    NOT_ANSWERED,
    EndOffsetCollector,
    LeaderOffsetCollector,
    StartOffsetCollector,
)
from monitor.collect.draft import Draft, OffsetColumn
from monitor.kafka.client.apis import LIST_OFFSETS
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer

TIMEOUT = "broker 2: timed out after 3.0 s"

# Rows: a-0 on 1, a-1 on 2, b-0 on 1, c-0 on none.
SNAPSHOT = snapshot_of(
    [
        Topic("a", [(0, 0), (0, 0)], leaders=[1, 2]),
        Topic("b", [(0, 0)], leaders=[1]),
        Topic("c", [(0, 0)], leaders=[-1]),
    ],
    [],
)
ALL_LED = snapshot_of([Topic("a", [(0, 0), (0, 0)], leaders=[1, 2])], [])


class Poll:
    def __init__(self, collector: LeaderOffsetCollector | None = None) -> None:
        self.collector = collector or EndOffsetCollector()
        self.client = StubClient({}, nodes=[1, 2])
        self.missing: list[str] = []

    def __call__(self, *replies: Answer | Fault, snapshot: Any = SNAPSHOT, **fields: Any) -> Draft:
        by_node = {reply.node: reply for reply in replies}
        self.client.replies["ListOffsets"] = lambda ask: by_node[ask.node]
        draft = new_draft(topics=snapshot.topics, partitions=snapshot.partitions, **fields)
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft

    @property
    def asked(self) -> list[Any]:
        return [node for what, _, node in self.client.log if what == "ask"]


def offsets(node: int, version: int = 11, **topics: Sequence[tuple[int, int, int]]) -> Answer:
    """An answer; a partition is (number, offset, error code)."""
    named = [
        {"name": name, "partitions": [{"partition_index": n, "offset": o, "error_code": e} for n, o, e in rows]}
        for name, rows in topics.items()
    ]
    return answer_of(LIST_OFFSETS, node, api_version=version, topics=named)


def column(draft: Draft, which: OffsetColumn | None) -> list[tuple[float, str]]:
    assert which is not None
    return [(float(o), texts(draft)[code]) for o, code in zip(which.offset, which.reason, strict=True)]


def known(draft: Draft) -> list[float | str]:
    """The end offset of each row, or why it is unknown."""
    return [reason or value for value, reason in column(draft, draft.ends)]


@pytest.mark.parametrize("version", range(4, 12))
def test_offsets_land_in_their_rows(version: int) -> None:
    poll = Poll()
    draft = poll(offsets(1, version, b=[(0, 30, 0)], a=[(0, 10, 0)]), offsets(2, version, a=[(1, 20, 0)]))
    assert known(draft) == [10, 20, 30, str(NO_LEADER_REASON)]
    assert np.isnan(draft.ends.offset[3] if draft.ends else 0)
    assert poll.missing == []


def test_a_leader_that_fails_costs_only_its_rows() -> None:
    poll = Poll()
    draft = poll(offsets(1, a=[(0, 10, 0)], b=[(0, 30, 0)]), timeout(LIST_OFFSETS, 2))
    assert known(draft) == [10, TIMEOUT, 30, str(NO_LEADER_REASON)]
    assert poll.missing == [TIMEOUT]
    assert failed(draft) == {2: TIMEOUT}


def test_a_leader_that_failed_before_is_not_asked() -> None:
    poll = Poll()
    draft = poll(offsets(1, a=[(0, 10, 0)], b=[(0, 30, 0)]), failed={2: TIMEOUT})
    assert known(draft) == [10, TIMEOUT, 30, str(NO_LEADER_REASON)]
    assert poll.missing == [TIMEOUT]
    assert poll.asked == [1]


def test_a_leader_that_answered_is_not_missing_because_something_else_failed_there() -> None:
    poll = Poll()
    draft = new_draft(topics=SNAPSHOT.topics, partitions=SNAPSHOT.partitions)
    asks = poll.collector.ask(poll.client, draft)
    draft.failed[2] = reason(TIMEOUT)
    replies = [offsets(1, a=[(0, 10, 0)], b=[(0, 30, 0)]), offsets(2, a=[(1, 20, 0)])]
    assert poll.collector.read(poll.client, draft, asks, replies) == []
    assert known(draft) == [10, 20, 30, str(NO_LEADER_REASON)]


def test_a_partition_error_is_the_reason_of_its_row() -> None:
    poll = Poll()
    draft = poll(offsets(1, a=[(0, 10, 0)], b=[(0, -1, 6)]), offsets(2, a=[(1, -1, 29)]))
    moved = "broker 1: NOT_LEADER_FOR_PARTITION"
    denied = "broker 2: Describe on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"
    assert known(draft) == [10, denied, moved, str(NO_LEADER_REASON)]
    assert poll.missing == [moved, denied]


def test_a_row_that_an_answer_leaves_out_or_gives_no_offset_is_unknown() -> None:
    draft = Poll()(offsets(1, a=[(0, 10, 0)]), offsets(2, a=[(1, -1, 0)]))
    assert known(draft) == [10, str(NOT_ANSWERED), str(NOT_ANSWERED), str(NO_LEADER_REASON)]


def test_rows_that_nobody_asked_for_are_left_aside() -> None:
    more = offsets(1, a=[(0, 10, 0), (7, 1, 0), (-1, 1, 0)], b=[(0, 30, 0)], z=[(0, 1, 0)])
    assert known(Poll()(more, offsets(2, a=[(1, 20, 0)])))[:3] == [10, 20, 30]


def test_an_answer_that_cannot_be_read_costs_only_its_leader() -> None:
    draft = Poll()(offsets(1, a=[(0, 10, 0)], b=[(0, 30, 0)]), Answer(LIST_OFFSETS, 11, b"garbage", 2))
    assert known(draft)[0] == 10
    assert str(known(draft)[1]).startswith("broker 2: invalid response: ")


def test_the_request_is_encoded_once_while_the_partitions_are_the_same() -> None:
    collector, client = EndOffsetCollector(), StubClient({})

    def bodies() -> list[bytes]:
        draft = new_draft(topics=SNAPSHOT.topics, partitions=SNAPSHOT.partitions)
        return [ask.body(11) for ask in collector.ask(client, draft)]

    assert all(one is two for one, two in zip(bodies(), bodies(), strict=True))


def test_a_collector_that_breaks_leaves_every_row_unknown() -> None:
    draft = new_draft(topics=SNAPSHOT.topics, partitions=SNAPSHOT.partitions)
    EndOffsetCollector().fail(draft, reason("why"))
    assert known(draft) == ["why"] * 4


ANSWERS = (offsets(1, a=[(0, 1, 0)]), offsets(2, a=[(1, 2, 0)]))


def test_start_offsets_are_kept_for_a_while() -> None:
    poll = Poll(StartOffsetCollector())
    first = poll(*ANSWERS, snapshot=ALL_LED)
    second = poll(snapshot=ALL_LED)
    assert second.starts is not None
    assert first.starts is not None
    assert second.starts.offset is first.starts.offset
    assert column(second, second.starts) == [(1, ""), (2, "")]
    assert poll.collector.kept


def test_start_offsets_are_asked_again_when_they_are_old_or_partitions_change() -> None:
    poll = Poll(StartOffsetCollector())
    poll(*ANSWERS, snapshot=ALL_LED)
    changed = snapshot_of([Topic("a", [(0, 0), (0, 0)], leaders=[1, 2])], [])
    poll(*ANSWERS, snapshot=changed)
    assert poll.asked == [1, 2, 1, 2]
    draft = new_draft(topics=changed.topics, partitions=changed.partitions)
    draft.started += StartOffsetCollector.every_seconds
    assert [ask.node for ask in poll.collector.ask(poll.client, draft)] == [1, 2]


def test_start_offsets_that_are_not_all_known_are_asked_again() -> None:
    poll = Poll(StartOffsetCollector())
    poll(ANSWERS[0], timeout(LIST_OFFSETS, 2), snapshot=ALL_LED)
    draft = poll(*ANSWERS, snapshot=ALL_LED)
    assert column(draft, draft.starts) == [(1, ""), (2, "")]
    assert not poll.collector.kept
