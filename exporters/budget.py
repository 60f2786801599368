"""Which series a cluster has: what the settings choose, and of too many those of the worst rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from exporters.exposition import LabelColumn
from exporters.family import Family, numbers_of
from exporters.readings import Labels, Readings, filter_of
from monitor.model.levels import LEVELS
from monitor.model.table import Floats, Ints, objects
from monitor.model.view import View
from monitor.settings.metrics import MetricsSettings
from monitor.subjects.column import Names, Subject
from monitor.subjects.groups import GROUP
from monitor.subjects.lag import LAG
from monitor.subjects.topics import ELIGIBLE, PARTITION, REPLICA, TIERED, TOPIC, TOPIC_CONFIG

OTHER = "other"
"""The partition of the series that stands for all partitions of a group that have none of their own."""

SERVED_FIRST = (GROUP, TOPIC, TOPIC_CONFIG, PARTITION, ELIGIBLE, TIERED, REPLICA, LAG)
"""Subjects whose rows may be many, in the order in which they get the series that there are. All others are few."""


def switched_on(families: Sequence[Family], settings: MetricsSettings) -> tuple[Family, ...]:
    """Those that the settings choose."""
    return tuple(each for each in families if not _left_out(each, settings))


def _left_out(family: Family, settings: MetricsSettings) -> bool:
    if family.switched_by == "owners" and not settings.owners:
        return True
    subject = family.subject.name
    every = subject == LAG.name or (subject == PARTITION.name and not family.where and not family.only)
    return settings.partitions == "none" and every


@dataclass(frozen=True)
class Cut:
    """The rows that keep their series, of the subjects some of whose rows do not, and how many series others had.

    `summed`: there is room for a sum for each group over its partitions that have none.
    """

    among: Mapping[str, Ints] = field(default_factory=dict)
    withheld: Mapping[str, int] = field(default_factory=lambda: {each.name: 0 for each in SERVED_FIRST})
    summed: bool = False


def within(
    families: Sequence[Family], view: View, settings: MetricsSettings, before: Labels | None = None
) -> tuple[Readings, Cut]:
    """The View read with the rows that the settings choose, and what is left of these within metrics.max_series.

    `before` are label columns of the View before: see Readings.
    """
    where = settings.partitions_filter
    among = {LAG.name: np.flatnonzero(filter_of(LAG, where).rows(LAG.read(view)))} if where else {}
    readings = Readings(view, before, among)
    return readings, cut(families, readings, settings.max_series, among)


def cut(families: Sequence[Family], readings: Readings, most: int, among: Mapping[str, Ints]) -> Cut:
    """What is left of the rows `among`, so that these families have at most `most` lines.

    Whoever is first in SERVED_FIRST gets all its lines; the first for which there is no room gets those of its worst
    rows.
    """
    if sum(each.most_lines(readings) for each in families) <= most:
        return Cut(among)
    lines = {each.name: np.zeros(each.count(readings.view), np.int64) for each in SERVED_FIRST}
    left = most
    for family in families:
        counts = family.line_counts(readings)
        if family.subject.name in lines:
            lines[family.subject.name][readings.chosen(family.subject, family.where)] += counts
        else:
            left -= int(counts.sum())
    kept, withheld, summed = dict(among), dict(Cut().withheld), False
    for subject in SERVED_FIRST:
        counts = lines[subject.name]
        if counts.sum() <= left:
            left -= int(counts.sum())
            continue
        if subject is LAG:
            room = left - sum(each.summed for each in families) * GROUP.count(readings.view)
            left, summed = (room, True) if room > 0 else (left, False)
        order = _worst_first(subject, readings)
        fits = int(np.searchsorted(np.cumsum(counts[order]), max(0, left), side="right"))
        kept[subject.name] = np.sort(order[:fits])
        withheld[subject.name] = int(counts[order[fits:]].sum())
        left = max(0, left - int(counts[order[:fits]].sum()))
    return Cut(kept, withheld, summed)


def _worst_first(subject: Subject, readings: Readings) -> Ints:
    """All rows: by lag in seconds and then in records where they have these, else by level.

    A lag in seconds that is unknown is that of who is not behind, so that the lag in records decides.
    """
    reading = subject.read(readings.view)
    if subject in (GROUP, LAG):
        by = [np.nan_to_num(numbers_of(reading[name]), nan=0.0) for name in ("lag_seconds", "lag")]
    else:
        by = [_levels(subject, readings)]
    order: Ints = np.lexsort([-each for each in reversed(by)])
    return order


def _levels(subject: Subject, readings: Readings) -> Floats:
    if "level" not in subject.schema:
        return np.zeros(subject.count(readings.view))
    levels = subject.read(readings.view)["level"]
    assert isinstance(levels, Names)
    rank = {level: place for place, level in enumerate(LEVELS)}
    ranks: Floats = np.array([*(rank.get(each, -1) for each in levels.values), -1], np.float64)[levels.codes]
    return ranks


OTHER_LABELS = ("group", "partition")


def others(family: Family, readings: Readings, kept: Ints) -> tuple[tuple[LabelColumn, ...], Floats]:
    """The labels and numbers of a line for each group that has partitions beside the rows `kept`: the sum over these.

    It is unknown where the number of one of them is.
    """
    view = readings.view
    rest = np.setdiff1d(readings.chosen_numbers(LAG, family.where), kept, assume_unique=True)
    group = view.lag.group[rest]
    numbers = numbers_of(LAG.read(view, rest)[family.column])
    sums = np.bincount(group, weights=numbers, minlength=len(view.snapshot.groups))
    groups = np.unique(group)
    labels = (view.snapshot.groups.group[groups], None), (objects([OTHER]), np.zeros(len(groups), np.int64))
    return labels, sums[groups]
