"""The counters that brokers reported in the last polls, for rates over the last minute."""

import math
from collections.abc import Hashable, Iterator, Mapping

from monitor.model.broker_metrics import BrokerMetrics
from monitor.model.snapshot import Snapshot
from monitor.model.table import Table

WINDOW_SECONDS = 60.0
"""Rates are over this time, or since the poll before where polls are further apart."""

OF_BROKERS = ("bytes_in", "bytes_out", "handler_idle_seconds")
"""Columns of `BrokerMetrics` that are counters."""

Key = tuple[Hashable, ...]
"""What a counter is of, its broker, and what else names it."""
Counters = Mapping[Key, tuple[float, float]]
"""The monotonic time and number of each counter."""
History = tuple[Counters, ...]
"""Those of the last polls, the newest at the end."""


def broker_key(broker: int, figure: str) -> Key:
    """What names a counter of a broker."""
    return figure, broker


def broker_of(key: Key) -> Hashable:
    """The broker of a counter."""
    return key[1]


def row_keys(table: Table) -> Iterator[Key]:
    """What names the counter in `requests` of each row of a table: its broker and texts."""
    names = [each.name for each in table.schema() if each.name == "broker" or each.metadata["dtype"].hasobject]
    for row in zip(*(getattr(table, name).tolist() for name in names), strict=True):
        yield type(table).__name__, *row


def see_counters(before: History, snapshot: Snapshot) -> History:
    """The history with the counters of a poll. Counters of the last minute are kept, and always those before."""
    metrics = snapshot.broker_metrics
    if not len(metrics):
        return ()
    now = dict(_counters(snapshot))
    newest = max((time for time, _ in now.values()), default=snapshot.started)
    kept = [each for each in before if any(newest - time <= WINDOW_SECONDS for time, _ in each.values())]
    return (*(kept or before[-1:]), now)


def _counters(snapshot: Snapshot) -> Iterator[tuple[Key, tuple[float, float]]]:
    metrics: BrokerMetrics = snapshot.broker_metrics
    times = dict(zip(metrics.broker.tolist(), metrics.collected.tolist(), strict=True))
    for figure in OF_BROKERS:
        for broker, total in zip(metrics.broker.tolist(), getattr(metrics, figure).tolist(), strict=True):
            if not math.isnan(total):
                yield broker_key(broker, figure), (times[broker], total)
    for table in (snapshot.broker_requests, snapshot.deprecated_requests):
        for key, broker, total in zip(row_keys(table), table.broker.tolist(), table.requests.tolist(), strict=True):
            if not math.isnan(total):
                yield key, (times[broker], total)


def rates_of(history: History, shortest: float = 0.0) -> Mapping[Key, float]:
    """How much each newest counter has grown a second since the oldest poll, or since its broker started again.

    Only of those that are known for more than the `shortest` seconds.
    """
    if not history:
        return {}
    rates: dict[Key, float] = {}
    for key, (time, total) in history[-1].items():
        since, least = time, total
        for earlier in reversed(history[:-1]):
            if key not in earlier or earlier[key][1] > least:
                break
            since, least = earlier[key]
        if time - since > shortest:
            rates[key] = (total - least) / (time - since)
    return rates
