"""The load of brokers by their own metrics: rates over the last minute, and percentiles of the requests that count."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from monitor.analysis.earlier_polls.broker_counters import History, Key, broker_key, broker_of, rates_of, row_keys
from monitor.model.broker_metrics import BrokerLoad, BrokerRequests, DeprecatedRequests, RequestRates
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Flags, Floats, Ints, values_at

PRODUCE, FETCH = "Produce", "FetchConsumer"
"""Requests of clients, as Kafka names them in metrics."""

IDLE_SECONDS = 40.0
"""Only of a broker that has run for longer than this is it known how idle its threads are: any is busy for a moment,
and Kafka's own share of network threads is far too low for half a minute after a start."""

NO_ENDPOINT = Reason(Kind.NO_ENDPOINT)
NOT_YET = Reason(Kind.NO_METRICS_YET)


def derive_load(snapshot: Snapshot, brokers: Ints, history: History, reasons: ReasonCodes) -> BrokerLoad:
    """The load of each of these brokers, by node id; `history` has the counters of this poll and of those before."""
    metrics = snapshot.broker_metrics
    rows = {broker: row for row, broker in enumerate(metrics.broker.tolist())}
    at = np.array([rows.get(broker, -1) for broker in brokers.tolist()], np.int64)
    reason = values_at(metrics.reason, at, reasons[NO_ENDPOINT] if (at < 0).any() else KNOWN).astype(np.int32)
    rates = rates_of(history)

    def rate(figure: str, of: Mapping[Key, float] = rates) -> Floats:
        return np.array([of.get(broker_key(each, figure), np.nan) for each in brokers.tolist()], np.float64)

    there = np.where(at < 0, np.nan, reason == KNOWN)
    settled = rates_of(history, IDLE_SECONDS)
    idle, reported = rate("handler_idle_seconds", settled), values_at(metrics.handler_idle, at)
    network = values_at(metrics.network_idle, at)
    return BrokerLoad(
        metrics_up=np.where(reason == reasons.get(NOT_YET, -1), np.nan, there),
        metrics_age_seconds=np.maximum(0.0, snapshot.started - values_at(metrics.collected, at)),
        bytes_in_rate=rate("bytes_in"),
        bytes_out_rate=rate("bytes_out"),
        # With two pools of handlers (KRaft's combined mode) Kafka reports more than 1.
        handler_idle=np.minimum(1.0, np.where(np.isnan(idle), reported, idle)),
        network_idle=np.where(_runs(brokers, settled, history), np.minimum(1.0, network), np.nan),
        under_replicated=values_at(metrics.under_replicated, at),
        deprecated_rate=np.where(there == 1, _deprecated(snapshot.deprecated_requests, brokers, rates), np.nan),
        metrics_reason=reason,
        **_percentiles(snapshot.broker_requests, brokers),
    )


def _runs(brokers: Ints, settled: Mapping[Key, float], history: History) -> Flags:
    """Which brokers have run for long, by their counters, or have none to tell it by."""
    counted = {broker_of(key) for key in history[-1]} if history else set()
    known = {broker_of(key) for key in settled}
    return np.array([each in known or each not in counted for each in brokers.tolist()], bool)


def request_rates(table: BrokerRequests | DeprecatedRequests, history: History) -> RequestRates:
    """Requests a second of each row."""
    rates = rates_of(history)
    return RequestRates(rate=np.array([rates.get(key, np.nan) for key in row_keys(table)], np.float64))


def _deprecated(table: DeprecatedRequests, brokers: Ints, rates: Mapping[Key, float]) -> Floats:
    """The sum over the client software of each broker; unknown while the rate of any is."""
    totals = dict.fromkeys(brokers.tolist(), 0.0)
    for broker, key in zip(table.broker.tolist(), row_keys(table), strict=True):
        totals[broker] = totals.get(broker, 0.0) + rates.get(key, np.nan)
    return np.array([totals[each] for each in brokers.tolist()], np.float64)


def _percentiles(table: BrokerRequests, brokers: Ints) -> dict[str, Any]:
    rows = {key: row for row, key in enumerate(zip(table.broker.tolist(), table.request.tolist(), strict=True))}

    def of(request: str, column: str) -> Floats:
        at = np.array([rows.get((each, request), -1) for each in brokers.tolist()], np.int64)
        found: Floats = values_at(getattr(table, column), at)
        return found

    return {
        "produce_p99_seconds": of(PRODUCE, "total_p99_seconds"),
        "fetch_p99_seconds": of(FETCH, "total_p99_seconds"),
        "throttle_p99_seconds": np.fmax(*(of(each, "throttle_p99_seconds") for each in (PRODUCE, FETCH))),
    }
