"""Writing Kafka's wire types, for requests that name many things; `flexible` chooses the compact types."""

import struct


def varint(value: int) -> bytes:
    """An unsigned varint."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def count(number: int, *, flexible: bool) -> bytes:
    """What stands before the elements of an array."""
    return varint(number + 1) if flexible else struct.pack(">i", number)


def text(value: str, *, flexible: bool) -> bytes:
    """A string that is not null."""
    encoded = value.encode()
    return (varint(len(encoded) + 1) if flexible else struct.pack(">h", len(encoded))) + encoded
