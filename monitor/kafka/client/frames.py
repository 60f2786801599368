"""Frames as they come in: each is held once, takes no more memory than has arrived, and is within a budget."""

import io
import struct
from typing import Any

from kafka.errors import CorrelationIdError, InvalidReceiveError, KafkaProtocolError
from kafka.protocol.frame import KafkaBytes
from kafka.protocol.parser import KafkaProtocol

from monitor.kafka.client.budget import SMALL_BYTES, Budget, Lease
from monitor.kafka.client.wire import Answer, RequestHeader

_SIZE = struct.Struct(">i")


def foreign_protocol(start: bytes) -> str:
    """What a peer speaks whose first bytes are these: HTTP, TLS, or "" for anything else."""
    if start.startswith((b"HTTP", b"<")):
        return "HTTP"
    return "TLS" if start.startswith(b"\x15\x03") else ""


class Parser(KafkaProtocol):  # type: ignore[misc]  # kafka-python has no types
    """kafka-python's parser of one connection, whose frames take from a budget as soon as their size is known.

    kafka-python copies a frame twice, and commits memory for all that a broker announces before any of it has come.
    """

    def __init__(self, budget: Budget, **config: Any) -> None:
        super().__init__(**config)
        self._budget = budget
        self._size = bytearray()
        self._frame: _Frame | None = None

    def receive_bytes(self, data: bytes) -> list[tuple[int, Any]]:
        """Correlation id and response of each frame that is whole now.

        Raises KafkaProtocolError, on which kafka-python ends the connection, for one that cannot be read.
        """
        view = memoryview(data)
        responses = []
        while view:
            if self._frame is None:
                part = _SIZE.size - len(self._size)
                self._size += view[:part]
                view = view[part:]
                if len(self._size) < _SIZE.size:
                    break
                self._frame = self._begin(*_SIZE.unpack(self._size))
                self._size.clear()
            try:
                view = self._frame.write(view)
            except MemoryError:
                size, self._frame = self._frame.size, None
                raise KafkaProtocolError(f"no memory left for a response of {size:,} bytes") from None
            if self._frame.left == 0:
                frame, self._frame = self._frame, None
                responses.append(self._response(frame))
        return responses

    def release(self) -> None:
        """Give back what a frame that never ended took, with the frame."""
        self._frame = None

    def _begin(self, size: int) -> "_Frame":
        if not self.in_flight_requests:
            raise CorrelationIdError("a response without a request")
        ours = isinstance(self.in_flight_requests[0], RequestHeader)
        if size > SMALL_BYTES and not ours and (other := foreign_protocol(_SIZE.pack(size))):
            raise InvalidReceiveError(f"speaks {other}, not Kafka" + (" in plaintext" if other == "TLS" else ""))
        if size > self._max_frame_size:
            raise InvalidReceiveError(f"response of {size:,} bytes exceeds max_answer_bytes ({self._max_frame_size:,})")
        if size < 0 or (size > SMALL_BYTES and not ours):
            raise InvalidReceiveError(f"response of {size:,} bytes during login" if size > 0 else "negative size")
        head = self.in_flight_requests[0].head_bytes if ours else size
        return _Frame(size, head, self._budget.take(size))

    def _response(self, frame: "_Frame") -> tuple[int, Any]:
        header = self.in_flight_requests[0]
        if not isinstance(header, RequestHeader):
            buffer = KafkaBytes(frame.size)
            buffer[:] = frame.head
            response: tuple[int, Any] = self._process_response(buffer)
            return response
        self.in_flight_requests.popleft()
        correlation_id, body = header.read(frame.head, frame.body())
        if correlation_id != header.correlation_id:
            raise CorrelationIdError(f"response {correlation_id} to request {header.correlation_id}")
        return correlation_id, Answer(header.api, header.version, body, lease=frame.lease)


class _Frame:
    """A frame of which some has come: its first `head` bytes, and what follows them."""

    def __init__(self, size: int, head: int, lease: Lease | None) -> None:
        self.size = self.left = size
        self.head = bytearray()
        self.lease = lease
        self._head = min(head, size)
        self._body = io.BytesIO()

    def write(self, data: memoryview) -> memoryview:
        """Take what belongs to it; the rest. Raises MemoryError."""
        for_head = data[: self._head - len(self.head)]
        for_body = data[len(for_head) : self.left]
        self.head += for_head
        self._body.write(for_body)
        self.left -= len(for_head) + len(for_body)
        return data[len(for_head) + len(for_body) :]

    def body(self) -> bytes:
        """What follows the head, which is handed out without a copy."""
        return self._body.getvalue()
