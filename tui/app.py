"""The terminal interface: Views of one or more clusters, drawn in a terminal. `KmonApp(sources).run()`."""

import os
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.markup import escape
from textual.message import Message
from textual.screen import Screen

from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Point, Source
from tui.heading import FLEET
from tui.host import Host
from tui.keys import APP_KEYS, view_keys
from tui.picture import WINDOW_SECONDS, Picture, Watched
from tui.registry import BELOW, SCREENS
from tui.screens.base import MonitorScreen
from tui.screens.help import HelpScreen
from tui.server import AlertServer, Answer, Asker, Change, Served
from tui.theme import KMON_DARK, theme_for

TICK_SECONDS = 1.0
VIEWS = tuple((each.KEY, each.NAME, each.TITLE) for each in SCREENS)


class ViewArrived(Message):
    """A new View of one source, with what is remembered of the polls before it; posted from the poll's thread."""

    def __init__(self, source: int, view: View, points: list[Point]) -> None:
        """`source` is the place of the source among those the app was given."""
        super().__init__()
        self.source = source
        self.view = view
        self.points = points


class ServerAnswered(Message):
    """What came of a question to the kmon that sends alerts; posted from the thread that asks it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class OutputDriver(LinuxDriver):
    """Draws on standard output. Textual's own draws on standard error, which is where kmon's log lines go."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file = sys.__stdout__


class KmonApp(Host, inherit_bindings=False):
    """Draws what its sources bring; it asks nothing else for data and never waits for a poll."""

    TITLE = "kmon"
    CSS_PATH = "kmon.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*view_keys(VIEWS), *APP_KEYS]
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {each.NAME: each for each in SCREENS}
    DEFAULT_MODE = SCREENS[0].NAME
    views = VIEWS
    kinds: ClassVar[dict[str, type[MonitorScreen]]] = {each.NAME: each for each in (*SCREENS, *BELOW)}

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        addresses: Sequence[str] = (),
        troubles: Callable[[], Sequence[str]] = tuple,
        server: AlertServer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`addresses` are the sources' bootstrap servers as shown before a first View; `clock` gives unix seconds.

        `server` is the kmon that sends alerts, which are acknowledged and silenced there. `troubles` gives the reasons
        why parts of kmon have stopped working; called every TICK_SECONDS.
        """
        # Only native colours can be left out as a whole; those of a theme would become greys.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._sources = tuple(sources)
        self._addresses = (*addresses, *("" for _ in sources))
        self._troubles, self._clock = troubles, clock
        self._newest: dict[int, ViewArrived] = {}
        self._visited: list[str] = []
        self._ends: list[Callable[[], None]] = []
        self._server, self._asker = server, None if server is None else Asker(server, self._on_answer)
        first = sources[0]
        self.picture = Picture(
            first.cluster,
            self._addresses[0],
            first.interval_seconds,
            clock(),
            clusters=self._clusters(),
            served=self._served(),
        )

    def get_driver_class(self) -> type[Driver]:
        return OutputDriver

    # Data

    def on_load(self) -> None:
        self.register_theme(KMON_DARK)
        self.theme = theme_for(None, no_color=self.no_color)
        self.animation_level = "none"
        for place, source in enumerate(self._sources):
            self._ends.append(source.subscribe(self._listener(place, source)))
            view = source.latest()
            if view is not None:
                self.on_view_arrived(ViewArrived(place, view, source.window(view.time - WINDOW_SECONDS)))

    def _listener(self, place: int, source: Source) -> Callable[[View], None]:
        """Called on the poll's thread: reading the window there costs the screen nothing."""

        def listen(view: View) -> None:
            self.post_message(ViewArrived(place, view, source.window(view.time - WINDOW_SECONDS)))

        return listen

    def on_mount(self) -> None:
        # Only now it is known whether there is a terminal at all.
        if not self.is_headless:
            self.theme = theme_for(self.console.color_system, no_color=self.no_color)
        self.set_interval(TICK_SECONDS, self._tick)
        if len(self._sources) > 1:
            self.switch_mode(FLEET)

    def on_unmount(self) -> None:
        for end in self._ends:
            end()
        if self._asker is not None:
            self._asker.end()

    def on_view_arrived(self, message: ViewArrived) -> None:
        self._newest[message.source] = message
        if message.source == self.picture.current:
            self.picture = replace(self.picture, polling=False)
            self.ask_server()
        if self.picture.paused:
            return
        if message.source == self.picture.current or self.current_mode == FLEET:
            self._show_newest()
        else:
            self._tick()

    def _clusters(self) -> tuple[Watched, ...]:
        """Every cluster with its newest View."""
        newest = {place: each.view for place, each in self._newest.items()}
        return tuple(
            Watched(each.cluster, self._addresses[place], each.interval_seconds, newest.get(place))
            for place, each in enumerate(self._sources)
        )

    def _show_newest(self) -> None:
        newest = self._newest.get(self.picture.current)
        if newest is not None:
            name = self._sources[self.picture.current].cluster
            self._change(cluster=name, view=newest.view, points=tuple(newest.points))
        else:
            self._change()

    def _change(self, **changes: Any) -> None:
        self._renew(**changes)
        for screen in self._monitors():
            screen.show(self.picture)

    def _renew(self, **changes: Any) -> None:
        self.picture = replace(self.picture, now=self._clock(), troubles=tuple(self._troubles()), **changes)
        if not self.picture.paused:
            self.picture = replace(self.picture, clusters=self._clusters())

    def _tick(self) -> None:
        self._renew()
        for screen in self._monitors():
            screen.show_top(self.picture)

    def _monitors(self) -> list[MonitorScreen]:
        """The screen that is seen, also behind the help; those below it are drawn when they are seen again."""
        # While the app ends, its timer still runs and its screens lose their widgets one by one.
        screens = [each for each in self.screen_stack if isinstance(each, MonitorScreen)]
        return [each for each in screens if each.is_mounted and each.is_running][-1:]

    # The server that sends alerts

    def _served(self) -> Served | None:
        """What is known of it before it has answered."""
        return None if self._server is None else Served(self._server.url)

    def ask_server(self, change: Change | None = None) -> None:
        newest = self._newest.get(self.picture.current)
        if self._asker is not None and newest is not None:
            self._asker.ask(newest.view.cluster, newest.view.shown.snapshot.cluster_id, change)

    def _on_answer(self, answer: Answer) -> None:
        self.post_message(ServerAnswered(answer))

    def on_server_answered(self, message: ServerAnswered) -> None:
        answer, known = message.answer, self.picture.served
        if done := answer.done or answer.refused:
            self.notify(visible(done), severity="error" if answer.refused else "information", markup=False)
        if known is not None and self.picture.view is not None and self.picture.view.cluster == answer.cluster:
            found = answer.found or known.found
            self._change(served=replace(known, found=found, error=answer.error))

    # Actions

    def screen_named(self, name: str, about: Hashable) -> MonitorScreen:
        return self.kinds[name](about)

    def action_view(self, name: str) -> None:
        self._visited.append(self.current_mode)
        self._open(name)

    def _open(self, name: str) -> None:
        self.switch_mode(name)
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def back(self) -> None:
        """Go one screen back: to the row it was opened from, or else to the view before."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        elif self._visited:
            self._open(self._visited.pop())

    def action_switch(self, setting: str) -> None:
        """Turn `human`, `wide`, `problems` or `paused` of the picture on or off."""
        self._change(**{setting: not getattr(self.picture, setting)})
        if setting == "paused" and not self.picture.paused:
            self._show_newest()

    def action_poll(self) -> None:
        """Have the cluster that is shown polled now, or in the list of clusters all of them."""
        chosen = self._sources if self.current_mode == FLEET else [self._sources[self.picture.current]]
        for source in chosen:
            source.poll_now()
        self._change(polling=True)

    def action_help(self) -> None:
        for screen in self._monitors():
            self.push_screen(HelpScreen(screen, view_keys(VIEWS)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        # Textual's others, such as Screenshot and Maximize, are made for screens of another kind.
        yield from (each for each in super().get_system_commands(screen) if each.title in ("Theme", "Quit"))
        for place, source in enumerate(self._sources if len(self._sources) > 1 else ()):
            name = escape(visible(source.cluster))
            yield SystemCommand(f"Cluster {name}", "Watch this cluster", lambda place=place: self.watch_cluster(place))

    def watch_cluster(self, place: int) -> None:
        """Show the source at `place`: the view that is on, or from that of all clusters its overview."""
        source = self._sources[place]
        of_source = {"cluster": source.cluster, "interval_seconds": source.interval_seconds, "view": None, "points": ()}
        at_first = {"paused": False, "served": self._served()}
        self._change(current=place, address=self._addresses[place], **at_first, **of_source)
        self._show_newest()
        self.ask_server()
        if self.current_mode == FLEET:
            self.action_view(SCREENS[0].NAME)
