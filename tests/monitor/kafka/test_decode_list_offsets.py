"""ListOffsets: the fast path gives what kafka-python's own decoding gives, and refuses what is no answer."""

import struct
from typing import Any

import numpy as np
import pytest
from answers import body_of
from hostile import any_text
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import ListOffsetsRequest, ListOffsetsResponse
from plain import plain_list_offsets
from wire_bytes import array, compact, damaged, error_code, int32, int64, offset, tags

from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.list_offsets import PartitionOffsets, decode_list_offsets, encode_list_offsets

VERSIONS = range(4, 12)
FIELDS = ("topic", "partition", "offset", "error")

versions = st.sampled_from(VERSIONS)
partitions = st.fixed_dictionaries(
    {"partition_index": int32, "error_code": error_code, "timestamp": int64, "offset": offset, "leader_epoch": int32}
)
answers = st.lists(
    st.fixed_dictionaries({"name": any_text, "partitions": st.lists(partitions, max_size=5)}), max_size=4
)


def assert_same(one: PartitionOffsets, two: PartitionOffsets) -> None:
    assert one.topics == two.topics
    for name in FIELDS:
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=name == "offset"), name


@given(versions, answers)
def test_both_paths_agree_on_what_kafka_python_writes(version: int, topics: list[dict[str, Any]]) -> None:
    body = body_of(ListOffsetsResponse, version, throttle_time_ms=9, topics=topics)
    fast = decode_list_offsets(body, version)
    assert_same(fast, plain_list_offsets(body, version))
    rows = [(topic["name"], each["partition_index"]) for topic in topics for each in topic["partitions"]]
    assert [(fast.topics[topic], int(number)) for topic, number in zip(fast.topic, fast.partition, strict=True)] == rows


@st.composite
def with_tags(draw: st.DrawFn) -> bytes:
    """An answer of a flexible version with tagged fields at each level."""

    def partition() -> bytes:
        fixed = struct.pack(">ihqqi", *(draw(each) for each in (int32, error_code, int64, offset, int32)))
        return fixed + draw(tags)

    def topic() -> bytes:
        return compact(draw(any_text).encode()) + array([partition() for _ in range(draw(counts))]) + draw(tags)

    counts = st.integers(0, 4)
    return struct.pack(">i", 0) + array([topic() for _ in range(draw(counts))]) + draw(tags)


@given(st.integers(6, 11), with_tags())
def test_both_paths_agree_on_tagged_fields(version: int, body: bytes) -> None:
    assert_same(decode_list_offsets(body, version), plain_list_offsets(body, version))


def plain_or_none(body: bytes, version: int) -> PartitionOffsets | None:
    try:
        return plain_list_offsets(body, version)
    except MalformedAnswerError:
        return None


@given(st.data(), versions)
def test_damage_is_refused_or_read_as_kafka_python_reads_it(data: st.DataObject, version: int) -> None:
    whole = answers.map(lambda topics: body_of(ListOffsetsResponse, version, topics=topics))
    body = data.draw(damaged(with_tags() if version >= 6 and data.draw(st.booleans()) else whole))
    plain = plain_or_none(body, version)
    try:
        fast = decode_list_offsets(body, version)
    except MalformedAnswerError:
        return
    assert plain is not None
    assert_same(fast, plain)


@given(versions, answers, st.data())
def test_what_is_cut_off_is_never_read_as_whole(
    version: int, topics: list[dict[str, Any]], data: st.DataObject
) -> None:
    body = body_of(ListOffsetsResponse, version, topics=topics)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(MalformedAnswerError):
        decode_list_offsets(cut, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_left_over_is_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match="1 bytes are left over"):
        decode_list_offsets(body_of(ListOffsetsResponse, version, topics=[]) + b"\0", version)


@pytest.mark.parametrize("version", [3, 12])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match=f"version {version}"):
        decode_list_offsets(b"", version)


def test_no_offset_and_an_error_are_unknown_and_not_a_number() -> None:
    rows = [
        {"partition_index": 0, "error_code": 0, "offset": 7, "timestamp": -1, "leader_epoch": 1},
        {"partition_index": 1, "error_code": 0, "offset": -1, "timestamp": -1, "leader_epoch": 1},
        {"partition_index": 2, "error_code": 6, "offset": 7, "timestamp": -1, "leader_epoch": 1},
    ]
    body = body_of(ListOffsetsResponse, 7, topics=[{"name": "a", "partitions": rows}])
    offsets = decode_list_offsets(body, 7)
    assert offsets.offset[0] == 7
    assert np.isnan(offsets.offset[1:]).all()
    assert offsets.error.tolist() == [0, 0, 6]


@pytest.mark.parametrize("null", [struct.pack(">i", 0) + b"\0\0", struct.pack(">i", 0) + b"\2\0\1\0\0"])
def test_null_where_a_value_is_required_is_refused_by_both(null: bytes) -> None:
    for read in (decode_list_offsets, plain_list_offsets):
        with pytest.raises(MalformedAnswerError):
            read(null, 7)


@given(
    versions,
    st.lists(st.tuples(any_text, st.lists(st.integers(0, 2**31 - 1), max_size=300)), max_size=3),
    st.sampled_from([-1, -2, 1_700_000_000_000]),
    st.sampled_from([0, 1]),
)
def test_requests_are_written_as_kafka_python_writes_them(
    version: int, topics: list[tuple[str, list[int]]], timestamp: int, isolation: int
) -> None:
    ours = [(name, np.array(numbers, np.int32)) for name, numbers in topics]
    theirs = [
        {"name": name, "partitions": [{"partition_index": each, "timestamp": timestamp} for each in numbers]}
        for name, numbers in topics
    ]
    timeout = {"timeout_ms": 0} if version >= 10 else {}
    expected = body_of(ListOffsetsRequest, version, isolation_level=isolation, topics=theirs, **timeout)
    assert encode_list_offsets(ours, timestamp, version, isolation) == expected
