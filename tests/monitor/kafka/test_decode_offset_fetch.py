"""OffsetFetch: the fast path gives what kafka-python's own decoding gives, and refuses what is no answer."""

import struct
from typing import Any

import numpy as np
import pytest
from answers import body_of
from hostile import any_text
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import OffsetFetchResponse
from plain import plain_offset_fetch, plain_one_group
from wire_bytes import array, compact, damaged, error_code, int32, offset, tags

from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.offset_fetch import CommittedOffsets, decode_offset_fetch, joined, read_one_group

VERSIONS = (8, 9)
OF_ONE_GROUP = (5, 6, 7)
FIELDS = ("group_error", "group", "topic", "partition", "committed_offset", "error")

versions = st.sampled_from(VERSIONS)
# Lengths from 127 on take two bytes; streams groups commit such texts.
metadata = st.none() | st.just("") | st.just("") | any_text | st.integers(120, 300).map("m".__mul__)
partitions = st.fixed_dictionaries(
    {
        "partition_index": int32,
        "committed_offset": offset,
        "committed_leader_epoch": int32,
        "metadata": metadata,
        "error_code": error_code,
    }
)
topics = st.fixed_dictionaries({"name": any_text, "partitions": st.lists(partitions, max_size=4)})
answers = st.lists(
    st.fixed_dictionaries({"group_id": any_text, "topics": st.lists(topics, max_size=3), "error_code": error_code}),
    max_size=3,
)


def assert_same(one: CommittedOffsets, two: CommittedOffsets) -> None:
    assert one.groups == two.groups
    assert one.topics == two.topics
    for name in FIELDS:
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=name == "committed_offset"), name


@given(versions, answers)
def test_both_paths_agree_on_what_kafka_python_writes(version: int, groups: list[dict[str, Any]]) -> None:
    body = body_of(OffsetFetchResponse, version, throttle_time_ms=9, groups=groups)
    fast = decode_offset_fetch(body, version)
    assert_same(fast, plain_offset_fetch(body, version))
    rows = [
        (group["group_id"], topic["name"], each["partition_index"])
        for group in groups
        for topic in group["topics"]
        for each in topic["partitions"]
    ]
    read = zip(fast.group.tolist(), fast.topic.tolist(), fast.partition.tolist(), strict=True)
    assert [(fast.groups[group], fast.topics[topic], partition) for group, topic, partition in read] == rows


@st.composite
def with_tags(draw: st.DrawFn, *, single: bool = False) -> bytes:
    """An answer with tagged fields at each level; a `single` one is about one group."""
    counts = st.integers(0, 3)

    def partition() -> bytes:
        text = draw(metadata)
        fixed = struct.pack(">iqi", draw(int32), draw(offset), draw(int32))
        return (
            fixed + compact(None if text is None else text.encode()) + struct.pack(">h", draw(error_code)) + draw(tags)
        )

    def topic() -> bytes:
        return compact(draw(any_text).encode()) + array([partition() for _ in range(draw(counts))]) + draw(tags)

    def described() -> bytes:
        return array([topic() for _ in range(draw(counts))]) + struct.pack(">h", draw(error_code)) + draw(tags)

    def group() -> bytes:
        return compact(draw(any_text).encode()) + described()

    if single:
        return struct.pack(">i", 0) + described()
    return struct.pack(">i", 0) + array([group() for _ in range(draw(counts))]) + draw(tags)


@given(versions, with_tags())
def test_both_paths_agree_on_tagged_fields(version: int, body: bytes) -> None:
    assert_same(decode_offset_fetch(body, version), plain_offset_fetch(body, version))


def plain_or_none(body: bytes, version: int) -> CommittedOffsets | None:
    try:
        return plain_offset_fetch(body, version)
    except MalformedAnswerError:
        return None


@given(versions, st.data())
def test_damage_is_refused_or_read_as_kafka_python_reads_it(version: int, data: st.DataObject) -> None:
    whole = answers.map(lambda groups: body_of(OffsetFetchResponse, version, groups=groups))
    body = data.draw(damaged(with_tags() | whole))
    plain = plain_or_none(body, version)
    try:
        fast = decode_offset_fetch(body, version)
    except MalformedAnswerError:
        return
    assert plain is not None
    assert_same(fast, plain)


@given(versions, answers, st.data())
def test_what_is_cut_off_is_never_read_as_whole(
    version: int, groups: list[dict[str, Any]], data: st.DataObject
) -> None:
    body = body_of(OffsetFetchResponse, version, groups=groups)
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    with pytest.raises(MalformedAnswerError):
        decode_offset_fetch(cut, version)


def test_an_answer_without_groups_is_empty() -> None:
    offsets = decode_offset_fetch(body_of(OffsetFetchResponse, 8, groups=[]), 8)
    assert (offsets.groups, offsets.topics, len(offsets.partition)) == ([], [], 0)


def test_topics_of_many_groups_are_named_once() -> None:
    row = {"partition_index": 0, "committed_offset": 3, "committed_leader_epoch": -1, "metadata": "", "error_code": 0}
    groups = [{"group_id": each, "topics": [{"name": "a", "partitions": [row]}], "error_code": 0} for each in "gh"]
    offsets = decode_offset_fetch(body_of(OffsetFetchResponse, 8, groups=groups), 8)
    assert offsets.topics == ["a"]
    assert offsets.group.tolist() == [0, 1]


@pytest.mark.parametrize("version", [7, 10])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match=f"version {version}"):
        decode_offset_fetch(b"", version)


@pytest.mark.parametrize("version", [4, 8])
def test_other_versions_are_not_about_one_group(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match=f"version {version}"):
        read_one_group("g", b"", version)


old_versions = st.sampled_from(OF_ONE_GROUP)
of_one_group = st.fixed_dictionaries({"topics": st.lists(topics, max_size=3), "error_code": error_code})


@given(old_versions, st.lists(of_one_group, max_size=3))
def test_answers_about_one_group_each_are_joined_as_one_about_all(version: int, groups: list[dict[str, Any]]) -> None:
    named = [{"group_id": f"g{number}", **each} for number, each in enumerate(groups)]
    answers = [
        read_one_group(each["group_id"], body_of(OffsetFetchResponse, version, throttle_time_ms=9, **group), version)
        for each, group in zip(named, groups, strict=True)
    ]
    assert_same(joined(answers, version), plain_offset_fetch(body_of(OffsetFetchResponse, 8, groups=named), 8))


@given(st.sampled_from((6, 7)), with_tags(single=True))
def test_both_paths_agree_on_tagged_fields_of_one_group(version: int, body: bytes) -> None:
    assert_same(joined([read_one_group("g", body, version)], version), plain_one_group("g", body, version))


@given(old_versions, of_one_group, st.data())
def test_damage_of_one_group_is_refused_or_read_as_kafka_python_reads_it(
    version: int, group: dict[str, Any], data: st.DataObject
) -> None:
    body = data.draw(damaged(st.just(body_of(OffsetFetchResponse, version, **group))))
    try:
        fast = joined([read_one_group("g", body, version)], version)
    except MalformedAnswerError:
        return
    assert_same(fast, plain_one_group("g", body, version))


@given(old_versions, of_one_group, st.data())
def test_one_group_that_is_cut_off_is_never_read_as_whole(
    version: int, group: dict[str, Any], data: st.DataObject
) -> None:
    body = body_of(OffsetFetchResponse, version, **group)
    with pytest.raises(MalformedAnswerError):
        read_one_group("g", body[: data.draw(st.integers(0, len(body) - 1))], version)


NULL_GROUPS = struct.pack(">i", 0) + b"\0\0"
NULL_GROUP_ID = struct.pack(">i", 0) + b"\2\0\1\0\0\0\0"
NULL_TOPICS = struct.pack(">i", 0) + b"\2\2g\0\0\0\0\0"


@pytest.mark.parametrize("null", [NULL_GROUPS, NULL_GROUP_ID, NULL_TOPICS])
def test_null_where_a_value_is_required_is_refused_by_both(null: bytes) -> None:
    for read in (decode_offset_fetch, plain_offset_fetch):
        with pytest.raises(MalformedAnswerError):
            read(null, 8)


def test_a_name_that_is_not_utf_8_is_refused_by_both() -> None:
    body = struct.pack(">i", 0) + b"\2" + compact(b"\xff\xfe") + b"\1\0\0\0" + b"\0"
    for read in (decode_offset_fetch, plain_offset_fetch):
        with pytest.raises(MalformedAnswerError):
            read(body, 8)
