"""Sockets of kmon's own: none is left open, and no answer is lost."""

import gc
import socket
import threading
import time

import pytest
from kafka.errors import KafkaConnectionError
from kafka.net.selector import NetworkSelector
from kafka_cluster import wait_until

from monitor.kafka.client.sockets import Transport, connect


def test_an_answer_that_comes_with_the_end_is_read_before_it() -> None:
    net = NetworkSelector()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    transport = Transport(net, ours)
    theirs.sendall(b"authentication failed")
    theirs.close()
    assert transport._sock_recv() == (b"authentication failed", None)
    data, error = transport._sock_recv()
    assert data == b""
    assert isinstance(error, KafkaConnectionError)
    transport.abort()
    net.close()


def open_sockets() -> set[socket.socket]:
    return {each for each in gc.get_objects() if isinstance(each, socket.socket) and each.fileno() >= 0}


def test_a_refused_connection_leaves_no_socket() -> None:
    """Not even while somebody keeps the exception."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    net = NetworkSelector()
    net.start()
    before = open_sockets()
    kept = []
    try:
        for _ in range(3):
            with pytest.raises(KafkaConnectionError, match="unable to connect") as raised:
                net.run(connect, net, "127.0.0.1", port, (), time.monotonic() + 10)
            kept.append(raised)  # and with it the frames that it went through
        assert open_sockets() <= before
    finally:
        net.stop()
        net.close()


def test_a_resolver_that_hangs_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    real = socket.getaddrinfo

    def slow(host: str, *args: object, **kwargs: object) -> object:
        if host == "slow.example" and not kwargs.get("flags"):
            answered.wait(30)
            return []
        return real(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    net = NetworkSelector()
    net.start()
    try:
        hanging = net.call_soon_with_future(connect, net, "slow.example", 9092, (), time.monotonic() + 30)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            for host in ("127.0.0.1", "localhost"):
                net.run(connect, net, host, port, (), time.monotonic() + 10).close()
        assert not hanging.is_done
        answered.set()
        wait_until(lambda: hanging.is_done, "the slow name to be given up")
        assert "DNS resolution" in str(hanging.exception)
    finally:
        answered.set()
        net.stop()
        net.close()
