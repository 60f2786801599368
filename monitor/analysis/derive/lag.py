"""Lag of every group on every partition, from committed, start and end offsets. docs/lag.md explains the numbers."""

from collections.abc import Sequence

import numpy as np

from monitor.analysis.derive.partitions import partition_rows
from monitor.model.lag import Lag
from monitor.model.reasons import Kind, Reason, ReasonCodes
from monitor.model.snapshot import KNOWN, Snapshot, row_key
from monitor.model.table import Flags, Floats, Ints, values_at

NO_COMMIT = Reason(Kind.NO_COMMIT)
NO_PARTITION = Reason(Kind.NO_PARTITION)
HIDDEN_COMMITS = Reason(Kind.HIDDEN_COMMITS)


def lag_of(committed: Floats, start: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Lag and lost records for offsets of equal shape; NaN wherever an offset that matters is NaN.

    Records below the log start are gone: they are lost, not lag. A commit beyond the end is lag 0, and `ahead`.
    """
    return np.maximum(0.0, end - np.maximum(committed, start)), np.maximum(0.0, start - committed)


def derive_lag(snapshot: Snapshot) -> tuple[Lag, ReasonCodes]:
    """The Lag table of a snapshot, and the snapshot's reasons with those that are found out by deriving."""
    reasons = reasons_of(snapshot)
    no_commit, no_partition = reasons[NO_COMMIT], reasons[NO_PARTITION]
    group, topic, partition, committed, reported, reason, member = _rows(snapshot, no_commit)
    row = partition_rows(snapshot, topic, partition)
    offsets = snapshot.offsets
    start, end = values_at(offsets.start_offset, row), values_at(offsets.end_offset, row)
    lag, lost = lag_of(committed, start, end)
    lost[own_records(snapshot, group, topic) & ~np.isnan(lost)] = 0.0
    share = snapshot.groups.group_type == "share"
    # Last stable offsets are asked after the ends, so what was produced in between must not count.
    stable, _ = lag_of(committed, start, np.minimum(values_at(offsets.stable_offset, row), end))
    if share.any():
        theirs = share[group]
        lag[theirs], stable[theirs] = reported[theirs], np.nan

    # The first thing missing on the way from commit to lag is the reason.
    why = np.zeros(len(lag), np.int32)
    unknown = np.flatnonzero(np.isnan(lag))
    own, place = reason[unknown], row[unknown]
    of_end, of_start = values_at(offsets.end_reason, place, no_partition), values_at(offsets.start_reason, place, KNOWN)
    why[unknown] = np.where(own != KNOWN, own, np.where(of_end != KNOWN, of_end, of_start))
    ahead = np.maximum(0.0, committed - end)
    return Lag(
        group=group,
        topic=topic,
        partition=partition,
        partition_row=row,
        member=member,
        committed_offset=committed,
        start_offset=start,
        end_offset=end,
        lag=lag,
        stable_lag=stable,
        lost=lost,
        ahead=ahead,
        reason=why,
    ), reasons


def reasons_of(snapshot: Snapshot) -> ReasonCodes:
    """The snapshot's reasons, and behind them those that are found out by deriving lag and its totals."""
    return ReasonCodes(dict.fromkeys((*snapshot.reasons, NO_COMMIT, NO_PARTITION, HIDDEN_COMMITS)))


def _rows(snapshot: Snapshot, no_commit: int) -> tuple[Ints, Ints, Ints, Floats, Floats, Ints, Ints]:
    """Commits and the assignments that have none as one set of rows, in order of group, topic and partition."""
    commits, assigned = snapshot.commits, snapshot.assignments
    owner = snapshot.members.group[assigned.member]
    topics = len(snapshot.topics)
    group, topic, partition = commits.group, commits.topic, commits.partition
    member: Ints = np.full(len(commits), -1, np.int32)
    committed, reported = commits.committed_offset, commits.reported_lag
    reason = np.where(np.isnan(committed) & (commits.reason == KNOWN), no_commit, commits.reason)

    key = row_key(group, topic, partition, topics)
    order = _sorting(key)
    wanted = row_key(owner, assigned.topic, assigned.partition, topics)
    place = np.minimum(np.searchsorted(key[order], wanted), max(len(key) - 1, 0))
    committed_too = key[order][place] == wanted if len(key) else np.zeros(len(wanted), bool)
    rows = place[committed_too] if isinstance(order, slice) else order[place[committed_too]]
    member[rows] = assigned.member[committed_too]

    _, extra = np.unique(wanted[~committed_too], return_index=True)
    extra = np.flatnonzero(~committed_too)[extra]
    if len(extra):
        # Where a group's commits could not be asked, or may be left out, "no commit" would be a claim.
        failed = snapshot.groups.commits_reason[owner[extra]]
        unnamed = snapshot.topics.partitions[assigned.topic[extra]] == 0
        failed = np.where((failed == KNOWN) & unnamed, snapshot.topics.reason[assigned.topic[extra]], failed)
        nothing = np.full(len(extra), np.nan)
        group = np.concatenate([group, owner[extra]])
        topic = np.concatenate([topic, assigned.topic[extra]])
        partition = np.concatenate([partition, assigned.partition[extra]])
        member = np.concatenate([member, assigned.member[extra]])
        committed, reported = np.concatenate([committed, nothing]), np.concatenate([reported, nothing])
        reason = np.concatenate([reason, np.where(failed != KNOWN, failed, no_commit)])
        order = _sorting(row_key(group, topic, partition, topics))
    return group[order], topic[order], partition[order], committed[order], reported[order], reason[order], member[order]


def _sorting(key: Ints) -> Ints | slice:
    """The rows in order of `key`: collectors deliver them sorted, which is cheaper to see than to do again."""
    if np.all(key[1:] > key[:-1]):
        return slice(None)
    return np.argsort(key, kind="stable")


REPARTITION = "-repartition"


def own_records(snapshot: Snapshot, group: Ints, topic: Ints) -> Flags:
    """For each pair of a group's and a topic's row whether the group deletes the topic's records itself.

    A Streams application commits first and deletes up to the commit then, so that no such record is lost to it. Its
    group has the application's id, with which the names of its internal topics begin. To other groups they are like
    all topics.
    """
    ends = np.array([str(name).endswith(REPARTITION) for name in snapshot.topics.topic], bool)
    parts = snapshot.subtopologies
    listed = _listed(snapshot, parts.group, parts.repartition_topics.tolist())
    own = np.zeros(len(group), bool)
    if not (ends.any() or listed):
        return own
    rows = np.flatnonzero(ends[topic]) if not listed else np.arange(len(group))
    names, groups = snapshot.topics.topic, snapshot.groups.group
    pairs = zip(group[rows].tolist(), topic[rows].tolist(), strict=True)
    own[rows] = [
        (reader, read) in listed or (bool(ends[read]) and str(names[read]).startswith(f"{groups[reader]}-"))
        for reader, read in pairs
    ]
    return own


def _listed(snapshot: Snapshot, group: Ints, topics: Sequence[tuple[str, ...]]) -> set[tuple[int, int]]:
    """The pairs that the topologies of streams groups name."""
    if not len(group):
        return set()
    rows = {str(name): row for row, name in enumerate(snapshot.topics.topic)}
    pairs = zip(group.tolist(), topics, strict=True)
    return {(reader, rows[name]) for reader, names in pairs for name in names if name in rows}
