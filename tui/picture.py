"""What a screen draws: one View with the way the person wants it shown."""

from dataclasses import dataclass

from monitor.source import Point
from monitor.view import View

WINDOW_SECONDS = 3_600.0
"""How far back charts and trends look."""


@dataclass(frozen=True)
class Picture:
    """One cluster as the screens show it. `view` is None before the first poll ends.

    `now` is unix seconds; `points` are the polls of the last WINDOW_SECONDS, oldest first.
    """

    cluster: str
    address: str
    interval_seconds: float
    now: float
    view: View | None = None
    points: tuple[Point, ...] = ()
    human: bool = False
    wide: bool = False
    problems: bool = False
    paused: bool = False

    @property
    def age_seconds(self) -> float | None:
        """Age of what is shown, None while nothing is."""
        if self.view is None or (not self.view.up and self.view.last_good is None):
            return None
        return self.now - self.view.shown.time
