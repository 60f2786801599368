"""Sockets to brokers, for kafka-python's event loop."""

import socket
from typing import Any

from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from kafka.net.inet import KafkaNetSocket


async def connect(net: Any, host: str, port: int, options: Any, timeout_at: float | None) -> socket.socket:
    """A socket connected to the first address of the host that takes it. Raises KafkaConnectionError.

    kafka-python's own `create_connection` leaves the sockets of failed attempts open until garbage is collected, and so
    piles them up while a broker is down.
    """
    sockets = KafkaNetSocket()
    error = KafkaConnectionError("DNS resolution failure")
    for family, kind, protocol, _, address in sockets.dns_lookup(host, port):
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
