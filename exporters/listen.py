"""Where kmon listens and how it serves: the address check, the socket, and uvicorn in a thread that ends in time."""

import asyncio
import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from monitor.settings.errors import SettingsError
from monitor.settings.values import is_loopback, split_address

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 200
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept: longer than the usual scrape interval, so that scrapers stay connected."""

PATIENCE_SECONDS = 10.0
"""How long a client may take to send the head of a request, or to take in any more of an answer."""

MAX_HEAD_BYTES = 65536
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


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which ends connections that stall in the middle of a request's head or of an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in its base
        super().connection_made(transport)
        self._head_bytes = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._expect_progress()

    def connection_lost(self, exc: Exception | None) -> None:
        self._progress()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            self._head_bytes = 0
            self._progress()
        elif self._head_bytes > MAX_HEAD_BYTES:
            self.transport.abort()
        elif self._stalled is None:
            self._expect_progress()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_progress()

    def resume_writing(self) -> None:
        self._progress()
        super().resume_writing()

    def shutdown(self) -> None:
        """End the connection: at once when it is idle, else when its answer is sent or GRACE_SECONDS are over."""
        super().shutdown()
        self.loop.call_later(GRACE_SECONDS, self.transport.abort)

    @property
    def _in_head(self) -> bool:
        upgraded = self.transport.get_protocol() is not self
        return not upgraded and (self.cycle is None or self.cycle.response_complete)

    def _expect_progress(self) -> None:
        self._progress()
        self._stalled = self.loop.call_later(PATIENCE_SECONDS, self.transport.abort)

    def _progress(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


@contextmanager
def serve(
    app: Any, host: str, port: int, *, websockets: bool = True, lost: Callable[[], None] = lambda: None
) -> Iterator[str]:
    """Serve an ASGI application from a thread while the context lasts; gives its URL. Raises ListenError.

    `lost` is called on that thread when it ends before the context does: nothing is served any more.
    Leaving the context drops idle connections, and others when their answer is sent or GRACE_SECONDS are over.
    """
    listening = bind(host, port)
    address = listening.getsockname()
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="auto" if websockets else "none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MAX_CONNECTIONS,
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
