"""Committed offsets that fell when their group got another coordinator are doubted until the next poll confirms them.

A broker that comes back, or that was elected with an older log, may give offsets of before: an offset that is set back
by somebody is still so in the next answer of the same coordinator.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from monitor.analysis.earlier_polls.rows import KEPT_SECONDS, group_places, lag_places
from monitor.model.coordinators import partition_of, tenures
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.table import Flags, Floats, Ints, Texts

FELL = Reason(Kind.FELL)


class Reign(NamedTuple):
    """Under whom commits were read: the coordinator of a group, and the leader epoch of its offsets partition."""

    coordinator: int
    epoch: int


class Believed(NamedTuple):
    """What was last believed: the snapshot before with its commits, who coordinated its groups, and the offsets
    partition of each. `gaps` has the same of groups whose commits the snapshot before does not know.
    """

    snapshot: Snapshot
    reigns: dict[str, Reign]
    names: Texts
    places: Ints
    gaps: dict[str, tuple[Snapshot, Reign]]


def believe_commits(before: Believed | None, now: Snapshot) -> tuple[Believed, Snapshot]:
    """What is to be remembered, and the snapshot with the offsets unknown that are in doubt."""
    if before is not None and not before.gaps and _same_reigns(before.snapshot, now):
        return before._replace(snapshot=now), now
    places = _places(before, now)
    reigns = _reigns(now, places)
    if before is None:
        return Believed(now, reigns, now.groups.group, places, {}), now
    newest = _trimmed(before.snapshot)
    known = {**before.gaps, **{name: (newest, reign) for name, reign in before.reigns.items()}}
    fell = np.zeros(len(now.commits), bool)
    committed = np.full(len(now.commits), np.nan)
    for snapshot in {id(each): each for each, _ in known.values()}.values():
        mine = {name for name, (each, reign) in known.items() if each is snapshot and reigns.get(name, reign) != reign}
        if mine:
            _compare(now, snapshot, mine, fell, committed)
    unknown = set(now.groups.group.tolist()) - reigns.keys()
    gaps = {
        name: (snapshot, reign)
        for name, (snapshot, reign) in known.items()
        if name in unknown and now.started - snapshot.started <= KEPT_SECONDS
    }
    believed = Believed(now, reigns, now.groups.group, places, gaps)
    if not fell.any():
        return believed, now
    before_it_fell = replace(now.commits, committed_offset=np.where(fell, committed, now.commits.committed_offset))
    return believed._replace(snapshot=replace(now, commits=before_it_fell)), _doubted(now, fell)


def _same_reigns(before: Snapshot, now: Snapshot) -> bool:
    one, other = now.groups, before.groups
    return (
        (one.group is other.group or np.array_equal(one.group, other.group))
        and np.array_equal(one.coordinator, other.coordinator)
        and np.array_equal(one.commits_reason == KNOWN, other.commits_reason == KNOWN)
        and tenures(now.topics, now.partitions) == tenures(before.topics, before.partitions)
    )


def _places(before: Believed | None, now: Snapshot) -> Ints:
    """The offsets partition of each group, -1 where that topic is not in metadata."""
    count = len(tenures(now.topics, now.partitions))
    names = now.groups.group
    if not count:
        return np.full(len(names), -1, np.int64)
    if before is not None and before.names is names and (before.places >= 0).all():
        return before.places
    return np.array([partition_of(str(name), count) for name in names], np.int64)


def _reigns(now: Snapshot, places: Ints) -> dict[str, Reign]:
    """Who coordinates each group whose commits are known."""
    held = tenures(now.topics, now.partitions)
    table = now.groups
    rows = zip(table.group.tolist(), table.coordinator.tolist(), places.tolist(), strict=True)
    known = table.commits_reason == KNOWN
    return {
        name: Reign(coordinator, held[place].epoch if place >= 0 else -1)
        for (name, coordinator, place), fine in zip(rows, known.tolist(), strict=True)
        if fine
    }


def _compare(now: Snapshot, before: Snapshot, names: set[str], fell: Flags, committed: Floats) -> None:
    """Mark the commits of these groups that are lower than before, with what they were."""
    old_row = group_places(now, before)
    wanted = np.array([str(name) in names for name in now.groups.group], bool) & (old_row >= 0)
    rows = np.flatnonzero(wanted[now.commits.group])
    table, old = now.commits, before.commits
    at = lag_places(
        now,
        (table.group[rows], table.topic[rows], table.partition[rows]),
        before,
        (old.group, old.topic, old.partition),
    )
    rows, at = rows[at >= 0], at[at >= 0]
    lower = table.committed_offset[rows] < old.committed_offset[at]
    fell[rows[lower]] = True
    committed[rows[lower]] = old.committed_offset[at[lower]]


def _doubted(now: Snapshot, fell: Flags) -> Snapshot:
    """The snapshot without the offsets that fell, and with the reason, also where it tells how collectors fared."""
    reasons = ReasonCodes(now.reasons)
    table = now.commits
    commits = replace(
        table,
        committed_offset=np.where(fell, np.nan, table.committed_offset),
        reason=np.where(fell, reasons[FELL], table.reason).astype(np.int32),
    )
    outcomes = tuple(
        replace(each, errors=(*each.errors, FELL)) if each.collector == "commits" else each for each in now.outcomes
    )
    return replace(now, commits=commits, reasons=tuple(reasons), outcomes=outcomes)


def _trimmed(snapshot: Snapshot) -> Snapshot:
    """What is needed of a snapshot that is kept for longer."""
    return Snapshot(
        snapshot.cluster,
        snapshot.time,
        snapshot.started,
        topics=snapshot.topics,
        groups=snapshot.groups,
        commits=snapshot.commits,
    )
