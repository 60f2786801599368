"""Views whose brokers have metrics of their own, as plain numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from monitor.model.broker_metrics import BrokerLoad, BrokerMetrics, BrokerRequests, DeprecatedRequests, RequestRates
from monitor.model.snapshot import Snapshot
from monitor.model.view import View

NAN = math.nan


@dataclass
class Figures:
    """Of one broker: idle shares, and by type of request its rate, and the p99 of queue and work in seconds."""

    handlers: float = 0.9
    network: float = 0.9
    requests: Mapping[str, tuple[float, float, float]] = field(
        default_factory=lambda: dict.fromkeys(("FetchConsumer", "FetchFollower", "Produce"), (50.0, 0.001, 0.002))
    )


def measured(view: View, brokers: Mapping[int, Figures]) -> View:
    """The View with the figures of these brokers, and not judged anew."""
    rows = [(node, name, *each) for node, of in brokers.items() for name, each in of.requests.items()]
    load = {each.name: np.full(len(view.broker_totals), NAN) for each in BrokerLoad.schema()}
    load["metrics_reason"] = np.zeros(len(view.broker_totals), np.int32)
    for row, node in enumerate(view.broker_totals.broker.tolist()):
        if node in brokers:
            load["handler_idle"][row], load["network_idle"][row] = brokers[node].handlers, brokers[node].network
    requests = BrokerRequests.of_rows(
        (node, name, 1000.0, queue + work, queue, work, 0.0, 0.0) for node, name, _, queue, work in rows
    )
    return replace(
        view,
        snapshot=replace(view.snapshot, broker_requests=requests),
        broker_load=BrokerLoad(**load),
        request_rates=RequestRates(rate=np.array([each[2] for each in rows], np.float64)),
    )


def reporting(snapshot: Snapshot, reason: int) -> Snapshot:
    """The Snapshot in which brokers 1 and 2 report metrics, and the endpoint of broker 3 has this reason code."""
    rows = [
        (1, snapshot.started - 2.0, 9.0e9, 2.7e10, 5_000.0, 0.87, 0.95, 1.0, 0),
        (2, snapshot.started - 2.0, 8.0e9, 2.4e10, 4_000.0, 0.64, 0.91, 0.0, 0),
        (3, *[NAN] * 7, reason),
    ]
    times = {"FetchConsumer": (0.507, 0.002, 0.004, 0.5, 0.0), "Produce": (0.012, 0.003, 0.004, 0.005, 0.25)}
    return replace(
        snapshot,
        broker_metrics=BrokerMetrics.of_rows(rows),
        broker_requests=BrokerRequests.of_rows(
            (node, name, 60_000.0, *each) for node in (1, 2) for name, each in times.items()
        ),
        deprecated_requests=DeprecatedRequests.of_rows([(2, "Fetch", "3", "librdkafka", "0.11.4", 77.0)]),
    )
