"""What kmon asks of Kafka is counted by API and broker."""

from monitor.kafka.client.apis import LIST_OFFSETS, METADATA
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.tally import Tally
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.snapshot import NO_LEADER


def test_answers_and_faults_are_counted_by_api_and_broker() -> None:
    tally = Tally()
    tally.count(Answer(METADATA, 12, b"12345", "bootstrap-0", 0.5), "Metadata")
    tally.count(Answer(LIST_OFFSETS, 7, b"123", 2, 0.25), "ListOffsets")
    tally.count(Answer(LIST_OFFSETS, 7, b"1234", 2, 0.25), "ListOffsets")
    tally.count(Fault(Kind.TIMEOUT, 1, "ListOffsets", seconds=3.0), "ListOffsets")
    table = tally.table()
    assert table.api.tolist() == ["ListOffsets", "ListOffsets", "Metadata"]
    assert table.broker.tolist() == [1, 2, NO_LEADER]
    assert table.requests.tolist() == [1, 2, 1]
    assert table.errors.tolist() == [1, 0, 0]
    assert table.seconds.tolist() == [3.0, 0.5, 0.5]
    assert table.received_bytes.tolist() == [0, 7, 5]


def test_what_a_broker_does_not_serve_is_no_error() -> None:
    tally = Tally()
    tally.count(Fault(Kind.UNSUPPORTED, 1, "DescribeCluster"), "DescribeCluster")
    assert len(tally.table()) == 0


def test_a_table_does_not_change_when_more_is_counted() -> None:
    tally = Tally()
    tally.count(Answer(METADATA, 12, b"", 1, 0.5), "Metadata")
    before = tally.table()
    tally.count(Answer(METADATA, 12, b"", 1, 0.5), "Metadata")
    assert (before.requests.tolist(), tally.table().requests.tolist()) == ([1], [2])


def test_nothing_asked_is_an_empty_table() -> None:
    assert len(Tally().table()) == 0
