"""What metric families read of a View: rows, columns and labels, each read once for all families that need them."""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any

import numpy as np

from exporters.exposition import LabelColumn, same
from monitor.model.table import Ints, objects
from monitor.model.view import View
from monitor.subjects.column import ALL, Names, Numbers, Reading, Rows, Subject, Values
from monitor.subjects.filter.filter import Filter
from monitor.subjects.tables import get
from monitor.subjects.topics import ELIGIBLE, PARTITION, REPLICA, TIERED, TOPIC, TOPIC_CONFIG

Where = str | Callable[[Any], Ints]
"""Which rows of a subject are chosen: by a filter on its columns, empty for all, or a function from a View to them."""

Labels = dict[Hashable, tuple[LabelColumn, ...]]
"""Label columns, by what they are made of."""

BOOTSTRAP = "bootstrap"
"""The label of a broker whose id is not known yet."""


def _topics(view: View) -> Ints:
    """Topics that the settings choose and that metadata names; those that only commits mention have no numbers."""
    topics = view.snapshot.topics
    return np.flatnonzero(topics.watched & (topics.partitions > 0))


def _of_watched(topic: str) -> Callable[[View], Rows]:
    """The rows of a table whose topic is watched; `topic` is the path to the topic's row."""

    def rows(view: View) -> Rows:
        watched = view.snapshot.topics.watched
        return ALL if watched.all() else np.flatnonzero(watched[get(topic, view)])

    return rows


MONITORED: Mapping[str, Callable[[View], Rows]] = {
    TOPIC.name: _topics,
    TOPIC_CONFIG.name: _topics,
    PARTITION.name: _of_watched("snapshot.partitions.topic"),
    REPLICA.name: _of_watched("snapshot.replicas.topic"),
    ELIGIBLE.name: _of_watched("snapshot.eligible_replicas.topic"),
    TIERED.name: _of_watched("snapshot.tiered_offsets.topic"),
}
"""Chooses the monitored rows of each subject, by its name, that also has rows that are not monitored."""


class Readings:
    """A View, or what else the subjects of families are read from.

    `before` are the `columns` of the View before. Label columns that are equal to these are the same objects, by which
    who has made something of them sees that it still holds. `among` are the only rows that count of a subject, by
    its name, sorted; all of those that it does not name.
    """

    def __init__(self, view: Any, before: Labels | None = None, among: Mapping[str, Ints] | None = None) -> None:
        self.view = view
        self._before = before or {}
        self._among = among or {}
        self._chosen: dict[Hashable, Rows] = {}
        self._rows: dict[Hashable, Reading] = {}
        self.columns: Labels = {}

    def rows(self, subject: Subject, where: Where = "") -> Reading:
        """The rows of the subject that `where` chooses."""
        key = subject, where
        if key not in self._rows:
            self._rows[key] = subject.read(self.view, self.chosen(subject, where))
        return self._rows[key]

    def chosen(self, subject: Subject, where: Where = "") -> Rows:
        """The numbers of the rows of the subject that `where` chooses, or ALL."""
        key = subject, where
        if key not in self._chosen:
            self._chosen[key] = self._choose(subject, where)
        return self._chosen[key]

    def chosen_numbers(self, subject: Subject, where: Where = "") -> Ints:
        """The numbers of the rows that `where` chooses."""
        rows = self.chosen(subject, where)
        return np.arange(subject.count(self.view)) if isinstance(rows, slice) else rows

    def _choose(self, subject: Subject, where: Where) -> Rows:
        if callable(where):
            return self._both(where(self.view), self._among.get(subject.name, ALL))
        if where:
            found = np.flatnonzero(filter_of(subject, where).rows(self.rows(subject)))
            every = self.chosen(subject)
            return found if isinstance(every, slice) else every[found]
        monitored = MONITORED[subject.name](self.view) if subject.name in MONITORED else ALL
        return self._both(monitored, self._among.get(subject.name, ALL))

    @staticmethod
    def _both(one: Rows, other: Rows) -> Rows:
        if isinstance(one, slice):
            return other
        return one if isinstance(other, slice) else np.intersect1d(one, other, assume_unique=True)

    def labels(self, subject: Subject, where: Where, names: tuple[str, ...]) -> tuple[LabelColumn, ...]:
        """The values of these columns as labels of the rows that `where` chooses."""
        key = subject, where, names
        if key in self.columns:
            return self.columns[key]
        reading = self.rows(subject, where)
        return self.kept(key, tuple(_label(reading[name]) for name in names))

    def kept(self, key: Hashable, columns: tuple[LabelColumn, ...]) -> tuple[LabelColumn, ...]:
        """The label columns, or those of the View before where they are equal."""
        before = self._before.get(key, ())
        if len(before) == len(columns) and all(map(_same, before, columns)):
            columns = before
        self.columns[key] = columns
        return columns


@cache
def filter_of(subject: Subject, where: str) -> Filter:
    """The filter that a text is. Raises FilterError."""
    return Filter.of(where, subject.schema)


def _same(one: LabelColumn, other: LabelColumn) -> bool:
    return same(one[0], other[0]) and same(one[1], other[1])


def _label(values: Values) -> LabelColumn:
    if isinstance(values, Names):
        texts, codes = values.values, values.codes
        if (codes < 0).any():
            texts = np.append(texts, np.array([None]))
        # Of a few rows only the names that they have are worth escaping.
        return (texts[codes], None) if len(codes) < len(texts) else (texts, codes)
    assert isinstance(values, Numbers)
    numbers: Any = values.values
    if np.issubdtype(numbers.dtype, np.integer):
        return numbers, None
    unknown = np.isnan(numbers)
    if not unknown.any():
        return numbers.astype(np.int64), None
    known = zip(numbers.tolist(), unknown.tolist(), strict=True)
    return objects(BOOTSTRAP if none else str(int(number)) for number, none in known), None
