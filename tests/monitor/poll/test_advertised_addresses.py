"""Brokers whose metadata can be read, and which are not where they advertise that they are."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from answers import body_of
from kafka.protocol.metadata import MetadataResponse
from loopback import Loopback, Talk, broker, saying, serving, silent
from real_kmon import kmon

from monitor.kafka.client.faults import Fault
from monitor.kafka.client.reach import name_foreign
from monitor.model.reasons import Kind, Reason
from monitor.model.view import View
from monitor.poll.poller import poll_once
from monitor.settings.model import ClusterSettings

HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def waiting_for_a_line(connection: socket.socket) -> None:
    """A web server that answers when the request line has ended."""
    received = b""
    while not received.endswith(b"\r\n") and (more := connection.recv(4096)):
        received += more
    connection.sendall(HTTP)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def bootstrap(stack: ExitStack, *advertised: str | None) -> Loopback:
    """A broker that names these addresses as those of brokers 1, 2 …; None for its own."""

    def metadata(_key: int) -> bytes:
        parts = [(server.address if each is None else each).rsplit(":", 1) for each in advertised]
        brokers = [
            {"node_id": node, "host": host, "port": int(port), "rack": None}
            for node, (host, port) in enumerate(parts, 1)
        ]
        fields = {"cluster_id": "c", "controller_id": 1, "topics": []}
        return b"\0" + body_of(MetadataResponse, 12, brokers=brokers, **fields)

    server: Loopback = stack.enter_context(serving(broker({3: (9, 12), 18: (0, 4)}, metadata)))
    return server


def address_of(stack: ExitStack, talk: Talk | None) -> str:
    """The address of a server that talks so; of a port that nobody listens on without."""
    if talk is not None:
        return str(stack.enter_context(serving(talk)).address)
    with serving(silent) as gone:
        return gone.address


def polled(server: Loopback) -> View:
    return poll_once(
        ClusterSettings(bootstrap_servers=(server.address,), request_timeout_seconds=1.0, interval_seconds=6.0)
    )


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (None, "connection refused, nothing listens on this port"),
        (saying(HTTP), "speaks HTTP, not Kafka"),
        (waiting_for_a_line, "speaks HTTP, not Kafka"),
        (saying(b"\x15\x03\x03\x00\x02\x02\x46"), "speaks TLS, but security.protocol is PLAINTEXT"),
        (silent, "accepts connections but does not respond within 1 s"),
    ],
    ids=["nobody", "web server", "patient web server", "TLS", "silent"],
)
@pytest.mark.parametrize("count", [1, 2])
def test_no_broker_is_where_it_advertises(stack: ExitStack, talk: Talk | None, why: str, count: int) -> None:
    addresses = [address_of(stack, talk) for _ in range(count)]
    view = polled(bootstrap(stack, *addresses))
    assert not view.up
    assert view.snapshot.error == "; ".join(
        f"broker {node}: advertised address {address}: {why}" for node, address in enumerate(addresses, 1)
    )


@pytest.mark.parametrize("command", ["lag", "doctor"])
def test_a_command_that_reaches_no_broker_ends_with_2_and_the_advertised_address(
    stack: ExitStack, command: str
) -> None:
    server = bootstrap(stack, "no-such-host.invalid:9092")
    run = kmon(command, "-b", server.address)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith(
        f"kmon {command}: broker 1: advertised address no-such-host.invalid:9092: cannot resolve the host name: "
    )


def test_one_broker_advertises_a_name_that_cannot_be_resolved(stack: ExitStack) -> None:
    view = polled(bootstrap(stack, None, "a..b:9092"))
    assert view.up
    assert [str(each) for each in view.snapshot.silent] == [
        "broker 2: advertised address a..b:9092: cannot resolve the host name: not a host name"
    ]


@pytest.mark.parametrize(
    ("talk", "why"),
    [
        (None, "cannot connect: connection refused, nothing listens on this port"),
        (saying(HTTP), "invalid response: speaks HTTP, not Kafka"),
        (waiting_for_a_line, "invalid response: speaks HTTP, not Kafka"),
        (saying(b"\x15\x03\x03\x00\x02\x02\x46"), "invalid response: speaks TLS, not Kafka in plaintext"),
        (silent, "timed out after 1.0 s"),
    ],
    ids=["nobody", "web server", "patient web server", "TLS", "silent"],
)
def test_one_broker_is_not_where_it_advertises(stack: ExitStack, talk: Talk | None, why: str) -> None:
    address = address_of(stack, talk)
    view = polled(bootstrap(stack, None, address))
    assert view.up
    assert [str(each) for each in view.snapshot.silent] == [f"broker 2: advertised address {address}: {why}"]


def test_an_address_that_fails_is_looked_at_once(stack: ExitStack) -> None:
    web = stack.enter_context(serving(waiting_for_a_line))
    failed: dict[int, Reason] = {2: Fault(Kind.TIMEOUT, 2, detail="after 1.0 s", address=web.address)}
    named, known = name_foreign(failed, "PLAINTEXT", {}, time.monotonic() + 60)
    assert str(named[2]) == f"broker 2: advertised address {web.address}: invalid response: speaks HTTP, not Kafka"
    looked = web.connections
    assert name_foreign(failed, "PLAINTEXT", known, time.monotonic() + 60) == (named, known)
    assert web.connections == looked
    assert name_foreign({}, "PLAINTEXT", known, time.monotonic() + 60) == ({}, {})
    assert name_foreign(failed, "PLAINTEXT", {}, time.monotonic()) == (failed, {})
