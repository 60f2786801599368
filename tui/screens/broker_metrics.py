"""What one broker reports of itself: its requests by type, and those in deprecated versions."""

import numpy as np

from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.broker_metrics import BROKER_REQUEST, DEPRECATED_REQUEST
from tui.screens.brokers import OneBroker
from tui.widgets.columns import Column
from tui.widgets.rows import Rows, column

REQUEST_COLUMNS: tuple[Column[Rows], ...] = (
    column(BROKER_REQUEST, "request", "Request", "R", 16, grow=1, most=40),
    column(BROKER_REQUEST, "rate", "Rate", "A", 9),
    column(BROKER_REQUEST, "total_p99_seconds", "p99", "P", 10),
    column(BROKER_REQUEST, "queue_p99_seconds", "In queue", "Q", 10),
    column(BROKER_REQUEST, "local_p99_seconds", "Work", "W", 10),
    column(BROKER_REQUEST, "remote_p99_seconds", "Waiting", "T", 10, rank=2),
    column(BROKER_REQUEST, "throttle_p99_seconds", "Quota", "U", 10, rank=1),
    column(BROKER_REQUEST, "requests", "Requests", "E", 12, rank=3),
)


class BrokerRequestsScreen(OneBroker):
    """The requests of one broker by type, those that take longest first."""

    NAME, TITLE = "broker_requests", "Broker: requests"
    SUBJECT = BROKER_REQUEST
    COLUMNS = REQUEST_COLUMNS
    SORT = "total_p99_seconds"
    FIXED = 1
    EMPTY = "No requests reported"

    def pick_of(self, view: View) -> Ints:
        return np.flatnonzero(view.snapshot.broker_requests.broker == self.broker)


DEPRECATED_COLUMNS: tuple[Column[Rows], ...] = (
    column(DEPRECATED_REQUEST, "client_software", "Client", "C", 20, grow=1, most=60),
    column(DEPRECATED_REQUEST, "client_version", "Version", "V", 12, grow=1, most=40),
    column(DEPRECATED_REQUEST, "request", "Request", "R", 16, grow=1, most=40),
    column(DEPRECATED_REQUEST, "version", "Of version", "O", 10),
    column(DEPRECATED_REQUEST, "requests", "Requests", "E", 12),
    column(DEPRECATED_REQUEST, "rate", "Rate", "A", 9, rank=1),
)


class DeprecatedRequestsScreen(OneBroker):
    """Requests to one broker in deprecated versions, by client software, the most frequent first."""

    NAME, TITLE = "deprecated_requests", "Broker: deprecated requests"
    SUBJECT = DEPRECATED_REQUEST
    KEYED = ("client_software", "client_version", "request", "version")
    NAMED = ("client_software",)
    COLUMNS = DEPRECATED_COLUMNS
    SORT = "requests"
    FIXED = 1
    EMPTY = "No deprecated requests reported"

    def pick_of(self, view: View) -> Ints:
        return np.flatnonzero(view.snapshot.deprecated_requests.broker == self.broker)
