"""Columns of tables as plain values for JSON."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from monitor.model.details import BrokerConfigs, TopicConfigs
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Flags, Floats, Ints
from monitor.model.view import View

Row = dict[str, Any]
Number = float | int | str | None


class Places(Protocol):
    """A table with a row of `topics` and a partition number in each row."""

    @property
    def topic(self) -> Ints: ...
    @property
    def partition(self) -> Ints: ...


NOT_TOLD = "not told by any broker"

INFINITE = "Infinity"
"""How a number is written that has no limit, such as a retention that is switched off: JSON has no word for it."""


def number(value: float) -> Number:
    """A number for JSON: an integer where it is whole, None where it is unknown, INFINITE where it has no limit."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return INFINITE
    return int(value) if float(value).is_integer() else float(value)


def numbers(column: Floats | Ints, rows: Sequence[int] | Ints | range) -> list[Number]:
    return [number(value) for value in column[np.asarray(rows, np.intp)].tolist()]


def flag(value: float) -> bool | None:
    """1 or 0 as a bool, None where it is unknown."""
    return None if math.isnan(value) else bool(value)


def flags(column: Floats | Flags) -> list[bool | None]:
    return [flag(value) for value in column.tolist()]


def node(value: int | None) -> int | None:
    """A node id or the number of a partition, None for -1, which is what Kafka says for none."""
    return None if value == NO_LEADER else value


def reason(view: View, code: int) -> str | None:
    """The text of a reason, None for what is known."""
    return view.reasons[code] or None


def rows_of(columns: Mapping[str, Iterable[Any]]) -> list[Row]:
    """Columns of equal length as rows."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def places(view: View, table: Places, rows: Ints) -> list[Row]:
    """The topic and partition of these rows of a table."""
    topics = view.snapshot.topics.topic[table.topic[rows]]
    return rows_of({"topic": topics, "partition": table.partition[rows].tolist()})


def config_row(view: View, configs: TopicConfigs | BrokerConfigs, row: int | None, switches: Collection[str]) -> Row:
    """A row of configs, those of `switches` as true or false; all None for no row. `reason` is why they are unknown."""
    names = [each.name for each in configs.schema() if each.name not in {"broker", "reason"}]
    if row is None:
        return {**dict.fromkeys(names), "reason": NOT_TOLD}
    values = {name: getattr(configs, name)[row] for name in names}
    plain = {
        name: flag(value) if name in switches else number(value) if isinstance(value, float) else value
        for name, value in values.items()
    }
    return {**plain, "reason": reason(view, configs.reason[row])}


def grouped(keys: Ints) -> dict[int, Ints]:
    """The rows that have each key."""
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:]), strict=True)) if len(values) else {}
