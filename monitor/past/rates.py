"""Records per second over a window, from the points of a ring: never across a gap, a rewind or another log."""

import numpy as np

from monitor.past.ring import Ring
from monitor.table import Floats

WINDOWS = (60.0, 300.0, 900.0, 3600.0)
"""The windows over which rates are told, in seconds."""
REACH = 0.5
"""A window may begin later than it should by this share of it while nothing older is remembered."""


def rate(ring: Ring, window_seconds: float) -> Floats:
    """Records per second of each row over the window that ends with the newest point, shape (rows,).

    NaN where the number is not known at both ends of the window, fell within it, or where polls were missed for more
    than half of it; also while less than half of the window has been seen.
    """
    rows = ring.values.shape[1]
    nothing = np.full(rows, np.nan)
    times = ring.times
    if len(times) < 2:
        return nothing
    now = times[-1]
    first = ring.back(now, window_seconds)
    first = 0 if first is None else first
    span = now - times[first]
    # The spacing of old points, or a stop of the polls, must not make a window of an hour out of one of a minute.
    if span < REACH * window_seconds or span > 2 * window_seconds:
        first = int(np.searchsorted(times, now - 2 * window_seconds))
        span = now - times[first]
        if span < REACH * window_seconds:
            return nothing
    newest, oldest = ring.point(-1), ring.point(first)
    risen = ring.rose_since(first) & (newest >= 0) & (oldest >= 0)
    return np.where(risen, (newest - oldest) / span, np.nan)
