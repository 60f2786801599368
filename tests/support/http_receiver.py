"""An HTTP server on loopback that records what is posted to it and answers as a test tells it, or hangs."""

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

GUARD_SECONDS = 20.0
"""A test that waits longer than this for something that must come has failed."""


class HttpReceiver:
    """Answers each request with the next of `statuses`, then with the last for ever; 0 hangs until `release`."""

    def __init__(
        self,
        *statuses: int,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.statuses = list(statuses or (200,))
        self.headers, self.body = headers or {}, body
        self.methods: list[str] = []
        self.paths: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.posts: list[Any] = []
        self.bodies: list[bytes] = []
        self.accepted: list[Any] = []
        self.answered = 0
        self._changed = threading.Condition()
        self._released = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def do_GET(self) -> None:
                receiver._take(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that has hung up is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            # The handshake is left to the thread of the request: one that fails must not end the server.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def elements(self) -> list[Any]:
        """The elements of every array posted, in order."""
        return [element for post in self.posts for element in post]

    def wait_for(self, true: Callable[[], bool]) -> bool:
        """Whether `true` comes to be, looked at after every request."""
        with self._changed:
            return self._changed.wait_for(true, GUARD_SECONDS)

    def release(self) -> None:
        """Let go of every request that hangs."""
        self._released.set()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._changed:
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            self.methods.append(handler.command)
            self.paths.append(handler.path)
            self.requests.append(dict(handler.headers.items()))
            self.bodies.append(body)
            self.posts.append(json.loads(body) if body else None)
            if 200 <= status < 300:
                self.accepted.append(self.posts[-1])
            self._changed.notify_all()
        if status == 0:
            self._released.wait(GUARD_SECONDS)
            status = 200
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(self.body)
        with self._changed:
            self.answered += 1
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
