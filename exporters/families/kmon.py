"""Metrics of kmon itself: its collectors, its requests to Kafka and its polls."""

import time
from collections.abc import Callable

import numpy as np

from exporters.family import Family, Label, nodes
from monitor.model.table import Floats, objects
from monitor.model.view import View

NEVER = 0.0
"""What stands for the time of what has not happened yet, so that an alert on its age fires."""


def outcomes(name: str) -> Callable[[View], Floats]:
    return lambda view: np.array([getattr(each, name) for each in view.snapshot.outcomes], np.float64)


def collector_success(view: View) -> Floats:
    """1 or 0 by a collector's last run, unknown for one that has not run or could not."""
    return np.where(outcomes("ran")(view) == 1, outcomes("success")(view), np.nan)


def last_successful_poll(view: View) -> float:
    return view.shown.time if view.shown.up else NEVER


def poll_interval(view: View) -> float:
    interval = view.snapshot.interval_seconds
    return np.nan if interval is None else interval


def event_counts(view: View) -> Floats:
    return np.array(list(view.event_counts.values()), np.float64)


def poll_duration(view: View) -> float:
    return time.monotonic() - view.snapshot.started


COLLECTOR = (Label("collector", lambda view: objects(each.collector for each in view.snapshot.outcomes)),)
REQUEST = (
    Label("api", "snapshot.requests.api"),
    Label("broker", nodes("snapshot.requests.broker", "bootstrap")),
)

PROCESS_FAMILIES = (
    Family(
        "kmon_build_info",
        "Always 1. Labels: the versions of kmon and Python",
        1,
        (Label("version", lambda process: objects([process.version])), Label("python", lambda p: objects([p.python]))),
    ),
    Family(
        "kmon_web_open",
        "1 when kmon serves a non-loopback address without TLS and authentication (--insecure-allow-open), else 0",
        "web_open",
    ),
)

KMON_FAMILIES = (
    Family(
        "kmon_collector_success",
        "1 when the last run of the collector was complete, else 0; absent before its first run, and "
        "while the cluster is unreachable and the collector cannot run",
        collector_success,
        COLLECTOR,
        always=True,
    ),
    Family(
        "kmon_collector_duration_seconds",
        "Duration of the collector in the last poll; absent when it did not run",
        outcomes("duration_seconds"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_collector_last_collected_timestamp_seconds",
        "Unix time of the newest response in the collector's tables; absent before the first",
        outcomes("collected_at"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_requests_total",
        "Requests to Kafka, including those that could not be sent; broker is bootstrap before its id is known",
        "snapshot.requests.requests",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_errors_total",
        "Failed requests to Kafka, including those that could not be sent",
        "snapshot.requests.errors",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_seconds_total",
        "Total time from request to response or failure",
        "snapshot.requests.seconds",
        REQUEST,
        unit="seconds",
        type="counter",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_received_bytes_total",
        "Total size of Kafka's responses",
        "snapshot.requests.received_bytes",
        REQUEST,
        unit="bytes",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_events_total",
        "Events by kind since kmon started; docs/events.md lists the kinds",
        event_counts,
        (Label("kind", lambda view: objects(view.event_counts)),),
        unit="events",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_last_successful_poll_timestamp_seconds",
        "Unix time when the last successful poll began; 0 before the first",
        last_successful_poll,
        unit="seconds",
        whole=False,
        always=True,
        before=NEVER,
    ),
    Family(
        "kmon_poll_interval_seconds",
        "Configured time between polls",
        poll_interval,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_poll_overruns_total",
        "Polls skipped because the previous poll took longer than the interval",
        "snapshot.overruns",
        unit="polls",
        type="counter",
        always=True,
    ),
    # Last, because it ends when all the others are rendered.
    Family(
        "kmon_poll_duration_seconds",
        "Duration of the last poll, from its first request to its rendered metrics",
        poll_duration,
        unit="seconds",
        whole=False,
        always=True,
    ),
)
