"""The small tables of what brokers report of themselves: their load, their requests, and deprecated ones."""

from typing import Any

import numpy as np
from dash import html

from dashboards.components.parts import nothing
from dashboards.listings import Listed, rows_of
from monitor.model.reasons import Kind, Reason
from monitor.model.view import View
from monitor.subjects.broker_metrics import BROKER_REQUEST, DEPRECATED_REQUEST
from monitor.subjects.brokers import BROKER

UNSET = str(Reason(Kind.NO_ENDPOINT))


def load(view: View) -> Any:
    """The load of each broker that has a metrics endpoint."""
    rows = np.flatnonzero(np.isin(view.broker_totals.broker, view.snapshot.broker_metrics.broker))
    if not len(rows):
        return nothing("Brokers' own metrics unknown", UNSET)
    columns = (
        Listed("Broker", "broker"),
        Listed("Bytes in", "bytes_in_rate"),
        Listed("Bytes out", "bytes_out_rate"),
        Listed("Handlers idle", "handler_idle"),
        Listed("Network idle", "network_idle"),
        Listed("Produce p99", "produce_p99_seconds"),
        Listed("Fetch p99", "fetch_p99_seconds"),
        Listed("Quota delay p99", "throttle_p99_seconds"),
        Listed("Under-replicated", "under_replicated"),
        Listed("Deprecated", "deprecated_rate"),
        Listed("Age", "metrics_age_seconds"),
        Listed("Unknown because", "metrics_reason"),
    )
    return rows_of(view, BROKER, rows, columns)


def requests(view: View) -> Any:
    """Requests by broker and type, those that take longest first; nothing where none are reported."""
    table = view.snapshot.broker_requests
    if not len(table):
        return None
    slowest = np.argsort(-np.nan_to_num(table.total_p99_seconds, nan=-1), kind="stable")
    columns = (
        Listed("Broker", "broker"),
        Listed("Request", "request"),
        Listed("Rate", "rate"),
        Listed("p99", "total_p99_seconds"),
        Listed("In the queue", "queue_p99_seconds"),
        Listed("Work", "local_p99_seconds"),
        Listed("Waiting", "remote_p99_seconds"),
        Listed("Quota delay", "throttle_p99_seconds"),
    )
    return [html.P("Requests", className="muted small"), rows_of(view, BROKER_REQUEST, slowest, columns)]


def deprecated(view: View) -> Any:
    """Requests in deprecated versions, the most frequent first; nothing where none are reported."""
    table = view.snapshot.deprecated_requests
    if not len(table):
        return None
    columns = (
        Listed("Broker", "broker"),
        Listed("Client", "client_software"),
        Listed("Version", "client_version"),
        Listed("Request", "request"),
        Listed("Request version", "version"),
        Listed("Requests", "requests"),
        Listed("Rate", "rate"),
    )
    most = np.argsort(-table.requests, kind="stable")
    heading = html.P("Requests in deprecated versions", className="muted small")
    return [heading, rows_of(view, DEPRECATED_REQUEST, most, columns)]
