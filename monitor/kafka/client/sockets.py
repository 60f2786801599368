"""Sockets to brokers and what reads and writes them, for kafka-python's event loop."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError
from kafka.future import Future
from kafka.net.inet import KafkaNetSocket
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport

from monitor.kafka.client.faults import resolver_words
from monitor.kafka.client.frames import Parser


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
    """What getaddrinfo says of the host. Raises KafkaConnectionError when it is not found.

    A resolver that does not answer blocks for many seconds, so it is asked on a thread of its own: else one name would
    hold up every broker that shares the event loop.
    """
    with suppress(OSError, UnicodeError):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        addresses: list[Any] = await in_thread(net, ask, f"resolve {host}")
    except (OSError, UnicodeError) as error:
        raise KafkaConnectionError(f"DNS resolution failure: {resolver_words(error)}") from None
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


READ_BYTES = 256 * 1024
"""The most that is read of a connection before the others have their turn."""


class _BoundedReads:
    """Reads in bounded pieces; kafka-python reads for as long as more arrives, which a fast broker prolongs."""

    _sock: Any

    def _sock_recv(self) -> tuple[bytes, Exception | None]:
        """What has arrived; empty with the error at the end.

        What a broker sent before it closed is handed on, which has why a login was refused: the end is found again by
        the next read.
        """
        parts: list[bytes] = []
        size, error = 0, None
        # What TLS has decrypted already is not announced by the selector again.
        while size < READ_BYTES or (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
            try:
                part = self._sock.recv(READ_BYTES // 4)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except Exception as failed:  # noqa: BLE001 - whatever a socket raises ends the connection
                error = KafkaConnectionError(failed)
                break
            if not part:
                error = KafkaConnectionError("socket disconnected")
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts), None if parts else error

    def _close(self, error: Exception | None = None) -> None:
        parser = getattr(getattr(self, "_protocol", None), "parser", None)
        super()._close(error)  # type: ignore[misc]  # of the transport that this is mixed into
        if isinstance(parser, Parser):
            parser.release()


class Transport(_BoundedReads, KafkaTCPTransport):  # type: ignore[misc]  # kafka-python has no types
    """An open connection in plaintext."""


class TlsTransport(_BoundedReads, KafkaSSLTransport):  # type: ignore[misc]  # kafka-python has no types
    """An open connection by TLS.

    `expires` is the unix time at which the broker's certificate does, `secured_at` the monotonic time of the handshake.
    """

    expires: float | None = None
    secured_at = 0.0

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
                self.secured_at = time.monotonic()
                certificate = self._sock.getpeercert() or {}
                if "notAfter" in certificate:
                    self.expires = float(ssl.cert_time_to_seconds(certificate["notAfter"]))
                return
