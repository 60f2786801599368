"""Metrics of alerting: what the rules came to, and what became of the notifications for each receiver."""

from collections.abc import Callable

import numpy as np

from exporters.family import Family, Label
from monitor.model.alert_counters import AlertCounters
from monitor.model.table import Floats, objects
from monitor.model.view import View

STATES = ("pending", "firing")


def alerts_by_state(view: View) -> Floats:
    return np.array([sum(each.state == state for each in view.alerts) for state in STATES], np.float64)


def of_receivers(name: str) -> Callable[[AlertCounters], Floats]:
    return lambda counters: np.array([getattr(each, name) for each in counters.receivers], np.float64)


RECEIVER = (Label("receiver", lambda counters: objects(each.receiver for each in counters.receivers)),)

CLUSTER_ALERT_FAMILIES = (
    Family(
        "kmon_alerts",
        "Alerts of the cluster by state: pending or firing",
        alerts_by_state,
        (Label("state", lambda _: objects(STATES)),),
        always=True,
    ),
)

ALERTING_FAMILIES = (
    Family(
        "kmon_alert_evaluations_total",
        "Evaluations of alert rules, one per rule and poll",
        "evaluations",
        unit="evaluations",
        type="counter",
    ),
    Family(
        "kmon_alert_evaluation_failures_total",
        "Evaluations of alert rules that failed; alerts of the rule keep their state",
        "failures",
        unit="evaluations",
        type="counter",
    ),
    Family(
        "kmon_alert_notifications_sent_total",
        "Notifications that the receiver accepted",
        of_receivers("sent"),
        RECEIVER,
        unit="notifications",
        type="counter",
    ),
    Family(
        "kmon_alert_notifications_failed_total",
        "Notifications that the receiver refused, e.g. because of a wrong URL or password; not retried",
        of_receivers("failed"),
        RECEIVER,
        unit="notifications",
        type="counter",
    ),
    Family(
        "kmon_alert_notifications_dropped_total",
        "Notifications dropped because the queue for the receiver was full",
        of_receivers("dropped"),
        RECEIVER,
        unit="notifications",
        type="counter",
    ),
    Family(
        "kmon_alert_notification_retries_total",
        "Attempts to send to the receiver that failed and are retried",
        of_receivers("retries"),
        RECEIVER,
        unit="attempts",
        type="counter",
    ),
    Family(
        "kmon_alert_notifications_queued",
        "Notifications waiting for the receiver",
        of_receivers("queued"),
        RECEIVER,
        unit="notifications",
    ),
    Family(
        "kmon_alert_last_sent_timestamp_seconds",
        "Unix time when the receiver last accepted notifications; 0 before the first",
        of_receivers("last_sent_at"),
        RECEIVER,
        unit="seconds",
        whole=False,
    ),
)
"""Families of kmon's alerting as a whole, read from its counters."""
