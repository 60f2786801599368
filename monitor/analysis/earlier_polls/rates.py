"""Records per second over a window, from the points of a ring: never across a gap, a rewind or another log."""

import numpy as np

from monitor.analysis.earlier_polls.ring import Ring
from monitor.model.table import Floats

WINDOWS = (60.0, 300.0, 900.0, 3600.0)
"""The windows over which rates are told, in seconds."""
LEAST, MOST = 0.5, 2.0
"""A rate may be over as little or as much of its window while no more is remembered: it is over the nearest to all."""


def rate(ring: Ring, window_seconds: float) -> Floats:
    """Records per second of each row over the window that ends with the newest point, shape (rows,).

    NaN where the number is not known at both ends of the window, fell within it, or where polls were missed for more
    than half of it; also while less than half of the window has been seen.
    """
    times = ring.times
    ages = times[-1] - times if len(times) else times
    fit = np.flatnonzero((ages >= LEAST * window_seconds) & (ages <= MOST * window_seconds))
    if not len(fit):
        return np.full(ring.rows, np.nan)
    first = int(fit[np.argmin(np.abs(ages[fit] - window_seconds))])
    rates: Floats = ring.risen(first) / ages[first]
    return rates
