"""Which brokers are slow by their own metrics: is it the consumer, or the broker? Unknown numbers judge nothing."""

import math
from collections.abc import Iterator, Mapping

from monitor.analysis.derive.broker_load import FETCH, PRODUCE
from monitor.model.limits import REQUEST_SLOW_SECONDS, REQUESTS_JUDGED_RATE, THREADS_BUSY
from monitor.model.text import duration, latency, percent
from monitor.model.view import View

JUDGED = (PRODUCE, FETCH, "FetchFollower")
"""Requests by which a broker is judged: those that carry records."""

PARTS = {"queue_p99_seconds": "waits in the request queue", "local_p99_seconds": "is processed by the broker"}
"""Parts of a request's time that are the broker's own doing. The rest is spent waiting for followers and records."""


def slow_brokers(view: View) -> Mapping[int, str]:
    """By node id what shows that a broker is slow, in words; empty where it is not, and no entry where nobody knows."""
    load, requests = view.broker_load, view.snapshot.broker_requests
    rows = {key: row for row, key in enumerate(zip(requests.broker.tolist(), requests.request.tolist(), strict=True))}
    found = {}
    for row, node in enumerate(view.broker_totals.broker.tolist()):
        signs = list(_busy(float(load.handler_idle[row]), float(load.network_idle[row])))
        signs += [each for request in JUDGED for each in _late(view, rows.get((node, request), -1), request)]
        if signs or _known(view, row, rows.get((node, FETCH), -1)):
            found[node] = ", ".join(signs)
    return found


def _busy(handlers: float, network: float) -> Iterator[str]:
    if handlers < THREADS_BUSY:
        yield f"request handlers {percent(handlers)} idle"
    if network < THREADS_BUSY:
        yield f"network threads {percent(network)} idle"


def _late(view: View, row: int, request: str) -> Iterator[str]:
    """What of a type of request is late, in words."""
    # Percentiles of what is hardly ever requested are of long ago.
    if row < 0 or not view.request_rates.rate[row] >= REQUESTS_JUDGED_RATE:
        return
    for part, words in PARTS.items():
        seconds = float(getattr(view.snapshot.broker_requests, part)[row])
        if seconds > REQUEST_SLOW_SECONDS:
            took = duration(seconds) if seconds >= 1 else latency(seconds)
            yield f"{request} {words} for {took} (p99)"


def _known(view: View, broker: int, fetch: int) -> bool:
    """Whether enough is known of a broker to call it not slow."""
    if fetch < 0 or math.isnan(view.broker_load.handler_idle[broker]) or math.isnan(view.request_rates.rate[fetch]):
        return False
    return not any(math.isnan(getattr(view.snapshot.broker_requests, part)[fetch]) for part in PARTS)
