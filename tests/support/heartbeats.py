"""Members of KIP-848 groups that move only when told: each heartbeat is a request made by hand, without a consumer."""

import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from breakable import Cluster
from kafka_cluster import wait_until
from real_kmon import settings_of

from monitor.kafka.client.apis import Api
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import Cursor
from monitor.poll.poller import client_of, poll_once

HEARTBEAT = Api(68, "ConsumerGroupHeartbeat", 0, 0, 0)
NOT_HERE = (14, 15, 16)
"""Errors of a broker that is not, or not yet, the group's coordinator."""
JOIN, LEAVE = 0, -1
Owned = Mapping[bytes, Sequence[int]]
"""Partitions by topic id."""


class HeartbeatMember:
    """A member of a group. `assigned` is what the coordinator gave it last, and `epoch` its member epoch."""

    def __init__(self, client: Client, group: str, topic: str) -> None:
        self._client, self._group, self._topic = client, group, topic
        self.member_id, self.epoch = "", JOIN
        self.assigned: dict[bytes, list[int]] = {}

    def beat(self, owned: Owned | None = None) -> int:
        """Send a heartbeat; `owned` is what the member says that it has, None where that did not change.

        The answer is how many partitions it is assigned.
        """
        wait_until(lambda: any(self._beat(node, owned) for node in self._client.nodes), "a coordinator's answer")
        return sum(map(len, self.assigned.values()))

    def confirm(self) -> None:
        """Say that it has what it is assigned."""
        self.beat(self.assigned)

    def leave(self) -> None:
        self.epoch = LEAVE
        self.beat()

    def _beat(self, node: int, owned: Owned | None) -> bool:
        (reply,) = self._client.ask([Ask(node, HEARTBEAT, lambda _: self._body(owned))], time.monotonic() + 10)
        assert isinstance(reply, Answer), reply
        return self._read(Cursor(reply.body, flexible=True))

    def _body(self, owned: Owned | None) -> bytes:
        joins = self.epoch == JOIN
        topics = _array([_text(self._topic)]) if joins else b"\0"
        have = b"\0" if owned is None else _array([each + _array(_numbers(owned[each])) + b"\0" for each in owned])
        head = _text(self._group) + _text(self.member_id) + struct.pack(">i", self.epoch)
        timeout = struct.pack(">i", 60_000 if joins else -1)
        return head + b"\0\0" + timeout + topics + b"\0" + have + b"\0"

    def _read(self, cursor: Cursor) -> bool:
        cursor.skip(4)  # throttle_time_ms
        error, message = cursor.int16(), cursor.text()
        if error in NOT_HERE:
            return False
        assert error == 0, message
        self.member_id = cursor.text() or self.member_id
        self.epoch = cursor.int32()
        cursor.skip(4)  # heartbeat interval
        if cursor.body[cursor.at] == 1:
            cursor.skip(1)
            self.assigned = dict(_topic(cursor) for _ in range(cursor.count()))
        return True


def _topic(cursor: Cursor) -> tuple[bytes, list[int]]:
    topic_id = cursor.body[cursor.at : cursor.at + 16]
    cursor.skip(16)
    numbers = [cursor.int32() for _ in range(cursor.count())]
    cursor.tags()
    return topic_id, numbers


def _text(text: str) -> bytes:
    return bytes([len(text.encode()) + 1]) + text.encode()


def _numbers(values: Sequence[int]) -> list[bytes]:
    return [struct.pack(">i", each) for each in values]


def _array(items: Sequence[bytes]) -> bytes:
    return bytes([len(items) + 1]) + b"".join(items)


@contextmanager
def heartbeats(cluster: Cluster) -> Iterator[Client]:
    """A client for HeartbeatMembers of this cluster."""
    settings = settings_of(cluster.bootstrap)
    brokers = poll_once(settings).snapshot.brokers
    columns = (brokers.broker.tolist(), brokers.host, brokers.port.tolist(), brokers.rack)
    client = client_of(settings)
    try:
        client.learn(BrokerAddress(*row) for row in zip(*columns, strict=True))
        yield client
    finally:
        client.close()
