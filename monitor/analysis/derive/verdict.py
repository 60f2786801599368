"""The status of a cluster in one sentence, and the reason for the status of a group or a partition: for every face."""

from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.completeness import lists_groups, number_of
from monitor.analysis.derive.judged.order import group_order
from monitor.analysis.derive.story import (
    ahead_of,
    held_of,
    left_of,
    left_story,
    lost_of,
    nobody_of,
    reader_of,
    span_of,
    span_of_group,
)
from monitor.model.limits import STUCK_UNPACED_SECONDS
from monitor.model.problems import Clause, Verdict
from monitor.model.snapshot import KNOWN
from monitor.model.status import GROWING, LEFT, LOST, OK, STATUSES, UNKNOWN, WELL
from monitor.model.table import Ints, Ragged
from monitor.model.text import NAME, Write, count, duration, name_of, plural, rate, records_of, visible
from monitor.model.view import View

SETTLED_SECONDS = STUCK_UNPACED_SECONDS
"""Until a cluster has been watched for so long, the verdict says for how long it has."""

MOST_KINDS = 6
"""Most kinds of problems that a sentence tells of."""

OF_PARTITIONS = {"offline": "offline", "under_min_isr": "under min ISR", "under_replicated": "under-replicated"}
"""What partitions are that problems of a kind are about, also in the sentence of their cause."""
OF_GROUPS = {"lost": "lost records", "losing": "losing records", "ahead": "ahead of the log end"}
"""What is said of groups of a status, of other statuses their word."""


def judge(view: View) -> Verdict:
    """The problems of the cluster that no other causes or that have an alert, the worst first, or that it has none."""
    if not view.up:
        kept = [] if view.last_good is None else [Clause("ok", "showing data of the last successful poll")]
        return Verdict("unreachable", (Clause("unreachable", visible(view.snapshot.error)), *kept))
    problems, more = _problem_clauses(view)
    clauses = problems or [Clause("ok", _all_well(view))]
    clauses += [Clause("ok", f"{plural(more, 'other problem')}")] if more else []
    clauses += [Clause("ok", each) for each in _watched(view)]
    clauses += [Clause("ok", visible(each)) for each in view.snapshot.notices]
    return Verdict(clauses[0].level, tuple(clauses))


def _watched(view: View) -> Iterable[str]:
    """For how long kmon has polled the cluster, while that is too short to find what is stuck or growing."""
    if view.watched_since is None:
        return
    seconds = view.time - view.watched_since
    if seconds < SETTLED_SECONDS:
        yield f"monitored for {duration(seconds)}" if seconds > 0 else "first poll"


def _problem_clauses(view: View) -> tuple[list[Clause], int]:
    """A clause for each kind of problem, and how many problems there are beyond the first MOST_KINDS of these."""
    table = view.problems
    rows = [row for row in range(len(table)) if table.cause[row] < 0 or table.alerts[row]]
    kinds: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        kinds.setdefault((table.level[row], table.kind[row]), []).append(row)
    told = list(kinds.items())[:MOST_KINDS]
    clauses = [
        Clause("ok" if level == "note" else level, _said(view, kind, mine), int(table.rank[mine[0]]))
        for (level, kind), mine in told
    ]
    return clauses, len(rows) - sum(len(mine) for _, mine in told)


def _said(view: View, kind: str, rows: list[int]) -> str:
    """Some problems of one kind as one clause: partitions are counted, of others the first is told."""
    table = view.problems
    if kind in OF_PARTITIONS:
        return f"{plural(_partitions(table.partitions, rows), 'partition')} {OF_PARTITIONS[kind]}"
    if kind.startswith("group_"):
        others = int(table.count[rows].sum()) - 1
        more = f" and {others:,} more" if others else ""
        status = kind.removeprefix("group_")
        fires = list(dict.fromkeys(name for row in rows for name in table.alerts[row]))
        alerts = f" (alert {', '.join(visible(each, NAME) for each in fires[:2])})" if fires else ""
        return f"{name_of(table.group[rows[0]], NAME)}{more} {OF_GROUPS.get(status, status)}{alerts}"
    return str(table.sentence[rows[0]]) + (f" (and {len(rows) - 1:,} more)" if len(rows) > 1 else "")


def _partitions(about: Ragged, rows: list[int]) -> int:
    """How many partitions some problems are about, each counted once."""
    return len({partition for row in rows for partition in about.row(row)})


def _all_well(view: View) -> str:
    left = int(np.count_nonzero(view.group_lags.status == LEFT))
    groups = view.totals.groups - left
    if left and not groups:
        return f"{plural(left, 'group')} left {'its' if left == 1 else 'their'} topics"
    if not lists_groups(view.snapshot):
        verb = "keeps" if groups == 1 else "keep"
        return f"{number_of(groups, 'group', whole=False)} {verb} up" if groups else "no visible groups"
    return f"all {groups:,} groups keep up" if groups > 1 else "the group keeps up" if groups else "no groups"


def worst_groups(view: View) -> Ints:
    """Rows of the groups that somebody has to act on: by severity of their status, then by their known lag, the worst
    first.
    """
    order = group_order(view)
    worst: Ints = order[~np.isin(view.group_lags.status[order], WELL)]
    return worst


def count_groups(view: View) -> dict[str, int]:
    """How many groups have each status in STATUSES; every group counts once."""
    counts = np.bincount(view.group_lags.status, minlength=len(STATUSES))
    return dict(zip(STATUSES, counts.tolist(), strict=True))


def group_why(view: View, row: int, write: Write = count) -> str:
    """The reason for a group's status, with the partition that is worst; empty for a group that keeps up."""
    lags = view.group_lags
    if lags.status[row] == OK:
        return ""
    if lags.status[row] == LEFT:
        return left_story(view, view.lag.of_group(row), write)
    parts = []
    if lags.status[row] == LOST:
        parts.append(records_of(float(lags.lost[row]), write, " lost"))
    if nobody := nobody_of(view, row, int(lags.status[row])):
        parts.append(nobody)
    rows = _worst(view, row)
    if lags.status[row] == GROWING and not len(rows):
        parts.append(_grows(view, row, write))
    if len(rows):
        parts.append(_how(view, int(rows[0]), write))
    if len(rows) > 1:
        parts.append(f"{plural(len(rows) - 1, 'more partition')} {STATUSES[lags.status[row]]}")
    reason = visible(view.reasons[lags.reason[row]])
    unknown, total = int(lags.unknown_partitions[row]), int(lags.partitions[row])
    if unknown and unknown < total:
        parts.append(f"{unknown:,} of {plural(total, 'partition')} unknown ({reason})")
    elif lags.reason[row] != KNOWN:
        parts.append(reason)
    return "; ".join(parts)


def _grows(view: "View", group: int, write: Write) -> str:
    """The reason for a group that grows as a whole while none of its partitions does for long enough."""
    lags = view.group_lags
    read, come = rate(float(lags.consume_rate[group])), rate(float(lags.produce_rate[group]))
    where = plural(int(lags.partitions[group]), "partition")
    said = f"growing{span_of_group(view, group)}: out rate {read}, in rate {come} on {where}"
    most = int(lags.worst[group])
    return f"{said}; largest lag on {_place(view, most)}: {left_of(view, most, write)}" if most >= 0 else said


def _worst(view: View, group: int) -> Ints:
    """The rows of lag that have the group's status, that with the most lag first; none where it is unknown."""
    mine = view.lag.of_group(group)
    status = view.group_lags.status[group]
    rows = mine.start + np.flatnonzero(view.lag_statuses.status[mine.start : mine.stop] == status)
    worst: Ints = rows[np.argsort(-view.lag.lag[rows], kind="stable")]
    return worst[:0] if status == UNKNOWN else worst


def _how(view: "View", row: int, write: Write) -> str:
    """The status of a row of lag, the span of its group, its reader, and how far it is behind."""
    reader, held = reader_of(view, row), held_of(view, row)
    span = span_of_group(view, int(view.lag.group[row]))
    said = f"{STATUSES[view.lag_statuses.status[row]]}{span} on {_place(view, row)}"
    left = ahead_of(view, row, write) or left_of(view, row, write)
    return f"{said}{reader and f' ({reader})'}: {left}{held and f', {held}'}"


def partition_why(view: View, row: int, write: Write = count) -> str:
    """The reason for the status of a row of `view.lag`; empty for a partition that is read in time."""
    lag, status = view.lag, int(view.lag_statuses.status[row])
    if status == LEFT:
        return left_story(view, range(row, row + 1), write)
    parts = []
    if status not in {OK, UNKNOWN} and (span := span_of(view, row)):
        parts.append(f"{STATUSES[status]}{span}")
    parts += filter(None, (lost_of(view, row, write), ahead_of(view, row, write)))
    assigned = view.snapshot.groups.assignments_reason[lag.group[row]] == KNOWN
    if lag.lag[row] > 0 and lag.member[row] < 0 and assigned:
        parts.append("unassigned")
    if held := held_of(view, row):
        parts.append(held)
    if lag.reason[row] != KNOWN:
        parts.append(visible(view.reasons[lag.reason[row]]))
    return "; ".join(parts)


def _place(view: View, row: int) -> str:
    return f"{name_of(view.snapshot.topics.topic[view.lag.topic[row]])}-{view.lag.partition[row]}"
