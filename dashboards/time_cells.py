"""Time lag, rates, time to drain and time to data loss of groups and partitions, as columns of a grid."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from dashboards.cells import blamed, decimals
from dashboards.components.controls import column
from monitor.analysis.derive.status import BEFORE_WATCHED
from monitor.analysis.derive.times import NO_HEADROOM, NO_RATES, NOT_DATED
from monitor.model.table import Floats, Ints


class Times(Protocol):
    """A table of rows of lag, or of groups, with their time lag and rates."""

    @property
    def lag_seconds(self) -> Floats: ...
    @property
    def lag_seconds_error(self) -> Floats: ...
    @property
    def produce_rate(self) -> Floats: ...
    @property
    def consume_rate(self) -> Floats: ...
    @property
    def eta_seconds(self) -> Floats: ...
    @property
    def headroom_seconds(self) -> Floats: ...


SINCE = column("since", "For", number="since", width=90, headerTooltip="Time since the status last changed")
AGE = column("age", "Time lag", number="age", width=125, headerTooltip="Age of the oldest unread record")
RATES = (
    column("produce", "In rate", number="rate", width=100, headerTooltip="Records produced per second, over 5 minutes"),
    column("consume", "Out rate", number="rate", width=100, headerTooltip="Records read per second, over 5 minutes"),
)
ENDS = (
    column("eta", "Drains in", number="left", width=105, headerTooltip="Time until the lag is 0 at the current rates"),
    column(
        "headroom",
        "Data loss in",
        number="left",
        width=125,
        headerTooltip="Time until retention deletes an unread record",
    ),
)


class Since(Protocol):
    """A table with the beginning of each status."""

    @property
    def since(self) -> Floats: ...
    @property
    def since_at_latest(self) -> Floats: ...


def time_cells(times: Times, since: Since, now: float, at: Ints | slice = slice(None)) -> dict[str, Sequence[Any]]:
    """The cells of these rows by field; times are unix times before `now`, which the browser writes as spans."""
    latest = since.since_at_latest[at]
    return {
        "since": decimals(since.since[at], 0),
        "since_at_latest": decimals(np.where(np.isnan(since.since[at]) & (latest < now), latest, np.nan), 0),
        "age": decimals(times.lag_seconds[at], 1),
        "age_error": decimals(times.lag_seconds_error[at], 1),
        "produce": decimals(times.produce_rate[at], 1),
        "consume": decimals(times.consume_rate[at], 1),
        "eta": decimals(times.eta_seconds[at], 0),
        "headroom": decimals(times.headroom_seconds[at], 0),
    }


def time_codes(
    times: Times, since: Since, reasons: list[str], *, ages: Ints, lags: Ints, at: Ints | slice = slice(None)
) -> Mapping[str, Ints]:
    """Why these cells are unknown, by field: reason codes a row, where `ages` and `lags` are those of ages and lags."""
    lags = lags[at]
    return {
        "since": blamed(since.since[at], reasons, BEFORE_WATCHED, lags),
        "age": blamed(times.lag_seconds[at], reasons, NOT_DATED, ages[at]),
        "produce": blamed(times.produce_rate[at], reasons, NO_RATES, lags),
        "consume": blamed(times.consume_rate[at], reasons, NO_RATES, lags),
        "eta": blamed(times.eta_seconds[at], reasons, NO_RATES, lags),
        "headroom": blamed(times.headroom_seconds[at], reasons, NO_HEADROOM, lags),
    }
