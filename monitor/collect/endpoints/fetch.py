"""One GET of a metrics endpoint, on a thread of its own: it never holds up a poll, whatever the server does."""

import contextlib
import errno
import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from monitor.collect.endpoints.text import Figures
from monitor.kafka.client.faults import REFUSED, fault_of, resolver_words
from monitor.model.broker_metrics import Access
from monitor.model.reasons import Kind, Reason
from monitor.model.text import size, visible

PIECE = 1 << 16
OK = 200
LONGEST = 40
"""Most characters of a header in a reason."""


class Response(NamedTuple):
    """What came of a GET, and the monotonic time of the response or failure."""

    figures: Figures | Reason
    time: float


class Fetch:
    """A GET under way. `response` is there once it has ended; it does not follow redirects and uses no proxy."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        max_bytes: int,
        read: Callable[[bytes], Figures | Reason],
        clock: Callable[[], float] = time.monotonic,
        *,
        access: Access | None = None,
    ) -> None:
        self.url, self._timeout, self._max_bytes, self._read, self._clock = url, timeout_seconds, max_bytes, read, clock
        self._until, self._access = clock() + timeout_seconds, access
        self._socket: socket.socket | None = None
        self._response: Response | None = None
        self._is_cut = False
        self._thread = threading.Thread(target=self._run, name="metrics-endpoint", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether its thread has ended, so that another GET may begin."""
        return not self._thread.is_alive()

    @property
    def response(self) -> Response | None:
        """What came of it, None while it is under way and in time. One that is overdue is cut off."""
        if self._response is None and self._clock() > self._until:
            self._cut()
            return Response(self._late(), self._until)
        return self._response

    def wait(self) -> None:
        """Wait until its thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        began = self._clock()
        try:
            figures, at = self._get()
        except Exception as error:  # noqa: BLE001 - whatever a server causes is about that broker alone
            at = self._clock()
            figures = self._late() if isinstance(error, TimeoutError) else _why(error, at - began)
        # Where it was cut off, what had come by then looks whole.
        self._response = Response(self._late(), self._until) if self._is_cut else Response(figures, at)

    def _get(self) -> tuple[Figures | Reason, float]:
        parts = urlsplit(self.url)
        connection = self._connection(parts)
        with contextlib.closing(connection):
            connection.connect()
            self._socket = connection.sock
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            own = {} if self._access is None else self._access.headers()
            headers = {"Accept": "text/plain; version=0.0.4", "User-Agent": "kmon", "Connection": "close", **own}
            connection.request("GET", target, headers=headers)
            with connection.getresponse() as response:
                at = self._clock()
                if response.status != OK:
                    return Reason(Kind.HTTP_STATUS, detail=str(response.status)), at
                if (encoding := response.headers.get("Content-Encoding", "identity")).lower() != "identity":
                    return Reason(Kind.PROTOCOL, detail=f"Content-Encoding {visible(encoding, LONGEST)}"), at
                data = self._body(response)
        return (data, at) if isinstance(data, Reason) else (self._read(data), at)

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host, port = parts.hostname or "", parts.port
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, port, timeout=self._timeout)
        context = None if self._access is None else self._access.tls()
        return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=context)

    def _body(self, response: http.client.HTTPResponse) -> bytes | Reason:
        data = bytearray()
        while more := response.read1(PIECE):
            data += more
            if len(data) > self._max_bytes:
                return Reason(Kind.TOO_LARGE, detail=size(self._max_bytes))
            if self._clock() > self._until:
                return self._late()
        # http.client raises nothing for a truncated body with Content-Length that is read piece by piece.
        return Reason(Kind.DISCONNECTED) if response.length else bytes(data)

    def _late(self) -> Reason:
        return Reason(Kind.TIMEOUT, detail=f"after {self._timeout:g} s")

    def _cut(self) -> None:
        """End what the thread waits for: a server that sends a byte now and then is never late for the socket."""
        self._is_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _why(error: Exception, seconds: float) -> Reason:
    """Why there is no response after so many seconds."""
    if isinstance(error, socket.gaierror | UnicodeError):
        return Reason(Kind.RESOLVE, detail=resolver_words(error))
    if isinstance(error, http.client.HTTPException) and not isinstance(error, OSError):
        return Reason(Kind.PROTOCOL, detail=f"not HTTP ({type(error).__name__})")
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return Reason(Kind.CONNECT, detail=REFUSED)
    fault = fault_of(error, "", "", seconds)
    return Reason(fault.kind, detail=fault.detail)
