"""The cursor reads Kafka's wire types and never past the end."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire_bytes import compact, varint

from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError


@given(st.integers(0, 2**32 - 1))
def test_a_varint_is_read_as_it_was_written(value: int) -> None:
    cursor = Cursor(varint(value), flexible=True)
    assert cursor.varint() == value
    cursor.end()


def test_a_varint_ends_after_five_bytes() -> None:
    with pytest.raises(MalformedAnswerError):
        Cursor(b"\x80" * 6 + b"\0", flexible=True).varint()


def test_numbers_are_big_endian_and_signed() -> None:
    cursor = Cursor(struct.pack(">hiq", -2, -3, -4), flexible=False)
    assert (cursor.int16(), cursor.int32(), cursor.int64()) == (-2, -3, -4)
    with pytest.raises(MalformedAnswerError):
        cursor.int16()


@given(st.text(), st.booleans())
def test_a_string_is_read_as_it_was_written(text: str, flexible: bool) -> None:
    data = text.encode("utf-8", "replace")
    body = compact(data) if flexible else struct.pack(">h", len(data)) + data
    cursor = Cursor(body, flexible=flexible)
    assert cursor.text() == data.decode()
    cursor.end()


def test_null_is_a_text_but_no_name() -> None:
    for flexible, null in ((True, b"\0"), (False, b"\xff\xff")):
        assert Cursor(null, flexible=flexible).text() is None
        with pytest.raises(MalformedAnswerError, match="null"):
            Cursor(null, flexible=flexible).name()


@pytest.mark.parametrize("promise", [varint(2**31), b"\xff\xff\xff\xff\x07", b"\x05"])
def test_an_array_that_cannot_fit_is_refused_before_it_is_read(promise: bytes) -> None:
    with pytest.raises(MalformedAnswerError, match="does not fit"):
        Cursor(promise + b"ab", flexible=True).count()


@given(st.binary(max_size=40), st.booleans())
def test_no_bytes_make_it_raise_anything_else(body: bytes, flexible: bool) -> None:
    for method in ("int16", "int32", "int64", "varint", "count", "name", "text", "tags", "end"):
        cursor = Cursor(body, flexible=flexible)
        try:
            getattr(cursor, method)()
        except MalformedAnswerError:
            continue
        assert cursor.at <= len(body)
