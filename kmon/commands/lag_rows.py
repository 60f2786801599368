"""Rows of lag as commands print them: one for each group and partition, worst first, and what of them is missing."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from kmon.commands.asking import EXTRAS
from kmon.commands.text import clip
from monitor.derive.lag import NO_COMMIT
from monitor.derive.story import partition_story
from monitor.filter.columns import Columns, Names, Numbers, columns_of
from monitor.filter.filter import Filter
from monitor.filter.lag_columns import LAG, lag_columns
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.status import STATUSES, UNKNOWN
from monitor.model.table import Flags, Ints, Texts
from monitor.model.view import View
from monitor.patterns import Pattern
from monitor.text import visible

Row = dict[str, str | int | float | None]
Pick = Callable[[Columns], Flags]
"""Which rows are wanted, told from their columns."""

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
    "stable_lag",
    "lag_seconds",
    "lag_seconds_error",
    "lag_method",
    "produce_rate",
    "consume_rate",
    "eta_seconds",
    "headroom_seconds",
    "since",
    "ahead",
    "why",
)
"""The keys of a row, in the order of columns. None is unknown or absent.

`reason` says why lag or age is unknown, `why` all there is to say of the row, with its numbers, in words.
"""
WHY = KEYS[-1]
"""The only key that is no column of LAG: it is said of the chosen rows alone."""
DIGITS = {
    **dict.fromkeys(("lag_seconds", "lag_seconds_error", "eta_seconds", "headroom_seconds", "since"), 3),
    **dict.fromkeys(("produce_rate", "consume_rate"), 6),
}
"""Decimals of numbers that are not whole."""
LISTING = ("cluster", "groups")
"""Collectors whose failure loses rows altogether; that of others shows in the reasons of rows."""
WATCHED = frozenset(("produce_rate", "consume_rate", "eta_seconds", "since", "status_seconds"))
"""What takes several polls to tell."""
NAMED = 3
"""How many groups a line about what is missing names."""
NAME = 60
"""The widest name in such a line."""


def lag_rows(
    view: View,
    group_re: Pattern | None = None,
    topic_re: Pattern | None = None,
    pick: Pick | None = None,
    *,
    words: bool = True,
) -> list[Row]:
    """A row for each group and partition, and one for each group of which nothing could be read.

    A pattern matches the whole name. Worst first by status, then by lag; what is unknown is last. Without `words`,
    which take longer than all the rest, `why` is None.
    """
    lag, snapshot = view.lag, view.snapshot
    group_wanted, topic_wanted = _wanted(snapshot.groups.group, group_re), _wanted(snapshot.topics.topic, topic_re)
    columns = lag_columns(view)
    kept = group_wanted[lag.group] & topic_wanted[lag.topic]
    unread = [_unread(view, group) for group in _unread_groups(view) if group_wanted[group]]
    if pick is not None:
        kept &= pick(columns)
        unread = [row for row, wanted in zip(unread, pick(columns_of(LAG, unread)), strict=True) if wanted]
    status = view.lag_statuses.status
    order = np.lexsort((-np.nan_to_num(lag.lag), np.where(status == UNKNOWN, 1, -status)))
    order = order[kept[order]]
    values = [_values(key, columns[key], order) for key in KEYS if key != WHY]
    stories = [partition_story(view, row) or None if words else None for row in order.tolist()]
    rows = [dict(zip(KEYS, each, strict=True)) for each in zip(*values, stories, strict=True)]
    return rows + [{key: row.get(key) for key in KEYS} for row in unread]


def _wanted(names: Texts, pattern: Pattern | None) -> Flags:
    if pattern is None:
        return np.ones(len(names), np.bool_)
    return np.array([pattern.matches(name) for name in names], np.bool_)


def _values(key: str, column: Numbers | Names, rows: Ints) -> list[str | int | float | None]:
    """The values of some rows of a column, as a Row has them."""
    if isinstance(column, Names):
        texts = [*column.values.tolist(), None]
        if key == "reason":
            texts = [each or None for each in texts]
        return [texts[code] for code in column.codes[rows].tolist()]
    values = column.values[rows].tolist()
    if key in DIGITS:
        return [None if value != value else round(value, DIGITS[key]) for value in values]  # noqa: PLR0124 - NaN is unknown
    return [None if value != value else int(value) for value in values]  # noqa: PLR0124 - NaN is unknown


def _unread_groups(view: View) -> list[int]:
    """Groups that have no row because they could not be read; one that reads nothing is not among them."""
    failed = view.snapshot.groups.unread != KNOWN
    failed[view.lag.group] = False
    return [int(row) for row in np.flatnonzero(failed)]


def _unread(view: View, group: int) -> Mapping[str, str | int | float | None]:
    """All columns of a group that has no row."""
    groups = view.snapshot.groups
    reason = int(groups.unread[group])
    return {
        **dict.fromkeys(LAG),
        "cluster": view.cluster,
        "group": groups.group[group],
        "group_type": groups.group_type[group],
        "state": groups.state[group],
        "coordinator": None if groups.coordinator[group] == NO_LEADER else int(groups.coordinator[group]),
        "status": STATUSES[UNKNOWN],
        "reason": view.reasons[reason],
        WHY: f"unknown: {visible(view.reasons[reason])}",
    }


def undecided_rows(view: View, group_re: Pattern | None, topic_re: Pattern | None, where: Filter) -> list[Row]:
    """Rows of which a filter cannot tell whether they fit. That there is no commit is an answer, and fits nothing."""
    rows = lag_rows(view, group_re, topic_re, lambda columns: where.truth(columns).unknown, words=False)
    return [row for row in rows if row["reason"] != NO_COMMIT]


def undecided(rows: Sequence[Row], where: Filter) -> list[str]:
    """Of undecided rows, what is unknown and why, a line for each cause."""
    causes: dict[str, list[str]] = {}
    for row in rows:
        names = [key for key in LAG if key in where.columns and row.get(key) is None]
        if WATCHED.issuperset(names) and row["lag"] is not None:
            reason = "not watched for long enough (--for)"
        else:
            reason = str(row["reason"] or "Kafka does not tell")
        cause = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} unknown: {reason}"
        causes.setdefault(cause, []).append(str(row["group"]))
    return [f"whether {len(groups):,} of {_named(groups)} fit: {cause}" for cause, groups in causes.items()]


def missing_of(view: View, rows: Sequence[Row], *, filtered: bool = False) -> list[str]:
    """What could not be read and why, a line each; empty when the rows are complete. No commit is an answer.

    When rows were `filtered`, a collector's failure that shows in none of them is none of the asker's.
    """
    missing = [
        f"{each.collector}: {each.error}"
        for each in view.snapshot.outcomes
        if not each.success and each.collector not in EXTRAS and (each.collector in LISTING or not filtered)
    ]
    missing += view.snapshot.notices
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        if row["lag"] is None and row["reason"] != NO_COMMIT:
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
    shown = ", ".join(clip(visible(name), NAME) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED:,} more groups" if len(names) > NAMED else shown
