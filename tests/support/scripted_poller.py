"""A Poller that gives out Views that were written before, and a clock that only waiting moves on."""

import threading
from collections.abc import Sequence
from types import SimpleNamespace

from monitor.model.view import View


class Clock(threading.Event):
    """A clock that only waiting moves on, and the event that is waited for; it is set at `ends_at`."""

    def __init__(self, ends_at: float = 1e9) -> None:
        super().__init__()
        self.now, self.ends_at = 5000.0, 5000.0 + ends_at

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert timeout > 0
        self.now = min(self.now + timeout, self.ends_at)
        if self.now == self.ends_at:
            self.set()
        return self.is_set()


class Script:
    """A Poller that gives out Views, the last one for ever, and notes when it was asked."""

    def __init__(self, views: Sequence[View], clock: Clock | None = None, took: float = 0.0) -> None:
        self.settings = SimpleNamespace(interval_seconds=10.0)
        self.views, self.clock, self.took = views, clock, took
        self.at: list[float] = []
        self.closed = False

    def poll(self) -> View:
        if self.clock:
            self.at.append(self.clock.now - 5000)
            self.clock.now += self.took
        else:
            self.at.append(0)
        return self.views[min(len(self.at), len(self.views)) - 1]

    def poll_patiently(self) -> View:
        assert not self.at, "only the first"
        return self.poll()

    def close(self) -> None:
        self.closed = True
