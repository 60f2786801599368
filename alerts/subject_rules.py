"""Rules over any subject: where a filter on its columns is true, false, gone or unknown in a View."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from alerts.samples import Labels, Sample, Samples
from alerts.template import Template
from monitor.model.snapshot import KNOWN
from monitor.model.table import Ints
from monitor.model.text import name_of, visible
from monitor.model.view import View
from monitor.subjects.aside import counted_truth
from monitor.subjects.column import Names, Numbers, Reading, Subject, Values
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.tree import Compare, conditions
from monitor.subjects.kinds import Type
from monitor.subjects.shown import Shown, shown

NAME = 64
"""Most characters of a name in a sentence: a summary stays below PagerDuty's 1,024; labels have it whole."""

LISTED_BY: Mapping[str, str] = {
    "lag": "groups",
    "group": "groups",
    "topic": "cluster",
    "partition": "cluster",
    "broker": "cluster",
    "log_dir": "log_dirs",
    "transaction": "transactions",
    "quorum": "quorum",
}
"""The collector without which a row of a subject may be there and not be seen."""

LATCHED = ("groups", "group_topics", "lag", "members")
"""Judgements that take several minutes of polls: see docs/decisions/0005."""
TAKES_POLLS = frozenset({"status", "level", "since", "status_seconds", "lost", "eta_seconds", "headroom_seconds"})
"""Columns of these subjects that do so, beside their rates."""

ALWAYS_KNOWN = ("cluster", "kmon")
"""Subjects that have a row while the cluster is unreachable too."""


@dataclass(frozen=True)
class SubjectRule:
    """A rule of a rule file, which stands at `place` (FILE:LINE).

    With `observe` it is shown and never sent. One that is not `enabled` is evaluated where the settings enable it.
    `inhibited_by` are rules whose alerts on the same row, once sent, keep those of this one from being sent.
    """

    name: str
    subject: Subject
    where: Filter
    text: str
    for_seconds: float = 0.0
    keep_firing_for_seconds: float = 0.0
    severity: str = "ticket"
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, Template] = field(default_factory=dict)
    inhibited_by: tuple[str, ...] = ()
    observe: bool = False
    enabled: bool = True
    group: str = ""
    place: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row, which are labels of its alert beside the cluster."""
        return tuple(name for name in self.subject.key if name != "cluster")

    @property
    def takes_polls(self) -> bool:
        """Whether it asks for what only several minutes of polls show, and a restart forgets."""
        asked = self.where.columns
        return self.subject.judged in LATCHED and any(name in TAKES_POLLS or "rate" in name for name in asked)


def subject_samples(rule: SubjectRule, view: View, watched: Iterable[Labels]) -> Samples:
    """Where the rule's filter is true in the View, and what became of each of `watched`, labels of older samples.

    An absent row is gone only where all rows were listed. Of a row of a status that is set aside, such as left, it is
    false unless the filter names that status. Everything is unknown while the cluster is unreachable, but
    for what is always known.
    """
    if not view.up and rule.subject.name not in ALWAYS_KNOWN:
        return Samples(reason=view.snapshot.error)
    reading = rule.subject.read(view)
    truth = counted_truth(rule.where, rule.subject.schema, reading)
    true = _samples(rule, reading, np.flatnonzero(truth.true))
    found = {sample.labels for sample in true}
    false, gone, unknown = set(), set(), {}
    rest = [labels for labels in watched if labels not in found]
    for labels, row in zip(rest, rows_of(reading, rule.keys, rest), strict=True):
        if row >= 0 and truth.false[row]:
            false.add(labels)
        elif row >= 0:
            unknown[labels] = _why_unknown(rule, reading, row)
        elif dict(labels)["cluster"] != view.cluster:
            gone.add(labels)
        elif reason := why_absent(rule.subject.name, view, labels):
            unknown[labels] = reason
        else:
            gone.add(labels)
    return Samples(true, frozenset(false), frozenset(gone), unknown)


def covers(rule: SubjectRule, labels: Labels) -> bool:
    """Whether these are the labels of a sample that the rule could have."""
    return tuple(name for name, _ in labels) == ("cluster", *rule.keys)


def _samples(rule: SubjectRule, reading: Reading, rows: Ints) -> tuple[Sample, ...]:
    """A sample of each of these rows, with its annotations as the View has them now."""
    if not len(rows):
        return ()
    chosen = rule.subject.read(reading.view, rows)
    keys = [_texts(chosen[name]) for name in rule.keys]
    cluster = "cluster", reading.view.cluster
    names = dict.fromkeys([*_compared(rule), *(name for each in rule.annotations.values() for name in each.columns)])
    columns = {name: shown(chosen, name) for name in names}
    why = shown(chosen, "why") if "why" in rule.subject.schema else None
    samples = []
    for place in range(len(rows)):
        labels = (cluster, *((name, texts[place]) for name, texts in zip(rule.keys, keys, strict=True)))

        def text(name: str, place: int = place) -> str:
            return columns[name].text(place) if columns[name].is_known(place) else "unknown"

        said = tuple((name, each.fill(text)) for name, each in rule.annotations.items())
        told = why.values[place] if why is not None else None
        numbers = [f"{name} {text(name)}" for name in _compared(rule) if name not in rule.keys]
        because = visible(str(told), 8 * NAME) if told else ", ".join(numbers)
        samples.append(Sample(labels, _value(rule, columns, place), why=because, texts=said))
    return tuple(samples)


def _compared(rule: SubjectRule) -> tuple[str, ...]:
    """The columns that the filter compares, in its order."""
    return tuple(dict.fromkeys(each.column for each in conditions(rule.where.expression) if isinstance(each, Compare)))


def _value(rule: SubjectRule, columns: Mapping[str, Shown], place: int) -> float:
    """The number that the rule is about: that of the first column of numbers that its filter compares, else 1."""
    for name in _compared(rule):
        if rule.subject.schema[name].type is Type.NUMBER:
            number = float(columns[name].values[place])
            if np.isfinite(number):
                return number
    return 1.0


def _texts(values: Values) -> list[str]:
    """Key values as labels have them."""
    if isinstance(values, Names):
        return [str(values.values[code]) if code >= 0 else "" for code in values.codes.tolist()]
    assert isinstance(values, Numbers)
    return ["" if np.isnan(each) else f"{each:.0f}" for each in values.values.tolist()]


def rows_of(reading: Reading, keys: tuple[str, ...], wanted: list[Labels]) -> list[int]:
    """The row that each of these labels names, -1 where there is none."""
    if not wanted:
        return []
    names = [dict(labels) for labels in wanted]
    if not keys:
        return [0] * len(wanted)
    rows = len(reading.subject.read(reading.view)[keys[0]])
    codes, asked = np.zeros(rows, np.int64), np.zeros(len(wanted), np.int64)
    for key in keys:
        mine, theirs, count = _coded(reading[key], [each.get(key, "") for each in names])
        codes, asked = codes * count + mine, np.where((asked < 0) | (theirs < 0), -1, asked * count + theirs)
    order = np.argsort(codes, kind="stable")
    places = np.searchsorted(codes, asked, sorter=order).clip(max=max(0, rows - 1))
    return [
        int(order[place]) if rows and code >= 0 and codes[order[place]] == code else -1
        for place, code in zip(places.tolist(), asked.tolist(), strict=True)
    ]


def _coded(values: Values, wanted: list[str]) -> tuple[Ints, Ints, int]:
    """A number for each value of a column, the same for each wanted text, -1 for one not there, and how many."""
    if isinstance(values, Names):
        number = {str(text): place for place, text in enumerate(values.values.tolist())}
        mine = np.array([*(number[str(text)] for text in values.values.tolist()), len(number)], np.int64)[values.codes]
        return mine, np.array([number.get(text, -1) for text in wanted], np.int64), len(values.values) + 1
    texts, mine = np.unique(_texts(values), return_inverse=True)
    number = {str(text): place for place, text in enumerate(texts.tolist())}
    return mine.astype(np.int64), np.array([number.get(text, -1) for text in wanted], np.int64), len(number) + 1


def why_absent(subject: str, view: View, labels: Labels) -> str:
    """Why it is unknown whether what these labels name is still there, empty when it is known to be gone."""
    if subject in ("lag", "group"):
        row = view.group_rows.get(dict(labels)["group"])
        if row is not None:
            code = view.snapshot.groups.unread[row] if subject == "lag" else KNOWN
            return "" if code == KNOWN else view.reasons[code]
    outcome = view.outcome(LISTED_BY[subject]) if subject in LISTED_BY else None
    return "" if outcome is None else outcome.error or ""


def _why_unknown(rule: SubjectRule, reading: Reading, row: int) -> str:
    """Why the filter is neither true nor false of a row: the reason of the first of its columns that is unknown."""
    for name in dict.fromkeys(each.column for each in conditions(rule.where.expression)):
        column = shown(reading, name)
        if not column.is_known(row):
            return f"{name} is unknown: {column.why(row)}"
    return "not known"


def named(labels: Labels) -> str:
    """What an alert is about, in words: group orders on cluster prod, topic t, partition 3."""
    names = dict(labels)
    cluster = visible(names.pop("cluster"), NAME)
    parts = [f"{name.replace('_', ' ')} {name_of(text, NAME)}" for name, text in names.items()]
    return " ".join([*parts[:1], "on" if parts else "", "cluster", cluster]).strip() + "".join(
        f", {each}" for each in parts[1:]
    )
