"""Frames as they come in: held once, no more memory than has arrived, within the budget, and given back."""

import struct
import tracemalloc
from collections.abc import Iterator

import pytest
from kafka.errors import CorrelationIdError, InvalidReceiveError, KafkaProtocolError
from kafka.protocol.metadata import ApiVersionsRequest

from monitor.kafka.client.apis import LIST_OFFSETS, METADATA
from monitor.kafka.client.budget import Budget
from monitor.kafka.client.frames import Parser
from monitor.kafka.client.wire import Answer, Request

MB = 2**20
PIECE = bytes(256 * 1024)


def parser_of(budget: Budget, most: int = 64 * MB) -> Parser:
    parser = Parser(budget, client_id="kmon-test", receive_message_max_bytes=most)
    parser.send_request(Request(METADATA, 12, b""))
    return parser


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def peak() -> int:
    return tracemalloc.get_traced_memory()[1]


def held() -> int:
    return tracemalloc.get_traced_memory()[0]


def receive(parser: Parser, size: int, number: int = 1) -> Answer:
    """An answer whose frame has so many bytes, in pieces."""
    responses = parser.receive_bytes(struct.pack(">ii", size, number))
    left = size - 4
    while left:
        piece = PIECE[: min(left, len(PIECE))]
        responses += parser.receive_bytes(piece)
        left -= len(piece)
    ((_, answer),) = responses
    assert isinstance(answer, Answer)
    return answer


def test_an_answer_is_held_once(traced: None) -> None:
    parser = parser_of(Budget(32 * MB))
    before = held()
    answer = receive(parser, 16 * MB)
    assert len(answer.body) == 16 * MB - 5
    assert peak() - before < 20 * MB
    assert held() - before < 17 * MB
    del answer
    assert held() - before < MB


def test_what_is_announced_takes_no_memory_before_it_comes(traced: None) -> None:
    parser = parser_of(Budget(64 * MB))
    before = held()
    assert parser.receive_bytes(struct.pack(">ii", 60 * MB, 1) + bytes(1000)) == []
    assert peak() - before < MB


def test_what_broke_off_is_given_back(traced: None) -> None:
    budget = Budget(32 * MB)
    parser = parser_of(budget)
    before = held()
    parser.receive_bytes(struct.pack(">ii", 16 * MB, 1))
    for _ in range(40):
        parser.receive_bytes(PIECE)
    assert budget.taken == 16 * MB
    assert held() - before > 10 * MB
    parser.release()
    assert budget.taken == 0
    assert held() - before < MB


def test_an_answer_holds_its_part_of_the_budget_for_as_long_as_it_lives() -> None:
    budget = Budget(8 * MB)
    first = receive(parser_of(budget), 6 * MB)
    other = parser_of(budget)
    with pytest.raises(InvalidReceiveError, match=r"response of 3,145,728 bytes exceeds max_inflight_bytes"):
        other.receive_bytes(struct.pack(">i", 3 * MB))
    assert budget.taken == 6 * MB
    del first
    assert budget.taken == 0
    receive(parser_of(budget), 3 * MB)
    assert budget.taken == 0


def test_a_frame_that_memory_does_not_suffice_for_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_args: object) -> memoryview:
        raise MemoryError

    budget = Budget(8 * MB)
    parser = parser_of(budget)
    parser.receive_bytes(struct.pack(">i", 6 * MB))
    monkeypatch.setattr("monitor.kafka.client.frames._Frame.write", no_memory)
    with pytest.raises(KafkaProtocolError, match="no memory left for a response of 6,291,456 bytes"):
        parser.receive_bytes(PIECE)
    assert budget.taken == 0


def test_a_large_answer_of_kafka_pythons_own_is_refused() -> None:
    """It would be decoded to objects on the I/O thread: nothing before the login is that large."""
    parser = Parser(Budget(64 * MB), client_id="kmon-test", receive_message_max_bytes=64 * MB)
    parser.send_request(ApiVersionsRequest(version=0))
    with pytest.raises(InvalidReceiveError, match="response of 2,097,152 bytes during login"):
        parser.receive_bytes(struct.pack(">i", 2 * MB))


@pytest.mark.parametrize("size", [-1, -(2**31)])
def test_a_negative_size_is_refused(size: int) -> None:
    with pytest.raises(InvalidReceiveError):
        parser_of(Budget(MB)).receive_bytes(struct.pack(">i", size))


@pytest.mark.parametrize("size", [0, 3])
def test_a_frame_that_is_smaller_than_a_header_is_refused(size: int) -> None:
    with pytest.raises(KafkaProtocolError, match="ends in its header"):
        parser_of(Budget(MB)).receive_bytes(struct.pack(">i", size) + bytes(size))


def test_a_response_that_nobody_asked_for_is_refused() -> None:
    parser = parser_of(Budget(MB))
    receive(parser, 100)
    with pytest.raises(CorrelationIdError):
        parser.receive_bytes(struct.pack(">ii", 4, 1))


@pytest.mark.parametrize("tags", [b"\x65" + bytes(400), b"\xff" * 400, b"\x01" + b"\xff" * 400])
def test_tagged_fields_without_end_cost_no_time(tags: bytes) -> None:
    """No answer has any in its header; a broker that sends millions would hold up all others."""
    with pytest.raises(KafkaProtocolError, match=r"tagged fields|ends in its header"):
        parser_of(Budget(MB)).receive_bytes(struct.pack(">ii", 4 + len(tags), 1) + tags)


def test_an_older_answer_has_a_header_of_four_bytes() -> None:
    parser = Parser(Budget(MB), client_id="kmon-test", receive_message_max_bytes=MB)
    parser.send_request(Request(LIST_OFFSETS, 5, b""))
    assert len(receive(parser, 100).body) == 96
