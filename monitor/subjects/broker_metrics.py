"""What brokers report of themselves: columns of the broker, its requests by type, and those in deprecated versions."""

from monitor.model.broker_metrics import BrokerLoad, BrokerRequests, DeprecatedRequests, RequestRates
from monitor.subjects.column import Subject
from monitor.subjects.tables import of, size

LOAD = of("broker_load", BrokerLoad, why="metrics_reason")
"""Columns of a broker."""

BROKER_REQUEST = Subject(
    "broker_request",
    "broker and type of request, by the broker's own metrics",
    ("broker", "request"),
    size("snapshot.broker_requests"),
    (
        *of("snapshot.broker_requests", BrokerRequests),
        *of("request_rates", RequestRates),
    ),
)

DEPRECATED_REQUEST = Subject(
    "deprecated_request",
    "broker, deprecated version of a request, and client software that has sent it, by the broker's own metrics",
    ("broker", "request", "version", "client_software", "client_version"),
    size("snapshot.deprecated_requests"),
    (
        *of("snapshot.deprecated_requests", DeprecatedRequests),
        *of("deprecated_rates", RequestRates),
    ),
)

BROKER_METRICS = (BROKER_REQUEST, DEPRECATED_REQUEST)
