"""Which addresses of a cluster answer, and why the others do not: the bootstrap ones, and those of brokers."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from monitor.kafka.client.apis import API_VERSIONS
from monitor.kafka.client.client import Ask, BrokerAddress, Client, Node
from monitor.kafka.client.diagnose import diagnose
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.snapshot import Brokers

LOOKING_SECONDS = 4.0
"""How long looking at an address that does not answer may take."""


@dataclass(frozen=True)
class Reached:
    """An address and what came of asking there: `error` is empty when it answered.

    `broker` is the node id of the broker that advertises it, None for a bootstrap address. `served` maps the key of
    each API to its oldest and newest version there.
    """

    broker: int | None
    address: str
    error: str = ""
    served: dict[int, tuple[int, int]] = field(default_factory=dict)


def reach(client: Client, brokers: Brokers, security_protocol: str, deadline: float) -> list[Reached]:
    """Ask all brokers and bootstrap addresses at once; `deadline` is a time of the monotonic clock.

    A bootstrap address that a broker advertises stands once, as the broker's.
    """
    columns = (brokers.broker.tolist(), brokers.host, brokers.port.tolist(), brokers.rack)
    client.learn(BrokerAddress(*row) for row in zip(*columns, strict=True))
    nodes: list[Node] = brokers.broker.tolist()
    advertised = {client.address(node) for node in nodes}
    nodes += [node for node in client.bootstrap_nodes if client.address(node) not in advertised]
    kmon = {"client_software_name": "kmon", "client_software_version": "0"}
    replies = client.ask([Ask.of(node, API_VERSIONS, **kmon) for node in nodes], deadline)
    with ThreadPoolExecutor(8, "reach") as pool:
        return list(pool.map(lambda node, reply: _reached(client, node, reply, security_protocol), nodes, replies))


def _reached(client: Client, node: Node, reply: Answer | Fault, security_protocol: str) -> Reached:
    broker, address = node if isinstance(node, int) else None, client.address(node)
    if not isinstance(reply, Fault):
        return Reached(broker, address, served=client.served(node) or {})
    errors = diagnose([address], security_protocol, (reply,), time.monotonic() + LOOKING_SECONDS)
    return Reached(broker, address, "; ".join(each.what for each in errors))
