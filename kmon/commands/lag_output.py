"""Rows of lag as text: a table for people, wide with every column, JSON and CSV."""

import csv
import io
import json
from collections.abc import Sequence

from kmon.commands.lag_rows import Row
from kmon.commands.text import align, clip
from monitor.subjects.lag import LAG
from monitor.subjects.shown import written

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
HEADERS = {
    "committed_offset": "COMMITTED",
    "start_offset": "START",
    "end_offset": "END",
    "group_type": "TYPE",
    "lag_seconds": "AGE",
    "lag_seconds_error": "AGE_ERROR",
    "eta_seconds": "ETA",
    "headroom_seconds": "HEADROOM",
    "status_seconds": "FOR",
}
"""Headers that are not the names of their columns: times are written with their unit, so none stands in the header."""
CELLS, WORDS = 60, 80
"""The widest cell of the plain table, and the widest of words, which have the most important first."""


def render_table(rows: Sequence[Row]) -> str:
    """Columns for people: unknown is –, numbers have separators, and what a terminal would obey is spelled out."""
    widest = {key: WORDS if key == "why" else CELLS for key in TABLE}
    cells = [[clip(_cell(row, key, error=True), widest[key]) for key in TABLE] for row in rows]
    return _lines(list(map(_header, TABLE)), cells, TABLE)


def render_wide(rows: Sequence[Row]) -> str:
    """Every column, nothing cut."""
    return _lines(list(map(_header, WIDE)), [[_cell(row, key) for key in WIDE] for row in rows], WIDE)


def _lines(header: list[str], cells: list[list[str]], keys: Sequence[str]) -> str:
    return "\n".join(align([header, *cells], [LAG.schema[key].kind.right for key in keys])) + "\n"


def _header(key: str) -> str:
    return HEADERS.get(key, key.upper())


def _cell(row: Row, key: str, *, error: bool = False) -> str:
    """A value, with the `error` of one that has it."""
    column = LAG.schema[key]
    return written(column, row[key], row[column.error] if error and column.error else None)


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
