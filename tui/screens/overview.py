"""The first screen: the status of the cluster, the worst groups, alerts, and failed collectors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from textual.widget import Widget

from monitor.analysis.derive.completeness import lists_groups, lists_topics, number_of
from monitor.analysis.derive.emptiness import no_unhealthy_groups
from monitor.analysis.derive.verdict import count_groups, worst_groups
from monitor.model.levels import ABOVE_ZERO, COLLECTOR_FAILED, OF_STATUS, SIGN_OF, alert_level
from monitor.model.status import GLYPHS, WELL
from monitor.model.table import Ints
from monitor.model.text import duration, visible
from monitor.model.view import AlertRow, View
from monitor.poll.source import Point
from monitor.subjects.groups import GROUP
from tui.format import at_least
from tui.heading import last_known
from tui.health import health_lines
from tui.picture import Picture
from tui.screens.base import SHORT, TAIL, MonitorScreen
from tui.screens.events import event_lines
from tui.screens.groups import GROUP_COLUMNS
from tui.screens.problems import problem_lines
from tui.widgets.chart import Chart, Sample
from tui.widgets.lines import Line, Lines, Part
from tui.widgets.rows import Rows
from tui.widgets.table import HEADER_LINES

WORST_GROUPS = 10
TALL = 32
"""The lines of a terminal in which the figures may take a blank one more."""
TINY_FRAME = 4 + TAIL
"""The lines of the verdict, the views, the titles, what is said of a row, and the keys."""
FRAME = 10 + TAIL
"""The lines of the verdict, the views, the chart, the titles, what is said of a row, and the keys."""
EMPTY_LINES = 2
"""The lines in which a table says that it is empty."""
LEAST_GROUPS = 4
"""Of the worst groups so many are seen before anything else has a line."""
MOST_PROBLEMS, MOST_EVENTS = 5, 8
LINES_BELOW = 4
"""Alerts, and failing collectors, that are named; the rest is counted."""


class Room(NamedTuple):
    """How many groups, problems and events have a line."""

    groups: int
    problems: int
    events: int


def share(lines: int, groups: int, problems: int, events: int) -> Room:
    """How many of so many groups, problems and events are shown in `lines`.

    First come some groups, then problems with a title and a blank line, then events with one more, then other groups.
    """
    seen = max(EMPTY_LINES, min(groups, LEAST_GROUPS, lines))
    lines -= seen
    worst = max(0, min(problems, MOST_PROBLEMS, lines - 2))
    lines -= worst + 2 if worst else 0
    newest = max(0, min(events, MOST_EVENTS, lines - 3))
    lines -= newest + 3 if newest else 0
    return Room(seen + max(0, min(groups - seen, lines)), worst, newest)


class OverviewScreen(MonitorScreen):
    """The cluster on one screen."""

    KEY, NAME, TITLE = "1", "overview", "Overview"
    SUBJECT = GROUP
    OPENS = ("group",)
    COLUMNS = GROUP_COLUMNS
    NOUN = "group"

    def above(self) -> Sequence[Widget]:
        return Chart("Lag", id="chart"), Lines(id="worst")

    def below(self) -> Sequence[Widget]:
        return (Lines(id="below"),)

    def why_empty(self, rows: Rows) -> str:
        return no_unhealthy_groups(rows.view).sentence

    def pick(self, view: View) -> Ints:
        return np.sort(worst_groups(view)[:WORST_GROUPS])

    def head(self, picture: Picture, rows: Rows) -> Sequence[Line]:
        problems = problem_lines(picture.newest, self._room(picture, rows).problems)
        return [*self._figures(picture, rows), *problems, *([Line()] if problems else [])]

    def draw(self, picture: Picture, rows: Rows) -> None:
        view, room = rows.view, self._room(picture, rows)
        self.query_one("#chart", Chart).show([sample(point) for point in picture.points], human=picture.human)
        troubled = int((~np.isin(view.group_lags.status, WELL)).sum())
        listed = f"{len(rows.pick)} of " if troubled > len(rows.pick) else ""
        shown = f"{listed}{troubled:,} unhealthy"
        self.query_one("#worst", Lines).put(Line(), Line([Part(" Worst groups", "strong"), Part(f"  {shown}", "dim")]))
        self.table.styles.height = HEADER_LINES + room.groups
        events = event_lines(picture.newest, picture.now, picture.interval_seconds, room.events)
        below = [*self._complaints(picture), *([Line(), *events, Line()] if events else [])]
        self.query_one("#below", Lines).put(*below)

    def _figures(self, picture: Picture, rows: Rows) -> list[Line]:
        if self.size.height < SHORT:
            return []
        tall = [Line()] if self.size.height >= TALL else []
        figures = stats(rows.view, human=picture.human, width=self.size.width)
        return [*figures, *tall, *health_lines(rows.view, human=picture.human), Line()]

    def _complaints(self, picture: Picture) -> list[Line]:
        lines = [*failing(picture.newest), *pending(picture.newest.alerts, picture.now)]
        return [Line(), *lines] if lines else []

    def _room(self, picture: Picture, rows: Rows) -> Room:
        if self.size.height < SHORT:
            return Room(max(EMPTY_LINES, self.size.height - TINY_FRAME), 0, 0)
        above = (*picture.troubles, *last_known(picture), *self._figures(picture, rows))
        others = FRAME + len(above) + len(self._complaints(picture))
        problems = int((picture.newest.problems.cause < 0).sum())
        return share(self.size.height - others, len(rows.pick), problems, len(picture.newest.events))


def sample(point: Point) -> Sample:
    """The cluster's lag at one poll, or the part of it that is known."""
    if point.lag is not None or not point.up:
        return Sample(point.time, point.lag)
    return Sample(point.time, point.lag_at_least or None, whole=False)


def stats(view: View, *, human: bool, width: int) -> list[Line]:
    """The row of figures: a line of names over a line of values; what does not fit goes without noughts, or words."""
    tries = [_figures(view, human=human, wide=wide, noughts=each) for wide in (True, False) for each in (True, False)]
    return next((each for each in tries if sum(len(part.text) for part in each[-1].left) <= width), tries[-1])


def _figures(view: View, *, human: bool, wide: bool, noughts: bool) -> list[Line]:
    totals = view.totals
    groups = [
        Part(f"{glyph} {number:,}{f' {word}' if wide else ''}  ", OF_STATUS[word] if number else "dim")
        for glyph, (word, number) in zip(GLYPHS, count_groups(view).items(), strict=True)
        if number or (noughts and word in ("ok", "behind", "lost", "unknown"))
    ]
    topics, whole = lists_topics(view.snapshot), lists_groups(view.snapshot)
    controller = "–" if view.snapshot.controller is None else str(view.snapshot.controller)
    figures: list[tuple[str, list[Part]]] = [
        ("Brokers", [Part(f"{totals.brokers:,}", "strong")]),
        ("Controller", [Part(controller, "strong")]),
        ("Offline", [_visible(totals.offline, "offline", whole=topics)]),
        (
            "Under-replicated" if wide else "Under-repl.",
            [_visible(totals.under_replicated, "under_replicated", whole=topics)],
        ),
        (number_of(totals.groups, "group", whole=whole), groups),
        ("Lag", [Part(at_least(totals.lag, totals.lag_at_least, human=human), "strong")]),
    ]
    heads, values = [], []
    gap = 4 if wide else 2
    for title, parts in figures:
        size = max(len(title), sum(len(part.text) for part in parts)) + gap
        heads.append(Part(f" {title}".ljust(size), "dim"))
        values += [Part(" "), *parts, Part(" " * (size - 1 - sum(len(part.text) for part in parts)))]
    return [Line(), Line(heads), Line(values)]


def _visible(number: int, name: str, *, whole: bool) -> Part:
    """How many there are; of what this user may see where that is not the `whole`."""
    return Part(f"{number:,}" if whole else f"{number:,} visible", ABOVE_ZERO[name] if number else "strong")


def failing(view: View) -> list[Line]:
    """A line for each collector that failed, with the reason."""
    failed = [each for each in view.snapshot.outcomes if not each.success] if view.up else []
    lines = [
        Line(
            [
                Part(f" {SIGN_OF[COLLECTOR_FAILED]} {visible(each.collector)} ", COLLECTOR_FAILED),
                Part(f" {visible(each.error)}"),
            ]
        )
        for each in failed
    ]
    return _section("Failed collectors", lines)


def pending(rows: Sequence[AlertRow], now: float) -> list[Line]:
    """A line for each alert that may fire soon, the oldest first; those that fire are problems."""
    lines = [
        Line(
            [
                Part(f" {SIGN_OF[level := alert_level(each.state, each.severity)]} {_state(each)} ", level),
                Part(f" {visible(each.rule)} ", "strong"),
                Part(f" {visible(each.summary)}"),
            ],
            [Part(f" {visible(each.severity)} · {duration(now - each.active_since)} ", "dim")],
        )
        for each in sorted(rows, key=lambda each: each.active_since)
        if each.state != "firing"
    ]
    return _section("Pending alerts", lines)


def _state(alert: AlertRow) -> str:
    return visible(", ".join([alert.state, *alert.marks]))


def _section(title: str, lines: list[Line]) -> list[Line]:
    if not lines:
        return []
    more = [Line([Part(f"   and {len(lines) - LINES_BELOW} more", "dim")])] if len(lines) > LINES_BELOW else []
    return [Line([Part(f" {title}", "strong"), Part(f"  {len(lines)}", "dim")]), *lines[:LINES_BELOW], *more]
