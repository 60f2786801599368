"""Servers on loopback that say what a test lets them say, for what a client meets before and beside Kafka."""

import contextlib
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from answers import body_of
from kafka.protocol.metadata import ApiVersionsResponse
from pems import CERT, KEY

Talk = Callable[[socket.socket], None]
"""What a server does with one connection; the connection is closed after it."""


class Loopback:
    """A server on a free port. `connections` counts those that were made."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self._spawn(self._accept)

    def _spawn(self, target: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=target, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._spawn(lambda connection=connection: self._serve(connection))  # type: ignore[misc]  # bound early

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            self._talk(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join(5)


@contextlib.contextmanager
def serving(talk: Talk) -> Iterator[Loopback]:
    server = Loopback(talk)
    try:
        yield server
    finally:
        server.close()


def silent(connection: socket.socket) -> None:
    """Reads and says nothing."""
    while connection.recv(4096):
        pass


def saying(*parts: bytes) -> Talk:
    """Waits for a first word, says these, and hangs up."""

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        for part in parts:
            connection.sendall(part)
            threading.Event().wait(0.02)

    return talk


def tls_context() -> ssl.SSLContext:
    """A server's, with the certificate of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "server.pem")
        pem.write_text(KEY + CERT)
        context.load_cert_chain(pem)
    return context


def over_tls(talk: Talk) -> Talk:
    """The same after a TLS handshake."""
    context = tls_context()

    def encrypted(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inside:
            talk(inside)

    return encrypted


def broker(apis: dict[int, tuple[int, int]], answer: Callable[[int], bytes | None]) -> Talk:
    """A broker that serves these versions; `answer(API key)` gives an answer's body after its header, None for none."""

    def talk(connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            while size := stream.read(4):
                request = stream.read(struct.unpack(">i", size)[0])
                key, version, correlation_id = struct.unpack_from(">hhi", request)
                if key == 18:
                    keys = [
                        {"api_key": each, "min_version": low, "max_version": high} for each, (low, high) in apis.items()
                    ]
                    body: bytes | None = body_of(ApiVersionsResponse, version, error_code=0, api_keys=keys)
                else:
                    body = answer(key)
                if body is not None:
                    stream.write(struct.pack(">ii", 4 + len(body), correlation_id) + body)
                    stream.flush()

    return talk
