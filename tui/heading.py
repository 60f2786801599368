"""The lines above a table: status of the cluster, age of the data, views, filters, and the tables of one view. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len

from monitor.model.levels import ATTENTION, LEVEL_AT, SIGNS
from monitor.model.limits import data_level
from monitor.model.status import BEHIND, LOST, OK, UNKNOWN
from monitor.model.text import duration, name_of, visible
from tui.format import fit
from tui.picture import Picture, Watched
from tui.widgets.lines import Line, Part

FLEET = "clusters"
"""The name of the view of all clusters, which is listed where there are several."""
MOST_NAME = 300
"""Most characters of a name in a line."""

View = tuple[str, str, str]
"""A view's key, name and title."""


def verdict_line(picture: Picture) -> Line:
    """The cluster's name, its verdict with each clause in the colour of its level, and the age of what is shown.

    A click on a clause that is no good news leads to the problems.
    """
    view = picture.view
    if view is None:
        kind, said = LEVEL_AT[UNKNOWN], [Part(f" {SIGNS[UNKNOWN]} ", LEVEL_AT[UNKNOWN]), Part(polling(picture))]
    else:
        kind = LEVEL_AT[view.verdict.status]
        said = [Part(f" {view.verdict.glyph} {view.verdict.level} ", kind)]
        for place, clause in enumerate(view.verdict.clauses):
            said.append(Part(" · " if place else " ", "dim"))
            colour = "" if clause.status == OK else LEVEL_AT[clause.status]
            said.append(Part(clause.text, colour, "app.view('problems')" if colour else ""))
    return Line([Part(f" {visible(picture.cluster)} ", f"badge-{kind}"), *said], [freshness(picture)])


def polling(cluster: Picture | Watched) -> str:
    """What is shown before the first poll ends."""
    where = f" ({visible(cluster.address)})" if cluster.address not in ("", cluster.cluster) else ""
    return f"polling {visible(cluster.cluster)}{where} …"


def freshness(picture: Picture) -> Part:
    """The age of what is shown, in the colour of its kind."""
    seconds = picture.age_seconds
    if seconds is None:
        return Part("no data yet ", "dim")
    return Part(f"data {duration(seconds)} old ", age_kind(seconds, picture.interval_seconds))


def last_known(picture: Picture) -> list[Line]:
    """The line above figures that are no longer true: those of a cluster that is unreachable. Else there is none."""
    view, seconds = picture.view, picture.age_seconds
    if view is None or view.up or seconds is None:
        return []
    return [Line([Part(f" last known, {duration(seconds)} ago ", "badge-critical")])]


def age_kind(seconds: float, interval_seconds: float) -> str:
    """Pale, or the level of data so old."""
    level = data_level(seconds, interval_seconds)
    return "dim" if level == "ok" else level


def elsewhere(picture: Picture) -> list[Part]:
    """How many of the clusters that are not shown have each status but ok."""
    others = [each.view for place, each in enumerate(picture.clusters) if place != picture.current]
    statuses = [UNKNOWN if view is None else view.verdict.status for view in others]
    counts = ((status, statuses.count(status)) for status in (LOST, BEHIND, ATTENTION, UNKNOWN))
    return [Part(f"{SIGNS[status]} {number} ", LEVEL_AT[status]) for status, number in counts if number]


def views_line(picture: Picture, views: Sequence[View], here: str, subject: str | None, room: int) -> list[Part]:
    """The views, those that are not shown by their keys alone where titles do not fit, and what is shown below one."""
    listed = [each for each in views if each[1] != FLEET or here == FLEET or len(picture.clusters) > 1]
    below = "" if subject is None else f"› {name_of(subject[:MOST_NAME])} "
    titled = sum(len(title) + 4 for _, _, title in listed) + cell_len(below) <= room
    parts = []
    for key, name, title in listed:
        chosen, action = name == here, f"app.view('{name}')"
        parts.append(Part(f" {key}", "accent", action))
        parts.append(Part(f" {title} " if titled or chosen else " ", "strong" if chosen else "dim", action))
        if chosen and below:
            parts.append(Part(below, "strong"))
        if name == FLEET and not chosen:
            parts += elsewhere(picture)
    return parts


def chips(picture: Picture, pattern: str, how: str, shown: str, order: str = "") -> list[Part]:
    """What holds the picture or narrows its rows, and then how many of them are `shown`.

    `how` says as what the filter `pattern` is read. `order` is the column out of sight that they are sorted by.
    """
    parts = []
    if picture.polling:
        parts.append(Part(" polling ", "badge-attention"))
    if picture.paused:
        parts.append(Part(" paused ", "badge-attention"))
    if picture.problems:
        parts.append(Part(" problems only ", "badge-accent"))
    if pattern:
        text = visible(pattern)
        parts.append(Part(f" /{fit(text, min(24, cell_len(text)))} ", "badge-accent"))
        parts.append(Part(f" {how}" if how else "", "dim"))
    if parts and shown:
        parts.append(Part(f" {shown} ", "dim"))
    return [*parts, Part(f" by {order} ", "dim")] if order else parts


def panes_lines(panes: Sequence[tuple[str, str]], here: str) -> list[Line]:
    """The names and titles of a view's tables, where it has several, and a blank line above them."""
    if len(panes) < 2:
        return []
    parts = [
        Part(f" {title} ", "chosen" if name == here else "dim", f"screen.open_pane('{name}')") for name, title in panes
    ]
    return [Line(), Line([*parts, Part("  tab", "accent")])]


def section(title: str, number: int, key: str, name: str) -> Line:
    """The line above a few things of which the view `name` has all, with how many these are."""
    action = f"app.view('{name}')"
    return Line(
        [
            Part(f" {title}", "strong"),
            Part(f"  {number:,}", "dim"),
            Part(f"   {key}", "accent", action),
            Part(" all", "dim", action),
        ]
    )
