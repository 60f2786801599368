"""What is remembered of each row of lag from poll to poll, so that a status can be told by how long something held."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from monitor.model.table import Floats, Ints, Table, column, values_at

SHIFT_SECONDS = 86_400.0
"""After so long the clock of marks begins anew: 4 bytes hold a day to a hundredth of a second."""

Bits = NDArray[np.uint8]
Shorts = NDArray[np.float32]

TIME = "seconds since the origin"
"""The unit of times of marks; NaN is never."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Marks(Table):
    """One row a row of lag. Times are seconds since `origin` on the monotonic clock."""

    first: Shorts = column("f4", "the first poll that knew the row's lag", TIME)
    seen: Shorts = column("f4", "the last poll that knew the row's lag", TIME)
    committed: Floats = column("f8", "its last known offset", "records")
    still: Shorts = column("f4", "since when that has not moved while there was something to read", TIME)
    pace: Shorts = column("f4", "the longest that it usually stays so", "seconds")
    stood: Shorts = column(
        "f4",
        "how long it stayed so before it moved last; 0 if much was left to read, unknown until seen whole",
        "seconds",
    )
    highest: Floats = column("f8", "where it was before it was rewound, while it is", "records")
    fell: Shorts = column("f4", "when it left that", TIME)
    lost: Floats = column("f8", "the most records that it was seen to have lost, while it is lost", "records")
    age_low: Shorts = column("f4", "the least age of the next record when the offset last moved", "seconds")
    age_high: Shorts = column("f4", "the greatest age of the next record when the offset last moved", "seconds")
    middle: Shorts = column("f4", "`age_high` at `middle_at`", "seconds")
    base: Shorts = column("f4", "`age_high` at `base_at`, earlier", "seconds")
    evidence: Bits = column("u1", "which conditions held at the last poll, a bit each; monitor.analysis.derive.status")
    on: Bits = column("u1", "which conditions are in effect, one bit each")
    turned_behind: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_growing: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_rewound: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_stopped: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_stuck: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_ahead: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_losing: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    turned_lost: Shorts = column("f4", "when the bit of `evidence` last changed", TIME)
    status: Ints = column("i1", "the status that was told last")
    since: Shorts = column("f4", "since when that is so", TIME)
    origin: float = 0.0
    """Monotonic seconds from which times are counted."""
    told: float = np.nan
    """The poll whose statuses these are, in monotonic seconds."""
    middle_at: float = np.nan
    base_at: float = np.nan

    def at(self, rows: Ints, **values: Any) -> Self:
        """The same with other values of some columns at `rows`."""
        if not len(rows):
            return self
        columns = {name: getattr(self, name).copy() for name in values}
        for name, each in values.items():
            columns[name][rows] = each
        return replace(self, **columns)

    def moved(self, old_rows: Ints) -> Self:
        """The same in another order: row i is what row `old_rows[i]` was, and a new one where that is -1."""
        return replace(
            self,
            **{
                each.name: values_at(
                    getattr(self, each.name), old_rows, np.nan if each.metadata["dtype"].kind == "f" else 0
                )
                for each in self.schema()
            },
        )

    def since_origin(self, origin: float) -> Self:
        """The same with times since another `origin`."""
        later = origin - self.origin
        if not later:
            return self
        times = {
            each.name: getattr(self, each.name) - np.float32(later)
            for each in self.schema()
            if each.metadata["unit"] == TIME
        }
        return replace(self, **times, middle_at=self.middle_at - later, base_at=self.base_at - later, origin=origin)

    def recent(self, started: float) -> Self:
        """The same with an origin that is recent enough at a poll of monotonic time `started`."""
        far = started - self.origin > SHIFT_SECONDS
        return self.since_origin(started) if far or not len(self) else self
