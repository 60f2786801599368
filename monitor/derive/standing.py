"""How a group, or a group on a topic, stands by how its partitions do: the worst of them, and the sums of rates."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from monitor.derive.lag import BEHIND, GROWING, OK, SEVERITY, UNKNOWN
from monitor.derive.runs import Runs
from monitor.derive.status import LagStatuses
from monitor.derive.times import LagTimes
from monitor.table import Flags, Floats, Ints, Table, column

_SEVERITY = np.array(SEVERITY, np.int8)
_CODE = np.argsort(SEVERITY).astype(np.int32)
"""The status of each severity."""


@dataclass(frozen=True, eq=False)
class Standing(Table):
    """Worst status and times over some rows of lag; a number is unknown while a part that it needs is."""

    status: Ints = column("i4", "worst status in STATUSES")
    since: Floats = column(
        "f8", "unix time since when a partition has had it; unknown if before kmon looked", "seconds"
    )
    since_at_latest: Floats = column(
        "f8", "the same; where it is unknown the first poll that knew a partition that has it", "seconds"
    )
    lag_seconds: Floats = column("f8", "age of the oldest next record; 0 where there is none", "seconds")
    lag_seconds_error: Floats = column("f8", "the true age is at most this much less or more", "seconds")
    lag_seconds_at_least: Floats = column("f8", "the least that the age can be; unknown while none is known", "seconds")
    produce_rate: Floats = column("f8", "records produced a second", "records/s")
    consume_rate: Floats = column("f8", "records read a second", "records/s")
    eta_seconds: Floats = column("f8", "time until the last partition has lag 0; infinite if one does not", "seconds")
    headroom_seconds: Floats = column("f8", "time until retention deletes the first next record", "seconds")


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
