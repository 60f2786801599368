"""How fast and how well a cold start dates what groups read next: 1,000 partitions behind, of known true ages."""

import os
import time
from collections.abc import Mapping

import numpy as np

from benchmarks.records import Place
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.poll.poller import Poller
from monitor.settings.model import ClusterSettings

POLLS = 4
TOLERANCE = 0.01


def measure_dating(bootstrap: str, times: Mapping[Place, Ints]) -> None:
    """The first polls of a Poller that knows nothing yet, at the default interval. `times` as build_aged gives them."""
    poller = Poller(ClusterSettings(bootstrap_servers=tuple(bootstrap.split(","))))
    try:
        for number in range(1, POLLS + 1):
            began = time.monotonic()
            view = poller.poll()
            print(
                f"poll {number}: {_dated(view, times)}; dating took {poller.parts['dating']:.3f} s, "
                f"{poller.dates.rounds} rounds, {poller.dates.requests} requests, {poller.dates.asked:,} timestamps; "
                f"poll {time.monotonic() - began:.3f} s; load average {os.getloadavg()[0]:.1f}",
                flush=True,
            )
            time.sleep(max(0.0, began + poller.settings.interval_seconds - time.monotonic()))
    finally:
        poller.close()


def _dated(view: View, times: Mapping[Place, Ints]) -> str:
    """How many rows have an age, how far off it may be, and whether the truth lies within that."""
    lag, found, names = view.lag, view.lag_times, view.snapshot.topics.topic
    behind = np.flatnonzero(lag.lag > 0)
    places = zip(lag.topic[behind].tolist(), lag.partition[behind].tolist(), strict=True)
    offsets = lag.committed_offset[behind].astype(int).tolist()
    written = [
        times[str(names[topic]), number][offset] for (topic, number), offset in zip(places, offsets, strict=True)
    ]
    truth = view.time - np.array(written) / 1000
    age, error = found.lag_seconds[behind], found.lag_seconds_error[behind]
    known = np.isfinite(age)
    share = (error / age)[known]
    # Timestamps are whole milliseconds.
    right = np.abs(age - truth)[known] <= error[known] + 0.002
    if not len(share):
        return f"0 of {len(behind):,} have an age"
    return (
        f"{known.sum():,} of {len(behind):,} have an age, {np.sum(share <= TOLERANCE):,} to 1 % "
        f"(median {np.median(share):.2%}, worst {np.max(share):.2%}), the true age is in the bound of {right.sum():,}"
    )
