"""Metrics of kmon itself: its process, its collectors, its requests to Kafka and its polls."""

import time
from functools import partial

import numpy as np

from exporters.family import Family, StateSet, tally
from exporters.histogram import Histogram
from monitor.model.snapshot import REQUEST_SECONDS, Requests
from monitor.model.table import objects
from monitor.subjects.cluster import KMON
from monitor.subjects.column import Subject
from monitor.subjects.kinds import FLAG, SECONDS, UNIX, Kind
from monitor.subjects.requests import COLLECTOR, REQUEST
from monitor.subjects.tables import numbers, of, one, size, texts

PROCESS = Subject(
    "process",
    "this process of kmon",
    (),
    lambda _: 1,
    (
        texts("version", "version of kmon", lambda process: objects([process.version])),
        texts("python", "version of Python", lambda process: objects([process.python])),
        one(
            "web_open",
            FLAG,
            "1 when kmon serves a non-loopback address without TLS and authentication (--insecure-allow-open), else 0",
            "web_open",
        ),
    ),
)


EVENTS = tally(
    "kind",
    "events",
    Kind("count", unit="events"),
    "events by kind since kmon started; docs/events.md lists the kinds",
    lambda view: view.event_counts,
)

DURATIONS = Subject(
    "request_duration",
    "how long requests of an API to a broker took",
    ("api", "broker"),
    size("snapshot.requests"),
    of("snapshot.requests", Requests, "api", "broker", "seconds", "durations"),
)

POLL = Subject(
    "poll",
    "the last poll of a cluster",
    ("cluster",),
    lambda _: 1,
    (
        one(
            "last_successful",
            UNIX,
            "unix time when the last successful poll began; unknown before the first",
            lambda view: view.shown.time if view.shown.up else None,
        ),
        one("interval_seconds", SECONDS, "configured time between polls", "snapshot.interval_seconds"),
        one(
            "overruns",
            Kind("count", unit="polls"),
            "polls skipped because the previous poll took longer than the interval",
            "snapshot.overruns",
        ),
        one(
            "duration_seconds",
            SECONDS,
            "duration of the last poll, from its first request to its rendered metrics",
            lambda view: time.monotonic() - view.snapshot.started,
        ),
    ),
)

WITHHELD = tally(
    "subject",
    "withheld",
    Kind("count", unit="series"),
    "series of the cluster that are withheld because there would be more than metrics.max_series, by subject",
    lambda left: left.withheld,
)

AGES = Subject(
    "data_age",
    "a cluster and the age of what is known of it",
    ("cluster",),
    len,
    (
        texts("cluster", "name of the cluster", objects),
        numbers(
            "age_seconds",
            SECONDS,
            "age of the newest successful poll when the page is scraped; unknown before the first",
            lambda ages: np.array(list(ages.values()), np.float64),
        ),
    ),
)
"""Of the age in seconds by cluster."""

BUDGET_FAMILIES = (Family("kmon_series_withheld", WITHHELD, "withheld"),)
"""Families of a cluster that are read from what the budget left: see exporters.budget."""

AGE_FAMILIES = (Family("kmon_data_age_seconds", AGES, "age_seconds", labels=("cluster",)),)
"""Families whose numbers are those of the moment of a scrape."""

PROCESS_FAMILIES = (
    Family(
        "kmon_build_info",
        PROCESS,
        "",
        help="Always 1. Labels: the versions of kmon and Python",
        labels=("version", "python"),
    ),
    Family("kmon_web_open", PROCESS, "web_open"),
)

always = partial(Family, always=True)

KMON_FAMILIES = (
    StateSet(
        "kmon_status",
        KMON,
        "status",
        help="1 for the current status of what kmon itself sees of the cluster, 0 for the others",
        always=True,
    ),
    always("kmon_collector_success", COLLECTOR, "success"),
    always("kmon_collector_duration_seconds", COLLECTOR, "duration_seconds"),
    always("kmon_collector_last_collected_timestamp_seconds", COLLECTOR, "collected_at"),
    always("kmon_kafka_requests_total", REQUEST, "requests"),
    always("kmon_kafka_request_errors_total", REQUEST, "errors"),
    always("kmon_kafka_request_seconds_total", REQUEST, "seconds"),
    Histogram(
        "kmon_kafka_request_duration_seconds",
        DURATIONS,
        "durations",
        help="Time from request to response, or until it timed out, of requests to Kafka by API and broker",
        always=True,
        bounds=REQUEST_SECONDS,
        sum="seconds",
    ),
    always("kmon_kafka_received_bytes_total", REQUEST, "received_bytes"),
    always("kmon_events_total", EVENTS, "events"),
    # 0 before the first, so that an alert on its age fires.
    always("kmon_last_successful_poll_timestamp_seconds", POLL, "last_successful", unknown=0.0),
    always("kmon_poll_interval_seconds", POLL, "interval_seconds"),
    always("kmon_poll_overruns_total", POLL, "overruns"),
    # Last, because it ends when all the others are rendered.
    always("kmon_poll_duration_seconds", POLL, "duration_seconds"),
)
