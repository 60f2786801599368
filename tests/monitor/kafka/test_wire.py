"""Our requests and answers go through kafka-python's own protocol class as its messages do."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import CorrelationIdError, KafkaProtocolError
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.parser import KafkaProtocol
from wire_bytes import varint

from monitor.kafka.client.apis import API_VERSIONS, DESCRIBE_QUORUM, LIST_OFFSETS, METADATA, Api
from monitor.kafka.client.budget import Budget
from monitor.kafka.client.frames import Parser
from monitor.kafka.client.wire import Answer, Request

OLD = Api(2, "ListOffsets", 4, 11, 6)


def protocol() -> Any:
    return Parser(Budget(2**20), client_id="kmon-test", receive_message_max_bytes=10_000)


def framed(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def test_a_flexible_request_is_framed_as_kafka_python_s_own() -> None:
    theirs, ours = KafkaProtocol(client_id="kmon-test"), protocol()
    message = MetadataRequest(version=12, topics=None, allow_auto_topic_creation=False)
    theirs.send_request(message)
    ours.send_request(Request(METADATA, 12, bytes(message.encode())))
    assert bytes(ours.send_bytes()) == bytes(theirs.send_bytes())


def test_the_header_of_an_older_version_has_no_tagged_fields() -> None:
    ours = protocol()
    assert ours.send_request(Request(LIST_OFFSETS, 5, b"body")) == 1
    client_id = b"kmon-test"
    assert ours.send_bytes() == framed(struct.pack(">hhih", 2, 5, 1, len(client_id)) + client_id + b"body")


def test_answers_are_matched_by_correlation_id_and_keep_their_bytes() -> None:
    ours = protocol()
    first = ours.send_request(Request(METADATA, 12, b"a"))
    second = ours.send_request(Request(LIST_OFFSETS, 5, b"b"))
    data = framed(struct.pack(">i", first) + b"\0one") + framed(struct.pack(">i", second) + b"two")
    (_, one), (_, two) = ours.receive_bytes(data)
    assert (one, two) == (Answer(METADATA, 12, b"one"), Answer(LIST_OFFSETS, 5, b"two"))


def test_an_answer_to_api_versions_has_the_oldest_header_in_every_version() -> None:
    ours = protocol()
    sent = ours.send_request(Request(API_VERSIONS, 4, b""))
    ((_, answer),) = ours.receive_bytes(framed(struct.pack(">i", sent) + b"\x01body"))
    assert answer == Answer(API_VERSIONS, 4, b"\x01body")
    assert answer.throttle_time_ms == 0


def test_an_answer_with_another_correlation_id_is_refused() -> None:
    ours = protocol()
    ours.send_request(Request(METADATA, 12, b""))
    with pytest.raises(CorrelationIdError):
        ours.receive_bytes(framed(struct.pack(">i", 99) + b"\0"))


@given(st.dictionaries(st.integers(0, 300), st.binary(max_size=300), max_size=3), st.binary(max_size=50), st.data())
def test_an_answer_may_come_in_pieces_and_with_tagged_fields(
    fields: dict[int, bytes], body: bytes, data: st.DataObject
) -> None:
    ours = protocol()
    number = ours.send_request(Request(METADATA, 12, b""))
    tagged = varint(len(fields)) + b"".join(varint(tag) + varint(len(each)) + each for tag, each in fields.items())
    whole = framed(struct.pack(">i", number) + tagged + body)
    cut = data.draw(st.integers(0, len(whole)))
    answers = ours.receive_bytes(whole[:cut]) + ours.receive_bytes(whole[cut:])
    assert [answer.body for _, answer in answers] == [body]


@pytest.mark.parametrize("header", [b"\0\0\0\1", b"\0\0\0\1\x80", b"\0\0\0\1\x02\0"])
def test_an_answer_that_ends_in_its_header_ends_the_connection(header: bytes) -> None:
    ours = protocol()
    ours.send_request(Request(METADATA, 12, b""))
    with pytest.raises(KafkaProtocolError):
        ours.receive_bytes(framed(header))


def test_throttling_is_read_where_the_api_has_it() -> None:
    assert Answer(METADATA, 12, struct.pack(">i", 1500) + b"rest").throttle_time_ms == 1500
    assert Answer(METADATA, 12, b"\0\0").throttle_time_ms == 0
    assert Answer(DESCRIBE_QUORUM, 1, struct.pack(">i", 1500)).throttle_time_ms == 0


def test_a_negative_throttle_time_holds_nothing_back() -> None:
    assert Answer(METADATA, 12, struct.pack(">i", -1)).throttle_time_ms <= 0


@pytest.mark.parametrize(
    ("served", "version"),
    [
        ({2: (0, 20)}, 11),
        ({2: (1, 7)}, 7),
        ({2: (4, 4)}, 4),
        ({2: (0, 3)}, None),
        ({2: (12, 20)}, None),
        ({3: (0, 13)}, None),
        ({}, None),
    ],
)
def test_the_newest_version_that_both_speak_is_chosen(served: dict[int, tuple[int, int]], version: int | None) -> None:
    assert OLD.version(served) == version
