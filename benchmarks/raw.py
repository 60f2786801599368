"""The brokers' own time: the requests of a poll sent again on plain sockets, and the answers read but not decoded."""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Self

from monitor.kafka.client.client import Client
from monitor.kafka.client.wire import Request

Exchange = tuple[int, bytes]
"""A broker's node id and a framed request."""


class Recorder:
    """Notes what a Client sends, as steps: the requests that are sent together."""

    def __init__(self, client: Client) -> None:
        self.steps: list[list[Exchange]] = []
        self._client = client
        self._start, self._attempt = client.start, client._attempt
        self._waited = True

    def __enter__(self) -> Self:
        client: Any = self._client
        client.start, client._attempt = self._note_start, self._note_attempt
        return self

    def __exit__(self, *_: object) -> None:
        client: Any = self._client
        client.start, client._attempt = self._start, self._attempt

    def _note_start(self, asks: Any, deadline: float) -> Any:
        if self._waited:
            self.steps.append([])
            self._waited = False
        batch = self._start(asks, deadline)
        wait = batch.wait

        def waited() -> Any:
            self._waited = True
            return wait()

        batch.wait = waited  # type: ignore[method-assign]
        return batch

    async def _note_attempt(self, ask: Any, until: float) -> Any:
        step = self.steps[-1]
        answer = await self._attempt(ask, until)
        request = Request(answer.api, answer.version, ask.body(answer.version))
        request.with_header(1, "kmon")
        step.append((int(ask.node), request.encode(framed=True, header=True)))
        return answer


def time_raw(steps: list[list[Exchange]], addresses: dict[int, tuple[str, int]], rounds: int) -> list[float]:
    """Seconds of each round: all requests of a step to a broker one after another, all brokers at once."""
    with ExitStack() as stack:
        connections = {
            node: stack.enter_context(socket.create_connection(address)) for node, address in addresses.items()
        }
        for connection in connections.values():
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pool = stack.enter_context(ThreadPoolExecutor(len(connections)))
        buffer = {node: bytearray(64 << 20) for node in connections}

        def exchange(node: int, requests: list[bytes]) -> None:
            connections[node].sendall(b"".join(requests))
            for _ in requests:
                _receive(connections[node], memoryview(buffer[node]))

        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            for step in steps:
                by_node: dict[int, list[bytes]] = {}
                for node, request in step:
                    by_node.setdefault(node, []).append(request)
                list(pool.map(lambda item: exchange(*item), by_node.items()))
            seconds.append(time.perf_counter() - began)
    return seconds


def _receive(connection: socket.socket, into: memoryview) -> None:
    (size,) = struct.unpack(">i", _exactly(connection, 4, into))
    _exactly(connection, size, into)


def _exactly(connection: socket.socket, size: int, into: memoryview) -> bytes:
    got = 0
    while got < size:
        received = connection.recv_into(into[got:size])
        if not received:
            raise ConnectionError("the broker closed the connection")
        got += received
    return bytes(into[:size]) if size == 4 else b""
