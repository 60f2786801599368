"""What a Textual app under a Pilot has on its screen."""

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from views import NOW, FixtureSource

from monitor.model.view import View
from monitor.poll.source import Point
from tui.app import KmonApp
from tui.screens.base import MonitorScreen
from tui.widgets.lines import Lines
from tui.widgets.rows import Rows
from tui.widgets.table import VirtualTable


def lines(app: App[Any]) -> list[str]:
    """The lines of the screen, without styles."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def text(app: App[Any]) -> str:
    """The whole screen, without styles."""
    return "\n".join(lines(app))


def detail(app: App[Any]) -> str:
    """What is said below the table of the row under the cursor."""
    return " ".join(app.screen.query_one("#detail", Lines).text.split())


def monitor(pilot: Pilot[None]) -> MonitorScreen:
    """The screen on top, which must be one of kmon's views."""
    assert isinstance(pilot.app.screen, MonitorScreen)
    return pilot.app.screen


def table(pilot: Pilot[None]) -> VirtualTable[Rows]:
    """The table of the screen on top."""
    return monitor(pilot).table


async def settled(pilot: Pilot[None]) -> None:
    """Wait until what was posted is handled, and then what that led to: a layout, a mount, a resize."""
    for _ in range(3):
        await pilot.pause()


class StrictSource:
    """A Source that has nothing else, and counts what it is asked: what is not in the Protocol is an AttributeError."""

    __slots__ = ("_source", "asked")

    def __init__(self, source: FixtureSource) -> None:
        self._source = source
        self.asked: list[str] = []

    @property
    def cluster(self) -> str:
        return self._source.cluster

    @property
    def interval_seconds(self) -> float:
        return self._source.interval_seconds

    def latest(self) -> View | None:
        self.asked.append("latest")
        return self._source.latest()

    def window(self, since: float) -> list[Point]:
        self.asked.append("window")
        return self._source.window(since)

    def subscribe(self, listener: Callable[[View], None]) -> Callable[[], None]:
        self.asked.append("subscribe")
        return self._source.subscribe(listener)

    def poll_now(self) -> None:
        self.asked.append("poll_now")
        self._source.poll_now()


def app_on(*views: View, age_seconds: float = 3.0, **options: Any) -> tuple[KmonApp, FixtureSource]:
    """An app over a fixture that has shown these Views, on a clock that stands `age_seconds` after the newest."""
    source = FixtureSource(*views)
    now = (views[-1].time if views else NOW) + age_seconds
    return KmonApp([source], clock=lambda: now, **options), source
