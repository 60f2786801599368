"""Requests as ready bytes and answers as raw bytes, in the shape that kafka-python's connections expect of a message.

kafka-python asks a request for `with_header`, `encode`, `header` and `expect_response`, and the header for the class
that reads the answer. Nothing is registered in it.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

from kafka.errors import KafkaProtocolError

from monitor.client.apis import Api
from monitor.client.budget import Lease


@dataclass(frozen=True)
class Answer:
    """What a broker answered: the body after the response header, undecoded.

    `seconds` is the time from handing the request to the connection to having the whole answer.
    """

    api: Api
    version: int
    body: bytes
    node: int | str = -1
    seconds: float = 0.0
    lease: Lease | None = field(default=None, compare=False, repr=False)
    """What its bytes take of the cluster's budget, until it is handed out."""

    @property
    def throttle_time_ms(self) -> int:
        """How long the broker asks us to be quiet: kafka-python reads this and holds the connection back."""
        if not self.api.throttled or len(self.body) < 4:
            return 0
        return int.from_bytes(self.body[:4], "big", signed=True)


@dataclass(frozen=True)
class _ResponseHeader:
    correlation_id: int


class _Reader:
    """Reads the answer to one request, in the role of a kafka-python response class."""

    def __init__(self, api: Api, version: int) -> None:
        self._api = api
        self._version = version

    def parse_header(self, buffer: Any) -> _ResponseHeader:
        """Read up to the body. Raises KafkaProtocolError, on which kafka-python ends the connection."""
        try:
            return self._header(buffer)
        except IndexError:
            raise KafkaProtocolError("the answer ends in its header") from None

    def _header(self, buffer: Any) -> _ResponseHeader:
        correlation_id = int.from_bytes(buffer.read(4), "big", signed=True)
        if self._version >= self._api.flexible and not self._api.plain_header:
            for _ in range(_read_varint(buffer)):  # tagged fields, of which no response header has any so far
                _read_varint(buffer)
                buffer.read(_read_varint(buffer))
        return _ResponseHeader(correlation_id)

    def decode(self, buffer: Any) -> Answer:
        return Answer(self._api, self._version, bytes(memoryview(buffer)[buffer.tell() :]))


def _read_varint(buffer: Any) -> int:
    value = shift = 0
    while True:
        byte = int(buffer.read(1)[0])
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value
        shift += 7


@dataclass(frozen=True)
class _RequestHeader:
    api: Api
    version: int
    correlation_id: int
    client_id: bytes

    @property
    def api_key(self) -> int:
        return self.api.key

    @property
    def api_version(self) -> int:
        return self.version

    def get_response_class(self) -> _Reader:
        return _Reader(self.api, self.version)

    def encode(self) -> bytes:
        fixed = struct.pack(">hhih", self.api.key, self.version, self.correlation_id, len(self.client_id))
        return fixed + self.client_id + (b"\0" if self.version >= self.api.flexible else b"")


class Request:
    """One request with its body already encoded."""

    def __init__(self, api: Api, version: int, body: bytes) -> None:
        self.API_KEY = api.key
        self.API_VERSION = version
        self.body = body
        self.header: _RequestHeader | None = None
        self._api = api

    def with_header(self, correlation_id: int, client_id: str) -> None:
        self.header = _RequestHeader(self._api, self.API_VERSION, correlation_id, client_id.encode())

    def encode(self, *, framed: bool, header: bool) -> bytes:
        head = self.header.encode() if header and self.header else b""
        size = struct.pack(">i", len(head) + len(self.body)) if framed else b""
        return size + head + self.body

    def expect_response(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self._api.name} v{self.API_VERSION}, {len(self.body)} bytes>"
