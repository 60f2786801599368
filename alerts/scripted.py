"""Views written by hand, for tests of rules: the columns of some rows over time, in promtool's notation.

`700+60x10` is 700 and then ten more values, each 60 larger; `0x5` is 0 and five more; `_` and `_x5` are unknown, and
`stale` and `stalex5` say that the row is not there. Texts and flags are words, in quotes where they need it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from monitor.model.table import Ragged, objects
from monitor.model.text import visible
from monitor.subjects.column import Column, Lists, Names, Numbers, Rows, Subject, Values
from monitor.subjects.kinds import Type

Value = float | str | None
"""What a column has at one evaluation; None is unknown."""

STALE = "stale"
"""The word for a row that is not there."""

MOST_VALUES = 100_000
LONGEST = 60
"""Most characters of a value that an error repeats."""

_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|inf)"
_ITEM = re.compile(
    rf"""(?P<none>_|{STALE})(?:x(?P<nones>[0-9]{{1,9}}))?
    |(?P<first>[-+]?{_NUMBER})(?:(?P<sign>[-+])(?P<more>{_NUMBER}))?(?:x(?P<numbers>[0-9]{{1,9}}))?
    |(?:"(?P<quoted>[^"]*)"|(?P<word>[A-Za-z][\w-]*?))(?:x(?P<texts>[0-9]{{1,9}}))?""",
    re.VERBOSE,
)
_PART = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')
FLAGS = {"true": 1.0, "false": 0.0}


class NotationError(ValueError):
    """Values that cannot be read: what is wrong, about `text[position:]`."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem)
        self.position = position


def values_of(text: str, column: Column) -> tuple[Value, ...]:
    """The values of a column, evaluation by evaluation; STALE where the row is not there. Raises NotationError."""
    values: list[Value] = []
    for part in _PART.finditer(text):
        item = _ITEM.fullmatch(part[0])
        if item is None:
            raise NotationError(
                f"{visible(part[0], LONGEST)!r} is not a value, such as 5, 0+10x5, _x3, {STALE} or ok", part.start()
            )
        try:
            values += _values(item, column)
        except ValueError as error:
            raise NotationError(str(error), part.start()) from None
        if len(values) > MOST_VALUES:
            raise NotationError(f"more than {MOST_VALUES:,} values", part.start())
    return tuple(values)


def _values(item: re.Match[str], column: Column) -> list[Value]:
    more = min(int(item["nones"] or item["numbers"] or item["texts"] or 0), MOST_VALUES)
    if item["none"]:
        return [STALE if item["none"] == STALE else None] * (more + 1)
    if item["first"]:
        if column.type not in (Type.NUMBER, Type.FLAG):
            raise ValueError(f"{column.name} is {column.type.value}, not a number")
        if column.type is Type.FLAG and (item["more"] or float(item["first"]) not in FLAGS.values()):
            raise ValueError(f"{column.name} is true or false, not {item[0]}")
        step = float(f"{item['sign'] or '+'}{item['more'] or 0}")
        return [float(item["first"]) + (step * each if step else 0.0) for each in range(more + 1)]
    text = item["quoted"] if item["quoted"] is not None else item["word"]
    if column.type is Type.FLAG and text in FLAGS:
        return [FLAGS[text]] * (more + 1)
    if column.type is not Type.TEXT:
        raise ValueError(f"{column.name} is {column.type.value}, not a text")
    if column.words and text not in column.words:
        raise ValueError(f"{text!r} is not a value of {column.name}, write one of {', '.join(column.words)}")
    return [text] * (more + 1)


@dataclass(frozen=True)
class ScriptedRow:
    """A row of a subject: its key, and the values of other columns over time. The last value stays."""

    subject: Subject
    key: Mapping[str, str]
    columns: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def at(self, step: int) -> dict[str, Value] | None:
        """The columns at an evaluation, None where the row is not there; a column without values is unknown."""
        found = {name: values[min(step, len(values) - 1)] for name, values in self.columns.items() if values}
        return None if STALE in found.values() else {**self.key, **found}


@dataclass(frozen=True)
class ScriptedView:
    """What rules ask of a View. `rows` are the rows of each subject, as columns by name."""

    cluster: str
    up: bool
    rows: Mapping[str, list[dict[str, Value]]]
    group_rows: Mapping[str, int] = field(default_factory=dict)
    snapshot: Any = field(default_factory=lambda: SimpleNamespace(error="the cluster is unreachable"))

    def outcome(self, _collector: str) -> None:
        """Whether what a collector lists is complete; here it always is."""


def view_at(step: int, cluster: str, rows: Iterable[ScriptedRow], *, up: bool) -> ScriptedView:
    found: dict[str, list[dict[str, Value]]] = {}
    for row in rows:
        if (columns := row.at(step)) is not None:
            found.setdefault(row.subject.name, []).append({**columns, "cluster": cluster})
    return ScriptedView(cluster, up, found)


def scripted(subject: Subject) -> Subject:
    """The subject as it is read from scripted Views: the same columns, whose values stand in the rows."""
    name = subject.name

    def column(each: Column) -> Column:
        def read(view: ScriptedView, rows: Rows) -> Values:
            return _column([row.get(each.name) for row in view.rows.get(name, ())], each, rows)

        said = each.otherwise if isinstance(each.otherwise, str) else ""
        return replace(each, read=read, partial=None, sentence=None, otherwise=said or "not set in the test")

    columns = tuple(map(column, subject.columns))
    return replace(subject, count=lambda view: len(view.rows.get(name, ())), columns=columns)


def _column(values: list[Value], column: Column, rows: Rows) -> Values:
    chosen = [values[row] for row in np.arange(len(values))[rows]]
    if column.type is Type.LIST:
        return Lists(Ragged.of([]), np.full(len(chosen), -1))
    if column.type is Type.TEXT:
        return Names(objects(None if each is None else str(each) for each in chosen), np.arange(len(chosen)))
    return Numbers(np.array([np.nan if each is None else float(each) for each in chosen], np.float64))
