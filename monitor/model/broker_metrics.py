"""What brokers report of themselves on metrics endpoints: the figures, where to get them, and their tables."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from monitor.model.table import Floats, Ints, Table, Texts, column

OF_BROKERS: Mapping[str, str] = {
    "bytes_in": "counter of bytes that clients have sent",
    "bytes_out": "counter of bytes that clients have fetched",
    "handler_idle_seconds": "counter of seconds that request handlers were idle, divided by their number",
    "handler_idle": "share of time that request handlers were idle, over about the last minute",
    "network_idle": "share of time that network threads were idle",
    "under_replicated": "under-replicated partitions that the broker leads",
}
"""Figures of a broker, and what each is."""

OF_REQUESTS: Mapping[str, str] = {
    "requests": "counter of requests",
    "total_p99_seconds": "99th percentile of the time from request to response, in seconds",
    "queue_p99_seconds": "the part of it before a request handler takes the request",
    "local_p99_seconds": "the part of it in which the leader works on the request",
    "remote_p99_seconds": "the part of it spent waiting: for followers, or for records to fetch",
    "throttle_p99_seconds": "the part of it for which a quota delays the response",
}
"""Figures of a broker and a type of request, which the label `request` names."""

DEPRECATED = "deprecated_requests"
"""The figure of a broker, a version of a request, and the client software that sends it."""

FIGURES: Mapping[str, str] = {
    **OF_BROKERS,
    **OF_REQUESTS,
    DEPRECATED: "counter of requests in a version that Kafka has deprecated, by client software",
}


@dataclass(frozen=True)
class MetricName:
    """A name that an exporter gives a figure. Letter case does not count.

    `labels` are those that a sample must have, with their values. Its number times `scale` is the figure.
    """

    metric: str
    figure: str
    labels: tuple[tuple[str, str], ...] = ()
    scale: float = 1.0


class Access(Protocol):
    """How metrics endpoints are requested. Secrets and files are read for each request, and errors name the file."""

    def headers(self) -> Mapping[str, str]:
        """Headers of a request, such as Authorization."""
        ...

    def tls(self) -> ssl.SSLContext | None:
        """The context of a connection to an https endpoint, None for the system's."""
        ...


@dataclass(frozen=True)
class Endpoints:
    """Where the brokers of a cluster have metrics, as the settings say.

    `url` is a template with {host}, {node} and {rack}, None for none; `urls` are those of single brokers by node id.
    `access` has the login and CAs for the requests, None if they need neither.
    """

    url: str | None = None
    urls: Mapping[int, str] = field(default_factory=dict)
    timeout_seconds: float = 5.0
    max_bytes: int = 16 * 2**20
    names: tuple[MetricName, ...] = ()
    access: Access | None = None

    def __bool__(self) -> bool:
        return self.url is not None or bool(self.urls)


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerMetrics(Table):
    """One row per broker whose metrics endpoint is set, by id, with the newest numbers that it has reported."""

    broker: Ints = column("i4", "node id", "node")
    collected: Floats = column("f8", "monotonic time of the response", "seconds")
    bytes_in: Floats = column("f8", "bytes that clients have sent since the broker started", "bytes")
    bytes_out: Floats = column("f8", "bytes that clients have fetched since the broker started", "bytes")
    handler_idle_seconds: Floats = column("f8", "time that its average request handler was idle", "seconds")
    handler_idle: Floats = column("f8", "share of time that request handlers were idle, as reported", "ratio")
    network_idle: Floats = column("f8", "share of time that network threads were idle", "ratio")
    under_replicated: Floats = column("f8", "under-replicated partitions that it leads")
    reason: Ints = column("i4", "why its metrics are unknown")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerRequests(Table):
    """One row per broker and type of request that its metrics report, by both."""

    broker: Ints = column("i4", "node id", "node")
    request: Texts = column("O", "type of request, as Kafka names it in its metrics, e.g. FetchConsumer")
    requests: Floats = column("f8", "requests since the broker started", "requests")
    total_p99_seconds: Floats = column("f8", "99th percentile of the time from request to response", "seconds")
    queue_p99_seconds: Floats = column("f8", "99th percentile of the time in the request queue", "seconds")
    local_p99_seconds: Floats = column("f8", "99th percentile of the broker's own work on the request", "seconds")
    remote_p99_seconds: Floats = column(
        "f8", "99th percentile of the time spent waiting for followers, or for records to fetch", "seconds"
    )
    throttle_p99_seconds: Floats = column("f8", "99th percentile of the delay by quotas", "seconds")


@dataclass(frozen=True, eq=False, kw_only=True)
class DeprecatedRequests(Table):
    """One row per broker, deprecated version of a request and client software that has sent it."""

    broker: Ints = column("i4", "node id", "node")
    request: Texts = column("O", "type of request, e.g. Fetch")
    version: Texts = column("O", "version of the request")
    client_software: Texts = column("O", "client software, as it names itself, e.g. apache-kafka-java")
    client_version: Texts = column("O", "version of the client software")
    requests: Floats = column("f8", "requests in this version since the broker started", "requests")


@dataclass(frozen=True, eq=False, kw_only=True)
class RequestRates(Table):
    """One row per row of a table of requests, in its order."""

    rate: Floats = column("f8", "requests per second over the last minute; unknown after one poll", "requests/s")


@dataclass(frozen=True, eq=False, kw_only=True)
class BrokerLoad(Table):
    """One row per broker, in the order of `broker_totals`: what its own metrics say of its load."""

    metrics_up: Floats = column(
        "f8", "1 when its metrics endpoint returned metrics, else 0; unknown if not set", "flag"
    )
    metrics_age_seconds: Floats = column("f8", "age of its metrics when the poll began", "seconds")
    bytes_in_rate: Floats = column("f8", "bytes per second from clients over the last minute", "bytes/s")
    bytes_out_rate: Floats = column("f8", "bytes per second to clients over the last minute", "bytes/s")
    produce_p99_seconds: Floats = column("f8", "99th percentile of the time of a Produce request", "seconds")
    fetch_p99_seconds: Floats = column(
        "f8",
        "99th percentile of the time of a consumer's Fetch request, including its wait for records",
        "seconds",
    )
    throttle_p99_seconds: Floats = column(
        "f8", "99th percentile of the delay of Produce or consumers' Fetch requests by quotas", "seconds"
    )
    handler_idle: Floats = column("f8", "share of time that its request handlers were idle in the last minute", "ratio")
    network_idle: Floats = column("f8", "share of time that its network threads were idle", "ratio")
    under_replicated: Floats = column("f8", "under-replicated partitions that it leads, by its own metrics")
    deprecated_rate: Floats = column(
        "f8", "requests per second in deprecated versions over the last minute; 0 if it reports none", "requests/s"
    )
    metrics_reason: Ints = column("i4", "why its metrics are unknown")
