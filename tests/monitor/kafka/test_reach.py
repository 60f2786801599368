"""Which addresses answer, and why the others do not. Those that do are tests/kmon/test_real_permissions.py's."""

import socket
import time
from contextlib import closing

import numpy as np

from monitor.kafka.client.reach import Reached, reach
from monitor.model.snapshot import Brokers
from monitor.model.table import objects
from monitor.poll.poller import client_of
from monitor.settings.model import ClusterSettings


def refused() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_each_address_is_looked_at_by_itself_and_a_broker_s_stands_once() -> None:
    own, alone, port = refused(), refused(), 9092
    brokers = Brokers(
        np.array([1, 2]),
        objects(["127.0.0.1", "no-such-host.invalid"]),
        np.array([own, port]),
        objects([None, "r2"]),
        np.array([0.0, 1.0]),
        objects([None, None]),
    )
    settings = ClusterSettings(bootstrap_servers=(f"127.0.0.1:{own}", f"127.0.0.1:{alone}"))
    with closing(client_of(settings)) as client:
        found = reach(client, brokers, "PLAINTEXT", time.monotonic() + 30)
    nobody = "connection refused, nothing listens on this port"
    assert found[::2] == [Reached(1, f"127.0.0.1:{own}", nobody), Reached(None, f"127.0.0.1:{alone}", nobody)]
    assert (found[1].broker, found[1].address) == (2, f"no-such-host.invalid:{port}")
    assert "cannot resolve the host name" in found[1].error
