"""What a screen draws: one View with the way the person wants it shown."""

from dataclasses import dataclass

from monitor.model.view import View
from monitor.poll.source import Point
from tui.server import Served

WINDOW_SECONDS = 3_600.0
"""How far back charts and trends look."""


@dataclass(frozen=True)
class Watched:
    """A cluster that is monitored, shown or not. `view` is None before its first poll ends."""

    cluster: str
    address: str
    interval_seconds: float
    view: View | None = None


def data_age(view: View | None, now: float) -> float | None:
    """Age in seconds of what is shown of a View, None while nothing is."""
    if view is None or (not view.up and view.last_good is None):
        return None
    return now - view.shown.time


@dataclass(frozen=True)
class Picture:
    """One cluster as the screens show it. `view` is None before the first poll ends.

    `now` is unix seconds; `points` are the polls of the last WINDOW_SECONDS, oldest first. `clusters` are all that are
    watched, in their order, this one at `current`. `served` is what is known of the kmon that sends alerts, None where
    none is named. `troubles` are the reasons why parts of kmon have stopped working.
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
    polling: bool = False
    """A poll was asked for, and its View is not there yet."""
    clusters: tuple[Watched, ...] = ()
    current: int = 0
    troubles: tuple[str, ...] = ()
    served: Served | None = None

    @property
    def shown(self) -> View:
        """The View whose tables are shown. Only where there is one."""
        return self.newest.shown

    @property
    def newest(self) -> View:
        """The newest View, which knows the problems and events of an outage. Only where there is one."""
        assert self.view is not None
        return self.view

    @property
    def age_seconds(self) -> float | None:
        """Age of what is shown, None while nothing is."""
        return data_age(self.view, self.now)
