"""Metrics pushed by OTLP, read by the messages of OpenTelemetry in a receiver on loopback."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from details import detailed_view
from metric_samples import samples
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from pydantic import SecretStr
from views import FixtureSource, shop_view

from exporters import otlp
from exporters.otlp import Push, requests_of, series_of
from exporters.prometheus import MISSED_POLLS, MetricsPage
from monitor.settings.metrics import MetricsSettings
from monitor.settings.otlp import OtlpSettings

ENDED = pb.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
Points = dict[tuple[str, frozenset[tuple[str, str]]], Any]


class Receiver:
    """Keeps what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[ExportMetricsServiceRequest] = []
        self.headers: list[dict[str, str]] = []
        self.came = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
                with receiver.came:
                    receiver.requests.append(ExportMetricsServiceRequest.FromString(body))
                    receiver.headers.append({key.lower(): value for key, value in self.headers.items()})
                    receiver.came.notify_all()
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.settings = OtlpSettings(
            endpoint=f"http://127.0.0.1:{self.server.server_port}/v1/metrics", token=SecretStr("hush-hush")
        )

    def wait(self, count: int) -> None:
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= count, timeout=60)

    def points(self) -> Points:
        """The points of the last request."""
        return points(self.requests[-1])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def points(*requests: ExportMetricsServiceRequest) -> Points:
    found: Points = {}
    for request in requests:
        for resource in request.resource_metrics:
            for metric in resource.scope_metrics[0].metrics:
                data = getattr(metric, str(metric.WhichOneof("data")))
                for point in data.data_points:
                    labels = frozenset((each.key, each.value.string_value) for each in point.attributes)
                    assert (metric.name, labels) not in found
                    found[metric.name, labels] = point
    return found


def number(point: Any) -> float:
    return float(getattr(point, point.WhichOneof("value")))


def test_the_points_are_the_samples_of_the_page() -> None:
    view = detailed_view()
    made = [
        ExportMetricsServiceRequest.FromString(each)
        for each in requests_of("demo", series_of(view, MetricsSettings()), 5)
    ]
    found = points(*made)
    page = samples(MetricsPage([FixtureSource(view)]))
    left_out = (
        "process_",
        "kmon_build_info",
        "kmon_web_open",
        "kmon_series_withheld",
        "kmon_data_age",
        "kmon_poll_duration",
    )
    plain = {
        (name, frozenset((key, value) for key, value in labels if value)): value
        for (name, labels), value in page.items()
        if not name.startswith(left_out)
    }
    simple = {key: value for key, value in plain.items() if "request_duration" not in key[0]}
    assert {
        key for key in found if not key[0].endswith(("request_duration_seconds", "poll_duration_seconds"))
    } == simple.keys()
    assert {key: number(found[key]) for key in simple} == pytest.approx(simple)
    durations = {key[1]: point for key, point in found.items() if key[0] == "kmon_kafka_request_duration_seconds"}
    assert durations
    for labels, point in durations.items():
        assert point.count == plain["kmon_kafka_request_duration_seconds_count", labels] == sum(point.bucket_counts)
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1


def test_types_and_units() -> None:
    (request,) = (
        ExportMetricsServiceRequest.FromString(each)
        for each in requests_of("demo", series_of(shop_view(), MetricsSettings()), 5)
    )
    metrics = {each.name: each for each in request.resource_metrics[0].scope_metrics[0].metrics}
    total = metrics["kmon_kafka_requests_total"]
    assert total.sum.is_monotonic
    assert total.sum.aggregation_temporality == pb.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert (metrics["kmon_kafka_request_seconds_total"].unit, metrics["kmon_kafka_received_bytes_total"].unit) == (
        "s",
        "By",
    )
    assert metrics["kmon_group_lag"].WhichOneof("data") == "gauge"
    assert metrics["kmon_group_lag"].description


def test_large_families_are_sent_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = points(
        *(
            map(
                ExportMetricsServiceRequest.FromString,
                requests_of("demo", series_of(shop_view(), MetricsSettings()), 5),
            )
        )
    )
    monkeypatch.setattr(otlp, "POINTS", 20)
    made = [
        ExportMetricsServiceRequest.FromString(each)
        for each in requests_of("demo", series_of(shop_view(), MetricsSettings()), 5)
    ]
    assert len(made) > 3
    assert max(len(points(each)) for each in made) <= 20
    assert points(*made).keys() == whole.keys()


def test_every_view_is_pushed_and_what_ends_is_marked(receiver: Receiver) -> None:
    source = FixtureSource()
    push = Push([source], receiver.settings)
    try:
        source.show(shop_view())
        receiver.wait(1)
        assert receiver.headers[0]["authorization"] == "Bearer hush-hush"
        up, lag = ("kmon_cluster_up", frozenset({("cluster", "demo")})), None
        lag = next(key for key in receiver.points() if key[0] == "kmon_group_lag")
        assert not receiver.points()[lag].flags
        source.show(shop_view(1, error="no broker is reachable", last_good=source.latest()))
        receiver.wait(2)
        assert receiver.points()[lag].flags == ENDED
        assert number(receiver.points()[up]) == 0
        source.show(shop_view(2))
        receiver.wait(3)
        assert not receiver.points()[lag].flags
    finally:
        push.close()


def test_a_receiver_that_refuses_costs_nothing_and_gets_all_later(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    source = FixtureSource()
    push = Push([source], receiver.settings)
    try:
        receiver.status = 503
        for step in range(2):
            source.show(shop_view(step))
            receiver.wait(step + 1)
        receiver.status = 200
        source.show(shop_view(2))
        receiver.wait(3)
        assert len(receiver.points()) > 100
        assert push.trouble() == ""
    finally:
        push.close()
    assert sum("HTTP 503" in each for each in caplog.messages) == 1, "once, not for each View"
    assert "hush" not in caplog.text


def test_without_polls_the_series_end(receiver: Receiver) -> None:
    now = [0.0]
    source = FixtureSource(interval_seconds=10.0)
    push = Push([source], receiver.settings, monotonic=lambda: now[0])
    try:
        source.show(shop_view())
        receiver.wait(1)
        now[0] += MISSED_POLLS * 10.0 + 1
        receiver.wait(2)
        assert {point.flags for point in receiver.points().values()} == {ENDED}
        assert receiver.points().keys() == points(receiver.requests[0]).keys()
    finally:
        push.close()
