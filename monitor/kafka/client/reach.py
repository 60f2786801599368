"""Which addresses of a cluster answer, and why the others do not: the bootstrap ones, and those of brokers."""

import socket
import ssl
import struct
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from monitor.kafka.client.apis import API_VERSIONS, METADATA
from monitor.kafka.client.client import Ask, BrokerAddress, Client, Node
from monitor.kafka.client.faults import REFUSED, Fault, resolver_words
from monitor.kafka.client.frames import foreign_protocol
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import Brokers

ADDRESSES = 3
"""How many of the bootstrap addresses are looked at, all at the same time."""

SECONDS = 1.0
"""How long each step of looking at an address may take."""

LOOKING_SECONDS = 4.0
"""How long looking at an address that does not answer may take."""

_API_VERSIONS = struct.pack(">ihhih", 14, 18, 0, 7, 4) + b"kmon"
"""An ApiVersions request, version 0, correlation id 7: what any Kafka broker answers before anything else."""

_UNDERSTOOD = (Kind.AUTHENTICATION, Kind.CERTIFICATE)
"""Faults of a broker that was reached and understood."""

_NO_CONNECTION: dict[type[OSError], str] = {
    ConnectionRefusedError: REFUSED,
    TimeoutError: f"no connection within {SECONDS:.0f} s (wrong address, or a firewall)",
}


def diagnose(
    servers: Sequence[str], security_protocol: str, errors: tuple[Reason, ...], deadline: float
) -> tuple[Reason, ...]:
    """Why `servers` (host:port) gave these errors under a security protocol such as SASL_SSL, as well as can be told.

    Where the errors are of brokers that could not be reached, the addresses that these advertise are looked at instead.
    No address is looked at after `deadline`, a time of the monotonic clock.
    """
    if any(each.kind in _UNDERSTOOD for each in errors):
        return errors
    advertised = {each.address: each.node for each in errors if isinstance(each, Fault) and each.is_advertised}
    servers = list(advertised) or servers
    # An address takes up to three steps.
    if time.monotonic() + 3 * SECONDS < deadline:
        look = partial(_verdict, security_protocol=security_protocol)
        with ThreadPoolExecutor(ADDRESSES, "diagnose") as pool:
            found = zip(servers, pool.map(look, servers[:ADDRESSES]), strict=False)
            if diagnosed := tuple(
                Fault(Kind.OTHER, advertised.get(server, server), detail=text, address=server)
                for server, text in found
                if text
            ):
                return diagnosed
    if any(each.kind is Kind.DISCONNECTED for each in errors) and not security_protocol.startswith("SASL"):
        return (*errors, Reason(Kind.SASL_LISTENER, detail=security_protocol))
    if any(each.kind is Kind.UNSUPPORTED and each.api == METADATA.name for each in errors):
        return (*errors, Reason(Kind.CONTROLLER_LISTENER))
    return errors


def _verdict(server: str, *, security_protocol: str) -> str:
    """What is wrong at one address, empty when it speaks what it should."""
    host, _, port = server.rpartition(":")
    host = host.strip("[]")
    try:
        speaks = _speaks(host, int(port))
    except (socket.gaierror, UnicodeError) as error:
        return Reason(Kind.RESOLVE, detail=resolver_words(error)).what
    except OSError as error:
        return _NO_CONNECTION.get(type(error)) or error.strerror or str(error)
    return _words(speaks, security_protocol)


def _words(speaks: str, security_protocol: str) -> str:
    """What is wrong with an address that speaks so, empty when nothing is."""
    verdicts = {
        "http": "speaks HTTP, not Kafka",
        "silent": f"accepts connections but does not respond within {SECONDS:.0f} s",
        "other": "does not speak Kafka",
    }
    if security_protocol.endswith("SSL"):
        verdicts["kafka"] = f"speaks plaintext, but security.protocol is {security_protocol}"
    else:
        verdicts["tls"] = f"speaks TLS, but security.protocol is {security_protocol}"
    return verdicts.get(speaks, "")


def name_foreign(
    failed: Mapping[int, Reason], security_protocol: str, known: Mapping[str, str], deadline: float
) -> tuple[dict[int, Reason], dict[str, str]]:
    """The same faults by broker, with what an address speaks where that is why no connection came about.

    `known` is what the addresses (host:port) of the poll before speak, "" for Kafka or nothing; those of this poll are
    returned. An address is looked at once as long as it fails, and not after `deadline`, a time of the monotonic clock.
    """
    faults = {
        node: each
        for node, each in failed.items()
        if isinstance(each, Fault) and each.is_advertised and each.kind in (Kind.TIMEOUT, Kind.DISCONNECTED)
    }
    addresses = dict.fromkeys(each.address for each in faults.values())
    found = {address: known[address] for address in addresses if address in known}
    new = [address for address in addresses if address not in found][:ADDRESSES]
    if new and time.monotonic() + 3 * SECONDS < deadline:
        with ThreadPoolExecutor(ADDRESSES, "diagnose") as pool:
            found |= zip(new, pool.map(partial(_foreign, security_protocol=security_protocol), new), strict=True)
    named = {
        node: replace(each, kind=Kind.PROTOCOL, detail=words)
        for node, each in faults.items()
        if (words := found.get(each.address))
    }
    return {**failed, **named}, found


def _foreign(server: str, *, security_protocol: str) -> str:
    """Which other protocol an address speaks; empty for Kafka, and where it hangs up as a restarting broker does."""
    host, _, port = server.rpartition(":")
    try:
        speaks = _speaks(host.strip("[]"), int(port))
    except (OSError, UnicodeError):
        return ""
    return "" if speaks in ("silent", "other") else _words(speaks, security_protocol)


def _speaks(host: str, port: int) -> str:
    """kafka, tls, http, silent or other. Raises OSError when there is no connection."""
    with socket.create_connection((host, port), SECONDS) as connection:
        connection.settimeout(SECONDS)
        answer = _answer(connection, _API_VERSIONS)
        if answer is None:
            # A web server may still wait for the end of the line.
            answer = _answer(connection, b"\r\n\r\n")
    if answer and answer[4:8] == b"\0\0\0\7":
        return "kafka"
    other = foreign_protocol(answer or b"").lower()
    if other or _has_tls(host, port):
        return other or "tls"
    return "silent" if answer is None else "other"


def _answer(connection: socket.socket, question: bytes) -> bytes | None:
    """The first bytes of the answer, empty when the connection ends instead, None when nothing comes."""
    answer = b""
    try:
        connection.sendall(question)
        while len(answer) < 8 and (more := connection.recv(8 - len(answer))):
            answer += more
    except TimeoutError:
        return answer or None
    except OSError:
        pass
    return answer


def _has_tls(host: str, port: int) -> bool:
    """Whether a TLS handshake gets as far as the certificates, whoever's they are."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), SECONDS) as connection:
            connection.settimeout(SECONDS)
            with context.wrap_socket(connection, server_hostname=host):
                return True
    except ssl.SSLError as error:
        return "CERTIFICATE" in (error.reason or "")
    except OSError:
        return False


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
    errors = diagnose([address], security_protocol, (replace(reply, address=""),), time.monotonic() + LOOKING_SECONDS)
    return Reached(broker, address, "; ".join(each.what for each in errors))
