"""Serving for real on a loopback port: scrapers at once, slow clients, a taken port, and an end in time."""

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from hostile import HOSTILE
from metric_samples import still
from views import FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.app import attach
from exporters import listen
from exporters.listen import ListenError, PatientProtocol, bind, check_listen, serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from monitor.analysis.view import make_view
from monitor.settings.errors import SettingsError

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> MetricsPage:
    """A page of a few megabytes, so that it takes many pieces and fills a socket's buffers."""
    topics = [Topic(f"topic-{number}", [(0, 1_000_000)] * 50) for number in range(20)]
    commits: dict[tuple[str, int], float | str | None] = {
        (topic.name, partition): 5.0 for topic in topics for partition in range(50)
    }
    groups = [Group(f"group-{number}" + "x" * 100, commits) for number in range(20)]
    return MetricsPage([FixtureSource(make_view(snapshot_of(topics, groups)))])


@pytest.fixture
def url(page: MetricsPage) -> Iterator[str]:
    with serve(create_server([FixtureSource(shop_view())], page), "127.0.0.1", 0) as url:
        yield url


def connect(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def test_a_server_that_fails_is_told_once_and_one_that_is_stopped_is_not(
    page: MetricsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_server([FixtureSource(shop_view())], page)
    lost = threading.Event()
    with serve(app, "127.0.0.1", 0, lost=lost.set):
        pass
    assert not lost.is_set()
    fails = threading.Event()

    async def main_loop(_server: uvicorn.Server) -> None:
        await asyncio.to_thread(fails.wait, 20)

    monkeypatch.setattr(uvicorn.Server, "main_loop", main_loop)
    with serve(app, "127.0.0.1", 0, lost=lost.set):
        assert not lost.is_set()
        fails.set()
        assert lost.wait(20)


def test_ten_scrapers_at_once_get_the_whole_page(url: str, page: MetricsPage) -> None:
    expected = still(page.body()[0])
    assert len(expected) > 4_000_000

    def scrape(number: int) -> None:
        with httpx.Client(headers={"Accept-Encoding": "gzip" if number % 2 else "identity"}) as client:
            for _ in range(2):
                answer = client.get(f"{url}/metrics", timeout=60)
                assert still(answer.content) == expected

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(scrape, range(10)))


def test_a_head_request_has_no_body(url: str, page: MetricsPage) -> None:
    for coding in ("gzip", "identity"):
        answer = httpx.head(f"{url}/metrics", headers={"Accept-Encoding": coding})
        assert (answer.status_code, answer.content) == (200, b"")
        # The text of a page of this size is made while it is sent.
        assert ("content-length" in answer.headers) == (coding == "gzip")
        if coding == "gzip":  # but for some digits of what the process has used by now
            assert int(answer.headers["content-length"]) == pytest.approx(len(page.body(coding)[0]), abs=100)


@pytest.mark.parametrize(
    "path", ["/-/healthy", "/-/ready", "/api/v1/clusters", "/api/v1/groups/nosuch", "/", "/groups"]
)
def test_head_is_answered_like_get_without_the_body(dashboard_url: str, path: str) -> None:
    with httpx.Client(base_url=dashboard_url) as client:
        get = client.get(path)
        head = client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        assert client.get("/-/healthy").text == "kmon is alive\n"
        assert client.post(path).status_code == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("second", [b"localhost", b"evil.example"])
def test_two_host_headers_are_a_bad_request(page: MetricsPage, host: str, second: bytes) -> None:
    with (
        serve(create_server([FixtureSource(shop_view())], page, host), "127.0.0.1", 0) as url,
        connect(url) as connection,
    ):
        request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: %s\r\nConnection: close\r\n\r\n"
        connection.sendall(request % second)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_group_of_any_name_is_found_by_its_percent_encoded_name() -> None:
    names = [*HOSTILE, "a/b/../c", "ein%20", "?x=1&y=2", "end\n", "+"]
    view = make_view(snapshot_of([Topic("t", [(0, 9)])], [Group(name, {("t", 0): 4}) for name in names]))
    source = FixtureSource(view)
    with serve(create_server([source], MetricsPage([source])), "127.0.0.1", 0) as url:
        for name in names:
            encoded = quote(name, safe="")
            assert httpx.get(f"{url}/api/v1/groups/{encoded}").json()["group"] == name
            assert httpx.get(f"{url}/api/v1/lag?group={encoded}").json()["lag"][0]["group"] == name


def closes(connection: socket.socket) -> bool:
    """Whether the other side ends the connection, in order or not."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


@contextmanager
def impatient() -> Iterator[None]:
    """Short patience for slow clients, and only for them: a machine with a load may take longer over any request."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listen, "PATIENCE_SECONDS", 0.1)
        yield


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the server has lost a connection."""
    event = threading.Event()
    lost = PatientProtocol.connection_lost

    def connection_lost(protocol: PatientProtocol, error: Exception | None) -> None:
        lost(protocol, error)
        event.set()

    monkeypatch.setattr(PatientProtocol, "connection_lost", connection_lost)
    return event


def test_a_client_that_never_ends_its_request_is_dropped(url: str) -> None:
    for start in (b"", b"GET /metrics HTTP/1.1\r\nHost: local"):
        with impatient(), connect(url) as slow:
            slow.sendall(start)
            assert closes(slow)


def test_a_second_request_that_never_ends_is_dropped(url: str) -> None:
    with connect(url) as slow:
        slow.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in slow.recv(65536)
        with impatient():
            slow.sendall(b"GET /-/heal")
            assert closes(slow)


def test_a_client_that_does_not_read_is_dropped(url: str, page: MetricsPage, dropped: threading.Event) -> None:
    with impatient(), connect(url) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert dropped.wait(30)
        received = 0
        with suppress(ConnectionError):
            while part := slow.recv(1 << 20):
                received += len(part)
        assert received < len(page.body()[0])
    assert httpx.get(f"{url}/-/healthy").status_code == 200


UNFINISHED = b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture
def dashboard_url(page: MetricsPage) -> Iterator[str]:
    """A server with what reads bodies of requests."""
    source = FixtureSource(shop_view())
    server = create_server([source], page)
    attach(server, [source])
    with serve(server, "127.0.0.1", 0) as url:
        yield url


@pytest.mark.parametrize("path", ["/_dash-update-component", "/metrics"])
def test_unfinished_bodies_and_idle_connections_keep_nobody_out(
    dashboard_url: str, path: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listen, "PATIENCE_SECONDS", 3600)
    with ExitStack() as stack:
        unfinished = [stack.enter_context(connect(dashboard_url)) for _ in range(listen.MAX_CONNECTIONS + 50)]
        for connection in unfinished[len(unfinished) // 4 :]:
            with suppress(ConnectionError):  # those that had to make room
                connection.sendall(
                    UNFINISHED.replace(b"/_dash-update-component", path.encode()) + b"Content-Length: 9\r\n\r\n{"
                )
        for served in ("/metrics", "/-/healthy", "/-/ready", "/api/v1/groups", "/"):
            assert httpx.get(f"{dashboard_url}{served}").status_code == 200
    assert caplog.records == []


def test_a_new_connection_takes_the_place_of_a_waiting_one_not_of_an_answer(
    url: str, page: MetricsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "MAX_CONNECTIONS", 2)
    with connect(url) as reading, connect(url) as waiting:
        reading.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = len(reading.recv(100))
        waiting.sendall(UNFINISHED)
        assert httpx.get(f"{url}/-/healthy").status_code == 200
        assert closes(waiting)
        while part := reading.recv(1 << 20):
            received += len(part)
        assert received > len(page.body()[0])


@pytest.mark.parametrize(
    "start",
    [
        UNFINISHED + b"Content-Length: 9\r\n\r\n{",
        UNFINISHED + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{",
        b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n" + UNFINISHED,
    ],
)
def test_a_body_that_never_ends_is_dropped(dashboard_url: str, start: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with impatient(), connect(dashboard_url) as slow:
        slow.sendall(start)
        assert closes(slow)
    assert httpx.get(f"{dashboard_url}/-/healthy").status_code == 200
    assert caplog.records == []


@pytest.mark.parametrize(("path", "status"), [("/_dash-update-component", 413), ("/metrics", 405)])
@pytest.mark.parametrize("length", [{}, {"Content-Length": str(100 * listen.MAX_BODY_BYTES)}], ids=["chunked", "long"])
def test_a_large_body_is_refused_before_it_is_all_taken_in(
    dashboard_url: str, path: str, status: int, length: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * listen.MAX_BODY_BYTES

    answer = httpx.post(
        dashboard_url + path, content=body(), headers={"Content-Type": "application/json", **length}, timeout=60
    )
    assert answer.status_code == status
    assert httpx.get(f"{dashboard_url}/-/healthy").status_code == 200
    assert caplog.records == []


@pytest.mark.parametrize("end", ["closed", "reset"])
@pytest.mark.parametrize("path", ["/metrics", "/api/v1/groups"])
def test_a_connection_that_ends_before_its_pipelined_answers_is_no_line_in_the_log(
    url: str, path: str, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(url) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * listen.MAX_PIPELINED)
        client.recv(1)
        if end == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for _ in range(20):
        assert httpx.get(f"{url}/-/healthy").status_code == 200
    assert [each for each in caplog.records if each.name != "httpx"] == []


def test_a_client_that_does_not_read_its_pipelined_answers_is_no_line_in_the_log(
    url: str, dropped: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    with impatient(), connect(url) as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * listen.MAX_PIPELINED)
        assert dropped.wait(30)
    for _ in range(20):
        assert httpx.get(f"{url}/-/healthy").status_code == 200
    assert [each for each in caplog.records if each.name != "httpx"] == []


def test_what_is_no_http_is_not_answered_into_another_answer(url: str) -> None:
    with connect(url) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n\x16\x03\x01\x02\x00\x01\x00\x01")
        received = b""
        with suppress(ConnectionError):
            while piece := client.recv(65536):
                received += piece
    assert b"HTTP/1.1 400" not in received


def test_many_requests_at_once_on_a_connection_end_it(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with connect(url) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
        assert closes(client)
    assert httpx.get(f"{url}/-/healthy").status_code == 200
    assert [each for each in caplog.records if each.name != "httpx"] == []


def test_a_request_for_a_websocket_is_answered_as_any_other(
    dashboard_url: str, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "a"}
    for base, path, status in ((url, "/-/healthy", 200), (dashboard_url, "/_dash-ws-callback", 404)):
        assert httpx.get(base + path, headers=upgrade).status_code == status
    assert caplog.records == []


def test_an_endless_head_is_dropped(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listen, "PATIENCE_SECONDS", 3600)
    with connect(url) as talker:
        with suppress(ConnectionError):  # it may be dropped while still sending
            talker.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 1_000_000)
        assert closes(talker)
    assert httpx.get(f"{url}/-/healthy").status_code == 200


def test_a_client_that_does_not_read_holds_up_no_end(page: MetricsPage, caplog: pytest.LogCaptureFixture) -> None:
    with serve(create_server([FixtureSource(shop_view())], page), "127.0.0.1", 0) as url:
        slow = connect(url)
        slow.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in slow.recv(1024)
    slow.close()
    assert not any(thread.name == "kmon-http" for thread in threading.enumerate())
    assert caplog.records == []


def test_a_pipeline_whose_client_has_gone_costs_no_line(url: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        with connect(url) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
            client.recv(1)
    assert httpx.get(f"{url}/-/healthy").status_code == 200
    assert caplog.messages == []


def test_the_log_names_the_client_of_an_invalid_request(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with connect(url) as client:
        host, port = client.getsockname()
        client.sendall(b"nonsense\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 400 ")
    assert [each.client for each in caplog.records] == [f"{host}:{port}"]  # type: ignore[attr-defined]


def test_a_taken_port_is_one_clear_line() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as raised, serve(object(), "127.0.0.1", port):
            pass
    assert str(raised.value) == f"cannot listen on 127.0.0.1:{port}: the port is in use: choose another with --listen"


def test_a_host_that_does_not_exist_is_one_clear_line() -> None:
    with pytest.raises(ListenError, match=r"^cannot listen on 203\.0\.113\.7:9308: .+$"):
        bind("203.0.113.7", 9308)


@pytest.mark.parametrize("listen", ["127.0.0.1:9308", "localhost:9308", "[::1]:9308", "127.8.8.8:0"])
def test_loopback_may_be_listened_on(listen: str) -> None:
    host, port = listen.rsplit(":", 1)
    assert check_listen(listen) == (host.strip("[]"), int(port))


@pytest.mark.parametrize("listen", ["0.0.0.0:9308", "[::]:9308", "10.0.0.5:9308", "kmon.example:9308"])
def test_any_other_address_needs_the_flag(listen: str) -> None:
    with pytest.raises(SettingsError, match="--insecure-allow-open"):
        check_listen(listen)
    assert check_listen(listen, insecure_allow_open=True)[1] == 9308


@pytest.mark.parametrize("listen", ["127.0.0.1", "", "127.0.0.1:http", "127.0.0.1:99999"])
def test_what_is_no_address_is_a_settings_error(listen: str) -> None:
    with pytest.raises(SettingsError, match="listen: "):
        check_listen(listen, insecure_allow_open=True)


PROGRAM = """
import sys
from exporters.listen import serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from kmon.commands.signals import ending
from views import FixtureSource, shop_view
source = FixtureSource(shop_view())
app = create_server([source], MetricsPage([source]))
with ending() as end, serve(app, "127.0.0.1", 0) as url:
    print(url, flush=True)
    end.wait()
print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_though_scrapers_stay_connected(number: signal.Signals) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            with httpx.Client() as scraper, connect(url) as silent, connect(url) as half:
                assert scraper.get(f"{url}/metrics").status_code == 200
                half.sendall(b"GET /metr")
                program.send_signal(number)
                output, errors = program.communicate(timeout=5)
                assert closes(silent)
            assert (program.returncode, output, errors) == (0, "ended\n", "")
        finally:
            program.kill()
