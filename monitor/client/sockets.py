"""Sockets to brokers and what reads and writes them, for kafka-python's event loop."""

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from kafka.future import Future
from kafka.net.inet import KafkaNetSocket
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport


async def connect(net: Any, host: str, port: int, options: Any, timeout_at: float | None) -> socket.socket:
    """A socket connected to the first address of the host that takes it. Raises KafkaConnectionError.

    kafka-python's own `create_connection` leaves the sockets of failed attempts open until garbage is collected, and so
    piles them up while a broker is down.
    """
    sockets = KafkaNetSocket()
    error = KafkaConnectionError("DNS resolution failure")
    for family, kind, protocol, _, address in await _resolve(net, host, port):
        attempt = socket.socket(family, kind, protocol)
        try:
            attempt.setblocking(False)
            for option in options:
                attempt.setsockopt(*option)
            connected: socket.socket = await sockets.sock_connect(net, attempt, address, timeout_at=timeout_at)
        except BaseException as failed:
            attempt.close()
            if isinstance(failed, KafkaTimeoutError):
                raise KafkaConnectionError("Connection timed out") from None
            if not isinstance(failed, OSError | KafkaConnectionError):
                raise
            error = KafkaConnectionError(f"unable to connect: {failed}")
        else:
            return connected
    raise error


async def _resolve(net: Any, host: str, port: int) -> list[Any]:
    """What getaddrinfo says of the host, none when it is not found.

    A resolver that does not answer blocks for many seconds, so it is asked on a thread of its own: else one name would
    hold up every broker that shares the event loop.
    """
    with suppress(OSError, UnicodeError):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    def ask() -> list[Any]:
        with suppress(OSError, UnicodeError):
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return []

    addresses: list[Any] = await in_thread(net, ask, f"resolve {host}")
    return addresses


async def in_thread(net: Any, work: Callable[[], Any], name: str) -> Any:
    """What `work` gives or raises, on a thread of its own: blocking there holds up no other connection."""
    done = Future()

    def run() -> None:
        try:
            result, tell = work(), done.success
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            result, tell = error, done.failure
        with suppress(RuntimeError, KafkaError):  # the event loop may have ended meanwhile
            net.call_soon_threadsafe(lambda: tell(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done


class _AnswersBeforeEnd:
    """Hands on what a broker sent before it closed; kafka-python drops it, and with it why a login was refused."""

    def _sock_recv(self) -> tuple[bytes, Exception | None]:
        data, error = super()._sock_recv()  # type: ignore[misc]  # of the transport that this is mixed into
        # The end is found again by the next read, when the answer has been acted on.
        return data, None if data else error


class Transport(_AnswersBeforeEnd, KafkaTCPTransport):  # type: ignore[misc]  # kafka-python has no types
    """An open connection in plaintext."""


class TlsTransport(_AnswersBeforeEnd, KafkaSSLTransport):  # type: ignore[misc]  # kafka-python has no types
    """An open connection by TLS."""

    async def handshake_until(self, timeout_at: float | None) -> None:
        """The handshake; raises KafkaTimeoutError after `timeout_at`, a time of the monotonic clock."""
        while True:
            try:
                self._sock.do_handshake()
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at=timeout_at)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at=timeout_at)
            else:
                return
