"""The line above every view: how the cluster stands, and how old that is."""

from monitor.derive.lag import GLYPHS, OK, STATUSES, UNKNOWN
from monitor.text import duration, visible
from tui.picture import Picture
from tui.widgets.lines import Line, Part


def verdict_line(picture: Picture) -> Line:
    """The cluster's name, its verdict with each clause in the colour of its level, and the age of what is shown."""
    view = picture.view
    if view is None:
        kind, said = STATUSES[UNKNOWN], [Part(f" {GLYPHS[UNKNOWN]} ", STATUSES[UNKNOWN]), Part(asking(picture))]
    else:
        kind = STATUSES[view.verdict.status]
        said = [Part(f" {view.verdict.glyph} {view.verdict.level} ", kind)]
        for place, clause in enumerate(view.verdict.clauses):
            said.append(Part(" · " if place else " ", "dim"))
            said.append(Part(clause.text, "" if clause.status == OK else STATUSES[clause.status]))
    return Line([Part(f" {visible(picture.cluster)} ", f"badge-{kind}"), *said], [freshness(picture)])


def asking(picture: Picture) -> str:
    """What is said before the first poll ends."""
    where = f" ({visible(picture.address)})" if picture.address else ""
    return f"asking {visible(picture.cluster)}{where} …"


def freshness(picture: Picture) -> Part:
    """The age of what is shown: pale, amber when more than two polls are missed, red when more than five."""
    seconds = picture.age_seconds
    if seconds is None:
        return Part("no data yet ", "dim")
    missed = seconds / picture.interval_seconds
    kind = "lost" if missed > 5 else "behind" if missed > 2 else "dim"
    return Part(f"data {duration(seconds)} old ", kind)
