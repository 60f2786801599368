"""The cluster in one sentence, the most severe first: what a person on call reads before anything else."""

from dataclasses import dataclass

import numpy as np

from dashboards.text import failures, plural
from monitor.derive.lag import BEHIND, LOST, OK, UNKNOWN
from monitor.view import View


@dataclass(frozen=True)
class Verdict:
    """`level` is waiting, ok, degraded, critical or unreachable; `word` and `glyph` show it, `sentence` says why."""

    level: str
    glyph: str
    word: str
    sentence: str


@dataclass(frozen=True)
class GroupCounts:
    """How many groups have each status; every group counts once."""

    ok: int
    behind: int
    lost: int
    unknown: int


def count_groups(view: View) -> GroupCounts:
    counts = np.bincount(view.group_lags.status, minlength=4)
    return GroupCounts(*(int(counts[code]) for code in (OK, BEHIND, LOST, UNKNOWN)))


def verdict(view: View | None) -> Verdict:
    """The verdict on the newest View, None before the first."""
    if view is None:
        return Verdict("waiting", "◌", "Waiting", "for the first poll to end")
    if not view.up:
        kept = "" if view.last_good is None else " · showing the last good data"
        return Verdict("unreachable", "✕", "Unreachable", f"{view.snapshot.error}{kept}")
    critical, degraded, noted = _findings(view)
    said = " · ".join(critical + degraded + noted)
    if critical:
        return Verdict("critical", "✕", "Critical", said)
    if degraded:
        return Verdict("degraded", "▲", "Degraded", said)
    return Verdict("ok", "●", "Healthy", said or _all_well(view))


def _findings(view: View) -> tuple[list[str], list[str], list[str]]:
    """What is wrong: critical, degraded, and what is worth saying without being wrong."""
    totals, groups = view.totals, count_groups(view)
    firing = [each for each in view.alerts if each.state == "firing"]
    severe = sum(each.severity == "critical" for each in firing)
    failed = [name for name, _ in failures(view)]
    critical = [
        (severe, f"{plural(severe, 'critical alert')} firing"),
        (totals.offline, f"{plural(totals.offline, 'partition')} offline"),
    ]
    degraded = [
        (len(firing) - severe, f"{plural(len(firing) - severe, 'alert')} firing"),
        (groups.lost, f"{plural(groups.lost, 'group')} lost records"),
        (totals.under_replicated, f"{plural(totals.under_replicated, 'partition')} under-replicated"),
        (len(failed), f"no full answer on {', '.join(failed)}"),
    ]
    noted = [
        (groups.behind, f"{plural(groups.behind, 'group')} behind"),
        (groups.unknown, f"{plural(groups.unknown, 'group')} unknown"),
    ]
    critical_, degraded_, noted_ = ([said for n, said in each if n] for each in (critical, degraded, noted))
    return critical_, degraded_, noted_


def _all_well(view: View) -> str:
    totals = view.totals
    if not totals.groups:
        return f"{plural(totals.partitions, 'partition')} in sync, no groups"
    return f"{plural(totals.partitions, 'partition')} in sync, {plural(totals.groups, 'group')} keeping up"
