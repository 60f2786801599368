"""How often a fault that lasts is logged: at once, and then at a slow pace with how often it happened since."""

from collections.abc import Hashable
from dataclasses import dataclass

from monitor.model.text import duration, plural

EVERY_SECONDS = 300.0
MOST = 16
"""So many different faults are told apart; with more of them the oldest begins anew."""


@dataclass
class _Told:
    at: float
    since: int = 0


class Pace:
    """What to log of one thing that fails again and again. Not for more than one thread at once."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self._told: dict[Hashable, _Told] = {}

    def line(self, text: str, now: float, key: Hashable = None) -> str | None:
        """The line to log of a failure at monotonic time `now`, None while it was logged a short time ago.

        Failures are the same where `key` is, which stands for a text that differs each time, e.g. by how long it took.
        """
        key = text if key is None else key
        told = self._told.get(key)
        if told is None:
            while len(self._told) >= MOST:
                del self._told[next(iter(self._told))]
            self._told[key] = _Told(now)
            return text
        told.since += 1
        seconds = now - told.at
        if seconds < self._every_seconds:
            return None
        self._told[key] = _Told(now)
        return text if told.since == 1 else f"{text} ({plural(told.since, 'time')} in the last {duration(seconds)})"

    def over(self) -> bool:
        """Note that it works; whether there was a failure before, so that this is worth a line too."""
        failed = bool(self._told)
        self._told.clear()
        return failed
