"""DescribeLogDirs: the fast path gives what kafka-python's own decoding gives, and refuses what is no answer."""

import struct
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from answers import body_of
from hostile import any_text
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.admin import DescribeLogDirsResponse
from plain import plain_log_dirs
from wire_bytes import array, compact, damaged, error_code, int32, int64, offset, tags

from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.log_dirs import DescribedLogDirs, decode_log_dirs

VERSIONS = range(1, 6)

versions = st.sampled_from(VERSIONS)
partitions = st.fixed_dictionaries(
    {"partition_index": int32, "partition_size": offset, "offset_lag": offset, "is_future_key": st.booleans()}
)
topics = st.lists(st.fixed_dictionaries({"name": any_text, "partitions": st.lists(partitions, max_size=5)}), max_size=3)
dirs = st.lists(
    st.fixed_dictionaries(
        {"error_code": error_code, "log_dir": any_text, "topics": topics, "total_bytes": offset, "usable_bytes": offset}
    ),
    max_size=3,
)


def body(version: int, results: list[dict[str, Any]], error: int = 0) -> bytes:
    """An answer with the fields that the version has."""
    whole = {"error_code": error} if version >= 3 else {}
    volume = ("total_bytes", "usable_bytes") if version < 4 else ()
    cordoned = {"is_cordoned": True} if version >= 5 else {}
    kept = [{**{name: value for name, value in each.items() if name not in volume}, **cordoned} for each in results]
    return body_of(DescribeLogDirsResponse, version, throttle_time_ms=9, results=kept, **whole)


def assert_same(one: DescribedLogDirs, two: DescribedLogDirs) -> None:
    for each in fields(DescribedLogDirs):
        ours, theirs = getattr(one, each.name), getattr(two, each.name)
        if isinstance(ours, np.ndarray):
            assert np.array_equal(ours, theirs, equal_nan=ours.dtype == np.float64), each.name
        else:
            assert ours == theirs, each.name


@given(versions, dirs, error_code)
def test_both_paths_agree_on_what_kafka_python_writes(version: int, results: list[dict[str, Any]], error: int) -> None:
    written = body(version, results, error)
    fast = decode_log_dirs(written, version)
    assert_same(fast, plain_log_dirs(written, version))
    assert fast.error == (error if version >= 3 else 0)
    rows = [
        (each["log_dir"], topic["name"], row["partition_index"], row["is_future_key"])
        for each in results
        for topic in each["topics"]
        for row in topic["partitions"]
    ]
    places = zip(fast.log_dir, fast.topic, fast.partition.tolist(), fast.future.tolist(), strict=True)
    assert [(fast.paths[each], fast.topics[topic], number, future) for each, topic, number, future in places] == rows


@st.composite
def with_tags(draw: st.DrawFn, version: int) -> bytes:
    """An answer of a flexible version with tagged fields at each level."""

    def partition() -> bytes:
        return struct.pack(">iqqB", draw(int32), draw(offset), draw(offset), draw(st.integers(0, 2))) + draw(tags)

    def topic() -> bytes:
        return compact(draw(any_text).encode()) + array([partition() for _ in range(draw(counts))]) + draw(tags)

    def log_dir() -> bytes:
        head = struct.pack(">h", draw(error_code)) + compact(draw(any_text).encode())
        volume = struct.pack(">qq", draw(int64), draw(int64)) if version >= 4 else b""
        cordoned = b"\1" if version >= 5 else b""
        return head + array([topic() for _ in range(draw(counts))]) + volume + cordoned + draw(tags)

    counts = st.integers(0, 3)
    head = struct.pack(">i", 0) + (struct.pack(">h", draw(error_code)) if version >= 3 else b"")
    return head + array([log_dir() for _ in range(draw(counts))]) + draw(tags)


@given(st.data(), st.integers(2, 5))
def test_both_paths_agree_on_tagged_fields(data: st.DataObject, version: int) -> None:
    written = data.draw(with_tags(version))
    assert_same(decode_log_dirs(written, version), plain_log_dirs(written, version))


def plain_or_none(written: bytes, version: int) -> DescribedLogDirs | None:
    try:
        return plain_log_dirs(written, version)
    except MalformedAnswerError:
        return None


@given(st.data(), versions)
def test_damage_is_refused_or_read_as_kafka_python_reads_it(data: st.DataObject, version: int) -> None:
    whole = dirs.map(lambda results: body(version, results))
    written = data.draw(damaged(with_tags(version) if version >= 2 and data.draw(st.booleans()) else whole))
    plain = plain_or_none(written, version)
    try:
        fast = decode_log_dirs(written, version)
    except MalformedAnswerError:
        return
    assert plain is not None
    assert_same(fast, plain)


@given(versions, dirs, st.data())
def test_what_is_cut_off_is_never_read_as_whole(
    version: int, results: list[dict[str, Any]], data: st.DataObject
) -> None:
    written = body(version, results)
    cut = written[: data.draw(st.integers(0, len(written) - 1))]
    with pytest.raises(MalformedAnswerError):
        decode_log_dirs(cut, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_left_over_is_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match="1 bytes are left over"):
        decode_log_dirs(body(version, []) + b"\0", version)


@pytest.mark.parametrize("version", [0, 6])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(MalformedAnswerError, match=f"version {version}"):
        decode_log_dirs(b"", version)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_broker_does_not_know_is_not_a_number(version: int) -> None:
    row = {"partition_index": 0, "partition_size": -1, "offset_lag": -1, "is_future_key": False}
    volume = {"total_bytes": -1, "usable_bytes": 5}
    topic = {"name": "a", "partitions": [row]}
    told = decode_log_dirs(body(version, [{"error_code": 0, "log_dir": "/d", "topics": [topic], **volume}]), version)
    assert np.isnan([*told.size_bytes, *told.offset_lag, *told.total_bytes]).all()
    assert told.usable_bytes[0] == 5 if version >= 4 else np.isnan(told.usable_bytes[0])
