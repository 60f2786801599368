"""What changed in a cluster, the newest first: when, of what, from what to what."""

import time
from collections.abc import Sequence
from dataclasses import replace

from monitor.analysis.derive.emptiness import no_events
from monitor.analysis.events.event import when
from monitor.model.events import Events
from monitor.model.levels import OF_EVENTS
from monitor.model.view import View
from monitor.subjects.health import EVENT
from tui.heading import section
from tui.picture import Picture
from tui.screens.base import MonitorScreen
from tui.widgets.columns import Cell, Column
from tui.widgets.lines import Line, Part
from tui.widgets.rows import Rows, column, reasons


def _table(rows: Rows) -> Events:
    return rows.picture.newest.events


def _kind(rows: Rows, row: int) -> Cell:
    return Cell(str(rows.word("kind", row)), _colour(rows.kind(row)))


def _colour(level: str) -> str:
    return "" if level == "ok" else level


def _when(rows: Rows, row: int) -> Cell:
    now, interval = rows.picture.now, rows.picture.interval_seconds
    told = when(_table(rows), row, now, interval)
    return Cell(told, "dim", f"≥ {when(_table(rows), row, now, None)}")


def _clock(rows: Rows, row: int) -> Cell:
    return Cell(time.strftime("%m-%d %H:%M:%S", time.gmtime(float(_table(rows).time[row]))), "dim")


COLUMNS: tuple[Column[Rows], ...] = (
    replace(
        column(EVENT, "time", "When", "W", 14, grow=3, most=34, cell=_when),
        name="when",
        meaning="how long ago; a range where kmon did not poll in between, ≥ where a range does not fit",
        right=False,
        falling=True,
    ),
    Column("clock", "UTC", 14, _clock, "month, day and time of day in UTC of the poll that saw it", rank=3),
    column(EVENT, "kind", "Kind", "K", 19, cell=_kind),
    column(EVENT, "subject", "Subject", "S", 18, grow=3, most=48),
    column(EVENT, "before", "Before", "B", 12, grow=1, most=30, rank=2, empty=""),
    column(EVENT, "after", "After", "A", 12, grow=1, most=30, rank=1, empty=""),
    reasons(EVENT, "text", "Event", grow=4, rank=2),
)


class EventsScreen(MonitorScreen):
    """The events that are remembered."""

    KEY, NAME, TITLE = "8", "events", "Events"
    SUBJECT = EVENT
    LIVE = True
    KEYED = ("time", "kind", "text")
    NAMED = ("kind", "text")
    OPENS = ("group", "topic", "broker")
    COLUMNS = COLUMNS
    SORT = "when"
    NOUN = "event"

    def has_something(self, picture: Picture) -> bool:
        return picture.view is not None

    def why_empty(self, rows: Rows) -> str:
        return no_events(rows.view).sentence

    def source(self, picture: Picture) -> View:
        return picture.newest

    def tail(self, rows: Rows) -> Sequence[Line]:
        row = self.table.cursor_row
        if row is None:
            return [Line()]
        told = when(_table(rows), row, rows.picture.now, rows.picture.interval_seconds)
        return [Line([Part(f" {_table(rows).text[row]}"), Part(f"  {told}", "dim")])]

    def open(self, rows: Rows, row: int) -> None:
        if rows.word("kind", row) == "controller_changed":
            self.app.action_view("quorum")
        else:
            super().open(rows, row)


def event_lines(view: View, now: float, interval_seconds: float, most: int) -> list[Line]:
    """The newest events, in as many lines at most."""
    events = view.events
    if not len(events) or most < 1:
        return []
    return [
        section("Events", len(events), EventsScreen.KEY, EventsScreen.NAME),
        *(
            Line(
                [Part(f" {events.text[row]}", _colour(OF_EVENTS.get(events.kind[row], "ok")))],
                [Part(f" {when(events, row, now, interval_seconds)} ", "dim")],
            )
            for row in range(min(most, len(events)))
        ),
    ]
