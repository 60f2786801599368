"""Sockets of kmon's own: none is left open, and no answer is lost."""

import gc
import socket
import time

import pytest
from kafka.errors import KafkaConnectionError
from kafka.net.selector import NetworkSelector

from monitor.client.sockets import Transport, connect


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
