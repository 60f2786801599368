"""The columns of owner and team, which every subject of a group or a topic has."""

from collections.abc import Callable
from typing import Any

import numpy as np

from monitor.model.owners import NOBODY, Owners
from monitor.model.table import Ints, objects
from monitor.model.view import View
from monitor.subjects.column import Column
from monitor.subjects.tables import texts


def owned(codes: Callable[[Any], Ints]) -> tuple[Column, ...]:
    """The owner and the team of each row; `codes` gives the rule in `View.owners` of each row."""
    return (
        texts("owner", "person or service that the settings name as its owner", _names("owner"), codes),
        texts("team", "team that the settings name for it", _names("team"), codes),
    )


def _names(part: str) -> Callable[[View], Any]:
    # With a last one of nobody, which is where NOBODY points.
    return lambda view: objects([*(getattr(each, part) for each in view.owners.rules), None])


def of_groups(view: View) -> Ints:
    return _all(view.owners, view.owners.groups, len(view.snapshot.groups))


def of_topics(view: View) -> Ints:
    return _all(view.owners, view.owners.topics, len(view.snapshot.topics))


def of_lag(view: View) -> Ints:
    """Of a partition of a group: the group's, or else the topic's."""
    group = of_groups(view)[view.lag.group]
    return np.where(group != NOBODY, group, of_topics(view)[view.lag.topic])


def _all(owners: Owners, codes: Ints, count: int) -> Ints:
    """A code for each of `count` rows, also where a View was made without rules."""
    return codes if owners.rules else np.full(count, NOBODY, np.int32)
