"""How a group, or a group on a topic, stands by how its partitions do: the worst of them, and the sums of rates."""

from typing import Any

import numpy as np

from monitor.analysis.derive.runs import Runs
from monitor.model.lag import LagStatuses, LagTimes
from monitor.model.status import BEHIND, GROWING, OK, SEVERITY, UNKNOWN
from monitor.model.table import Flags, Floats

_SEVERITY = np.array(SEVERITY, np.int8)
_CODE = np.argsort(SEVERITY).astype(np.int32)
"""The status of each severity."""


def standing(statuses: LagStatuses, times: LagTimes, runs: Runs, failed: Flags, growing: Floats) -> dict[str, Any]:
    """The columns of Standing for the totals of `runs` of lag, a row each. Of what `failed` there may be more rows.

    `growing` is since when each grows as a whole, which is worse than that its partitions are behind.
    """

    def whole(numbers: Floats) -> Floats:
        return np.where(failed, np.nan, numbers)

    severity = runs.over(np.maximum, _SEVERITY[statuses.status], SEVERITY[OK]).astype(np.int64)
    status = _CODE[severity]
    status[failed & (status == OK)] = UNKNOWN
    worst = statuses.status == runs.spread(status)
    since = runs.over(np.minimum, np.where(worst, statuses.since, np.inf), np.nan)
    since[np.isinf(since)] = np.nan
    at_latest = runs.over(np.fmin, np.where(worst, statuses.since_at_latest, np.nan), np.nan)
    grows = (status == BEHIND) & ~np.isnan(growing)
    status[grows] = GROWING
    since[grows] = at_latest[grows] = growing[grows]

    age, error = times.lag_seconds, times.lag_seconds_error
    lows = age - error
    low, high = runs.over(np.maximum, lows, 0.0), runs.over(np.maximum, age + error, 0.0)
    # What never falls is the longest, whatever is unknown beside it.
    endless = runs.over(np.maximum, times.eta_seconds == np.inf, 0.0) > 0
    return {
        "status": status,
        "since": since,
        "since_at_latest": at_latest,
        "lag_seconds": whole((low + high) / 2),
        "lag_seconds_error": whole((high - low) / 2),
        "lag_seconds_at_least": runs.over(np.fmax, lows, np.nan),
        "produce_rate": whole(runs.sum(times.produce_rate)),
        "consume_rate": whole(runs.sum(times.consume_rate)),
        "eta_seconds": np.where(endless, np.inf, whole(runs.over(np.maximum, times.eta_seconds, 0.0))),
        "headroom_seconds": whole(runs.over(np.minimum, times.headroom_seconds, np.inf)),
    }
