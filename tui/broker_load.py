"""The load of a broker by its own metrics, as facts."""

from collections.abc import Iterable

import numpy as np

from monitor.model.text import visible
from monitor.model.view import View
from monitor.subjects.brokers import BROKER
from monitor.subjects.shown import shown
from tui.widgets.facts import Fact, unknown

LOAD = {
    "bytes_in_rate": "in",
    "bytes_out_rate": "out",
    "handler_idle": "request handlers idle",
    "network_idle": "network threads idle",
    "produce_p99_seconds": "Produce p99",
    "fetch_p99_seconds": "Fetch p99",
    "throttle_p99_seconds": "quota delay p99",
    "under_replicated": "under-replicated",
    "deprecated_rate": "deprecated requests",
    "metrics_age_seconds": "metrics from before",
}
"""Columns of a broker, and what they are called in a fact."""


def broker_load(view: View, broker: int) -> Iterable[Fact]:
    """The load of a broker by its own metrics; nothing where it has no endpoint."""
    row = int(np.searchsorted(view.broker_totals.broker, broker))
    if broker not in view.snapshot.broker_metrics.broker:
        return
    reading = BROKER.read(view, np.array([row]))
    if why := view.reasons[view.broker_load.metrics_reason[row]]:
        yield unknown("metrics", visible(why))
        return
    for name, words in LOAD.items():
        values = shown(reading, name)
        if not values.unknown[0]:
            level = values.column.above_zero if values.values[0] > 0 else ""
            yield Fact(words, values.text(0), level)
