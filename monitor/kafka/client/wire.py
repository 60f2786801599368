"""Requests as ready bytes and answers as raw bytes, in the shape that kafka-python's connections expect of a message.

kafka-python asks a request for `with_header`, `encode`, `header` and `expect_response`; the answer is read by
`frames.Parser`. Nothing is registered in kafka-python.
"""

import hashlib
import struct
from dataclasses import dataclass, field

from kafka.errors import KafkaProtocolError

from monitor.kafka.client.apis import Api
from monitor.kafka.client.budget import Lease
from monitor.kafka.decode.cursor import Cursor, MalformedAnswerError

MOST_TAGGED_FIELDS = 100
_CUT_OFF = "the response ends in its header"


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

    def mark(self, start: int = 0) -> bytes:
        """What tells whether another answer is the same from byte `start` on, for who would else keep all its bytes."""
        return hashlib.blake2b(memoryview(self.body)[start:], digest_size=16).digest()


@dataclass(frozen=True)
class RequestHeader:
    """The header of a request, which knows that of the answer to it."""

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

    @property
    def head_bytes(self) -> int:
        """The size of an answer's header without tagged fields, of which no answer has any so far."""
        return 5 if self._tagged else 4

    @property
    def _tagged(self) -> bool:
        return self.api.is_flexible(self.version) and not self.api.plain_header

    def read(self, head: bytes | bytearray, body: bytes) -> tuple[int, bytes]:
        """Correlation id and body of an answer, from its first `head_bytes` and the rest. Raises KafkaProtocolError."""
        if len(head) < self.head_bytes:
            raise KafkaProtocolError(_CUT_OFF)
        fields = head[4] if self._tagged else 0
        if fields > MOST_TAGGED_FIELDS:
            raise KafkaProtocolError("too many tagged fields in the header of the response")
        cursor = Cursor(body, flexible=True)
        try:
            for _ in range(fields):
                cursor.varint()
                cursor.skip(cursor.varint())
        except MalformedAnswerError:
            raise KafkaProtocolError(_CUT_OFF) from None
        return int.from_bytes(head[:4], "big", signed=True), body[cursor.at :] if fields else body

    def encode(self) -> bytes:
        fixed = struct.pack(">hhih", self.api.key, self.version, self.correlation_id, len(self.client_id))
        return fixed + self.client_id + (b"\0" if self.api.is_flexible(self.version) else b"")


class Request:
    """One request with its body already encoded."""

    def __init__(self, api: Api, version: int, body: bytes) -> None:
        self.API_KEY = api.key
        self.API_VERSION = version
        self.body = body
        self.header: RequestHeader | None = None
        self._api = api

    def with_header(self, correlation_id: int, client_id: str) -> None:
        self.header = RequestHeader(self._api, self.API_VERSION, correlation_id, client_id.encode())

    def encode(self, *, framed: bool, header: bool) -> bytes:
        head = self.header.encode() if header and self.header else b""
        size = struct.pack(">i", len(head) + len(self.body)) if framed else b""
        return size + head + self.body

    def expect_response(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self._api.name} v{self.API_VERSION}, {len(self.body)} bytes>"
