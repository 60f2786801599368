"""Relays that can be cut: what crosses the cut waits, all else passes. The chaos test cuts a real cluster."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from cut_cluster import Relays
from loopback import serving


@pytest.fixture
def relays() -> Iterator[Callable[[], Relays]]:
    made: list[Relays] = []

    def make(source: int | None = 1) -> Relays:
        made.append(Relays(lambda _port: source))
        return made[-1]

    yield make
    for each in made:
        each.close()


def echo(connection: socket.socket) -> None:
    while data := connection.recv(100):
        connection.sendall(data)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def silent(connection: socket.socket) -> bool:
    connection.settimeout(0.3)
    try:
        return not connection.recv(100)
    except TimeoutError:
        return True
    finally:
        connection.settimeout(20)


def test_what_is_cut_waits_until_it_is_mended(relays: Callable[..., Relays]) -> None:
    with serving(echo) as server:
        relay = relays()
        port = relay.add(2, int(server.address.rpartition(":")[2]))
        with closing(connected(port)) as old:
            old.sendall(b"one")
            assert old.recv(100) == b"one"
            relay.cut_off([2])
            old.sendall(b"two")
            with closing(connected(port)) as new:
                new.sendall(b"three")
                assert silent(old)
                assert silent(new)
                relay.cut_off([])
                assert (old.recv(100), new.recv(100)) == (b"two", b"three")


@pytest.mark.parametrize(("source", "cut"), [(2, [2]), (None, [2]), (1, [3]), (1, [1, 2])])
def test_what_does_not_cross_the_cut_passes(relays: Callable[..., Relays], source: int | None, cut: list[int]) -> None:
    """A broker reaches itself, strangers and those on its side reach it."""
    with serving(echo) as server:
        relay = relays(source)
        port = relay.add(2, int(server.address.rpartition(":")[2]))
        relay.cut_off(cut)
        with closing(connected(port)) as connection:
            connection.sendall(b"one")
            assert connection.recv(100) == b"one"


def test_relays_leave_nothing_behind() -> None:
    with serving(echo) as server:
        relay = Relays(lambda _port: 1)
        port = relay.add(2, int(server.address.rpartition(":")[2]))
        with closing(connected(port)) as connection:
            connection.sendall(b"one")
            assert connection.recv(100) == b"one"
            relay.close()
            assert connection.recv(100) == b""
    assert relay._loop.is_closed()
    assert not any(each.name == "relays" for each in threading.enumerate())
    with pytest.raises(OSError, match="refused"):
        connected(port)
