"""Rows of lag as text: a table for people, wide with every column, JSON and CSV."""

import csv
import io
import json
from collections.abc import Sequence

from kmon.commands.lag_rows import Row
from kmon.commands.text import align, clip
from monitor.model.text import UNKNOWN, age, span, visible
from monitor.subjects.column import INFINITY, Plain
from monitor.subjects.kinds import Type
from monitor.subjects.lag import LAG

TABLE = (
    "group",
    "topic",
    "partition",
    "committed_offset",
    "end_offset",
    "lag",
    "lost",
    "lag_seconds",
    "status",
    "why",
)
LAST = ("status", "reason", "member_id", "client_id", "host", "why")
WIDE = (*(name for name in LAG.schema if name not in LAST), *LAST)
"""Every column, with the texts that may be long behind the numbers."""
HEADERS = {"committed_offset": "COMMITTED", "start_offset": "START", "end_offset": "END", "group_type": "TYPE"}
AGE = "AGE"
"""The header of lag_seconds in the table, where it is written with its error as an age."""
CELLS, WORDS = 60, 80
"""The widest cell of the plain table, and the widest of words, which have the most important first."""


def render_table(rows: Sequence[Row]) -> str:
    """Columns for people: unknown is –, numbers have separators, and what a terminal would obey is spelled out."""
    widest = {key: WORDS if key == "why" else CELLS for key in TABLE}
    cells = [
        [_age(row) if key == "lag_seconds" else clip(_cell(key, row[key]), widest[key]) for key in TABLE]
        for row in rows
    ]
    return _lines([AGE if key == "lag_seconds" else _header(key) for key in TABLE], cells, TABLE)


def render_wide(rows: Sequence[Row]) -> str:
    """Every column, nothing cut."""
    return _lines(list(map(_header, WIDE)), [[_cell(key, row[key]) for key in WIDE] for row in rows], WIDE)


def _lines(header: list[str], cells: list[list[str]], keys: Sequence[str]) -> str:
    return "\n".join(align([header, *cells], [LAG.schema[key].type is Type.NUMBER for key in keys])) + "\n"


def _header(key: str) -> str:
    return HEADERS.get(key, key.upper())


def _age(row: Row) -> str:
    """The age of the next record with what it may be off: 3.2 min ± 2 s."""
    seconds, error = row["lag_seconds"], row["lag_seconds_error"]
    if seconds is None or isinstance(seconds, str):
        return UNKNOWN
    return age(seconds, error or 0.0, span)


def _cell(key: str, value: Plain) -> str:
    if value is None:
        return UNKNOWN
    if value == INFINITY:
        return "∞"
    if isinstance(value, int | float):
        return f"{value:,.1f}" if LAG.schema[key].kind.digits else f"{value:,}"
    return visible(str(value))


def render_json(rows: Sequence[Row]) -> str:
    """An array of objects, one a line, exact, in ASCII: no name can hide anything from a terminal or an encoding."""
    return "[" + ",\n ".join(json.dumps(row, allow_nan=False) for row in rows) + "]\n"


def render_csv(rows: Sequence[Row]) -> str:
    """RFC 4180 with a header; unknown is empty, names are exact (they may look like formulas to a spreadsheet)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(LAG.schema), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


RENDERERS = {"table": render_table, "wide": render_wide, "json": render_json, "csv": render_csv}
