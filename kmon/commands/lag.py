"""kmon lag: polls a cluster once, or for a while, and prints the lag of every group and partition, worst first."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from kmon.commands.lag_rows import Row, lag_rows, missing_of, undecided, undecided_rows, unmatched
from kmon.commands.options import cluster_from, option
from kmon.commands.poll import ask
from kmon.commands.signals import ending
from kmon.commands.terminal import align
from monitor.analysis.derive.emptiness import no_lag, no_match
from monitor.model.patterns import Pattern
from monitor.model.text import clip, duration, visible
from monitor.model.units import parse_duration
from monitor.settings.errors import SettingsError
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG
from monitor.subjects.shown import written

TABLE = ("group", "topic", "partition", "committed_offset", "end_offset", "lag", "lost", "lag_seconds", "status", "why")
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


def run(args: argparse.Namespace) -> int:
    """Print what was asked for: 0 when complete, 1 when a part or a name is missing, 2 when Kafka is unreachable."""
    group_re, topic_re, where = selection_of(args)
    seconds = option("--for", args.watch_for, parse_duration)
    cluster = cluster_from(args)
    with ending() if seconds else nullcontext() as end:
        newest = ask(cluster, seconds, end=end)
    view = newest.shown
    if not view.up:
        print(f"kmon lag: {visible(view.snapshot.error)}", file=sys.stderr)
        return 2
    rows = lag_rows(view, group_re, topic_re, where.rows if where else None)
    print(RENDERERS[args.output](rows), end="")
    missing = missing_of(view, rows, filtered=bool(group_re or topic_re or where))
    if where:
        missing += undecided(undecided_rows(view, group_re, topic_re, where), where)
    if not newest.up:
        before = duration(newest.time - view.time)
        missing.insert(0, f"the last poll failed ({newest.snapshot.error}): showing the poll {before} before it")
    strange = unmatched(view, group_re, topic_re)
    if not rows and not missing and not strange:
        empty = no_match("row") if len(view.lag) else no_lag(view)
        print(f"kmon lag: {empty.sentence}", file=sys.stderr)
    for line in (*strange, *(f"partial: {each}" for each in missing)):
        print(f"kmon lag: {visible(line)}", file=sys.stderr)
    return 1 if missing or strange else 0


def selection_of(args: argparse.Namespace) -> tuple[Pattern | None, Pattern | None, Filter | None]:
    """What --group, --topic and --where select. Raises SettingsError."""
    patterns = option("--group", args.group, Pattern), option("--topic", args.topic, Pattern)
    try:
        return *patterns, None if args.where is None else Filter.of(args.where, LAG.schema)
    except FilterError as error:
        raise SettingsError(f"--where: {error.problem}", *error.shown) from None


# -------------------------------------------------------------------- output


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
