"""A View as messages about its alerts read it: what many messages ask for is found once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.analysis.derive.causes import Causes
from monitor.model.status import NOT_LATE
from monitor.model.table import Flags, Ints
from monitor.model.text import NAME, name_of
from monitor.model.view import View
from monitor.subjects.column import Subject
from monitor.subjects.shown import Shown, shown

MOST = 3
"""So many partitions, groups, problems and diagnoses are named; more are counted."""

NOT_KAFKA = ("alert", "no_full_answer", "leader_imbalance")
"""Kinds of problems without a group that are not trouble of brokers or partitions."""


@dataclass(frozen=True, eq=False)
class Scene:
    """`newest` is the View that was evaluated; `now` is unix seconds when the message is written."""

    newest: View
    now: float

    @property
    def view(self) -> View:
        """The newest View to which the cluster responded: messages are about its tables."""
        return self.newest.shown

    @cached_property
    def causes(self) -> Causes:
        return Causes(self.view)

    @cached_property
    def kafka_problems(self) -> Ints:
        """Rows of the problems of brokers, partitions and the quorum, the worst first."""
        table = self.newest.problems
        of_groups = np.array([each is not None for each in table.group], bool)
        return np.flatnonzero(~of_groups & ~np.isin(table.kind, NOT_KAFKA))

    @cached_property
    def is_late(self) -> Flags:
        """Whether each row of `lag` is behind in any way, known to be so."""
        return ~np.isin(self.view.lag_statuses.status, NOT_LATE)

    @cached_property
    def late(self) -> Ints:
        """The rows that are."""
        return np.flatnonzero(self.is_late)

    @cached_property
    def _columns(self) -> dict[tuple[str, str], Shown]:
        return {}

    def column(self, subject: Subject, name: str) -> Shown:
        """A column of all rows of a subject, read once for all messages."""
        key = subject.name, name
        if key not in self._columns:
            self._columns[key] = shown(subject.read(self.view), name)
        return self._columns[key]

    @cached_property
    def _by_topic(self) -> tuple[Ints, Ints]:
        topics = self.view.group_topic_lags.topic
        order = np.argsort(topics, kind="stable")
        return topics[order], order

    def groups_on(self, topic: int) -> Ints:
        """Rows of `group_topic_lags` of a topic, by its row in `topics`."""
        topics, order = self._by_topic
        start, stop = np.searchsorted(topics, [topic, topic + 1])
        return order[start:stop]

    @cached_property
    def diagnoses(self) -> dict[int, list[int]]:
        """Rows of the diagnoses of each group, by its row in `groups`."""
        found: dict[int, list[int]] = {}
        for row, group in enumerate(self.view.diagnoses.group.tolist()):
            found.setdefault(group, []).append(row)
        return found

    def place(self, row: int) -> str:
        """The partition in a row of `lag`, as orders-3."""
        lag = self.view.lag
        return f"{name_of(str(self.view.snapshot.topics.topic[lag.topic[row]]), NAME)}-{lag.partition[row]}"


def few(texts: Sequence[str], more: str, most: int = MOST) -> str:
    """The first few of some texts, and how many `more` there are: a, b and 2 more groups."""
    left = len(texts) - most
    named = list(texts[:most])
    if left > 0:
        return f"{', '.join(named)} and {left:,} more {more}{'' if left == 1 else 's'}"
    return " and ".join(filter(None, (", ".join(named[:-1]), named[-1]))) if named else ""
