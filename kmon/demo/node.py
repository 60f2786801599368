"""One node of the demo cluster: its ports, folders and server.properties."""

import base64
import random
import shutil
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kmon.demo.errors import DemoError
from kmon.demo.processes import Process

HOST = "127.0.0.1"
CONTROLLER = "CONTROLLER"
# Below the range that systems take the ports of outgoing connections from.
PORTS = range(20_000, 30_000)


@dataclass
class Node:
    """A broker and controller in one process."""

    id: int
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    process: Process | None = None

    @property
    def data(self) -> Path:
        """The node's log dir."""
        return self.folder / "data"

    @property
    def properties(self) -> Path:
        """The node's server.properties."""
        return self.folder / "server.properties"

    def address(self, listener: str) -> str:
        """host:port of one of the node's listeners."""
        return f"{HOST}:{self.ports[listener]}"

    def copy_format(self, formatted: "Node") -> None:
        """Take over the format of another node's log dir, under this node's own id and directory id."""
        shutil.copytree(formatted.data, self.data)
        meta = self.data / "meta.properties"
        own = {"node.id": str(self.id), "directory.id": random_id()}
        pairs = (line.split("=", 1) for line in meta.read_text().splitlines() if "=" in line)
        meta.write_text(render({**dict(pairs), **own}))


def random_id() -> str:
    """A Kafka Uuid: 16 random bytes in URL-safe base64, not starting with a dash."""
    text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return random_id() if text.startswith("-") else text


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now; somebody may take one before we do."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            return found
        if _is_free(port):
            found.append(port)
    raise DemoError(f"no {count} free ports on {HOST} between {PORTS.start} and {PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def render(properties: Mapping[str, object]) -> str:
    """A Java properties file."""
    return "".join(f"{key}={value}\n" for key, value in properties.items())


def server_properties(
    node: Node, nodes: Sequence[Node], version: tuple[int, ...], protocols: Mapping[str, str]
) -> dict[str, object]:
    """server.properties of a small KRaft node, by default settings as close to production as a fast start allows.

    `protocols` maps each client listener to its security protocol; the first is the brokers' own, too.
    """
    replicas, in_sync = min(3, len(nodes)), min(2, len(nodes))
    listeners = ",".join(f"{name}://{node.address(name)}" for name in protocols)
    return {
        "process.roles": "broker,controller",
        "node.id": node.id,
        "controller.quorum.voters": ",".join(f"{n.id}@{n.address(CONTROLLER)}" for n in nodes),
        "controller.listener.names": CONTROLLER,
        "listeners": f"{listeners},{CONTROLLER}://{node.address(CONTROLLER)}",
        "advertised.listeners": listeners,
        "inter.broker.listener.name": next(iter(protocols)),
        "listener.security.protocol.map": ",".join(
            f"{name}:{protocol}" for name, protocol in {**protocols, CONTROLLER: "PLAINTEXT"}.items()
        ),
        "log.dirs": node.data,
        "broker.rack": f"r{node.id}",
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        # A topic's logs of coordinators are made at the first group's join: few partitions keep that short.
        "offsets.topic.num.partitions": 6,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 3,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 3,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "group.coordinator.rebalance.protocols": "classic,consumer,share,streams"
        if version >= (4, 1)
        else "classic,consumer",
        "group.initial.rebalance.delay.ms": 200,
        # A killed or paused broker is fenced after 6 s, not 9.
        "broker.session.timeout.ms": 6000,
        "broker.heartbeat.interval.ms": 1000,
        # Small buffers and few threads: the defaults are for a machine of its own.
        "num.network.threads": 2,
        "num.io.threads": 3,
        "background.threads": 2,
        "num.replica.fetchers": 1,
        "group.coordinator.threads": 1,
        "share.coordinator.threads": 1,
        "log.cleaner.dedupe.buffer.size": 4_000_000,
        "log.index.size.max.bytes": 1_000_000,
    }
