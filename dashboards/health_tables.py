"""Problems, diagnoses and events as small tables: the core's sentences, with links."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import dcc, html

from dashboards.components.parts import card, mark, name_link, nothing, reason, since, text
from dashboards.links import BROKERS, PROBLEMS, about, group_path, link, problem_id
from dashboards.listings import MOST_LISTED, listing
from dashboards.text import words
from monitor.analysis.events.event import subject_of, when
from monitor.model.diagnoses import evidence_of
from monitor.model.table import Flags, Ints
from monitor.model.text import moment, plural, visible
from monitor.model.view import View

OF_THE_QUORUM = ("no_controller", "quorum_minority")
MOST_EVENTS = 10
"""The page of a group or topic lists no more of its events."""


def level_mark(level: str) -> html.Span:
    """The level of a problem as glyph and word."""
    return mark(level, level)


def sentence(said: str) -> html.Span:
    """A sentence of the core, whole."""
    return html.Span(visible(said), className="sentence")


def problems(view: View, rows: Ints, kept: str, *, causes: bool = True) -> html.Div:
    """These rows of the problems of the newest View, each leading to what it is about; the page counts ages on."""
    table = view.problems
    heads = ("", "Severity", "Problem", "About", "Since", *(["Cause"] if causes else []))
    listed = [
        (
            html.Span(str(table.rank[row]), id=problem_id(int(table.rank[row]))),
            level_mark(str(table.level[row])),
            sentence(str(table.sentence[row])),
            name_link(str(table.subject[row]), link(_about(view, row), kept)),
            since(view.shown.time - float(table.since[row]), "ago", title=moment(float(table.since[row]))),
            *([_cause(view, int(table.cause[row]))] if causes else []),
        )
        for row in rows[:MOST_LISTED].tolist()
    ]
    return listing(heads, listed, numbers=("", "Since"), more=len(rows) - len(listed))


def _about(view: View, row: int) -> str:
    table = view.problems
    if table.kind[row] in OF_THE_QUORUM:
        return BROKERS
    return about(table.group[row], table.topic[row], int(table.broker[row]))


def _cause(view: View, cause: int) -> Any:
    return "" if cause < 0 else reason(f"{view.problems.rank[cause]} · {view.problems.subject[cause]}")


def top_problems(view: View, kept: str, most: int) -> Any:
    """The worst problems that no other explains, and a link to all; None where there is none."""
    rows = np.flatnonzero(view.problems.cause < 0)
    if not len(rows):
        return None
    number = plural(len(view.problems), "problem")
    more = html.P(dcc.Link(f"All {number}", href=link(PROBLEMS, kept)), className="more")
    return card("Problems", problems(view, rows[:most], kept, causes=False), more)


def diagnoses(view: View, kept: str) -> Any:
    """Likely cause with groups, those of the worst first."""
    table, groups = view.diagnoses, view.snapshot.groups.group
    if not len(table):
        return nothing("No diagnosis", "No known pattern explains the status of a group.")
    rows = [
        (name_link(name := str(groups[group]), link(group_path(name), kept)), *_told(view, row))
        for row, group in enumerate(table.group[:MOST_LISTED].tolist())
    ]
    return listing(("Group", "Likely cause", "Evidence"), rows, more=len(table) - len(rows))


def diagnoses_of(view: View, group: int) -> Any:
    """The same of the group in this row; None where there is nothing to tell."""
    rows = np.flatnonzero(view.diagnoses.group == group)
    if not len(rows):
        return None
    told = [_told(view, row) for row in rows.tolist()]
    return card("Likely cause", listing(("Diagnosis", "Evidence"), told))


def _told(view: View, row: int) -> tuple[Any, Any]:
    return sentence(str(view.diagnoses.sentence[row])), reason(evidence_of(view.diagnoses, row))


def events_about(view: View, wanted: Flags) -> Any:
    """The newest of these events; None where there is none."""
    rows = np.flatnonzero(wanted)
    if not len(rows):
        return None
    table = view.events
    listed: list[Sequence[Any]] = [
        (
            html.Span(_when(view, row), title=moment(float(table.time[row]))),
            words(str(table.kind[row])),
            text(subject_of(table, row)),
            reason(str(table.before[row])),
            reason(str(table.after[row])),
        )
        for row in rows[:MOST_EVENTS].tolist()
    ]
    heads = ("When", "Event", "Subject", "Before", "After")
    return card("What changed", listing(heads, listed, more=len(rows) - len(listed)))


def _when(view: View, row: int) -> str:
    return when(view.events, row, view.time, view.snapshot.interval_seconds)


def event_cells(view: View, rows: Ints, kept: str) -> dict[str, Sequence[Any]]:
    """The cells of these events that their subject has not.

    An event is known by its time and its place among those of the same poll.
    """
    table = view.events
    firsts = np.flatnonzero(np.concatenate([[True], np.diff(table.time) != 0]))
    place = np.arange(len(table)) - np.repeat(firsts, np.diff([*firsts.tolist(), len(table)])) if len(table) else rows
    at = rows.tolist()
    return {
        "id": [f"{table.time[row]:.3f}/{place[row]}" for row in at],
        "time": table.time[rows].tolist(),
        "when": [_when(view, row) for row in at],
        "clock": [moment(float(table.time[row])).removesuffix(" UTC") for row in at],
        "kind": [words(str(table.kind[row])) for row in at],
        "subject": [subject_of(table, row) for row in at],
        "href": [link(about(table.group[row], table.topic[row], int(table.broker[row])), kept) for row in at],
    }
