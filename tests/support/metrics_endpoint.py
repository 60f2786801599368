"""Made-up metrics endpoints of brokers on loopback, with texts as jmx_exporter writes them for its example config."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

GUARD_SECONDS = 20.0

HEAD = """\
# HELP kafka_server_brokertopicmetrics_bytesin_total Attribute exposed for management kafka.server:name=BytesInPerSec
# TYPE kafka_server_brokertopicmetrics_bytesin_total counter
"""


def exporter_text(
    *,
    bytes_in: float = 1e6,
    bytes_out: float = 5e6,
    idle_seconds: float = 1000.0,
    network_idle: float = 0.9,
    requests: float = 10_000,
    queue_ms: float = 1.0,
    local_ms: float = 2.0,
    deprecated: float | None = None,
) -> str:
    """What jmx_exporter's example kafka-2_0_0.yml makes of a broker, in short."""
    lines = [
        f"kafka_server_brokertopicmetrics_bytesin_total {bytes_in}",
        f'kafka_server_brokertopicmetrics_bytesin_total{{topic="orders"}} {bytes_in - 1}',
        f"kafka_server_brokertopicmetrics_bytesout_total {bytes_out}",
        f"kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_count_total {idle_seconds * 1e9}",
        "kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent 0.99",
        f"kafka_network_socketserver_networkprocessoravgidle_percent {network_idle}",
        "kafka_server_replicamanager_underreplicatedpartitions 2.0",
    ]
    for request, total in (("Produce", 5.0), ("FetchConsumer", 502.0), ("FetchFollower", 501.0)):
        times = {
            "totaltimems": total + queue_ms + local_ms,
            "requestqueuetimems": queue_ms,
            "localtimems": local_ms,
            "remotetimems": total,
            "throttletimems": 0.0,
        }
        for name, value in times.items():
            base = f"kafka_network_requestmetrics_{name}"
            lines += [f'{base}{{request="{request}",quantile="{each}"}} {value * 2}' for each in ("0.50", "0.999")]
            lines.append(f'{base}{{request="{request}",quantile="0.99"}} {value}')
        lines += [
            f'kafka_network_requestmetrics_requests_total{{request="{request}",version="{version}"}} {requests / 2}'
            for version in (12, 17)
        ]
    if deprecated is not None:
        lines.append(
            "kafka_network_requestmetrics_deprecatedrequests_total"
            '{request_Fetch_version_3_clientSoftwareName="librdkafka",clientSoftwareVersion="0.11.4"} '
            f"{deprecated}"
        )
    return HEAD + "\n".join(lines) + "\n"


class MetricsEndpoint:
    """Serves `text` at /metrics, with `status`; while `hangs` is set it does not respond. `gets` are paths asked.

    `logins` are the Authorization headers of these requests. With `tls` it is served over TLS.
    """

    def __init__(
        self,
        text: str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.text, self.status, self.headers = text, status, dict(headers or {})
        self.gets: list[str] = []
        self.logins: list[str | None] = []
        self.hangs = False
        self._released = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.gets.append(self.path)
                endpoint.logins.append(self.headers["Authorization"])
                if endpoint.hangs:
                    endpoint._released.wait(GUARD_SECONDS)
                body = endpoint.text.encode()
                self.send_response(endpoint.status)
                for name, value in {"Content-Length": str(len(body)), **endpoint.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that has hung up is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/metrics"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def endpoints(*texts: str) -> Iterator[list[MetricsEndpoint]]:
    """An endpoint for each text."""
    with MetricsEndpoint() as first:
        if len(texts) == 1:
            first.text = texts[0]
            yield [first]
            return
        with endpoints(*texts[1:]) as others:
            first.text = texts[0]
            yield [first, *others]
