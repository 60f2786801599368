"""Metrics of brokers that their own metrics endpoints report, where the settings name these."""

import numpy as np

from exporters.family import Family
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.broker_metrics import BROKER_REQUEST, DEPRECATED_REQUEST
from monitor.subjects.brokers import BROKER

RECORDS = 'request in ("Produce", "FetchConsumer", "FetchFollower")'
"""Requests that carry records; the brokers' own metrics have all others."""

MOST = 100
"""Most deprecated requests with a line of their own: the names of client software may be any number."""


def most_frequent(view: View) -> Ints:
    requests = view.snapshot.deprecated_requests.requests
    return np.sort(np.argsort(-requests, kind="stable")[:MOST])


BROKER_METRICS_FAMILIES = (
    Family("kmon_broker_metrics_up", BROKER, "metrics_up"),
    Family("kmon_broker_metrics_age_seconds", BROKER, "metrics_age_seconds"),
    Family("kmon_broker_bytes_in_rate", BROKER, "bytes_in_rate"),
    Family("kmon_broker_bytes_out_rate", BROKER, "bytes_out_rate"),
    Family("kmon_broker_handler_idle_ratio", BROKER, "handler_idle"),
    Family("kmon_broker_network_idle_ratio", BROKER, "network_idle"),
    Family("kmon_broker_under_replicated_partitions", BROKER, "under_replicated"),
    Family("kmon_broker_deprecated_request_rate", BROKER, "deprecated_rate"),
    Family("kmon_broker_request_rate", BROKER_REQUEST, "rate", where=RECORDS),
    Family("kmon_broker_request_p99_seconds", BROKER_REQUEST, "total_p99_seconds", where=RECORDS),
    Family("kmon_broker_request_queue_p99_seconds", BROKER_REQUEST, "queue_p99_seconds", where=RECORDS),
    Family("kmon_broker_request_local_p99_seconds", BROKER_REQUEST, "local_p99_seconds", where=RECORDS),
    Family("kmon_broker_request_throttle_p99_seconds", BROKER_REQUEST, "throttle_p99_seconds", where=RECORDS),
    Family(
        "kmon_broker_deprecated_requests_total",
        DEPRECATED_REQUEST,
        "requests",
        only=f"the {MOST} most frequent",
        where=most_frequent,
    ),
)
