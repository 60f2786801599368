"""Rows of lag as commands print them: one for each group and partition, worst first, and what of them is missing."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kmon.commands.poll import EXTRAS
from monitor.analysis.derive.judged.order import lag_order
from monitor.analysis.derive.lag import NO_COMMIT
from monitor.model.patterns import Pattern
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.status import STATUSES, UNKNOWN, WELL
from monitor.model.table import Flags, matching
from monitor.model.text import clip, name_of, visible
from monitor.model.view import View
from monitor.subjects.aside import counted_truth
from monitor.subjects.column import Columns, columns_of
from monitor.subjects.filter.filter import Filter
from monitor.subjects.lag import LAG

Row = dict[str, Any]
WHY = "why"
"""The column that is made only for rows that are printed."""
Pick = Callable[[Columns], Flags]
"""Which rows are wanted, told from their columns."""

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

    A pattern matches the whole name. Worst first: unknown is worse than ok only. Without `words`, which take longer
    than all the rest, rows have no `why`.
    """
    lag, snapshot = view.lag, view.snapshot
    group_wanted, topic_wanted = matching(group_re, snapshot.groups.group), matching(topic_re, snapshot.topics.topic)
    kept = group_wanted[lag.group] & topic_wanted[lag.topic]
    unread = [_unread(view, group) for group in _unread_groups(view) if group_wanted[group]]
    if pick is not None:
        kept &= pick(LAG.read(view))
        unread = [row for row, wanted in zip(unread, pick(columns_of(LAG.schema, unread)), strict=True) if wanted]
    order = lag_order(view)
    order = order[kept[order]]
    worse = int((~np.isin(view.judged.lag.status[order], WELL)).sum())
    names = [name for name in LAG.schema if words or name != WHY]
    rows = LAG.plain(view, order, names)
    return [*rows[:worse], *({name: row[name] for name in names} for row in unread), *rows[worse:]]


def _unread_groups(view: View) -> list[int]:
    """Groups that have no row because they could not be read; one that reads nothing is not among them."""
    failed = view.snapshot.groups.unread != KNOWN
    failed[view.lag.group] = False
    return [int(row) for row in np.flatnonzero(failed)]


def _unread(view: View, group: int) -> Row:
    """All columns of a group that has no row."""
    groups = view.snapshot.groups
    reason = int(groups.unread[group])
    return {
        **dict.fromkeys(LAG.schema),
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
    rows = lag_rows(
        view, group_re, topic_re, lambda columns: counted_truth(where, LAG.schema, columns).unknown, words=False
    )
    return committed(view, rows)


def committed(view: View, rows: Sequence[Row]) -> list[Row]:
    """The rows without those whose lag is unknown only because there is no committed offset."""
    lag, snapshot = view.lag, view.snapshot
    at = np.flatnonzero(lag.reason == view.reason_values.index(NO_COMMIT))
    names = (snapshot.groups.group[lag.group[at]], snapshot.topics.topic[lag.topic[at]], lag.partition[at].tolist())
    without = set(zip(*names, strict=True))
    return [row for row in rows if (row["group"], row["topic"], row["partition"]) not in without]


def undecided(rows: Sequence[Row], where: Filter) -> list[str]:
    """Of undecided rows, what is unknown and why, a line for each cause."""
    causes: dict[str, list[str]] = {}
    for row in rows:
        names = [key for key in LAG.schema if key in where.columns and row.get(key) is None]
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
    for row in committed(view, rows):
        if row["lag"] is None:
            by_reason.setdefault(str(row["reason"]), []).append(str(row["group"]))
    missing += [f"lag of {_named(groups)} is unknown: {reason}" for reason, groups in by_reason.items()]
    members: dict[str, list[str]] = {}
    for name in dict.fromkeys(str(row["group"]) for row in rows if row["topic"] is not None):
        reason = view.reasons[int(view.snapshot.groups.reason[view.group_rows[name]])]
        if reason:
            members.setdefault(reason, []).append(name)
    return missing + [f"members of {_named(groups)} are unknown: {reason}" for reason, groups in members.items()]


def unmatched(view: View, group_re: Pattern | None, topic_re: Pattern | None) -> list[str]:
    """The options --group and --topic that do not match any name, and so are more likely misspelt than fine."""
    snapshot = view.snapshot
    asked = (("group", group_re, snapshot.groups.group), ("topic", topic_re, snapshot.topics.topic))
    return [
        f"--{noun} {pattern.text}: does not match any {noun}"
        for noun, pattern, names in asked
        if pattern is not None and not matching(pattern, names).any()
    ]


def _named(groups: Sequence[str]) -> str:
    """How many rows of which groups, the first few by name."""
    names = list(dict.fromkeys(groups))
    shown = ", ".join(clip(name_of(name), NAME) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED:,} more groups" if len(names) > NAMED else shown
