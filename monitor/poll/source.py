"""Where a face gets its Views: the Source it is given, and the one that remembers the latest in this process."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from monitor.model.table import Floats, Texts
from monitor.model.view import View
from monitor.poll.worker import log_failure

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Point:
    """One poll as the charts need it. NaN and None are unknown; `groups` are sorted ids.

    `lag_at_least` is the part of the cluster's lag that is known while `lag` is not.
    """

    time: float
    up: bool
    lag: float | None
    groups: Texts
    group_lag: Floats
    lag_at_least: float | None = None

    @classmethod
    def of(cls, view: View) -> "Point":
        return cls(
            view.time,
            view.up,
            view.totals.lag if view.up else None,
            view.snapshot.groups.group,
            view.group_lags.lag,
            view.totals.lag_at_least if view.up else None,
        )

    def lag_of(self, group: str) -> float | None:
        """Lag of a group in records, None where it was unknown or absent."""
        row = int(np.searchsorted(self.groups, group)) if len(self.groups) else 0
        if row == len(self.groups) or self.groups[row] != group or np.isnan(self.group_lag[row]):
            return None
        return float(self.group_lag[row])


class Source(Protocol):
    """Where a face gets Views of one cluster: a live poll, a running server, a recording or a fixture."""

    @property
    def cluster(self) -> str:
        """The cluster's name, which changes once where the settings give none: see ClusterName."""
        ...

    @property
    def interval_seconds(self) -> float:
        """Seconds from poll to poll; what is older than two of them is shown as old."""
        ...

    def latest(self) -> View | None:
        """The newest View, None before the first."""
        ...

    def window(self, since: float) -> list[Point]:
        """What is remembered of the polls since unix time `since`, oldest first."""
        ...

    def subscribe(self, listener: Callable[[View], None]) -> Callable[[], None]:
        """Call `listener` with every new View, on the poll's thread; the answer ends the subscription."""
        ...

    def poll_now(self) -> None:
        """Ask for a poll before the next is due. Returns at once; the View comes to the listeners."""
        ...


class Memory:
    """A Source that is shown Views and remembers the points of the last `points` of them.

    `cluster` is its name; where it is not `named`, that of the newest View once there is one.
    """

    def __init__(self, cluster: str, interval_seconds: float, points: int = 1080, *, named: bool = True) -> None:
        self.cluster = cluster
        self._named = named
        self.interval_seconds = interval_seconds
        self._latest: View | None = None
        self._points: deque[Point] = deque(maxlen=points)
        self._listeners: list[Callable[[View], None]] = []
        self._lock = threading.Lock()
        self._wanted = threading.Event()

    def latest(self) -> View | None:
        return self._latest

    def window(self, since: float) -> list[Point]:
        with self._lock:
            return [point for point in self._points if point.time >= since]

    def subscribe(self, listener: Callable[[View], None]) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def poll_now(self) -> None:
        self._wanted.set()

    def wait_for_wish(self, timeout_seconds: float) -> bool:
        """Wait until somebody wants a poll, for no longer than this; whether anybody does, which is then forgotten."""
        wanted = self._wanted.wait(timeout_seconds)
        self._wanted.clear()
        return wanted

    def show(self, view: View) -> None:
        """Make `view` the latest and tell every listener; one that fails is logged and costs no other anything."""
        with self._lock:
            if not self._named:
                self.cluster = view.cluster
            self._latest = view
            self._points.append(Point.of(view))
            listeners = list(self._listeners)
        for listener in listeners:
            try:
                listener(view)
            except Exception:  # noqa: BLE001 - isolation is the point
                log_failure(log, "a listener failed on the View of cluster %s", view.cluster)
