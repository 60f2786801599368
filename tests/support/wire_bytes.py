"""Kafka's wire types by hand, with tagged fields everywhere, which kafka-python does not write."""

import struct

from hypothesis import strategies as st


def varint(value: int) -> bytes:
    """An unsigned varint."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def compact(value: bytes | None) -> bytes:
    """A compact string, None for null."""
    return b"\0" if value is None else varint(len(value) + 1) + value


def array(items: list[bytes], *, flexible: bool = True) -> bytes:
    return (varint(len(items) + 1) if flexible else struct.pack(">i", len(items))) + b"".join(items)


@st.composite
def _some_tags(draw: st.DrawFn) -> bytes:
    fields = draw(st.dictionaries(st.integers(0, 300), st.binary(max_size=200), max_size=3))
    return varint(len(fields)) + b"".join(
        varint(tag) + varint(len(data)) + data for tag, data in sorted(fields.items())
    )


tags = st.just(b"\0") | st.just(b"\0") | _some_tags()
"""A section of tagged fields: none most of the time, else some of no known meaning."""

int16 = st.integers(-(2**15), 2**15 - 1)
int32 = st.integers(-(2**31), 2**31 - 1)
int64 = st.integers(-(2**63), 2**63 - 1)

error_code = st.just(0) | st.just(0) | st.sampled_from([3, 6, 29, 30, -1]) | int16
offset = st.integers(0, 2**53) | st.just(-1) | int64


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[bytes]) -> bytes:
    """One of these answers, cut off or with some bytes changed."""
    body = bytearray(draw(bodies))
    for _ in range(draw(st.integers(0, 3))):
        if body:
            body[draw(st.integers(0, len(body) - 1))] ^= draw(st.integers(1, 255))
    return bytes(body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body)
