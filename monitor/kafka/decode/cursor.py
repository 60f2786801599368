"""Reading Kafka's wire types from bytes, one after another, and writing them."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.kafka.client.apis import Api

_INT8, _INT16, _INT32, _INT64 = struct.Struct(">b"), struct.Struct(">h"), struct.Struct(">i"), struct.Struct(">q")


class MalformedAnswerError(ValueError):
    """The bytes of an answer are not what its API and version promise."""


@contextmanager
def understanding(what: str) -> Iterator[None]:
    """Whatever trips over an answer's content in here is a MalformedAnswerError about `what`."""
    try:
        yield
    except MalformedAnswerError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError) as error:
        raise MalformedAnswerError(f"{what}: {error or type(error).__name__}") from error


class Cursor:
    """A place in an answer's bytes that moves as it is read.

    `flexible` chooses between Kafka's compact types and the older ones. Every method raises MalformedAnswerError where
    the bytes are not what it should read.
    """

    def __init__(self, body: bytes, *, flexible: bool, at: int = 0) -> None:
        self.body = body
        self.at = at
        self.flexible = flexible

    @classmethod
    def of(cls, api: Api, body: bytes, version: int) -> "Cursor":
        """Behind throttle_time_ms of an answer. Raises MalformedAnswerError for a version that kmon does not speak."""
        if not api.oldest <= version <= api.newest:
            raise MalformedAnswerError(f"{api.name} version {version} is not read here")
        cursor = cls(body, flexible=api.is_flexible(version))
        cursor.skip(4)
        return cursor

    def int8(self) -> int:
        return self._number(_INT8)

    def int16(self) -> int:
        return self._number(_INT16)

    def int32(self) -> int:
        return self._number(_INT32)

    def int64(self) -> int:
        return self._number(_INT64)

    def _number(self, kind: struct.Struct) -> int:
        try:
            (value,) = kind.unpack_from(self.body, self.at)
        except struct.error:
            raise MalformedAnswerError(f"ends at byte {len(self.body)} of a number") from None
        self.at += kind.size
        return int(value)

    def varint(self) -> int:
        """An unsigned varint of at most 5 bytes."""
        value = 0
        for shift in range(0, 35, 7):
            if self.at >= len(self.body):
                break
            byte = self.body[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise MalformedAnswerError(f"no varint ends at byte {self.at}")

    def count(self) -> int:
        """How many elements the array has that starts here, which is never null."""
        number = self.varint() - 1 if self.flexible else self.int32()
        if not 0 <= number <= len(self.body) - self.at:
            raise MalformedAnswerError(f"an array of {number} elements does not fit in what is left")
        return number

    def name(self) -> str:
        """A string that is never null."""
        value = self.text()
        if value is None:
            raise MalformedAnswerError("a name is null")
        return value

    def text(self) -> str | None:
        """A string, None where it is null."""
        size = self.varint() - 1 if self.flexible else self.int16()
        if size < 0:
            return None
        end = self.at + size
        if end > len(self.body):
            raise MalformedAnswerError(f"a string of {size} bytes does not fit in what is left")
        try:
            value = self.body[self.at : end].decode()
        except UnicodeDecodeError:
            raise MalformedAnswerError(f"the string at byte {self.at} is not UTF-8") from None
        self.at = end
        return value

    def tags(self) -> None:
        """Skip tagged fields, which only flexible versions have."""
        if self.flexible:
            for _ in range(self.varint()):
                self.varint()
                self.skip(self.varint())

    def records(self, count: int, size: int) -> bytes:
        """The next `count` records of `size` bytes; in flexible versions the last byte stands for their tagged fields.

        Tagged fields are cut out, so that all records are of equal size.
        """
        body, at = self.body, self.at
        end = at + count * size
        if not self.flexible or (end <= len(body) and body[at + size - 1 : end : size].count(0) == count):
            self.skip(end - at)
            return body[at:end]
        parts = []
        for _ in range(count):
            start = self.at
            self.skip(size - 1)
            self.tags()
            parts.append(body[start : start + size - 1] + b"\0")
        return b"".join(parts)

    def skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self.body):
            raise MalformedAnswerError(f"ends at byte {len(self.body)}, {size} more were promised")

    def end(self) -> None:
        """Hold that everything was read."""
        if self.at != len(self.body):
            raise MalformedAnswerError(f"{len(self.body) - self.at} bytes are left over")


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
