"""kmon lag: asks a cluster once and prints the lag of every group, topic and partition, worst first."""

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Sequence

import numpy as np

from kmon.commands.options import settings_from
from kmon.commands.text import align, clip
from monitor.derive.lag import NO_COMMIT, STATUSES, UNKNOWN
from monitor.settings import ClusterSettings, SettingsError
from monitor.settings.values import check_regex
from monitor.snapshot import KNOWN
from monitor.table import Flags, Floats, Texts
from monitor.text import UNKNOWN as UNKNOWN_CELL
from monitor.text import visible
from monitor.view import View

Row = dict[str, str | int | None]

KEYS = (
    "cluster",
    "group",
    "group_type",
    "topic",
    "partition",
    "committed_offset",
    "start_offset",
    "end_offset",
    "lag",
    "lost",
    "status",
    "reason",
    "member_id",
    "client_id",
    "host",
)
"""The keys of a row, in the order of columns. None is unknown or absent; `reason` says why lag is unknown."""
NUMBERS = ("partition", "committed_offset", "start_offset", "end_offset", "lag", "lost")
TABLE = ("group", "topic", "partition", "committed_offset", "end_offset", "lag", "lost", "status", "reason")
HEADERS = {"committed_offset": "COMMITTED", "start_offset": "START", "end_offset": "END", "group_type": "TYPE"}
CELLS = 60
"""The widest cell of the plain table."""
LISTING = ("cluster", "groups")
"""Collectors whose failure loses rows altogether; that of others shows in the reasons of rows."""
NAMED = 3
"""How many groups a line about what is missing names."""


def run(args: argparse.Namespace) -> int:
    """Print what was asked for: 0 when it is complete, 1 when a part is missing, 2 when nothing could be asked."""
    group_re, topic_re = _regex(args.group, "--group"), _regex(args.topic, "--topic")
    view = ask(settings_from(args).cluster)
    if not view.up:
        print(f"kmon lag: {visible(view.snapshot.error)}", file=sys.stderr)
        return 2
    rows = lag_rows(view, group_re, topic_re)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    print(RENDERERS[args.output](rows), end="")
    missing = missing_of(view, rows, filtered=bool(group_re or topic_re))
    for each in missing:
        print(f"kmon lag: partial: {visible(each)}", file=sys.stderr)
    return 1 if missing else 0


def ask(cluster: ClusterSettings) -> View:
    """One poll of the cluster."""
    from monitor.collectors import LAG_COLLECTORS  # noqa: PLC0415 - the Kafka client is not needed to find bad usage
    from monitor.poll import poll_once  # noqa: PLC0415 - see above

    return poll_once(cluster, LAG_COLLECTORS)


def _regex(text: str | None, flag: str) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(check_regex(text))
    except ValueError as error:
        raise SettingsError(f"{flag}: {error}") from None


def lag_rows(view: View, group_re: re.Pattern[str] | None = None, topic_re: re.Pattern[str] | None = None) -> list[Row]:
    """A row for each group and partition, and one for each group of which nothing could be read.

    A pattern matches the whole name. Worst first: lost, behind, ok, each by lag; then what is unknown.
    """
    snapshot, lag = view.snapshot, view.lag
    group_wanted, topic_wanted = _wanted(snapshot.groups.group, group_re), _wanted(snapshot.topics.topic, topic_re)
    unknown = lag.status == UNKNOWN
    order = np.lexsort((-np.nan_to_num(lag.lag), np.where(unknown, 1, -lag.status)))
    order = order[group_wanted[lag.group[order]] & topic_wanted[lag.topic[order]]]
    members = snapshot.members
    rows = []
    columns = zip(
        lag.group[order].tolist(),
        lag.topic[order].tolist(),
        lag.partition[order].tolist(),
        lag.member[order].tolist(),
        *(_numbers(column[order]) for column in (lag.committed_offset, lag.start_offset, lag.end_offset)),
        *(_numbers(column[order]) for column in (lag.lag, lag.lost)),
        lag.status[order].tolist(),
        lag.reason[order].tolist(),
        strict=True,
    )
    for group, topic, partition, member, committed, start, end, behind, lost, status, reason in columns:
        owned = member >= 0
        values = (
            view.cluster,
            snapshot.groups.group[group],
            snapshot.groups.group_type[group],
            snapshot.topics.topic[topic],
            partition,
            committed,
            start,
            end,
            behind,
            lost,
            STATUSES[status],
            view.reasons[reason] or None,
            members.member_id[member] if owned else None,
            members.client_id[member] if owned else None,
            members.host[member] if owned else None,
        )
        rows.append(dict(zip(KEYS, values, strict=True)))
    return rows + [_unread(view, group) for group in _unread_groups(view) if group_wanted[group]]


def _wanted(names: Texts, pattern: re.Pattern[str] | None) -> Flags:
    if pattern is None:
        return np.ones(len(names), np.bool_)
    return np.array([pattern.fullmatch(name) is not None for name in names], np.bool_)


def _numbers(column: Floats) -> list[int | None]:
    return [None if value != value else int(value) for value in column.tolist()]  # noqa: PLR0124 - NaN is unknown


def _unread_groups(view: View) -> list[int]:
    """Groups that have no row because they could not be read; one that reads nothing is not among them."""
    groups = view.snapshot.groups
    failed = (groups.commits_reason != KNOWN) | (groups.reason != KNOWN)
    failed[view.lag.group] = False
    return [int(row) for row in np.flatnonzero(failed)]


def _unread(view: View, group: int) -> Row:
    groups = view.snapshot.groups
    reason = int(groups.commits_reason[group]) or int(groups.reason[group])
    row: Row = dict.fromkeys(KEYS)
    known = {"cluster": view.cluster, "group": groups.group[group], "group_type": groups.group_type[group]}
    return row | known | {"status": STATUSES[UNKNOWN], "reason": view.reasons[reason]}


def missing_of(view: View, rows: Sequence[Row], *, filtered: bool = False) -> list[str]:
    """What could not be read and why, a line each; empty when the rows are complete. No commit is an answer.

    When rows were `filtered`, a collector's failure that shows in none of them is none of the asker's.
    """
    missing = [
        f"{each.collector}: {each.error}"
        for each in view.snapshot.outcomes
        if not each.success and (each.collector in LISTING or not filtered)
    ]
    missing += view.snapshot.notices
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        if row["reason"] not in (None, NO_COMMIT):
            by_reason.setdefault(str(row["reason"]), []).append(str(row["group"]))
    missing += [f"lag of {_named(groups)} is unknown: {reason}" for reason, groups in by_reason.items()]
    members: dict[str, list[str]] = {}
    for name in dict.fromkeys(str(row["group"]) for row in rows if row["topic"] is not None):
        reason = view.reasons[int(view.snapshot.groups.reason[view.group_rows[name]])]
        if reason:
            members.setdefault(reason, []).append(name)
    return missing + [f"members of {_named(groups)} are unknown: {reason}" for reason, groups in members.items()]


def _named(groups: Sequence[str]) -> str:
    """How many rows of which groups, the first few by name."""
    names = list(dict.fromkeys(groups))
    shown = ", ".join(clip(visible(name), CELLS) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED:,} more groups" if len(names) > NAMED else shown


def render_table(rows: Sequence[Row], keys: Sequence[str] = TABLE, cells: int | None = CELLS) -> str:
    """Columns for people: unknown is –, numbers have separators, and what a terminal would obey is spelled out."""
    header = [HEADERS.get(key, key.upper()) for key in keys]
    lines = align(
        [header, *([_cell(row[key], cells) for key in keys] for row in rows)], [key in NUMBERS for key in keys]
    )
    return "\n".join(lines) + "\n"


def _cell(value: str | int | None, cells: int | None) -> str:
    if value is None:
        return UNKNOWN_CELL
    if isinstance(value, int):
        return f"{value:,}"
    text = visible(value)
    return text if cells is None else clip(text, cells)


def render_wide(rows: Sequence[Row]) -> str:
    """Every column, nothing cut."""
    return render_table(rows, KEYS, None)


def render_json(rows: Sequence[Row]) -> str:
    """An array of objects, one a line, exact, in ASCII: no name can hide anything from a terminal or an encoding."""
    return "[" + ",\n ".join(map(json.dumps, rows)) + "]\n"


def render_csv(rows: Sequence[Row]) -> str:
    """RFC 4180 with a header; unknown is empty, names are exact (they may look like formulas to a spreadsheet)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, KEYS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


RENDERERS = {"table": render_table, "wide": render_wide, "json": render_json, "csv": render_csv}
