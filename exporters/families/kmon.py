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
        "1, labelled with the versions of kmon and of Python",
        1,
        (Label("version", lambda process: objects([process.version])), Label("python", lambda p: objects([p.python]))),
    ),
    Family(
        "kmon_web_open",
        "1 when kmon is served beyond loopback without TLS and a password (--insecure-allow-open), else 0",
        "web_open",
    ),
)

KMON_FAMILIES = (
    Family(
        "kmon_collector_success",
        "1 when the collector got every answer in its last run, else 0; no line before its first run, or while the "
        "cluster is unreachable and the collector cannot run",
        collector_success,
        COLLECTOR,
        always=True,
    ),
    Family(
        "kmon_collector_duration_seconds",
        "How long the collector took in the last poll; no line when it did not run in it",
        outcomes("duration_seconds"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_collector_last_collected_timestamp_seconds",
        "Unix time of the newest answer in the collector's tables; no line before the first",
        outcomes("collected_at"),
        COLLECTOR,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_requests_total",
        "Requests to Kafka, also those that could not be sent; the broker is bootstrap before its id is known",
        "snapshot.requests.requests",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_errors_total",
        "Requests to Kafka without a usable answer, also those that could not be sent",
        "snapshot.requests.errors",
        REQUEST,
        unit="requests",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_kafka_request_seconds_total",
        "Time from asking Kafka to its answer or failure, summed over requests",
        "snapshot.requests.seconds",
        REQUEST,
        unit="seconds",
        type="counter",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_kafka_received_bytes_total",
        "Size of Kafka's answers",
        "snapshot.requests.received_bytes",
        REQUEST,
        unit="bytes",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_events_total",
        "Events of a kind that were seen since kmon began to poll; docs/events.md tells of each",
        event_counts,
        (Label("kind", lambda view: objects(view.event_counts)),),
        unit="events",
        type="counter",
        always=True,
    ),
    Family(
        "kmon_last_successful_poll_timestamp_seconds",
        "Unix time when the last poll that the cluster answered began; 0 before the first",
        last_successful_poll,
        unit="seconds",
        whole=False,
        always=True,
        before=NEVER,
    ),
    Family(
        "kmon_poll_interval_seconds",
        "Time between polls, as the settings say",
        poll_interval,
        unit="seconds",
        whole=False,
        always=True,
    ),
    Family(
        "kmon_poll_overruns_total",
        "Polls that were skipped because the one before took longer than the interval",
        "snapshot.overruns",
        unit="polls",
        type="counter",
        always=True,
    ),
    # Last, because it ends when all the others are rendered.
    Family(
        "kmon_poll_duration_seconds",
        "How long the last poll took, from its first request to its metrics rendered",
        poll_duration,
        unit="seconds",
        whole=False,
        always=True,
    ),
)
