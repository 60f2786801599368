"""Relays in front of brokers, real or scripted ones, which advertise fewer APIs and older versions than these serve.

Metadata that passes names the relays instead of the brokers, so that a client stays on this side of them.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from answers import RESPONSES, encoded
from loopback import Loopback

from monitor.kafka.client.apis import API_VERSIONS, METADATA, Api

Caps = Mapping[Api, int | None]
"""The newest version of each API that brokers are to advertise, None for none; versions of the Api say nothing."""

HEAD = struct.Struct(">hhi")
"""API key, version and correlation id, with which every request begins."""


class VersionRelays:
    """A relay to each broker. `bootstrap` has the addresses of all, which metadata names as well."""

    def __init__(self, brokers: Mapping[int, str], caps: Caps) -> None:
        """`brokers` are host:port by node id."""
        self._caps = {api.key: newest for api, newest in caps.items()}
        self._relays = {node: Loopback(partial(self._relay, address)) for node, address in brokers.items()}

    @property
    def bootstrap(self) -> str:
        return ",".join(relay.address for relay in self._relays.values())

    def close(self) -> None:
        for relay in self._relays.values():
            relay.close()

    def _relay(self, address: str, client: socket.socket) -> None:
        host, _, port = address.rpartition(":")
        asked: dict[int, tuple[int, int]] = {}
        with socket.create_connection((host, int(port))) as broker:
            back = threading.Thread(target=self._answers, args=(broker, client, asked), daemon=True)
            back.start()
            for frame in _frames(client):
                key, version, number = HEAD.unpack_from(frame)
                asked[number] = key, version
                broker.sendall(struct.pack(">i", len(frame)) + frame)
            broker.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answers(self, broker: socket.socket, client: socket.socket, asked: dict[int, tuple[int, int]]) -> None:
        with contextlib.suppress(OSError):
            for frame in _frames(broker):
                (number,) = struct.unpack_from(">i", frame)
                answer = self._changed(frame, *asked.pop(number))
                client.sendall(struct.pack(">i", len(answer)) + answer)
            client.shutdown(socket.SHUT_RDWR)

    def _changed(self, frame: bytes, key: int, version: int) -> bytes:
        if key == API_VERSIONS.key:
            return frame[:4] + self._capped(frame[4:], version)
        if key == METADATA.key:
            head = 5 if METADATA.is_flexible(version) else 4
            return frame[:head] + self._readdressed(frame[head:], version)
        return frame

    def _capped(self, body: bytes, version: int) -> bytes:
        message = RESPONSES["ApiVersions"].decode(body, version=version)
        message.api_keys = [each for each in message.api_keys if self._cap(each)]
        return encoded(message, version)

    def _cap(self, api: Any) -> bool:
        """Lower the newest version that is advertised; whether anything is left."""
        newest = self._caps.get(api.api_key, api.max_version)
        if newest is None or newest < api.min_version:
            return False
        api.max_version = min(newest, api.max_version)
        return True

    def _readdressed(self, body: bytes, version: int) -> bytes:
        message = RESPONSES["Metadata"].decode(body, version=version)
        for each in message.brokers:
            if each.node_id in self._relays:
                each.host, _, port = self._relays[each.node_id].address.rpartition(":")
                each.port = int(port)
        return encoded(message, version)


def _frames(connection: socket.socket) -> Iterator[bytes]:
    """What comes from a connection, without the sizes before, until it ends."""
    with connection.makefile("rb") as stream:
        while len(size := stream.read(4)) == 4:
            yield stream.read(struct.unpack(">i", size)[0])


@contextmanager
def capped(brokers: Mapping[int, str], caps: Caps) -> Iterator[VersionRelays]:
    """Relays to these brokers, host:port by node id."""
    relays = VersionRelays(brokers, caps)
    try:
        yield relays
    finally:
        relays.close()
