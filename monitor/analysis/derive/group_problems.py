"""Groups that are not ok as problems, and the broker or offline partition that explains some of them."""

import math
from collections.abc import Iterable

import numpy as np

from monitor.analysis.derive.partition_problems import find_offline
from monitor.analysis.derive.problems import brokers_at_fault
from monitor.analysis.derive.verdict import group_why, worst_groups
from monitor.model.problems import Key, Problem
from monitor.model.snapshot import KNOWN
from monitor.model.status import STATUSES, WELL
from monitor.model.table import Floats, Ints, values_at
from monitor.model.text import NAME, name_of
from monitor.model.view import View

MOST_ALIKE = 20
"""More groups of a status are one problem."""

OWN_FAULT = ("lost", "losing", "ahead", "rewound")
"""What a broker that is away does not do to a group."""

DONE = {
    "lost": ("lost records", "lost records"),
    "losing": ("is losing records", "are losing records"),
    "ahead": ("is ahead of the log end", "are ahead of the log end"),
    "rewound": ("was rewound", "were rewound"),
}
"""What a group of a status does, and what several do; other statuses are adjectives."""


def does(word: str, groups: int) -> str:
    """What so many groups of a status do, behind their names: is stuck, are losing records."""
    one, many = DONE.get(word, (f"is {word}", f"are {word}"))
    return one if groups == 1 else many


def find_groups(view: View) -> Iterable[Problem]:
    """The groups that are not ok: those of a critical or degraded status one by one, of others the worst for all."""
    rows = worst_groups(view)
    if not len(rows):
        return
    causes = group_causes(view)
    for status in dict.fromkeys(view.group_lags.status[rows].tolist()):
        word = STATUSES[status]
        alike: dict[tuple[str, Key | None], list[int]] = {}
        for row in rows[view.group_lags.status[rows] == status].tolist():
            cause = None if word in OWN_FAULT else causes.get(row)
            alike.setdefault((_level(view, row), cause), []).append(row)
        for (level, cause), mine in alike.items():
            explained_by = () if cause is None else (cause,)
            apart = MOST_ALIKE if level != "attention" and cause is None else 0
            for row in mine[:apart]:
                yield _problem(view, level, word, [row], explained_by)
            if mine[apart:]:
                yield _problem(view, level, word, mine[apart:], explained_by)


def _level(view: View, row: int) -> str:
    """The level of a group as a problem: that it is unknown needs attention."""
    level = str(view.judged.groups.levels[row])
    return "attention" if level == "unknown" else level


def _problem(view: View, level: str, word: str, rows: list[int], explained_by: tuple[Key, ...]) -> Problem:
    group = str(view.snapshot.groups.group[rows[0]])
    name = name_of(group, NAME)
    who = name if len(rows) == 1 else f"{name} and {len(rows) - 1:,} more"
    done = does(word, len(rows))
    why = group_why(view, rows[0])
    sentence = f"{who} {done}: {why}" if why and len(rows) == 1 else f"{who} {done}"
    subject, lags = name_of(group), view.group_lags
    if len(rows) > 1:
        subject = f"several groups by {explained_by[0][1]}" if explained_by else f"several groups, {level}"
    return Problem(
        level,
        f"group_{word}",
        subject,
        sentence,
        group=group,
        count=len(rows),
        since=_earliest(lags.since[rows]),
        at_latest=_earliest(lags.since_at_latest[rows]),
        explained_by=explained_by,
    )


def _earliest(times: Floats) -> float | None:
    """The earliest of some unix times, None where one of them is unknown."""
    earliest = float(np.min(times))
    return None if math.isnan(earliest) else earliest


def group_causes(view: View) -> dict[int, Key]:
    """The problem that explains each row of groups: of its coordinator, or of the leaders of all that is not ok."""
    groups, lag = view.snapshot.groups, view.lag
    at_fault = brokers_at_fault(view)
    health, partitions = view.partition_health, view.snapshot.partitions
    causes: dict[int, Key] = {}
    if not at_fault and not health.offline.any():
        return causes
    keys: list[Key] = []
    code = np.full(len(partitions), -1)
    for node, key in at_fault.items():
        code[partitions.leader == node] = len(keys)
        keys.append(key)
    for problem in find_offline(view):
        code[problem.partitions] = len(keys)
        keys.append(problem.key)
    bad = np.flatnonzero(~np.isin(view.lag_statuses.status, WELL))
    mine: Ints = values_at(code, lag.partition_row[bad], -1)
    low, high = np.full(len(groups), len(keys)), np.full(len(groups), -1)
    np.minimum.at(low, lag.group[bad], mine)
    np.maximum.at(high, lag.group[bad], mine)
    for row in np.flatnonzero((low == high) & (high >= 0)).tolist():
        causes[row] = keys[low[row]]
    unasked = (groups.reason != KNOWN) | (groups.commits_reason != KNOWN)
    for row in np.flatnonzero(unasked & np.isin(groups.coordinator, list(at_fault))).tolist():
        causes[row] = at_fault[int(groups.coordinator[row])]
    return causes
