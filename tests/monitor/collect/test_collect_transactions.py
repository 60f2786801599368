"""Transactions under way, from ListTransactions of all brokers and DescribeTransactions of their coordinators."""

import math
from typing import Any

import pytest
from alone import BOTH_FAILED, BROKERS, TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from kafka.protocol.admin import DescribeTransactionsRequest, ListTransactionsRequest
from reasons import failed, reason, texts
from views import Topic, snapshot_of

from monitor.collect.collectors import transactions
from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.transactions import NOT_DESCRIBED, NOT_FOUND, TransactionCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_TRANSACTIONS, LIST_TRANSACTIONS
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.coordinators import TRANSACTIONS_TOPIC
from monitor.model.snapshot import NO_LEADER

NAME = "transactions"
SNAPSHOT = snapshot_of([Topic("a", [(0, 0)]), Topic("b", [(0, 0), (0, 0)])], [])


def alone() -> Alone:
    return Alone(TransactionCollector(), SNAPSHOT)


def listed(node: int, *names: str, version: int = 1, **fields: Any) -> Answer:
    states = [
        {"transactional_id": name, "producer_id": 40 + number, "transaction_state": "Ongoing"}
        for number, name in enumerate(names)
    ]
    base = {"error_code": 0, "unknown_state_filters": [], "transaction_states": states}
    return answer_of(LIST_TRANSACTIONS, node, api_version=version, **{**base, **fields})


def about(name: str, *places: tuple[str, list[int]], **fields: Any) -> dict[str, Any]:
    """A transaction that began at 5.5 s of unix time and times out after 60 s."""
    return {
        "error_code": 0,
        "transactional_id": name,
        "transaction_state": "Ongoing",
        "transaction_timeout_ms": 60_000,
        "transaction_start_time_ms": 5_500,
        "producer_id": 7,
        "producer_epoch": 0,
        "topics": [{"topic": topic, "partitions": partitions} for topic, partitions in places],
        **fields,
    }


def described(node: int, *states: dict[str, Any]) -> Answer:
    return answer_of(DESCRIBE_TRANSACTIONS, node, transaction_states=list(states))


def rows(draft: Draft) -> list[tuple[Any, ...]] | None:
    """Id, producer id, state, coordinator, start, timeout, reason of each transaction; unknown numbers are None."""
    table = draft.transactions
    if table is None:
        return None
    columns = (table.producer_id, table.state, table.coordinator, table.started, table.timeout_seconds)
    return [
        (
            name,
            *(None if isinstance(each, float) and math.isnan(each) else each for each in values),
            texts(draft)[reason],
        )
        for name, *values, reason in zip(
            table.transactional_id, *(column.tolist() for column in columns), table.reason, strict=True
        )
    ]


def places(draft: Draft) -> list[tuple[int, int, int]]:
    table = draft.transaction_partitions
    assert table is not None
    return list(zip(table.transaction.tolist(), table.topic.tolist(), table.partition.tolist(), strict=True))


def test_what_is_listed_is_described_in_the_same_poll() -> None:
    one = alone()
    draft = one.poll(
        listed(1, "pay"),
        listed(2, "bill"),
        described(1, about("pay", ("b", [1, 0]), ("a", [0]), ("gone", [0]), ("b", [9]))),
        described(2, about("bill", transaction_state="PrepareAbort")),
    )
    assert rows(draft) == [
        ("bill", 7, "PrepareAbort", 2, 5.5, 60, ""),
        ("pay", 7, "Ongoing", 1, 5.5, 60, ""),
    ]
    assert places(draft) == [(1, 0, 0), (1, 1, 0), (1, 1, 1)]
    assert (one.missing, capability(draft, NAME)) == ([], (1, ""))


def test_only_transactions_under_way_are_asked_for() -> None:
    one = alone()
    draft = one.poll(listed(1), listed(2))
    draft.started += 30
    asks = one.collector.ask(one.client, draft)
    for ask in asks:
        for version in (0, 1):
            request = ListTransactionsRequest.decode(ask.body(version), version=version)
            assert request.state_filters == ["Ongoing", "PrepareCommit", "PrepareAbort"]
            assert request.producer_id_filters == []
    assert [ask.node for ask in asks] == [1, 2]


def test_brokers_are_asked_every_30_seconds() -> None:
    one = alone()
    for at in (0, 10, 29):
        draft = one.poll(listed(1, "pay", version=0), listed(2), described(1, about("pay", ("a", [0]))), at=at)
        assert rows(draft) == [("pay", 7, "Ongoing", 1, 5.5, 60, "")]
        assert (places(draft), capability(draft, NAME)) == ([(0, 0, 0)], (1, ""))
        assert one.collector.kept == (at > 0)
    assert len(one.asked) == 3
    draft = one.poll(listed(1), listed(2), at=30)
    assert (rows(draft), places(draft)) == ([], [])


def test_kept_rows_follow_their_topic_and_no_other_of_its_name() -> None:
    one = alone()
    one.poll(listed(1, "pay"), listed(2), described(1, about("pay", ("a", [0]), ("b", [1]))))
    fewer = snapshot_of([Topic("b", [(0, 0), (0, 0)])], [])
    assert places(one.poll(at=1, topics=fewer.topics, partitions=fewer.partitions)) == [(0, 0, 1)]
    fewer.topics.topic_id.setflags(write=True)
    fewer.topics.topic_id[0] = "another"
    assert places(one.poll(at=2, topics=fewer.topics, partitions=fewer.partitions)) == []


def test_transactions_that_ended_since_they_were_listed() -> None:
    draft = alone().poll(
        listed(1, "gone", "done", "empty"),
        listed(2),
        described(
            1,
            about("gone", error_code=NOT_FOUND),
            about("done", transaction_state="CompleteCommit"),
            about("empty", transaction_state="Empty"),
        ),
    )
    assert rows(draft) == []


def test_what_cannot_be_described_is_known_by_name() -> None:
    one = alone()
    draft = one.poll(
        listed(1, "denied"),
        listed(2, "odd"),
        described(1, about("denied", error_code=53)),
        described(2, about("odd", transaction_start_time_ms=-1, transaction_timeout_ms=-1), about("other")),
    )
    why = "broker 1: Describe on the transactional id is denied (TRANSACTIONAL_ID_AUTHORIZATION_FAILED)"
    assert rows(draft) == [
        ("denied", 40, "Ongoing", 1, None, None, why),
        ("odd", 7, "Ongoing", 2, None, None, ""),
    ]
    assert one.missing == []


def test_a_coordinator_that_does_not_describe() -> None:
    one = alone()
    draft = one.poll(listed(1, "pay"), listed(2), timeout(DESCRIBE_TRANSACTIONS))
    assert (rows(draft), one.missing) == ([("pay", 40, "Ongoing", 1, None, None, TIMEOUT)], [TIMEOUT])
    assert capability(draft, NAME) == (1, "")


def test_a_broker_that_does_not_list_keeps_what_it_had() -> None:
    one = alone()
    one.poll(listed(1, "pay"), listed(2, "bill"), described(1, about("pay")), described(2, about("bill")))
    draft = one.poll(timeout(LIST_TRANSACTIONS), listed(2), at=30)
    assert rows(draft) == [("pay", 7, "Ongoing", 1, 5.5, 60, "")]
    assert (one.missing, failed(draft)) == ([TIMEOUT], {1: TIMEOUT})
    moved = about("pay", transaction_start_time_ms=6_000)
    draft = one.poll(listed(1, error_code=14), listed(2, "pay"), described(2, moved), at=60)
    assert rows(draft) == [("pay", 7, "Ongoing", 2, 6, 60, "")], "it has a new coordinator"
    assert one.missing == ["broker 1: COORDINATOR_LOAD_IN_PROGRESS"]
    draft = one.poll(listed(2), at=90, failed={1: "broker 1: why"})
    assert (rows(draft), one.missing) == ([("pay", 7, "Ongoing", 1, 5.5, 60, "")], ["broker 1: why"])
    assert rows(one.poll(listed(2), at=120, brokers=BROKERS[1:])) == [], "the broker is gone for good"


def test_the_leader_of_its_partition_is_believed_on_a_transaction_before_others() -> None:
    topic = Topic(TRANSACTIONS_TOPIC, [(0, 0)], leaders=[1])
    one = Alone(TransactionCollector(), snapshot_of([topic], []))
    draft = one.poll(
        listed(1, "pay"), listed(2, "pay"), described(1, about("pay", transaction_state="PrepareCommit")), described(2)
    )
    assert rows(draft) == [("pay", 7, "PrepareCommit", 1, 5.5, 60, "")]
    assert one.missing == []


def test_transactions_are_not_all_known_while_a_partition_that_keeps_some_has_no_leader() -> None:
    topic = Topic(TRANSACTIONS_TOPIC, [(0, 0)] * 2, leaders=[1, NO_LEADER])
    one = Alone(TransactionCollector(), snapshot_of([topic], []))
    one.poll(listed(1), listed(2))
    assert one.missing == ["__transaction_state: no leader of partition 1"]


def test_not_served_and_never_answered() -> None:
    one = alone()
    draft = one.poll(lacking(LIST_TRANSACTIONS), lacking(LIST_TRANSACTIONS, 2))
    assert (rows(draft), one.missing) == (None, [])
    assert capability(draft, NAME) == (0, "not served by this broker")
    one = alone()
    draft = one.poll(timeout(LIST_TRANSACTIONS), timeout(LIST_TRANSACTIONS, 2))
    assert (rows(draft), capability(draft, NAME)[0]) == (None, None)
    assert one.missing == [TIMEOUT, TIMEOUT.replace("1", "2", 1)]
    one = alone()
    draft = one.poll(failed=BOTH_FAILED)
    assert (rows(draft), capability(draft, NAME)) == (None, (None, str(NOBODY)))
    assert one.missing == list(BOTH_FAILED.values())


def test_a_coordinator_describes_some_at_a_time_and_the_others_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "DESCRIBED_AT_A_TIME", 2)
    one = alone()
    asked: list[list[str]] = []

    def describe(ask: Ask) -> Answer | Fault:
        asked.append(DescribeTransactionsRequest.decode(ask.body(0), version=0).transactional_ids)
        return described(1, *(about(name) for name in asked[-1]))

    one.client.replies["DescribeTransactions"] = describe
    for at in (0, 30, 60):
        draft = one.poll(listed(1, "a", "b", "c"), listed(2), at=at)
        found = rows(draft)
        assert found is not None
        assert [row[0] for row in found if row[-1] == str(NOT_DESCRIBED)] == [
            each for each in "abc" if each not in asked[-1]
        ]
        assert draft.notices == ["1 of 3 open transactions known by name only (limit: 2 per coordinator)"]
    assert asked == [["a", "b"], ["c", "a"], ["b", "a"]]


def test_cut_answers_are_unknown() -> None:
    whole = listed(1, "pay")
    for size in range(len(whole.body)):
        one = alone()
        draft = one.poll(Answer(whole.api, whole.version, whole.body[:size], 1), listed(2))
        assert (rows(draft), len(one.missing)) == ([], 1)
    whole = described(1, about("pay", ("a", [0])))
    for size in range(len(whole.body)):
        one = alone()
        draft = one.poll(listed(1, "pay"), listed(2), Answer(whole.api, whole.version, whole.body[:size], 1))
        (row,) = rows(draft) or []
        assert row[:-1] == ("pay", 40, "Ongoing", 1, None, None)
        assert one.missing == [row[-1]]
        assert places(draft) == []


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = alone().poll(listed(1), listed(2))
    TransactionCollector().fail(draft, reason("why"))
    assert capability(draft, NAME) == (None, "why")
