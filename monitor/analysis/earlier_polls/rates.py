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
    newest = ring.points[-1].time if ring.points else np.nan
    ages = [(newest - point.time, point) for point in ring.points]
    fit = [each for each in ages if LEAST * window_seconds <= each[0] <= MOST * window_seconds]
    if not fit:
        return np.full(len(ring.base), np.nan)
    age, first = min(fit, key=lambda each: abs(each[0] - window_seconds))
    rates: Floats = ring.risen(first) / age
    return rates
