"""Metrics of alerting: what the rules came to, and what became of the notifications for each receiver."""

import numpy as np

from exporters.family import Family, tally
from monitor.model.alert_counters import AlertCounters
from monitor.model.table import Floats, objects
from monitor.model.view import View
from monitor.subjects.cluster import KMON
from monitor.subjects.column import Column, Subject
from monitor.subjects.kinds import COUNT, UNIX, Kind
from monitor.subjects.tables import numbers, one, texts

EVALUATIONS, NOTIFICATIONS, ATTEMPTS = (
    Kind("count", unit=unit) for unit in ("evaluations", "notifications", "attempts")
)


def _alerts(view: View) -> dict[str, int]:
    return {state: sum(each.state == state for each in view.alerts) for state in ("pending", "firing")}


ALERTS = tally("state", "alerts", COUNT, "alerts of the cluster by state: pending or firing", _alerts)

ALERTING = Subject(
    "alerting",
    "kmon's alerting as a whole",
    (),
    lambda _: 1,
    (
        one("evaluations", EVALUATIONS, "evaluations of alert rules, one per rule and poll", "evaluations"),
        one(
            "failures",
            EVALUATIONS,
            "evaluations of alert rules that failed; alerts of the rule keep their state",
            "failures",
        ),
        one("unkept", ATTEMPTS, "failed attempts to write the state of alerts; alerts go on from memory", "unkept"),
    ),
)


def _counter(name: str, kind: Kind, meaning: str) -> Column:
    def read(counters: AlertCounters) -> Floats:
        return np.array([getattr(each, name) for each in counters.receivers], np.float64)

    return numbers(name, kind, meaning, read)


RECEIVER = Subject(
    "receiver",
    "a receiver of notifications",
    ("receiver",),
    lambda counters: len(counters.receivers),
    (
        texts("receiver", "name", lambda counters: objects(each.receiver for each in counters.receivers)),
        _counter("sent", NOTIFICATIONS, "notifications that the receiver accepted"),
        _counter(
            "failed",
            NOTIFICATIONS,
            "notifications that the receiver refused, e.g. because of a wrong URL or password; not retried",
        ),
        _counter("dropped", NOTIFICATIONS, "notifications dropped because the queue for the receiver was full"),
        _counter("retries", ATTEMPTS, "attempts to send to the receiver that failed and are retried"),
        _counter("queued", NOTIFICATIONS, "notifications waiting for the receiver"),
        _counter("last_sent_at", UNIX, "unix time when the receiver last accepted notifications; 0 before the first"),
    ),
)

CLUSTER_ALERT_FAMILIES = (
    Family("kmon_alerts", ALERTS, "alerts", always=True),
    Family("kmon_alert_state_kept", KMON, "state_kept", always=True),
)

ALERTING_FAMILIES = (
    Family("kmon_alert_evaluations_total", ALERTING, "evaluations"),
    Family("kmon_alert_evaluation_failures_total", ALERTING, "failures"),
    Family("kmon_alert_state_write_failures_total", ALERTING, "unkept"),
    Family("kmon_alert_notifications_sent_total", RECEIVER, "sent"),
    Family("kmon_alert_notifications_failed_total", RECEIVER, "failed"),
    Family("kmon_alert_notifications_dropped_total", RECEIVER, "dropped"),
    Family("kmon_alert_notification_retries_total", RECEIVER, "retries"),
    Family("kmon_alert_notifications_queued", RECEIVER, "queued"),
    Family("kmon_alert_last_sent_timestamp_seconds", RECEIVER, "last_sent_at"),
)
"""Families of kmon's alerting as a whole, read from its counters."""
