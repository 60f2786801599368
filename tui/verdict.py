"""The state of a cluster in one sentence, the worst first."""

from typing import NamedTuple

import numpy as np

from monitor.derive.lag import BEHIND, LOST, OK, STATUSES, UNKNOWN
from monitor.view import View
from tui.format import STATUS_GLYPHS, age, name_of, plain, some
from tui.picture import Picture
from tui.widgets.lines import Part

SEVERITY = (0, 2, 3, 1)
"""How bad each status in STATUSES is; unknown is worse than ok only."""


class Clause(NamedTuple):
    """One thing that is so, as plain text, with the status in STATUSES that it gives the cluster."""

    status: int
    text: str


class Verdict(NamedTuple):
    """The worst status among the clauses, and the clauses."""

    status: int
    clauses: tuple[Clause, ...]

    @property
    def kind(self) -> str:
        return STATUSES[self.status]

    @property
    def sentence(self) -> str:
        return " · ".join(each.text for each in self.clauses)

    def parts(self) -> list[Part]:
        """The sentence as parts of a line, each clause in the colour of its status."""
        parts = [Part(f" {STATUS_GLYPHS[self.status]} ", self.kind)]
        for place, clause in enumerate(self.clauses):
            parts.append(Part(" · " if place else "", "dim"))
            parts.append(Part(clause.text, "" if clause.status == OK else STATUSES[clause.status]))
        return parts


def verdict(picture: Picture) -> Verdict:
    """What is the matter with the cluster, or that nothing is."""
    view = picture.view
    if view is None:
        clauses = [Clause(UNKNOWN, asking(picture))]
    elif not view.up:
        clauses = [Clause(LOST, f"cannot be reached: {plain(view.snapshot.error)}")]
    else:
        clauses = [*_incomplete(view), *_partitions(view), *_groups(view)]
        if not clauses:
            groups = view.totals.groups
            clauses = [Clause(OK, "the group keeps up" if groups == 1 else f"all {groups:,} groups keep up")]
    clauses.sort(key=lambda each: -SEVERITY[each.status])
    return Verdict(clauses[0].status, tuple(clauses))


def _partitions(view: View) -> list[Clause]:
    totals = view.totals
    offline = Clause(LOST, f"{some(totals.offline, 'partition')} offline")
    under = Clause(BEHIND, f"{totals.under_replicated:,} under-replicated")
    return [*([offline] if totals.offline else []), *([under] if totals.under_replicated else [])]


def _groups(view: View) -> list[Clause]:
    clauses = []
    for status, words in ((LOST, "lost records"), (BEHIND, "behind"), (UNKNOWN, "unknown")):
        rows = np.flatnonzero(view.group_lags.status == status)
        if len(rows):
            worst = rows[np.argmax(np.nan_to_num(view.group_lags.lag_at_least[rows]))]
            more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            clauses.append(Clause(status, f"{name_of(view.snapshot.groups.group[worst][:60])}{more} {words}"))
    return clauses


def _incomplete(view: View) -> list[Clause]:
    failed = [each for each in view.snapshot.outcomes if not each.success]
    if not failed:
        return []
    more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
    return [Clause(BEHIND, f"incomplete: {plain(failed[0].collector)}{more}: {plain(failed[0].error)}")]


def asking(picture: Picture) -> str:
    """What is said before the first poll ends."""
    where = f" ({plain(picture.address)})" if picture.address else ""
    return f"asking {plain(picture.cluster)}{where} …"


def freshness(picture: Picture) -> Part:
    """The age of what is shown: pale, amber when more than two polls are missed, red when more than five."""
    seconds = picture.age_seconds
    if seconds is None:
        return Part("no data yet ", "dim")
    missed = seconds / picture.interval_seconds
    kind = "lost" if missed > 5 else "behind" if missed > 2 else "dim"
    return Part(f"data {age(seconds)} old ", kind)
