"""The names that exporters give the figures of brokers.

They are facts about jmx_exporter, checked against its examples kafka-2_0_0.yml and kafka-kraft-3_0_0.yml, Strimzi's
example kafka-metrics.yaml, configs that name each attribute, and jmx_exporter's default format without any rules.
"""

from collections.abc import Iterator, Mapping

from monitor.model.broker_metrics import DEPRECATED, MetricName

MILLISECONDS, NANOSECONDS = 1e-3, 1e-9

_COUNTERS: Mapping[tuple[str, str, str], tuple[str, float]] = {
    ("server", "BrokerTopicMetrics", "BytesIn"): ("bytes_in", 1.0),
    ("server", "BrokerTopicMetrics", "BytesOut"): ("bytes_out", 1.0),
    ("network", "RequestMetrics", "Requests"): ("requests", 1.0),
    ("network", "RequestMetrics", "DeprecatedRequests"): (DEPRECATED, 1.0),
}
"""Domain, type and name of each MBean whose name ends in PerSec, and its figure with the scale."""

_IDLE = ("server", "KafkaRequestHandlerPool", "RequestHandlerAvgIdlePercent")
"""Its Count has the nanoseconds that a request handler was idle. Its MeanRate is since the broker started, so the
examples' `…requesthandleravgidle_percent` says nothing of now and is not read."""

_GAUGES: Mapping[tuple[str, str, str], str] = {
    ("server", "ReplicaManager", "UnderReplicatedPartitions"): "under_replicated",
    ("network", "SocketServer", "NetworkProcessorAvgIdlePercent"): "network_idle",
}

_TIMES: Mapping[str, str] = {
    "TotalTimeMs": "total_p99_seconds",
    "RequestQueueTimeMs": "queue_p99_seconds",
    "LocalTimeMs": "local_p99_seconds",
    "RemoteTimeMs": "remote_p99_seconds",
    "ThrottleTimeMs": "throttle_p99_seconds",
}
"""Histograms of kafka.network:type=RequestMetrics."""


def _known() -> Iterator[MetricName]:
    for (domain, kind, name), (figure, scale) in _COUNTERS.items():
        base = f"kafka_{domain}_{kind}"
        for end in ("_total", "PerSec_total", "PerSec_count", "PerSec_count_total"):
            yield MetricName(f"{base}_{name}{end}", figure, scale=scale)
        yield MetricName(f"{base}_Count", figure, (("name", f"{name}PerSec"),), scale)
    domain, kind, name = _IDLE
    base = f"kafka_{domain}_{kind}"
    for end in ("_count", "_count_total"):  # exporters of 1.0 and later add _total to every counter
        yield MetricName(f"{base}_{name}{end}", "handler_idle_seconds", scale=NANOSECONDS)
    yield MetricName(f"{base}_Count", "handler_idle_seconds", (("name", name),), NANOSECONDS)
    yield MetricName(f"{base}_{name}_OneMinuteRate", "handler_idle")
    yield MetricName(f"{base}_OneMinuteRate", "handler_idle", (("name", name),))
    for (domain, kind, name), figure in _GAUGES.items():
        base = f"kafka_{domain}_{kind}"
        yield MetricName(f"{base}_{name}", figure)
        yield MetricName(f"{base}_{name}_Value", figure)
        yield MetricName(f"{base}_Value", figure, (("name", name),))
        if name.endswith("Percent"):
            yield MetricName(f"{base}_{name.removesuffix('Percent')}_percent", figure)
    base = "kafka_network_RequestMetrics"
    for name, figure in _TIMES.items():
        yield MetricName(f"{base}_{name}", figure, (("quantile", "0.99"),), MILLISECONDS)
        yield MetricName(f"{base}_{name}_99thPercentile", figure, (), MILLISECONDS)
        yield MetricName(f"{base}_99thPercentile", figure, (("name", name),), MILLISECONDS)


KNOWN_NAMES = tuple(_known())
"""Names that kmon reads without settings."""
