"""The client on real sockets: answers and faults as data, connections that come back, nothing left behind."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from loopback import Loopback, Talk, broker, over_tls, serving, silent
from pems import CA, CERT

from monitor.kafka.client.apis import DESCRIBE_QUORUM, METADATA
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.kafka.client.connections import IoLoop
from monitor.kafka.client.faults import REFUSED, Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind

SERVED = {3: (9, 12), 18: (0, 4)}
BODY = b"\0\0\0\0metadata"

Open = Callable[..., Client]


@pytest.fixture
def open_client() -> Iterator[Open]:
    clients: list[Client] = []

    def make(
        *servers: Loopback | str,
        options: Callable[[], dict[str, Any]] = dict,
        timeout: float = 0.5,
        stamp: Callable[[], object] = lambda: None,
        answer_bytes: int = 2**20,
        inflight_bytes: int = 2**26,
    ) -> Client:
        addresses = [each if isinstance(each, str) else each.address for each in servers]
        client = Client(
            addresses,
            options,
            request_timeout_seconds=timeout,
            max_answer_bytes=answer_bytes,
            max_inflight_bytes=inflight_bytes,
            stamp=stamp,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


def good(_key: int) -> bytes:
    return b"\0" + BODY  # the response header of a flexible version ends in tagged fields


def ask_metadata(client: Client, node: int | str = "bootstrap-0", seconds: float = 5.0) -> Answer | Fault:
    (reply,) = client.ask([Ask(node, METADATA, lambda _version: b"")], time.monotonic() + seconds)
    return reply


def learn(client: Client, *servers: Loopback) -> None:
    """Tell the client of brokers 1, 2, … at these addresses."""
    ports = [int(server.address.rpartition(":")[2]) for server in servers]
    client.learn([BrokerAddress(node, "127.0.0.1", port, None) for node, port in enumerate(ports, 1)])


def test_an_answer_is_raw_bytes_of_the_version_that_both_speak(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        reply = ask_metadata(client)
        assert isinstance(reply, Answer)
        assert (reply.version, reply.body, reply.node) == (12, BODY, "bootstrap-0")
        assert client.tally.table().requests.tolist() == [1]


def test_an_api_that_is_not_served_is_a_fault_and_the_broker_stays_good(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        quorum = Ask("bootstrap-0", DESCRIBE_QUORUM, lambda _version: b"")
        (reply,) = client.ask([quorum], time.monotonic() + 5)
        assert isinstance(reply, Fault)
        assert (reply.kind, reply.what) == (
            Kind.UNSUPPORTED,
            "not supported: DescribeQuorum is not served by this broker",
        )
        assert isinstance(ask_metadata(client), Answer)
        assert server.connections == 1


def test_a_broker_that_hangs_costs_only_its_own_answer(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as fine, serving(broker(SERVED, lambda _key: None)) as hung:
        client = open_client(fine)
        learn(client, fine, hung)
        one, two = client.ask([Ask(node, METADATA, lambda _version: b"") for node in (1, 2)], time.monotonic() + 5)
        assert isinstance(one, Answer)
        assert isinstance(two, Fault)
        assert two.kind is Kind.TIMEOUT


def test_past_the_deadline_nothing_is_sent_and_good_connections_stay(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        assert isinstance(ask_metadata(client), Answer)
        reply = ask_metadata(client, seconds=-1.0)
        assert isinstance(reply, Fault)
        assert reply.what == "timed out before it could be asked"
        assert isinstance(ask_metadata(client), Answer)
        assert server.connections == 1
        assert client.tally.table().requests.tolist() == [2]


def test_nobody_listens(open_client: Open) -> None:
    with serving(silent) as server:
        address = server.address
    reply = ask_metadata(open_client(address))
    assert isinstance(reply, Fault)
    assert reply.what == f"cannot connect: {REFUSED}"


def test_errors_are_never_more_than_requests(open_client: Open) -> None:
    """All ways to fail: hanging, hanging up, refused, waiting before the next attempt; none is sent but the first."""
    with serving(silent) as server:
        gone = server.address
    with serving(broker(SERVED, lambda _key: None)) as hung, serving(lambda _connection: None) as rude:
        for where, seconds in ((hung, 0.5), (rude, 5.0), (gone, 5.0)):
            client = open_client(where)
            for count in range(1, 4):
                assert isinstance(ask_metadata(client, seconds=seconds), Fault)
                table = client.tally.table()
                assert (table.requests.tolist(), table.errors.tolist()) == ([count], [count])


def test_a_broker_in_back_off_is_said_to_wait(open_client: Open) -> None:
    with serving(silent) as server:
        address = server.address
    client = open_client(address)
    replies = {str(ask_metadata(client)).removeprefix("bootstrap-0: ") for _ in range(5)}
    assert replies <= {f"cannot connect: {REFUSED}", "cannot connect: waiting before the next attempt"}


def test_any_broker_that_answers_will_do(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as fine, serving(lambda _connection: None) as rude:
        client = open_client(rude, fine)
        answer, faults = client.ask_any(lambda node: Ask(node, METADATA, lambda _version: b""), time.monotonic() + 10)
        assert answer is not None
        assert answer.body == BODY
        assert all(fault.kind is Kind.DISCONNECTED for fault in faults)


def test_an_address_whose_answer_was_of_no_use_is_not_asked_again(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as fine:
        client = open_client(fine)
        (node,) = client.bootstrap_nodes
        deadline = time.monotonic() + 10
        assert client.ask_any(lambda each: Ask(each, METADATA, lambda _: b""), deadline, skip=[node]) == (None, [])


def test_a_broker_that_moved_is_connected_anew(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as old, serving(broker(SERVED, good)) as new:
        client = open_client(old)
        learn(client, old)
        assert isinstance(ask_metadata(client, 1), Answer)
        learn(client, new)
        assert client.nodes == [1]
        assert client.address(1) == new.address
        assert isinstance(ask_metadata(client, 1), Answer)
        assert new.connections == 1


def test_a_tls_handshake_that_hangs_ends_and_is_tried_again(open_client: Open) -> None:
    with serving(silent) as server:
        client = open_client(
            server, options=lambda: {"security_protocol": "SSL", "ssl_check_hostname": False}, timeout=0.2
        )
        for _ in range(20):
            reply = ask_metadata(client)
            assert isinstance(reply, Fault)
            if server.connections > 1:
                break
            time.sleep(0.1)
        assert server.connections > 1


def test_a_certificate_of_an_unknown_authority_is_a_fault_of_tls(open_client: Open) -> None:
    with serving(over_tls(broker(SERVED, good))) as server:
        reply = ask_metadata(open_client(server, options=lambda: {"security_protocol": "SSL"}))
        assert isinstance(reply, Fault)
        assert reply.kind is Kind.CERTIFICATE
        assert "certificate verify failed" in reply.what


def test_an_answer_over_tls(open_client: Open, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text(CA)
    options = {"security_protocol": "SSL", "ssl_cafile": str(tmp_path / "ca.pem"), "ssl_check_hostname": False}
    with serving(over_tls(broker(SERVED, good))) as server:
        client = open_client(server, options=lambda: options, timeout=3.0)
        reply = ask_metadata(client)
        assert isinstance(reply, Answer)
        assert reply.body == BODY
        client.close()


def test_the_certificate_of_a_broker_is_told_until_when_it_is_valid(open_client: Open, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text(CA)
    (tmp_path / "server.pem").write_text(CERT)
    valid = ssl.cert_time_to_seconds(_test_decode_cert(tmp_path / "server.pem")["notAfter"])
    options = {"security_protocol": "SSL", "ssl_cafile": str(tmp_path / "ca.pem"), "ssl_check_hostname": False}
    with serving(over_tls(broker(SERVED, good))) as server:
        client = open_client(server, options=lambda: options, timeout=3.0)
        host, port = server.address.split(":")
        client.learn([BrokerAddress(7, host, int(port), None)])
        assert client.certificates() == {}
        assert isinstance(ask_metadata(client, 7), Answer)
        assert client.certificates() == {7: valid}


def test_no_certificate_is_told_without_tls(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        host, port = server.address.split(":")
        client.learn([BrokerAddress(7, host, int(port), None)])
        assert isinstance(ask_metadata(client, 7), Answer)
        assert client.certificates() == {}


def test_a_broker_whose_certificate_expires_soon_is_connected_anew_once_an_hour(
    open_client: Open, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca.pem").write_text(CA)
    options = {"security_protocol": "SSL", "ssl_cafile": str(tmp_path / "ca.pem"), "ssl_check_hostname": False}
    with serving(over_tls(broker(SERVED, good))) as server:
        client = open_client(server, options=lambda: options, timeout=3.0)
        host, port = server.address.split(":")
        client.learn([BrokerAddress(7, host, int(port), None)])

        def poll() -> int:
            client.refresh()
            assert isinstance(ask_metadata(client, 7), Answer)
            return server.connections

        assert [poll(), poll()] == [1, 1]
        monkeypatch.setattr("monitor.kafka.client.client.RECONNECT_SECONDS", 0.0)
        assert poll() == 1, "it is valid for long"
        monkeypatch.setattr("monitor.kafka.client.client.EXPIRES_SOON_SECONDS", 1e12)
        assert poll() == 2
        monkeypatch.setattr("monitor.kafka.client.client.RECONNECT_SECONDS", 3_600.0)
        assert poll() == 2


def _test_decode_cert(path: Any) -> dict[str, str]:
    """What Python itself reads of a certificate's file."""
    decoded: dict[str, str] = ssl._ssl._test_decode_cert(str(path))  # type: ignore[attr-defined]  # no public function
    return decoded


def test_an_answer_larger_than_allowed_is_refused(open_client: Open) -> None:
    with serving(broker(SERVED, lambda _key: b"\0" * (2**20 + 1))) as server:
        reply = ask_metadata(open_client(server))
        assert isinstance(reply, Fault)
        assert reply.kind is Kind.PROTOCOL
        assert reply.detail == "response of 1,048,581 bytes exceeds max_answer_bytes (1,048,576)"


def test_what_waits_when_the_client_is_closed_is_woken(open_client: Open) -> None:
    with serving(broker(SERVED, lambda _key: None)) as server:
        client = open_client(server, timeout=60.0)
        ended: list[object] = []

        def ask() -> None:
            try:
                ended.append(ask_metadata(client, seconds=60.0))
            except Exception as error:  # noqa: BLE001 - which it is does not matter
                ended.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.connections:
            time.sleep(0.01)
        client.close()
        thread.join(20)
        assert len(ended) == 1
        assert not isinstance(ended[0], Answer)


def test_a_closed_client_leaves_no_thread(open_client: Open) -> None:
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        ask_metadata(client)
        client.close()
        client.close()
        assert client.closed
        assert not [thread for thread in threading.enumerate() if thread.name == "kafka-io-kmon"]


def test_options_that_cannot_be_used_leave_no_thread() -> None:
    def broken() -> dict[str, Any]:
        raise ValueError("no such file")

    with pytest.raises(ValueError, match="no such file"):
        Client(["127.0.0.1:1"], broken, request_timeout_seconds=1, max_answer_bytes=2**20)
    assert not [thread for thread in threading.enumerate() if thread.name == "kafka-io-kmon"]


def test_new_options_are_used_when_their_files_change_and_the_old_ones_while_there_are_none(open_client: Open) -> None:
    made: list[str] = []
    outcomes = iter(["first", "broken", "second"])
    stamp = ["1"]

    def options() -> dict[str, Any]:
        made.append(next(outcomes))
        if made[-1] == "broken":
            raise ValueError("being replaced")
        return {}

    with serving(broker(SERVED, good)) as server:
        client = open_client(server, options=options, stamp=lambda: stamp[0])
        learn(client, server)
        for now, tried in (("1", 1), ("2", 2), ("2", 2), ("3", 3), ("3", 3)):
            stamp[0] = now
            client.refresh()
            assert isinstance(ask_metadata(client, 1), Answer)
            assert len(made) == tried
        assert server.connections == 2
        assert client.nodes == [1]


def test_a_refused_login_is_not_tried_again_before_a_pause(open_client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker does not know SASL, which it says with error code 34."""
    options = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}
    options |= {"sasl_plain_username": "u", "sasl_plain_password": "p"}
    refusal = struct.pack(">hi", 34, 0)
    with serving(broker({**SERVED, 17: (0, 1)}, lambda _key: refusal)) as server:
        client = open_client(server, options=lambda: options)
        for _ in range(3):
            client.refresh()
            reply = ask_metadata(client)
            assert isinstance(reply, Fault)
            assert reply.kind is Kind.AUTHENTICATION
        assert server.connections == 1
        monkeypatch.setattr("monitor.kafka.client.client.AUTHENTICATION_PAUSE_SECONDS", 0.0)
        client.refresh()
        ask_metadata(client)
        assert server.connections == 2


def test_a_crash_of_the_io_thread_fails_those_who_wait_even_when_it_cannot_be_logged(
    open_client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_args: object) -> None:
        raise MemoryError

    with serving(silent) as server:
        client = open_client(server, timeout=60)
        batch = client.start([Ask("bootstrap-0", METADATA, lambda _version: b"")], time.monotonic() + 60)
        with monkeypatch.context() as patched:
            patched.setattr("kafka.net.selector.log.exception", no_memory)
            patched.setattr(client._net, "_schedule_tasks", no_memory)
            with pytest.raises(MemoryError):
                batch.wait()
            client._net._io_thread.join()
        assert client.crashed
        with pytest.raises(MemoryError):
            ask_metadata(client)
        client.close()


MB = 2**20


def sized(size: int) -> Callable[[int], bytes]:
    return lambda _key: b"\0" + bytes(size)


def ask_both(client: Client) -> list[Answer | Fault]:
    return client.ask([Ask(node, METADATA, lambda _version: b"") for node in (1, 2)], time.monotonic() + 60)


def test_answers_of_all_brokers_share_a_budget_which_is_given_back(open_client: Open) -> None:
    with serving(broker(SERVED, sized(3 * MB))) as one, serving(broker(SERVED, sized(3 * MB))) as two:
        client = open_client(one, timeout=60, answer_bytes=8 * MB, inflight_bytes=4 * MB)
        learn(client, one, two)
        for _ in range(2):
            replies = ask_both(client)
            (fault,) = [each for each in replies if isinstance(each, Fault)]
            (answer,) = [each for each in replies if isinstance(each, Answer)]
            assert len(answer.body) == 3 * MB
            assert fault.what == (
                "invalid response: response of 3,145,733 bytes exceeds max_inflight_bytes "
                "(4,194,304, 3,145,733 in use by other responses)"
            )
            assert client._budget.taken == 0
            client.learn([])
            learn(client, one, two)


def test_a_broker_that_takes_the_whole_budget_costs_another_nothing(open_client: Open) -> None:
    with serving(broker(SERVED, sized(4 * MB - 10))) as one, serving(broker(SERVED, sized(MB // 2))) as two:
        client = open_client(one, timeout=60, answer_bytes=8 * MB, inflight_bytes=4 * MB)
        learn(client, one, two)
        assert [len(each.body) for each in ask_both(client) if isinstance(each, Answer)] == [4 * MB - 10, MB // 2]
        assert client._budget.taken == 0


def test_a_large_answer_arrives_whole_over_tls(open_client: Open, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text(CA)
    options = {"security_protocol": "SSL", "ssl_cafile": str(tmp_path / "ca.pem"), "ssl_check_hostname": False}
    with serving(over_tls(broker(SERVED, sized(3 * MB)))) as server:
        client = open_client(server, options=lambda: options, timeout=60, answer_bytes=8 * MB, inflight_bytes=4 * MB)
        reply = ask_metadata(client, seconds=60)
        assert isinstance(reply, Answer), reply
        assert len(reply.body) == 3 * MB
        assert client._budget.taken == 0


def breaking_off(size: int) -> Talk:
    """A broker that announces an answer of this size to all but ApiVersions, sends a part of it, and hangs up."""

    def talk(connection: socket.socket) -> None:
        def part(_key: int) -> bytes:
            connection.sendall(struct.pack(">i", size) + bytes(1000))
            connection.shutdown(socket.SHUT_RDWR)
            return b""

        broker(SERVED, part)(connection)

    return talk


def test_an_answer_that_breaks_off_gives_back_what_it_took(open_client: Open) -> None:
    with serving(breaking_off(3 * MB)) as server:
        client = open_client(server, timeout=60, answer_bytes=8 * MB, inflight_bytes=4 * MB)
        reply = ask_metadata(client, seconds=60)
        assert isinstance(reply, Fault)
        assert reply.kind is Kind.DISCONNECTED
        assert client._budget.taken == 0


def test_a_client_whose_io_thread_crashed_leaves_no_socket(open_client: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where something waits to be sent."""
    crash = threading.Event()
    real = IoLoop._poll_once

    def poll_once(self: IoLoop, *args: object) -> None:
        if crash.is_set() and threading.current_thread() is self._io_thread:
            raise MemoryError
        real(self, *args)

    monkeypatch.setattr(IoLoop, "_poll_once", poll_once)
    with serving(broker(SERVED, good)) as server:
        client = open_client(server)
        assert isinstance(ask_metadata(client), Answer)
        (connection,) = client._manager._conns.values()
        crash.set()
        with pytest.raises(MemoryError):
            ask_metadata(client)
        connection.transport._write_buffer.append(b"left")
        client.close()
        assert connection.closed
