"""An OAuth token endpoint on loopback, over HTTP or TLS, for the client credentials grant."""

import base64
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus

Reply = tuple[int, dict[str, str], bytes]
"""Status, headers and body of an answer."""


def said(status: int, **fields: Any) -> Reply:
    """An answer in JSON."""
    return status, {"Content-Type": "application/json"}, json.dumps(fields).encode()


class TokenEndpoint:
    """Gives `reply()` to those who show the client id and secret, and refuses others as RFC 6749 says.

    `forms` are what was posted, by key. `certificate` (paths of certificate and key) makes it speak TLS.
    """

    def __init__(
        self,
        reply: Callable[[], Reply],
        *,
        client: tuple[str, str] = ("kmon", "client-secret"),
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.reply = reply
        self.client = client
        self.forms: list[dict[str, str]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                endpoint._take(self)

            do_GET = do_POST  # noqa: N815 - the name of the base class

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_address[1]}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0"))).decode()
        self.forms.append({key: values[0] for key, values in parse_qs(body).items()})
        given = base64.b64decode(handler.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        known = tuple(map(unquote_plus, given.split(":"))) == self.client
        refusal = said(401, error="invalid_client", error_description="The client is not known here")
        status, headers, content = self.reply() if known else refusal
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
