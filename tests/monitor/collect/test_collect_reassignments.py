"""Reassignments under way, from ListPartitionReassignments."""

from typing import Any

from alone import BOTH_FAILED, TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from reasons import failed, reason
from views import Topic, snapshot_of

from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.reassignments import ReassignmentCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_PARTITION_REASSIGNMENTS
from monitor.kafka.client.wire import Answer

SNAPSHOT = snapshot_of([Topic("a", [(0, 0)]), Topic("b", [(0, 0), (0, 0)])], [])
DENIED = "Describe on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"
NAME = "reassignments"


def alone() -> Alone:
    return Alone(ReassignmentCollector(), SNAPSHOT)


def moving(*rows: tuple[str, int, list[int], list[int], list[int]], **fields: Any) -> Answer:
    """An answer; a row is topic, partition, replicas, adding, removing."""
    topics = [
        {
            "name": topic,
            "partitions": [
                {
                    "partition_index": partition,
                    "replicas": replicas,
                    "adding_replicas": adding,
                    "removing_replicas": removing,
                }
            ],
        }
        for topic, partition, replicas, adding, removing in rows
    ]
    return answer_of(
        LIST_PARTITION_REASSIGNMENTS, **{"error_code": 0, "error_message": None, "topics": topics, **fields}
    )


def rows(draft: Draft) -> list[tuple[Any, ...]] | None:
    table = draft.reassignments
    if table is None:
        return None
    columns = table.replicas, table.adding, table.removing
    return [
        (int(topic), int(partition), *(column.row(row) for column in columns))
        for row, (topic, partition) in enumerate(zip(table.topic, table.partition, strict=True))
    ]


def test_rows_by_topic_and_partition() -> None:
    one = alone()
    draft = one.poll(moving(("b", 1, [1, 2, 4], [4], [1]), ("a", 0, [3, 1], [], [1]), ("b", 0, [1, 2], [2], [])))
    assert rows(draft) == [(0, 0, [3, 1], [], [1]), (1, 0, [1, 2], [2], []), (1, 1, [1, 2, 4], [4], [1])]
    assert (one.missing, one.asked, capability(draft, NAME)) == ([], [("ListPartitionReassignments", 1)], (1, ""))
    assert rows(one.poll(moving())) == []


def test_what_metadata_does_not_name_is_left_out() -> None:
    assert rows(alone().poll(moving(("gone", 0, [1], [1], []), ("a", 1, [1], [1], []), ("a", 0, [1], [1], [])))) == [
        (0, 0, [1], [1], [])
    ]


def test_denied_is_a_capability_and_no_error() -> None:
    one = alone()
    draft = one.poll(moving(error_code=31))
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (0, DENIED), [])


def test_not_served() -> None:
    one = alone()
    draft = one.poll(lacking(LIST_PARTITION_REASSIGNMENTS), versions={1: "3.9"})
    assert (rows(draft), one.missing) == (None, [])
    assert capability(draft, NAME) == (0, "not served by this broker (Kafka 3.9)")


def test_faults_and_errors_are_unknown() -> None:
    one = alone()
    draft = one.poll(timeout(LIST_PARTITION_REASSIGNMENTS))
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (None, TIMEOUT), [TIMEOUT])
    assert failed(draft) == {}, "the controller did not answer, the broker is well"
    draft = one.poll(moving(error_code=41))
    why = "broker 1: NOT_CONTROLLER"
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (None, why), [why])
    draft = one.poll(failed=BOTH_FAILED)
    assert (rows(draft), capability(draft, NAME), one.missing) == (None, (None, str(NOBODY)), [str(NOBODY)])


def test_another_broker_is_asked_where_one_failed() -> None:
    one = alone()
    one.poll(failed={1: "why"})
    assert one.asked == [("ListPartitionReassignments", 2)]


def test_cut_answers_are_unknown() -> None:
    whole = moving(("b", 1, [1, 2, 4], [4], [1]))
    for size in range(len(whole.body)):
        one = alone()
        draft = one.poll(Answer(whole.api, whole.version, whole.body[:size], 1))
        assert (rows(draft), capability(draft, NAME)[0], len(one.missing)) == (None, None, 1)


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = alone().poll(moving())
    ReassignmentCollector().fail(draft, reason("why"))
    assert capability(draft, NAME) == (None, "why")
