"""The line above every view: the status of the cluster, and the age of the data."""

from monitor.model.levels import ATTENTION, LEVEL_AT, SIGNS
from monitor.model.limits import data_level
from monitor.model.status import BEHIND, LOST, OK, UNKNOWN
from monitor.model.text import duration, visible
from tui.picture import Picture, Watched
from tui.widgets.lines import Line, Part


def verdict_line(picture: Picture) -> Line:
    """The cluster's name, its verdict with each clause in the colour of its level, and the age of what is shown."""
    view = picture.view
    if view is None:
        kind, said = LEVEL_AT[UNKNOWN], [Part(f" {SIGNS[UNKNOWN]} ", LEVEL_AT[UNKNOWN]), Part(polling(picture))]
    else:
        kind = LEVEL_AT[view.verdict.status]
        said = [Part(f" {view.verdict.glyph} {view.verdict.level} ", kind)]
        for place, clause in enumerate(view.verdict.clauses):
            said.append(Part(" · " if place else " ", "dim"))
            said.append(Part(clause.text, "" if clause.status == OK else LEVEL_AT[clause.status]))
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
