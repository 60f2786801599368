"""Grids of subjects: their columns as AG Grid has them, and their rows as they travel, with why a value is unknown.

A page lists which columns of its subject a grid has, under which head and how wide. How a value is written and sorted,
its reason, its error and its known part follow from the column of the subject.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboards.feed import Cells, Whys
from monitor.model.judgements import Judged
from monitor.model.levels import SIGN_OF
from monitor.model.status import GLYPHS, STATUSES
from monitor.model.table import Flags, Floats, Ints
from monitor.model.view import View
from monitor.subjects.column import INFINITY, Lists, Numbers, Rows, Subject, Values, words_of
from monitor.subjects.column import Column as SubjectColumn
from monitor.subjects.kinds import Type
from monitor.subjects.shown import Shown, shown

MOST_ROWS = 20_000
"""A grid gets no more rows than this; what is left out is said above it."""

DECIMALS = {"rate": 1, "duration": 1, "percent": 4, "change": 4, "latency": 4}
"""How many decimals of a number can be seen, by how it is written; more need not travel. 0 for all others."""

NUMBER: dict[str, Any] = {
    "type": "rightAligned",
    "filter": "agNumberColumnFilter",
    "sortingOrder": ["desc", "asc", None],
    "getQuickFilterText": {"function": "unsearched(params)"},
    "cellClass": ["ag-right-aligned-cell", "number"],
    "tooltipValueGetter": {"function": "whyUnknown(params)"},
}
TEXT: dict[str, Any] = {
    "filter": "agTextColumnFilter",
    "valueFormatter": {"function": "visible(params)"},
    "tooltipValueGetter": {"function": "visible(params)"},
}
STATUS: dict[str, Any] = {
    "filter": "agTextColumnFilter",
    "cellRenderer": "StatusMark",
    "cellRendererParams": {"glyphs": dict(zip(STATUSES, GLYPHS, strict=True)), "signs": SIGN_OF},
    "comparator": {"function": "bySeverity"},
    "sortingOrder": ["desc", "asc", None],
}
"""The status of a subject that the core judges, with its level and severity in cells of the row."""


@dataclass(frozen=True)
class GridColumn:
    """A column of a grid: that of this name in its subject, or cells that the page brings.

    `field` is its name in the URL and on the wire. `write` names how the browser writes its numbers where this is not
    how their kind does, and `latest` the column with the latest unix time that an unknown one can be.
    """

    name: str
    head: str
    width: int
    field: str
    write: str
    latest: str
    options: Mapping[str, Any]

    def definition(self, column: SubjectColumn | None) -> dict[str, Any]:
        """The column as AG Grid has it; `column` is that of the subject."""
        own: dict[str, Any] = {"field": self.field, "headerName": self.head, "width": self.width, "minWidth": 70}
        if column is None:
            return {**own, **TEXT, **self.options}
        unit = "UTC" if self.write == "since" else column.kind.unit.replace("unix seconds", "UTC")
        own["context"] = {"unit": unit}  # of its numbers in CSV, where they are written plainly
        tooltip = {"headerTooltip": column.meaning[:1].upper() + column.meaning[1:]}
        if self.name == "status":
            kind = STATUS
        elif column.kind.right:
            kind = {
                **NUMBER,
                "valueFormatter": {"function": f"{self.write or column.kind.write.__name__}(params)"},
                "comparator": {"function": f"knownFirst('{self.field}_{'at_latest' if self.latest else 'at_least'}')"},
            }
            if column.above_zero:
                above = f"params.value > 0 || params.data['{self.field}_at_least'] > 0"
                kind["cellClassRules"] = {f"level-{column.above_zero}": above}
        else:
            kind = TEXT
        return {**own, **kind, **tooltip, **self.options}


def column(
    name: str, head: str, width: int, *, field: str = "", write: str = "", latest: str = "", **options: Any
) -> GridColumn:
    """A column of a grid; `options` are those of AG Grid."""
    return GridColumn(name, head, width, field or name, write, latest, options)


SINCE = column(
    "since", "For", 90, write="since", latest="since_at_latest", headerTooltip="Time since the status changed"
)
"""For how long a row has had its status. Its time travels, which stays the same, and the browser counts on."""
TIMES = (
    column("lag_seconds", "Time lag", 125, field="age"),
    column("why", "Why", 200, flex=1, minWidth=200),
    column("produce_rate", "In rate", 100, field="produce"),
    column("consume_rate", "Out rate", 100, field="consume"),
    column("eta_seconds", "Drains in", 105, field="eta"),
    column("headroom_seconds", "Data loss in", 125, field="headroom"),
)
"""What groups and rows of lag have beside their lag."""


class Grid:
    """The rows of a subject as a grid; `key` are the fields of the columns that identify a row.

    The subject's other columns but those in `without` are shown on request; with None the page has no such choice.
    """

    def __init__(
        self, subject: Subject, key: Sequence[str], *columns: GridColumn, without: Sequence[str] | None = None
    ) -> None:
        self.subject, self.key, self.columns = subject, key, columns
        listed = [each.name for each in columns]
        others = () if without is None else subject.others([*listed, *without])
        self.others = tuple(
            column(each.name, head := words_of(each.name), max(100, 44 + 8 * len(head)), hide=True) for each in others
        )
        self.definitions = [each.definition(subject.schema.get(each.name)) for each in (*columns, *self.others)]

    def cells(
        self, view: View, rows: Rows = slice(None), hidden: Sequence[str] | None = None, **own: Iterable[Any]
    ) -> Cells:
        """These rows as they travel; `own` are cells that the page brings, by field, and `hidden` as in Cells."""
        brought = {name: list(cells) for name, cells in own.items()}
        if not self.others:
            return self._cells(view, rows, self.columns, hidden, brought)
        hidden = hidden or ()
        all_columns = partial(self._cells, view, rows, (*self.columns, *self.others), hidden, brought)
        cells = self._cells(view, rows, self.columns, [*hidden, *(each.field for each in self.others)], brought)
        return replace(cells, all_columns=all_columns)

    def _cells(
        self,
        view: View,
        rows: Rows,
        columns: Sequence[GridColumn],
        hidden: Sequence[str] | None,
        own: Mapping[str, list[Any]],
    ) -> Cells:
        reading = self.subject.read(view, rows)
        fields: dict[str, Sequence[Any]] = {}
        unknown: dict[str, Shown] = {}
        for each in columns:
            column = self.subject.schema.get(each.name)
            if column is None or each.field in own:
                continue
            if column.type is not Type.NUMBER:
                fields[each.field] = _texts(column, reading[each.name])
                continue
            values = shown(reading, each.name)
            digits = DECIMALS.get(each.write or column.kind.write.__name__, 0)
            fields[each.field] = _numbers(values.values, digits)
            if values.error is not None:
                fields[f"{each.field}_error"] = _numbers(values.error, digits)
            if values.part is not None:
                fields[f"{each.field}_at_least"] = _numbers(np.where(values.unknown, values.part, np.nan), digits)
            if each.latest:
                latest = shown(reading, each.latest).values.astype(np.float64)
                told = values.unknown & (latest < view.time)
                fields[f"{each.field}_at_latest"] = _numbers(np.where(told, latest, np.nan), digits)
            unknown[each.field] = values
        fields |= own
        keys, whys = _whys(unknown)
        ids = zip(*(fields[name] for name in self.key), strict=True)
        head = {"id": ["/".join(map(str, each)) for each in ids]}
        judged = _judged(getattr(view.judged, self.subject.judged), rows) if self.subject.judged else {}
        table = {**head, **fields, **judged, "whys": keys}
        return Cells(tuple(table), list(zip(*table.values(), strict=True)), whys, hidden)


def _judged(judged: Judged, at: Rows) -> dict[str, list[Any]]:
    """The cells of level and severity of these rows of a subject: a grid sorts the status by its severity."""
    return {"level": judged.levels[at].tolist(), "severity": judged.severity[at].tolist()}


def _numbers(values: NDArray[Any], digits: int) -> list[Any]:
    """Numbers with so many decimals, None where they are unknown, INFINITY where they have no limit."""
    if values.dtype.kind != "f":
        return list(values.tolist())
    cells = np.full(len(values), None, object)
    finite = np.isfinite(values)
    cells[finite] = np.round(values[finite].astype(np.float64), digits) if digits else values[finite].astype(np.int64)
    cells[np.isposinf(values)] = INFINITY
    return list(cells.tolist())


def _texts(column: SubjectColumn, values: Values) -> list[str | None]:
    """Texts, lists in one line, and flags as words; None where they are unknown."""
    if isinstance(values, Lists):
        text = cache(lambda ids: ", ".join(map(str, ids)))  # most partitions have one of a few lists
        starts, ends, every = values.values.starts[:-1], values.values.starts[1:], values.values.values.tolist()
        spans = zip(values.rows.tolist(), starts[values.rows].tolist(), ends[values.rows].tolist(), strict=True)
        return [None if row < 0 else text(tuple(every[start:end])) for row, start, end in spans]
    if isinstance(values, Numbers):
        return [None if math.isnan(each) else column.kind.write(each) for each in values.values.tolist()]
    texts = [*values.values.tolist(), None]
    return [texts[code] for code in values.codes.tolist()]


def _whys(columns: Mapping[str, Shown]) -> tuple[list[str | None], Whys]:
    """For each row a key of the second result, which has the fields that are unknown and why; None where none is.

    Equal keys say the same in every View, so a row that stays as it is need not travel again.
    """
    codes = {name: each.whys() for name, each in columns.items() if each.unknown.any()}
    count = len(next(iter(columns.values()))) if columns else 0
    kind = np.zeros(count, np.int64)
    for texts, each in codes.values():
        _, kind = np.unique(kind * len(texts) + each, return_inverse=True)
    _, firsts, place = np.unique(kind, return_index=True, return_inverse=True)
    keys: list[str | None] = []
    whys: Whys = {}
    for row in firsts.tolist():
        why = {name: texts[each[row]] for name, (texts, each) in codes.items() if each[row]}
        key = sha256(repr(why).encode("utf-8", "surrogatepass")).hexdigest()[:12] if why else None
        keys.append(key)
        if key is not None:
            whys[key] = why
    return [keys[each] for each in place.tolist()], whys


def worst_rows(wanted: Flags, *keys: Floats | Ints, most: int = MOST_ROWS) -> Ints:
    """The rows that are wanted, in order; where they are more than `most`, those with the largest keys, first first."""
    rows = np.flatnonzero(wanted)
    if len(rows) <= most:
        return rows
    # A stable order, so that the same rows are chosen poll after poll among equals.
    order = np.lexsort([-np.nan_to_num(key[rows].astype(np.float64)) for key in reversed(keys)])
    return np.sort(rows[order[:most]])
