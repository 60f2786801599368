"""One GET of a metrics endpoint, from a server on loopback: what it brings, and that no server holds it up."""

import socket
import threading

import pytest
from loopback import Loopback
from metrics_endpoint import GUARD_SECONDS, MetricsEndpoint, exporter_text

from monitor.collect.endpoints.fetch import Fetch
from monitor.collect.endpoints.names import KNOWN_NAMES
from monitor.collect.endpoints.text import Figures, Reader
from monitor.model.reasons import Kind, Reason

READER = Reader(KNOWN_NAMES)


def fetched(url: str, *, timeout: float = GUARD_SECONDS, most: int = 1 << 20) -> Figures | Reason:
    fetch = Fetch(url, timeout, most, READER.read)
    fetch.wait()
    assert fetch.ended
    assert fetch.response is not None
    return fetch.response.figures


def test_the_figures_of_an_endpoint() -> None:
    with MetricsEndpoint(exporter_text(bytes_in=7)) as endpoint:
        found = fetched(f"{endpoint.url}?name[]=kafka")
    assert isinstance(found, Figures)
    assert found.broker["bytes_in"] == 7
    assert endpoint.gets == ["/metrics?name[]=kafka"]


def test_a_redirect_is_not_followed() -> None:
    with MetricsEndpoint(exporter_text()) as other, MetricsEndpoint(status=302) as endpoint:
        endpoint.headers["Location"] = other.url
        assert fetched(endpoint.url) == Reason(Kind.HTTP_STATUS, detail="302")
    assert other.gets == []


def test_a_response_that_is_too_large_is_not_read() -> None:
    with MetricsEndpoint("x" * 4097) as endpoint:
        assert fetched(endpoint.url, most=4096) == Reason(Kind.TOO_LARGE, detail="4.00 KiB")
        assert fetched(endpoint.url, most=4097) == Reason(Kind.NO_KNOWN_METRICS)


def test_a_server_that_never_ends_is_not_read_to_the_end() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 4096)

    server = Loopback(talk)
    assert fetched(f"http://{server.address}/") == Reason(Kind.TOO_LARGE, detail="1.00 MiB")


@pytest.mark.parametrize(
    ("bytes_sent", "kind"),
    [
        (b"", Kind.DISCONNECTED),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Kind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nup 1", Kind.DISCONNECTED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Kind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", Kind.PROTOCOL),
        (b"HTTP/1.1 200 OK\r\n\r\n", Kind.NO_KNOWN_METRICS),
    ],
)
def test_whatever_a_server_sends_is_a_reason(bytes_sent: bytes, kind: Kind) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(bytes_sent)

    found = fetched(f"http://{Loopback(talk).address}/")
    assert isinstance(found, Reason)
    assert found.kind is kind


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    found = fetched(f"http://127.0.0.1:{port}/metrics")
    assert isinstance(found, Reason)
    assert str(found) == "cannot connect: connection refused, nothing listens on this port"


def test_a_name_that_cannot_be_resolved() -> None:
    found = fetched("http://broker.invalid:9404/metrics")
    assert isinstance(found, Reason)
    assert found.kind is Kind.RESOLVE


def test_a_server_that_does_not_respond_is_late_and_cut_off() -> None:
    """By a clock of the test: the server sends one byte and then nothing, which no socket's time-out has to notice."""
    began, now = threading.Event(), [0.0]

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"H")
        began.set()
        while connection.recv(4096):
            pass

    fetch = Fetch(f"http://{Loopback(talk).address}/", GUARD_SECONDS, 1 << 20, READER.read, lambda: now[0])
    assert began.wait(GUARD_SECONDS)
    assert fetch.response is None
    now[0] = GUARD_SECONDS + 1
    # The thread may be about to note which socket it has: it is cut off when it is asked for again, as each poll does.
    while not fetch.ended:
        late = fetch.response
        assert late is not None
        assert isinstance(late.figures, Reason)


def test_a_late_response_is_a_reason_with_the_time_that_it_had() -> None:
    with MetricsEndpoint(exporter_text()) as endpoint:
        endpoint.hangs = True
        now = [0.0]
        fetch = Fetch(endpoint.url, 3.0, 1 << 20, READER.read, lambda: now[0])
        now[0] = 3.5
        late = fetch.response
        assert late is not None
        assert late.figures == Reason(Kind.TIMEOUT, detail="after 3 s")
        assert late.time == 3.0


def test_a_part_of_a_page_that_was_cut_off_is_no_page() -> None:
    """The fetch asks for the time when it begins, at the end of the headers, and once it has read a part."""
    released, has_read, now, asked = threading.Event(), threading.Event(), [0.0], [0]

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nkafka_server_brokertopicmetrics_bytesin_total 1\n")
        released.wait(GUARD_SECONDS)

    def clock() -> float:
        if threading.current_thread().name == "metrics-endpoint":
            asked[0] += 1
            if asked[0] == 3:
                has_read.set()
        return now[0]

    fetch = Fetch(f"http://{Loopback(talk).address}/", GUARD_SECONDS, 1 << 20, READER.read, clock)
    assert has_read.wait(GUARD_SECONDS)
    assert fetch.response is None
    now[0] = GUARD_SECONDS + 1
    for _ in range(2):
        assert fetch.response is not None
        assert fetch.response.figures == Reason(Kind.TIMEOUT, detail=f"after {GUARD_SECONDS:g} s")
        fetch.wait()
    released.set()


def test_a_response_that_is_compressed_although_nobody_asked_says_so() -> None:
    with MetricsEndpoint("x", headers={"Content-Encoding": "gzip"}) as endpoint:
        assert fetched(endpoint.url) == Reason(Kind.PROTOCOL, detail="Content-Encoding gzip")
    with MetricsEndpoint(exporter_text(), headers={"Content-Encoding": "identity"}) as endpoint:
        assert isinstance(fetched(endpoint.url), Figures)
