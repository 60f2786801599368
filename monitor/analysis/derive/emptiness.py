"""Why a table has no rows, in words: nothing is there, nothing matches, or what is there is unknown. For every face."""

from typing import NamedTuple

from monitor.analysis.derive.completeness import number_of, why_not_all_groups, why_not_all_topics
from monitor.model.text import plural, visible
from monitor.model.view import View


class Empty(NamedTuple):
    """What stands for the rows of an empty table: a title, and why, which may be empty. Both are visible text."""

    title: str
    why: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.title}: {self.why}" if self.why else self.title


def no_groups(view: View) -> Empty:
    """No group is a row: none is listed, the settings exclude all, or which there are is unknown."""
    if why := why_not_all_groups(view.snapshot):
        return Empty("Groups unknown", visible(why))
    if excluded := view.snapshot.hidden_groups:
        return Empty("No groups", f"{plural(excluded, 'group')} excluded by settings")
    return Empty("No groups", "no group on this cluster has members or committed offsets")


def no_unhealthy_groups(view: View) -> Empty:
    """No group is worse than ok."""
    if not len(view.snapshot.groups):
        return no_groups(view)
    why = why_not_all_groups(view.snapshot)
    number = number_of(len(view.snapshot.groups), "group", whole=not why)
    if why:
        return Empty(f"{number[:1].upper()}{number[1:]}, none behind; others unknown", visible(why))
    return Empty("All groups keep up", f"{number}, none behind")


def no_topics(view: View) -> Empty:
    """No topic is a row."""
    if why := why_not_all_topics(view.snapshot):
        return Empty("Topics unknown", visible(why))
    if excluded := view.snapshot.hidden_topics:
        return Empty("No topics", f"{plural(excluded, 'topic')} excluded by settings")
    return Empty("No topics", "the cluster has no topics")


def no_lag(view: View) -> Empty:
    """No group has a row of lag."""
    if not len(view.snapshot.groups):
        return no_groups(view)
    if why := why_not_all_groups(view.snapshot):
        return Empty("Lag unknown", visible(why))
    return Empty("No lag", "no group has committed offsets or assigned partitions")


def no_problems(view: View) -> Empty:
    """No problem was found, which needs complete answers: else there is one that says so."""
    return Empty("No problems") if view.complete else Empty("No known problems", "the last poll was incomplete")


def no_events(view: View) -> Empty:
    """Nothing is remembered to have changed, which takes two polls that were answered."""
    if not view.shown.up:
        return Empty("Events unknown", visible(view.snapshot.error))
    return Empty("No events", "none since kmon started polling this cluster")


def no_match(noun: str, pattern: str = "") -> Empty:
    """There are rows, and a filter or pattern fits none."""
    return Empty(f"No {noun} matches {visible(pattern)}" if pattern else f"No {noun} matches")
