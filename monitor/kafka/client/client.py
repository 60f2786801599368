"""The client of one cluster: asks many brokers at once and gives back, for each question, an Answer or a Fault."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import kafka.errors as kafka_errors
from kafka.net.connection import KafkaConnection
from kafka.protocol.metadata import MetadataResponse

from monitor.kafka.client.apis import Api
from monitor.kafka.client.budget import Budget
from monitor.kafka.client.connections import Connections, IoLoop
from monitor.kafka.client.faults import Fault, fault_of
from monitor.kafka.client.tally import Tally
from monitor.kafka.client.wire import Answer, Request
from monitor.kafka.messages import encode
from monitor.model.reasons import Kind

log = logging.getLogger(__name__)

Node = int | str
"""A broker's node id, or kafka-python's name of a bootstrap address, such as "bootstrap-0"."""

SUSPECT_TIMEOUT_SECONDS = 1.0
"""How long reaching a broker may take that failed the last time, so that one dead broker does not slow every poll."""

AUTHENTICATION_PAUSE_SECONDS = 15.0
"""How long a refused password is not tried again: brokers and directories lock accounts."""


EXPIRES_SOON_SECONDS = 30 * 86_400.0
"""A broker whose certificate expires within this time is connected anew now and then."""
RECONNECT_SECONDS = 3_600.0
"""That often: brokers load a new certificate without a restart, and open connections keep the old one."""


@dataclass(frozen=True)
class Ask:
    """A question to one broker. `body(version)` gives the encoded request body for the version that is agreed on."""

    node: Node
    api: Api
    body: Callable[[int], bytes]

    @classmethod
    def of(cls, node: Node, api: Api, **fields: Any) -> "Ask":
        """A question by the fields of its request, as `messages.encode` takes them."""
        return cls(node, api, lambda version: encode(api, version, fields))


class BrokerAddress(NamedTuple):
    """Where a broker says that it can be reached."""

    node: int
    host: str
    port: int
    rack: str | None


class _NotConnectedError(Exception):
    """No connection to the broker could be made; its cause tells why."""


class Batch:
    """Questions under way; `wait()` gives their replies in the order of the questions, once."""

    def __init__(self, futures: Sequence[Any], run: Callable[[Any], Any]) -> None:
        self._futures = futures
        self._run = run

    def wait(self) -> "list[Answer | Fault]":
        async def gather() -> list[Answer | Fault]:
            return [await future for future in self._futures]

        replies: list[Answer | Fault] = self._run(gather) if self._futures else []
        self._futures = ()  # which hold the answers
        # From here on whoever waited holds them: they are decoded and dropped, or kept on purpose.
        return [replace(each, lease=None) if isinstance(each, Answer) else each for each in replies]


class Client:
    """Connections to one cluster on one I/O thread. Methods are for one calling thread; `close` is for any.

    `options` gives kafka-python's connection options. When `stamp()` changes, `refresh` asks for them again, so that a
    changed password or certificate is picked up.
    """

    def __init__(
        self,
        bootstrap_servers: Sequence[str],
        options: Callable[[], dict[str, Any]],
        *,
        request_timeout_seconds: float,
        max_answer_bytes: int,
        max_inflight_bytes: int = 2**31 - 1,
        client_id: str = "kmon",
        stamp: Callable[[], object] = lambda: None,
    ) -> None:
        self.bootstrap_servers = tuple(bootstrap_servers)
        self.tally = Tally()
        self._options = options
        self._stamp = stamp
        self._made_at: object = stamp()
        self._timeout = request_timeout_seconds
        self._max_answer_bytes = max_answer_bytes
        self._budget = Budget(max_inflight_bytes)
        self._client_id = client_id
        self._net = IoLoop(client_id=client_id, slow_task_threshold_secs=0)
        self._suspects: dict[Node, Fault] = {}
        self._refused: dict[Node, tuple[float, Fault]] = {}
        self._closing = threading.Event()
        try:
            self._manager = self._connections()
        except BaseException:
            self._net.close()
            raise
        self._net.start()

    @property
    def nodes(self) -> list[int]:
        """The brokers that metadata has named, none before the first answer."""
        return sorted(each.node for each in self._addresses())

    def _addresses(self) -> set[BrokerAddress]:
        known = self._manager.cluster.brokers()
        return {BrokerAddress(each.node_id, each.host, each.port, each.rack) for each in known}

    @property
    def bootstrap_nodes(self) -> list[Node]:
        return [broker.node_id for broker in self._manager.cluster.bootstrap_brokers()]

    def address(self, node: Node) -> str:
        """host:port of a node, for a person to read."""
        broker = self._manager.cluster.broker_metadata(node)
        return f"{broker.host}:{broker.port}" if broker else str(node)

    def served(self, node: Node) -> dict[int, tuple[int, int]] | None:
        """The oldest and newest version of each API, by key, that a broker serves; None while it is not connected.

        It is the same object for as long as the connection is.
        """
        served: dict[int, tuple[int, int]] | None = self._manager.served(node)
        return served

    def certificates(self) -> dict[int, float]:
        """Unix time at which the certificate of each broker expires that is connected by TLS."""
        found = ((node, self._manager.certificate(node)) for node in self.nodes)
        return {node: each[0] for node, each in found if each is not None}

    def learn(self, brokers: Iterable[BrokerAddress]) -> None:
        """Connect to these brokers from now on, as metadata named them."""
        wanted, known = set(brokers), self._addresses()
        if wanted == known:
            return
        answer = MetadataResponse(
            version=5,
            brokers=[MetadataResponse.MetadataResponseBroker(*each, version=5) for each in sorted(wanted)],
            topics=[],
        )
        self._net.run(self._learn, answer, {each.node for each in known - wanted})

    async def _learn(self, answer: Any, moved: set[int]) -> None:
        for node in moved:
            self._manager.close(node)
        self._manager.cluster.update_metadata(answer)

    def start(self, asks: Sequence[Ask], deadline: float) -> Batch:
        """Send all questions at once; no reply is waited for beyond `deadline`, a time of the monotonic clock."""
        futures = [self._manager.call_soon(self._reply, ask, deadline) for ask in asks]
        return Batch(futures, self._net.run)

    def ask(self, asks: Sequence[Ask], deadline: float) -> list[Answer | Fault]:
        """Send all questions at once and wait for all replies."""
        return self.start(asks, deadline).wait()

    def ask_any(
        self, make: Callable[[Node], Ask], deadline: float, *, skip: Iterable[Node] = ()
    ) -> tuple[Answer | None, list[Fault]]:
        """Ask one broker after another until one answers: the known ones in random order, then the bootstrap addresses.

        The answer is None when nobody answered; the faults are those met on the way.
        """
        skip = set(skip)
        order: list[Node] = [node for node in self.nodes if node not in skip]
        random.shuffle(order)
        order.sort(key=lambda node: node in self._suspects)
        known = {self.address(node) for node in self.nodes}
        order += [node for node in self.bootstrap_nodes if node not in skip and self.address(node) not in known]
        faults: list[Fault] = []
        for node in order:
            if time.monotonic() >= deadline or self._closing.is_set():
                break
            (reply,) = self.ask([make(node)], deadline)
            if isinstance(reply, Answer):
                return reply, faults
            faults.append(reply)
        return None, faults

    @property
    def closed(self) -> bool:
        return self._closing.is_set()

    @property
    def crashed(self) -> bool:
        """Whether an exception has ended the I/O thread: every wait for replies raises from then on."""
        return self._net.crashed

    def close(self) -> None:
        """End all connections and the I/O thread; a wait for replies then raises."""
        if self._closing.is_set():
            return
        self._closing.set()
        try:
            if self.crashed:
                self._manager.abandon()
            else:
                self._net.run(self._close)
        finally:
            self._net.stop(timeout_ms=2000)
            self._net.close()

    async def _close(self) -> None:
        self._manager.close()

    def refresh(self) -> None:
        """To be called between polls: makes all connections anew when the files behind the options have changed, has
        refused logins tried again after a pause, and looks for new certificates where those of brokers expire soon.
        """
        stamp = self._stamp()
        if stamp != self._made_at:
            self._made_at = stamp
            self._reconnect()
        due = time.monotonic() - AUTHENTICATION_PAUSE_SECONDS
        for node in [node for node, (at, _) in self._refused.items() if at <= due]:
            del self._refused[node]
            self._manager.forgive(node)
        if renewed := self._to_renew():
            self._net.run(self._disconnect, renewed)

    def _to_renew(self) -> list[int]:
        """The brokers whose certificate expires soon: brokers may have a new one, which only a new connection shows."""
        soon, due = time.time() + EXPIRES_SOON_SECONDS, time.monotonic() - RECONNECT_SECONDS
        found = ((node, self._manager.certificate(node)) for node in self.nodes)
        return [node for node, each in found if each is not None and each[0] < soon and each[1] <= due]

    async def _disconnect(self, nodes: list[int]) -> None:
        for node in nodes:
            self._manager.close(node)

    def _connections(self) -> Connections:
        milliseconds = self._timeout * 1000
        ours = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "client_id": self._client_id,
            "client_software_name": "kmon",
            "receive_message_max_bytes": self._max_answer_bytes,
            "request_timeout_ms": milliseconds,
            "socket_connection_setup_timeout_ms": milliseconds,
            "socket_connection_setup_timeout_max_ms": milliseconds,
            "reconnect_backoff_max_ms": 5000,
            "max_in_flight_requests_per_connection": 1000,
        }
        return Connections(self._net, self._budget, **{**self._options(), **ours})

    def _reconnect(self) -> None:
        """Begin anew with the options as they are now; with those of before where they cannot be used."""
        try:
            connections = self._connections()
        except Exception as error:  # noqa: BLE001 - a file may be missing while it is replaced
            log.warning("cannot use the new options, keeping the old connections: %s", error)
            return
        brokers = self._addresses()
        self._net.run(self._close)
        self._manager = connections
        self._refused.clear()
        self._suspects.clear()
        self.learn(brokers)

    async def _reply(self, ask: Ask, deadline: float) -> Answer | Fault:
        began = time.monotonic()
        if began >= deadline:  # a request that cannot wait would only cost a good connection
            return Fault(Kind.TIMEOUT, ask.node, ask.api.name, detail="before it could be asked")
        try:
            if ask.node in self._refused:
                return replace(self._refused[ask.node][1], api=ask.api.name)
            reply: Answer | Fault = await self._attempt(ask, min(began + self._timeout, deadline))
            self._suspects.pop(ask.node, None)
        except Exception as error:  # noqa: BLE001 - whatever a connection raises is data here
            reply = self._fault(error, ask, time.monotonic() - began)
        reply = replace(reply, node=ask.node, seconds=time.monotonic() - began)
        self.tally.count(reply, ask.api.name)
        return reply

    def _fault(self, error: Exception, ask: Ask, seconds: float) -> Fault:
        unconnected = isinstance(error, _NotConnectedError)
        fault = fault_of(error.__cause__ or error if unconnected else error, ask.api.name, ask.node, seconds)
        if unconnected and isinstance(ask.node, int) and fault.kind is not Kind.AUTHENTICATION:
            fault = replace(fault, address=self.address(ask.node))
        if isinstance(error, kafka_errors.NodeNotReadyError) and fault.kind is Kind.CONNECT:
            # kafka-python is waiting before it tries again; what is news is why the last try failed.
            fault = replace(self._suspects.get(ask.node, fault), api=ask.api.name)
        if fault.kind is Kind.AUTHENTICATION:
            self._refused.setdefault(ask.node, (time.monotonic(), fault))
        if fault.kind is not Kind.UNSUPPORTED:
            self._suspects[ask.node] = fault
        return fault

    async def _attempt(self, ask: Ask, until: float) -> Answer:
        # Else each connection would be held to the API versions of the first, which a rolling upgrade leaves behind.
        self._manager.broker_version_data = None
        connection: KafkaConnection = self._manager.get_connection(ask.node, refresh_metadata_on_err=False)
        reach = time.monotonic() + SUSPECT_TIMEOUT_SECONDS if ask.node in self._suspects else until
        try:
            await self._within(connection.init_future, min(until, reach))
        except Exception as error:
            raise _NotConnectedError from error
        version = ask.api.version(connection.broker_version_data.api_versions)
        if version is None:
            raise kafka_errors.UnsupportedVersionError(f"{ask.api.name} is not served by this broker")
        request = Request(ask.api, version, ask.body(version))
        remaining = max(0.001, until - time.monotonic())
        answer: Answer = await self._within(
            connection.send_request(request, request_timeout_ms=remaining * 1000), until
        )
        return answer

    async def _within(self, future: Any, until: float) -> Any:
        return await self._manager.wait_for(future, max(1.0, (until - time.monotonic()) * 1000))
