"""Pushes the metric families to an OpenTelemetry receiver, by OTLP over HTTP, with each View.

Names, labels and rows are those of the metrics page. A series that ends is marked as ended, by a point without a
recorded value, which opentelemetry's own exporter cannot write: see docs/decisions/0011-otlp-without-its-exporter.md.
"""

import gzip
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import httpx
import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from exporters.budget import switched_on, within
from exporters.exposition import LabelColumn
from exporters.families import CLUSTER_FAMILIES
from exporters.family import Family
from exporters.histogram import Histogram
from exporters.prometheus import MISSED_POLLS
from exporters.readings import Readings
from monitor.model.table import Floats
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.log_pace import Pace
from monitor.poll.source import Source
from monitor.poll.worker import Worker
from monitor.settings.metrics import MetricsSettings
from monitor.settings.otlp import OtlpSettings

log = logging.getLogger(__name__)

POINTS = 10_000
"""Most points of a request."""

UNITS = {"seconds": "s", "bytes": "By"}
"""Units of which receivers make the suffixes that the names have already."""

Key = tuple[str, ...]
"""The label values of a series, in the order of its family's labels; an empty one is no label."""

Sent = Mapping[Family, frozenset[Key]]


@dataclass(frozen=True)
class Series:
    """Series of a family with their numbers, shape (series, width): one, or of a histogram its buckets, count and sum.

    Without numbers they have ended.
    """

    family: Family
    keys: Sequence[Key]
    numbers: Floats | None = None


class Push:
    """Pushes every new View of these sources until `close`. A View that comes while one is sent replaces those before.

    After MISSED_POLLS intervals without a View the series of the cluster are marked as ended.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        settings: OtlpSettings,
        metrics: MetricsSettings | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._metrics = settings, metrics or MetricsSettings()
        self._sources, self._monotonic = tuple(sources), monotonic
        self._views: dict[int, View] = {}
        self._shown_at: dict[int, float] = {}
        self._sent: dict[int, Sent] = {}
        self._news = threading.Condition()
        self._closed = False
        self._pace = Pace()
        self._worker = Worker("otlp", self._work)
        self._ends = [source.subscribe(partial(self._show, place)) for place, source in enumerate(sources)]
        self._worker.start()

    def trouble(self) -> str:
        """Why nothing is pushed any more, empty while the thread lives; a receiver that is away is no trouble."""
        return "the thread that pushes metrics by OTLP has ended" if self._worker.dead else ""

    def close(self, within_seconds: float = 1.0) -> None:
        """Stop; what is being sent is given this time."""
        for end in self._ends:
            end()
        self._worker.end()
        with self._news:
            self._closed = True
            self._news.notify()
        self._worker.join(within_seconds)

    def _show(self, place: int, view: View) -> None:
        with self._news:
            self._views[place] = view
            self._shown_at[place] = self._monotonic()
            self._news.notify()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or bool(self._views), timeout=1.0)
                if self._closed:
                    return
                views, self._views = self._views, {}
                late = self._late()
            for place, view in views.items():
                self.push(place, view)
            for place in late:
                self.push(place, None)

    def _late(self) -> list[int]:
        """The clusters of which there was no View for long, and that still have series."""
        now = self._monotonic()
        return [
            place
            for place, at in self._shown_at.items()
            if self._sent.get(place) and now - at > MISSED_POLLS * self._sources[place].interval_seconds
        ]

    def push(self, place: int, view: View | None) -> None:
        """Send the series of a View, or the end of all without one. Where that fails, the next View brings them all."""
        made = [] if view is None else list(series_of(view, self._metrics))
        sent = {each.family: frozenset(each.keys) for each in made}
        before = self._sent.get(place, {})
        ended = [Series(family, sorted(keys - sent.get(family, frozenset()))) for family, keys in before.items()]
        try:
            with httpx.Client(timeout=self._settings.timeout_seconds, trust_env=False) as client:
                for request in requests_of(self._sources[place].cluster, [*made, *ended], time.time_ns()):
                    _post(client, self._settings, request)
            self._sent[place] = sent
            self._pace.over()
        except (httpx.HTTPError, OSError) as error:
            reason = visible(str(error) or type(error).__name__)
            if line := self._pace.line(reason, self._monotonic(), type(error).__name__):
                log.warning("cannot push metrics by OTLP: %s", line)


def _post(client: httpx.Client, settings: OtlpSettings, request: bytes) -> None:
    """Raises httpx.HTTPError where the receiver does not take the request."""
    headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
    if settings.token is not None:
        headers["authorization"] = f"Bearer {settings.token.get_secret_value()}"
    answer = client.post(settings.endpoint or "", content=gzip.compress(request, 1, mtime=0), headers=headers)
    if not answer.is_success:
        raise httpx.HTTPError(f"HTTP {answer.status_code}")


def series_of(view: View, settings: MetricsSettings) -> Iterator[Series]:
    """The families of a View, with the rows that the metrics page has of them."""
    families = [each for each in switched_on(CLUSTER_FAMILIES, settings) if view.up or each.always]
    readings, left = within(families, view, settings)
    if any(left.withheld.values()):
        readings = Readings(view, None, left.among)
    for family in families:
        columns, values = family.lines(readings)
        width = len(family.bounds) + 3 if isinstance(family, Histogram) else 1
        numbers = np.asarray(values, np.float64).reshape(-1, width)
        keys = list(zip(*map(_texts, columns), strict=True)) if columns else [()] * len(numbers)
        known = np.flatnonzero(~np.isnan(numbers[:, 0]))
        yield Series(family, [keys[row] for row in known.tolist()], numbers[known])


def _texts(column: LabelColumn) -> list[str]:
    values, codes = column
    texts = ["" if each is None else str(each) for each in values.tolist()]
    return texts if codes is None else [texts[code] for code in codes.tolist()]


def requests_of(cluster: str, series: Iterable[Series], now: int) -> Iterator[bytes]:
    """The messages that bring these series, of POINTS points each at most; `now` is unix nanoseconds."""
    request, left = ExportMetricsServiceRequest(), POINTS
    for each in series:
        for start in range(0, len(each.keys), POINTS):
            part = slice(start, start + POINTS)
            if left < len(each.keys[part]):
                yield request.SerializeToString()
                request, left = ExportMetricsServiceRequest(), POINTS
            if not request.resource_metrics:
                request.resource_metrics.add().scope_metrics.add().scope.name = "kmon"
            metric = request.resource_metrics[0].scope_metrics[0].metrics.add()
            numbers = None if each.numbers is None else each.numbers[part]
            _fill(metric, cluster, Series(each.family, each.keys[part], numbers), now)
            left -= len(each.keys[part])
    if request.resource_metrics:
        yield request.SerializeToString()


def _fill(metric: pb.Metric, cluster: str, series: Series, now: int) -> None:
    """Write series as one metric."""
    family = series.family
    metric.name, metric.description, metric.unit = family.name, family.meaning, UNITS.get(family.unit, "")
    if isinstance(family, Histogram):
        metric.histogram.aggregation_temporality = pb.AGGREGATION_TEMPORALITY_CUMULATIVE
        points = metric.histogram.data_points
    elif family.type == "counter":
        metric.sum.aggregation_temporality = pb.AGGREGATION_TEMPORALITY_CUMULATIVE
        metric.sum.is_monotonic = True
        points = metric.sum.data_points
    else:
        points = metric.gauge.data_points
    rows = [None] * len(series.keys) if series.numbers is None else series.numbers.tolist()
    for key, numbers in zip(series.keys, rows, strict=True):
        point = points.add(time_unix_nano=now)
        for name, text in (("cluster", cluster), *zip(family.label_names, key, strict=True)):
            if text:
                attribute = point.attributes.add(key=name)
                attribute.value.string_value = text.encode("utf-8", "backslashreplace").decode()
        if numbers is None:
            point.flags = pb.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
        elif isinstance(family, Histogram):
            up_to, point.count, point.sum = numbers[:-2], int(numbers[-2]), numbers[-1]
            point.explicit_bounds.extend(family.bounds)
            point.bucket_counts.extend(int(more - less) for less, more in zip([0.0, *up_to], up_to, strict=False))
        elif family.whole:
            point.as_int = int(numbers[0])
        else:
            point.as_double = numbers[0]
