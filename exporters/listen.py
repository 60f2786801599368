"""Where kmon listens and how it serves: the address check, the socket, and uvicorn in a thread that ends in time."""

import asyncio
import errno
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from monitor.settings.errors import SettingsError
from monitor.settings.values import is_loopback, split_address

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 200
"""How many are open at a time; a new one takes the place of one that is idle."""

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept: longer than the usual scrape interval, so that scrapers stay connected."""

PATIENCE_SECONDS = 10.0
"""How long a client may take to send a whole request, or to take in any more of an answer."""

MAX_HEAD_BYTES = 65536
MAX_BODY_BYTES = 1_048_576
"""Far more than a browser sends to a callback of the dashboard, the only requests with a body."""

MAX_PIPELINED = 16
"""How many requests may wait on a connection for the one before them; scrapers and browsers send none."""

GRACE_SECONDS = 2
"""How long answers under way may take when the server is stopped; a second later it stops whatever still runs."""


class ListenError(Exception):
    """The address cannot be listened on; the text is one line that says why."""


def check_listen(listen: str, *, insecure_allow_open: bool = False) -> tuple[str, int]:
    """Host and port of `listen`.

    Raises SettingsError for an address that other machines may reach, because kmon has neither TLS nor passwords yet,
    unless `insecure_allow_open`.
    """
    try:
        host, port = split_address(listen)
    except ValueError as error:
        raise SettingsError(f"listen: {error}") from None
    if not is_loopback(host) and not insecure_allow_open:
        raise SettingsError(
            f"listen: {listen} is open to other machines without TLS and authentication: "
            "use a loopback address, e.g. 127.0.0.1:9308, or --insecure-allow-open"
        )
    return host, port


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ListenError."""
    shown = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        why = error.strerror or str(error)
        if error.errno == errno.EADDRINUSE:
            why = "the port is in use: choose another with --listen"
        raise ListenError(f"cannot listen on {shown}: {why}") from None


class Deadline:
    """What happens unless it is stopped within PATIENCE_SECONDS of its start."""

    def __init__(self, loop: asyncio.AbstractEventLoop, missed: Callable[[], object]) -> None:
        self._loop = loop
        self._missed = missed
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to wait; without effect while it is waiting already."""
        if self._timer is None:
            self._timer = self._loop.call_later(PATIENCE_SECONDS, self._missed)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class ClientLog(logging.LoggerAdapter[logging.Logger]):
    """uvicorn's log of one connection: its records have the address of the `client`."""

    @property
    def level(self) -> int:
        return self.logger.level


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on what a client may hold up.

    A connection ends when its request is too slow or too large, when too many requests wait on it, when it stops
    reading an answer, and when it waits for its client while a new connection needs its place. Idle connections
    therefore never keep anybody out, and no connection has more than its share of the answers.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its base
        self._make_room()
        super().connection_made(transport)
        client = ":".join(map(str, self.client or ()))
        self.logger = ClientLog(self.logger, {"client": client})  # type: ignore[assignment]  # used like a Logger
        self._unanswered: deque[RequestResponseCycle] = deque()
        self._whole_request = Deadline(self.loop, self.drop)
        self._read_answer = Deadline(self.loop, self.drop)
        self._refused = False
        self._expect_head()
        self._whole_request.start()
        self.heard = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._whole_request.stop()
        self._read_answer.stop()
        self._forget_requests()
        super().connection_lost(exc)

    def drop(self) -> None:
        """End the connection at once; what is still being answered on it goes nowhere."""
        self._forget_requests()
        self.transport.abort()

    def _forget_requests(self) -> None:
        """Let no answer write to a connection that is gone; uvicorn forgets the newest of pipelined requests only."""
        for each in self._unanswered:
            each.disconnected = True
            each.message_event.set()
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self.heard = self.loop.time()
        self._request_bytes += len(data)
        self._begin()
        super().data_received(data)
        if self._in_request and self._request_bytes > (MAX_HEAD_BYTES if self._in_head else MAX_BODY_BYTES):
            self._refuse()

    def on_message_begin(self) -> None:
        self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._request_bytes = 0
        if self.cycle is not None and self.transport.is_closing():
            return  # the rest of what was received before the connection was dropped
        super().on_headers_complete()
        while self._unanswered and self._unanswered[0].response_complete:
            self._unanswered.popleft()
        self._unanswered.append(self.cycle)
        if len(self.pipeline) > MAX_PIPELINED:
            self.drop()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._whole_request.stop()
        self._expect_head()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._read_answer.start()

    def resume_writing(self) -> None:
        self._read_answer.stop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, but never in the middle of another answer."""
        if self._unanswered and not self._unanswered[-1].response_complete:
            self.drop()
        elif not self.transport.is_closing():
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """End the connection: at once when it is idle, else when its answer is sent or GRACE_SECONDS are over."""
        super().shutdown()
        self.loop.call_later(GRACE_SECONDS, self.drop)

    def _unsupported_upgrade_warning(self) -> None:
        """Answer a request for a WebSocket like any other: uvicorn would log how to install a library for it."""

    def _begin(self) -> None:
        self._in_request = True
        self._whole_request.start()

    def _expect_head(self) -> None:
        self._in_request = False
        self._in_head = True
        self._request_bytes = 0

    @property
    def answering(self) -> bool:
        """Whether a whole request is here and its answer is not sent."""
        return not self._in_request and self.cycle is not None and not self.cycle.response_complete

    def _make_room(self) -> None:
        """Let go of the connection that is silent for longest when all places are taken, of one that waits if any."""
        there = [each for each in self.connections if isinstance(each, PatientProtocol)]
        there = [each for each in there if not each.transport.is_closing()]
        if len(there) >= MAX_CONNECTIONS:
            min(there, key=lambda each: (each.answering, each.heard)).drop()

    def _refuse(self) -> None:
        """Answer that the request is too large, if nothing else is being answered, and take in no more of it."""
        self._refused = True
        cycle = self.cycle
        answered = cycle is None or cycle.response_complete
        if self._in_head:
            status, free = b"431 Request Header Fields Too Large", answered
        else:
            status, free = b"413 Content Too Large", not cycle.response_started and not self.pipeline
            cycle.disconnected = True
            cycle.message_event.set()
        if free:
            self.transport.write(b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        elif not answered:
            self.drop()
            return
        self.flow.resume_reading()
        self.transport.write_eof()  # not closed: that could reset the connection before the client has read why


@contextmanager
def serve(app: Any, host: str, port: int, *, lost: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Serve an ASGI application from a thread while the context lasts; gives its URL. Raises ListenError.

    `lost` is called on that thread when it ends before the context does: nothing is served any more.
    Leaving the context drops idle connections, and others when their answer is sent or GRACE_SECONDS are over.
    """
    listening = bind(host, port)
    address = listening.getsockname()
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS + 1,
    )
    server = uvicorn.Server(config)

    def work() -> None:
        try:
            server.run([listening])
        finally:
            if not server.should_exit:
                lost()

    thread = threading.Thread(target=work, name="kmon-http", daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.01)
        if not thread.is_alive():
            raise ListenError("the HTTP server did not start: see the log for the reason")
        yield f"http://[{address[0]}]:{address[1]}" if ":" in address[0] else f"http://{address[0]}:{address[1]}"
    finally:
        server.should_exit = True
        thread.join(GRACE_SECONDS + 2)
        listening.close()
