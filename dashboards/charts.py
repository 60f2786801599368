"""Figures as plain dicts: lag over time. What is unknown is a gap, and the number of points of a line is bounded."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboards.links import range_seconds
from monitor.model.table import Floats
from monitor.model.text import visible
from monitor.model.view import View
from monitor.poll.source import Point, Source

MAX_POINTS = 600
"""About how many points a line is drawn with: more than a screen shows, few enough to send at every poll."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours for the colour-blind, without the two that vanish on a light or a dark ground."""
DASHES = ("solid", "solid", "solid", "dash", "dash", "dash")
"""A second sign of each line beside its colour."""

NAME_LENGTH = 36
FEW_POINTS = 30

EMPTY: dict[str, Any] = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}
"""A figure with nothing in it, not even axes."""


def message(text: str) -> dict[str, Any]:
    """A figure that has a sentence and nothing else."""
    layout = {**EMPTY["layout"], "uirevision": text, "annotations": [_in_the_middle(text)]}
    return {**EMPTY, "layout": layout}


def _in_the_middle(text: str) -> dict[str, Any]:
    return {"text": text, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}


def thin(times: Floats, values: Floats, most: int = MAX_POINTS) -> tuple[Floats, Floats]:
    """At most about `most` of the points, in order: of each stretch its smallest, its largest and its first gap."""
    if len(times) <= most:
        return times, values
    keep: list[int] = []
    for stretch in np.array_split(np.arange(len(times)), max(1, most // 3)):
        part = values[stretch]
        gaps = np.isnan(part)
        chosen = {int(stretch[np.argmax(gaps)])} if gaps.any() else set()
        if not gaps.all():
            chosen |= {int(stretch[np.nanargmin(part)]), int(stretch[np.nanargmax(part)])}
        keep += sorted(chosen)
    return times[keep], values[keep]


def with_gaps(times: Floats, values: Floats, longest: float) -> tuple[Floats, Floats]:
    """The points with an unknown one put into every pause longer than `longest` seconds, where nobody was polling."""
    pauses = np.flatnonzero(np.diff(times) > longest)
    middle = (times[pauses] + times[pauses + 1]) / 2
    return np.insert(times, pauses + 1, middle), np.insert(values, pauses + 1, np.nan)


def shorten(name: str) -> str:
    """A name of at most NAME_LENGTH signs, cut in the middle."""
    shown = visible(name)
    if len(shown) <= NAME_LENGTH:
        return shown
    return f"{shown[: NAME_LENGTH // 2]}…{shown[-NAME_LENGTH // 2 :]}"


def label(name: str) -> str:
    """A name as text of a figure, never the markup that plotly draws text with."""
    return shorten(name).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def line(points: Sequence[Point], group: str, interval_seconds: float) -> dict[str, Any]:
    """The x and y of a group's line, unix milliseconds and records or None, and which points are marked."""
    times = np.array([point.time for point in points], float)
    values = np.array([math.nan if (known := point.lag_of(group)) is None else known for point in points], float)
    times, values = thin(*with_gaps(times, values, 2.5 * interval_seconds))
    there = np.pad(~np.isnan(values), 1)
    # A point between two gaps has no line to be seen by, so it is marked; so are all where there are few.
    alone = ~there[:-2] & ~there[2:] | (len(times) < FEW_POINTS)
    return {
        "x": [round(1_000 * each) for each in times.tolist()],
        "y": [None if math.isnan(each) else each for each in values.tolist()],
        "marker": {"size": np.where(alone, 4, 0).tolist()},
    }


def lag_figure(
    points: Sequence[Point], groups: Sequence[str], interval_seconds: float, seconds: float, revision: str
) -> dict[str, Any]:
    """Lag of these groups, worst first, over the `seconds` to the last point; zoom is kept with the `revision`."""
    # By name, so that a group keeps its colour when another one overtakes it.
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": label(group),
            "legendrank": groups.index(group) + 1,
            "line": {"color": COLOURS[row % len(COLOURS)], "dash": DASHES[row % len(DASHES)], "width": 2},
            "connectgaps": False,
            **line(points, group, interval_seconds),
        }
        for row, group in enumerate(sorted(groups))
    ]
    drawn = [trace for trace in traces if any(y is not None for y in trace["y"])]
    return {"data": drawn, "layout": _layout(points, seconds, revision, legend=len(drawn) > 1, empty=not drawn)}


def window_figure(
    source: Source, newest: View, groups: Sequence[str], range_name: str | None, what: str
) -> dict[str, Any]:
    """Lag of these groups over the range that ends with the newest View; zoom is kept while `what` is the same."""
    seconds = range_seconds(range_name)
    points = source.window(newest.time - seconds)
    return lag_figure(points, groups, source.interval_seconds, seconds, f"{source.cluster} {what} {range_name}")


def undrawn(view: View, most: int = 3) -> str:
    """Which groups have no line now because their lag is unknown, the largest known part first; empty when none."""
    lags = view.group_lags
    rows = np.flatnonzero(np.isnan(lags.lag))
    rows = rows[np.argsort(-np.nan_to_num(lags.lag_at_least[rows]), kind="stable")]
    if not len(rows):
        return ""
    names = ", ".join(shorten(str(view.snapshot.groups.group[row])) for row in rows[:most])
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return f"Not drawn, lag unknown: {names}{more}"


def _layout(points: Sequence[Point], seconds: float, revision: str, *, legend: bool, empty: bool) -> dict[str, Any]:
    axis = {"showline": False, "zeroline": False, "automargin": True, "visible": not empty}
    time = {**axis, "type": "date", "showgrid": False, "spikethickness": 1, "hoverformat": "%d %b %H:%M:%S UTC"}
    if points:
        # Not `range`, which means that someone has zoomed.
        last = points[-1].time
        ends = [1_000 * (last - seconds), 1_000 * last]
        time["autorangeoptions"] = {"include": ends, "clipmin": ends[0], "clipmax": ends[1]}
    return {
        **EMPTY["layout"],
        "uirevision": revision,
        "font": {"family": "inherit", "size": 12},
        "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "hovermode": "x unified",
        "hoverlabel": {"namelength": NAME_LENGTH},
        "showlegend": legend,
        "legend": {"orientation": "h", "x": 0, "y": -0.14, "yanchor": "top", "itemwidth": 30},
        "xaxis": time,
        "yaxis": {**axis, "rangemode": "tozero", "tickformat": "~s", "hoverformat": ",d", "nticks": 6},
        "annotations": [_in_the_middle("Lag unknown in this time range")] if empty else [],
    }
