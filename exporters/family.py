"""What a metric family is: a column of a subject, with a line for each row where it is known, labelled by its key."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from exporters.exposition import LabelColumn, Lines
from exporters.readings import Readings, Where
from monitor.collect.requests import Request
from monitor.model.table import Flags, Floats, Ints, objects, values_at
from monitor.subjects.column import Lists, Names, Numbers, Reading, Subject, Values
from monitor.subjects.kinds import WORD, Kind
from monitor.subjects.tables import numbers, texts

LABELS = {"node": "broker", "coordinator": "broker", "log_dir": "path", "group_type": "type", "capability": "name"}
"""Labels with another name than their column. A broker has one label in all families, so that they can be joined."""


@dataclass(frozen=True, eq=False)
class Family:
    """A metric family: the numbers of a column of a subject, or 1 for every row where `column` is empty.

    `sources` are the APIs that its numbers come from. `help` is its text where the meaning of the column does not say
    it. `labels` are the columns that name its rows, by default the subject's key; `rename` has the labels with another
    name than their column. `where` chooses the rows that have a line, and `only` says which, in words, where that is no
    filter. `unknown` is its number where the column's is unknown, and before the first View; NaN is no line. `always`:
    it is about kmon, so it has lines while the cluster is unreachable too. `summed`: a sum stands for the partitions of
    a group that have no lines of their own. `switched_by` is the setting under `metrics` that adds it. `cluster` is the
    label with the name of the cluster, and `sole_cluster` that label on a page of one cluster, empty for none.
    `counter`: whether it is a counter, where its name does not tell.
    """

    name: str
    subject: Subject
    column: str
    sources: tuple[Request, ...] = ()
    help: str = ""
    only: str = ""
    labels: tuple[str, ...] = ()
    where: Where = ""
    unknown: float = math.nan
    always: bool = False
    summed: bool = False
    switched_by: str = ""
    rename: Mapping[str, str] = field(default_factory=lambda: LABELS)
    cluster: str = "cluster"
    sole_cluster: str = "cluster"
    counter: bool | None = None

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns that label its lines, without the cluster, which every line has."""
        return self.labels or tuple(name for name in self.subject.key if name != "cluster")

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(self.rename.get(name, name) for name in self.keys)

    def of_cluster(self, name: str, clusters: int) -> tuple[tuple[str, str], ...]:
        """The label with the name of the cluster, which all its lines have on a page of so many clusters."""
        label = self.cluster if clusters > 1 else self.sole_cluster
        return ((label, name),) if label else ()

    @property
    def meaning(self) -> str:
        """Its help text. A number that a table has as unknown is absent here, or `unknown`."""
        if self.help:
            return self.help
        unknown = "absent" if math.isnan(self.unknown) else f"{self.unknown:g}"
        first, space, rest = self._about.replace("; unknown ", f"; {unknown} ").partition(" ")
        first = first if "." in first else first.capitalize()
        where = f"where {self.where}" if self.where and isinstance(self.where, str) else ""
        only = f"for {self.only}" if self.only else where
        return first + space + rest + (f"; only {only}" if only else "")

    @property
    def _about(self) -> str:
        return self.subject.schema[self.column].meaning

    @property
    def type(self) -> str:
        """Its type in OpenMetrics; the text format has no info, which is a gauge there."""
        if self.counter is not None:
            return "counter" if self.counter else "gauge"
        if self.name.startswith("kmon_") and self.name.endswith("_info"):
            return "info"  # of others it is a gauge: not all of them are always 1
        return "counter" if self.name.endswith("_total") else "gauge"

    @property
    def unit(self) -> str:
        return self.subject.schema[self.column].unit.removeprefix("unix ") if self.column else ""

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return not self.column or self.subject.schema[self.column].kind.whole

    @property
    def apis(self) -> tuple[str, ...]:
        """Names of the Kafka APIs that its numbers come from."""
        return tuple(dict.fromkeys(source.api.name for source in self.sources))

    @property
    def acls(self) -> tuple[str, ...]:
        """The ACLs that it needs."""
        return tuple(dict.fromkeys(acl for source in self.sources for acl in source.acls))

    def writer(self, *fixed: tuple[str, str]) -> Lines:
        """What writes its lines, each with the labels `fixed` before its own."""
        return Lines(self.name, fixed, self.label_names, whole=self.whole)

    def _read(self, readings: Readings) -> Reading:
        return readings.rows(self.subject, self.where)

    def _labels(self, readings: Readings) -> tuple[LabelColumn, ...]:
        return readings.labels(self.subject, self.where, self.keys)

    def lines(self, readings: Readings) -> tuple[tuple[LabelColumn, ...], Floats]:
        """The label columns and the numbers of the rows that may have a line, shape (rows,)."""
        return self._labels(readings), self.values(readings)

    def values(self, readings: Readings) -> Floats:
        """The numbers of the rows that may have a line, shape (rows,); NaN is unknown."""
        if not self.column:
            return np.ones(len(readings.chosen_numbers(self.subject, self.where)))
        found = numbers_of(self._read(readings)[self.column])
        return found if math.isnan(self.unknown) else np.where(np.isnan(found), self.unknown, found)

    def most_lines(self, readings: Readings) -> int:
        """More lines than this it does not have."""
        rows = readings.chosen(self.subject, self.where)
        return self.subject.count(readings.view) if isinstance(rows, slice) else len(rows)

    def line_counts(self, readings: Readings) -> Ints:
        """How many lines each of the rows that may have one has, shape (rows,)."""
        known: Ints = (~np.isnan(self.values(readings))).astype(np.int64)
        return known


@dataclass(frozen=True, eq=False)
class StateSet(Family):
    """A family of a column of texts, with a line for each state that a row can be in: 1 for its own, 0 for the others.

    A rule on one state then goes from 1 to 0 when the state changes, and does not lose its series. `states` are the
    texts, by default the words of the column; another text is a state of the rows that have it. `possible` gives the
    states that each row can be in, shape (rows, states); all without it. A row whose text is unknown has no line.
    """

    states: tuple[str, ...] = ()
    possible: Callable[[Reading, tuple[str, ...]], Flags] | None = None

    @property
    def _about(self) -> str:
        return f"1 for the current {self.column} of the {self.subject.name.replace('_', ' ')}, 0 for the others"

    @property
    def label_names(self) -> tuple[str, ...]:
        return (*super().label_names, self.column)

    def lines(self, readings: Readings) -> tuple[tuple[LabelColumn, ...], Floats]:
        states, current, possible = self._states(readings)
        rows, places = np.nonzero(possible)
        columns = self._labels(readings)
        repeated = ((values, rows if codes is None else codes[rows]) for values, codes in columns)
        labels = readings.kept(self.name, (*repeated, (objects(states), places)))
        return labels, (current[rows] == places).astype(np.float64)

    def most_lines(self, readings: Readings) -> int:
        states = self.states or self.subject.schema[self.column].words
        return super().most_lines(readings) * (len(states) + 1)

    def line_counts(self, readings: Readings) -> Ints:
        _, _, possible = self._states(readings)
        counts: Ints = possible.sum(axis=1)
        return counts

    def _states(self, readings: Readings) -> tuple[tuple[str, ...], Ints, Flags]:
        """All states, the place among them of the one that each row is in, and which ones it can be in."""
        reading = self._read(readings)
        texts = reading[self.column]
        assert isinstance(texts, Names)
        states = self.states or self.subject.schema[self.column].words
        states = (*states, *sorted({each for each in texts.values if each is not None}.difference(states)))
        number = {state: place for place, state in enumerate(states)}
        current = np.array([*(number.get(each, -1) for each in texts.values), -1])[texts.codes]
        shape = len(current), len(states)
        possible = np.ones(shape, bool) if self.possible is None else self.possible(reading, states)
        known = np.flatnonzero(current >= 0)
        possible[known, current[known]] = True
        possible[current < 0] = False
        return states, current, possible


def tally(key: str, name: str, kind: Kind, meaning: str, counts: Callable[[Any], Mapping[str, float]]) -> Subject:
    """A subject of numbers by word, with a row for each word of `counts`: the word in `key`, its number in `name`."""
    return Subject(
        f"{name}_by_{key}",
        f"a {key} of {name}",
        (key,),
        lambda view: len(counts(view)),
        (
            texts(key, key, lambda view: objects(counts(view)), kind=WORD),
            numbers(name, kind, meaning, lambda view: np.array(list(counts(view).values()), np.float64)),
        ),
    )


def numbers_of(values: Values) -> Floats:
    """The numbers of a column; of lists how many values they have."""
    if isinstance(values, Lists):
        counts: Floats = values_at(values.values.counts.astype(np.float64), values.rows)
        return counts
    assert isinstance(values, Numbers)
    return np.asarray(values.values, np.float64)
