"""Totals of lag by group, by group and topic, by topic and for the cluster, which never total partial data."""

from typing import Any

import numpy as np

from monitor.analysis.derive.completeness import hides_topics, lists_groups, lists_topics
from monitor.analysis.derive.lag import HIDDEN_COMMITS, reasons_of
from monitor.analysis.derive.partitions import measured_brokers
from monitor.analysis.derive.runs import Runs, changes
from monitor.model.conditions import PartitionHealth
from monitor.model.lag import Lag, LagStatuses, LagTimes
from monitor.model.snapshot import KNOWN, Snapshot, row_key
from monitor.model.status import BEHIND, GROWING, LEFT, LOST, OK, SEVERITY, UNKNOWN
from monitor.model.table import Flags, Floats, Ints, values_at
from monitor.model.totals import BrokerTotals, ClusterTotals, GroupLags, GroupTopicLags, LagTotals, TopicTotals

_SEVERITY = np.array(SEVERITY, np.int8)
_CODE = np.argsort(SEVERITY).astype(np.int32)
"""The status of each severity."""


def standing(statuses: LagStatuses, times: LagTimes, runs: Runs, failed: Flags, growing: Floats) -> dict[str, Any]:
    """The columns of Standing for the totals of `runs` of lag, a row each. Of what `failed` there may be more rows.

    `growing` is since when each grows as a whole, which is worse than that its partitions are behind.
    """

    def whole(numbers: Floats) -> Floats:
        return np.where(failed, np.nan, numbers)

    severity = runs.over(np.maximum, _SEVERITY[statuses.status], SEVERITY[OK]).astype(np.int64)
    status = _CODE[severity]
    status[failed & (status == OK)] = UNKNOWN
    worst = statuses.status == runs.spread(status)
    since = runs.over(np.minimum, np.where(worst, statuses.since, np.inf), np.nan)
    since[np.isinf(since)] = np.nan
    at_latest = runs.over(np.fmin, np.where(worst, statuses.since_at_latest, np.nan), np.nan)
    grows = (status == BEHIND) & ~np.isnan(growing)
    status[grows] = GROWING
    since[grows] = at_latest[grows] = growing[grows]

    age, error = times.lag_seconds, times.lag_seconds_error
    lows = age - error
    low, high = runs.over(np.maximum, lows, 0.0), runs.over(np.maximum, age + error, 0.0)
    # What never falls is the longest, whatever is unknown beside it.
    endless = runs.over(np.maximum, times.eta_seconds == np.inf, 0.0) > 0
    return {
        "status": status,
        "since": since,
        "since_at_latest": at_latest,
        "lag_seconds": whole((low + high) / 2),
        "lag_seconds_error": whole((high - low) / 2),
        "lag_seconds_at_least": runs.over(np.fmax, lows, np.nan),
        "produce_rate": whole(runs.sum(times.produce_rate)),
        "consume_rate": whole(runs.sum(times.consume_rate)),
        "eta_seconds": np.where(endless, np.inf, whole(runs.over(np.maximum, times.eta_seconds, 0.0))),
        "headroom_seconds": whole(runs.over(np.minimum, times.headroom_seconds, np.inf)),
    }


def lag_by_group(snapshot: Snapshot, lag: Lag) -> LagTotals:
    """One total a group. One whose commits, description or assignments failed has no known total, whatever rows it has.

    A group that has committed nothing and is assigned nothing reads nothing: its lag is 0 over 0 partitions. While
    topics may be hidden only members tell what a group reads, so without members its total is unknown.
    """
    return LagTotals(**_totals(lag, Runs(lag.group, len(snapshot.groups)), _failed(snapshot)))


def _failed(snapshot: Snapshot) -> Ints:
    groups = snapshot.groups
    failed = groups.unread
    if hides_topics(snapshot):
        hidden = reasons_of(snapshot)[HIDDEN_COMMITS]
        failed = np.where((failed == KNOWN) & (groups.members == 0), hidden, failed)
    return failed.astype(np.int32)


def total_groups(snapshot: Snapshot, lag: Lag, statuses: LagStatuses, times: LagTimes, growing: Floats) -> GroupLags:
    """How every group stands: `lag_by_group`, its worst status and its times. `growing` is as for `standing`.

    Rows of topics that a group has left are no part of it, but for `left_partitions`.
    """
    failed, count = _failed(snapshot), len(snapshot.groups)
    left = statuses.status == LEFT
    aside = np.bincount(lag.group[left], minlength=count)
    if not aside.any():
        runs = Runs(lag.group, count)
        columns = {**_totals(lag, runs, failed), **standing(statuses, times, runs, failed != KNOWN, growing)}
    else:
        rows = np.flatnonzero(~left)
        counted = Runs(lag.group[rows], count)
        columns = {
            **_totals(lag.taken(rows), counted, failed),
            **standing(statuses.taken(rows), times.taken(rows), counted, failed != KNOWN, growing),
        }
        columns["worst"] = values_at(rows.astype(np.int32), columns["worst"], -1)
        _tell_left(columns, statuses, Runs(lag.group, count), aside > 0)
    return GroupLags(**columns, reconciling=_reconciling(snapshot), left_partitions=aside)


def _tell_left(columns: dict[str, Any], statuses: LagStatuses, runs: Runs, left: Flags) -> None:
    """Give the groups that have left all their topics that status."""
    whole = left & (columns["partitions"] == 0) & (columns["status"] == OK)
    columns["status"][whole] = LEFT
    for name in ("since", "since_at_latest"):
        columns[name][whole] = runs.over(np.minimum, getattr(statuses, name), np.nan)[whole]


def _reconciling(snapshot: Snapshot) -> Floats:
    groups, members, have, target = (
        snapshot.groups,
        snapshot.members,
        snapshot.assignments,
        snapshot.target_assignments,
    )
    waiting = np.zeros(len(members), bool)
    waiting[target.member] = True
    theirs = waiting[have.member]
    key = row_key(have.member[theirs], have.topic[theirs], have.partition[theirs], len(snapshot.topics))
    missing = ~np.isin(row_key(target.member, target.topic, target.partition, len(snapshot.topics)), key)
    counts = np.bincount(members.group[target.member[missing]], minlength=len(groups))
    return np.where(np.isnan(groups.assignment_epoch), np.nan, counts)


def total_group_topics(lag: Lag, statuses: LagStatuses, times: LagTimes, growing: Floats) -> GroupTopicLags:
    """How every (group, topic) pair stands that has a row of lag."""
    new = changes(lag.group) | changes(lag.topic)
    key = np.cumsum(new, dtype=np.int32) - 1
    count = int(new.sum())
    runs = Runs(key, count)
    owned = np.flatnonzero(lag.member >= 0)
    pairs = np.unique(np.stack([key[owned], lag.member[owned]]), axis=1)[0]
    return GroupTopicLags(
        **_totals(lag, runs, np.zeros(count, np.int32)),
        **standing(statuses, times, runs, np.zeros(count, bool), growing),
        group=lag.group[new],
        topic=lag.topic[new],
        members=np.bincount(pairs, minlength=count),
    )


def _totals(lag: Lag, runs: Runs, failed: Ints) -> dict[str, Any]:
    unknown = np.isnan(lag.lag)
    unknowns = runs.sum(unknown).astype(np.int32)
    partial = (unknowns > 0) | (failed != KNOWN)
    nothing_known = partial & (runs.lengths == unknowns)
    at_least = runs.sum(np.where(unknown, 0.0, lag.lag))
    no_loss = np.isnan(lag.lost)
    losses_known = runs.lengths > runs.sum(no_loss)

    largest = runs.over(np.fmax, lag.lag, np.nan)
    reason = np.where(failed == KNOWN, values_at(lag.reason, runs.first(unknown), KNOWN), failed)
    return {
        "lag": np.where(partial, np.nan, at_least),
        "lag_at_least": np.where(nothing_known, np.nan, at_least),
        "stable_lag": np.where(failed != KNOWN, np.nan, runs.sum(lag.stable_lag)),
        "max_lag": largest,
        "lost": np.where(partial & ~losses_known, np.nan, runs.sum(np.where(no_loss, 0.0, lag.lost))),
        "partitions": runs.lengths,
        "unknown_partitions": unknowns,
        "worst": runs.first(lag.lag == runs.spread(largest)),
        "reason": reason,
    }


def total_topics(snapshot: Snapshot, lag: Lag, health: PartitionHealth) -> TopicTotals:
    """One total a topic over its partitions and over the groups that read it.

    A group that could not be asked may read any topic, so while there is one no topic's lag is known in full.
    """
    groups = snapshot.groups
    all_asked = lists_groups(snapshot) and not groups.unread.any()
    partitions, offsets, count = snapshot.partitions, snapshot.offsets, len(snapshot.topics)
    key = partitions.topic
    size = offsets.end_offset - offsets.start_offset
    factor = np.zeros(count, np.int32)
    described = snapshot.topics.partitions > 0
    factor[described] = partitions.replicas.counts[snapshot.topics.first_row[described]]
    not_known = np.isnan(lag.lag)
    at_least = np.bincount(lag.topic, np.where(not_known, 0.0, lag.lag), minlength=count)
    rows, unknown = np.bincount(lag.topic, minlength=count), np.bincount(lag.topic[not_known], minlength=count)
    readers = lag.topic[changes(lag.group) | changes(lag.topic)]
    return TopicTotals(
        records=np.where(described, np.bincount(key, size, minlength=count), np.nan),
        end_offset=np.where(described, np.bincount(key, offsets.end_offset, minlength=count), np.nan),
        offline=np.bincount(key[health.offline], minlength=count),
        under_replicated=np.bincount(key[health.under_replicated], minlength=count),
        under_min_isr=np.where(described, np.bincount(key, health.under_min_isr, minlength=count), np.nan),
        size_bytes=np.where(described, np.bincount(key, health.size_bytes, minlength=count), np.nan),
        replication_factor=factor,
        groups=np.bincount(readers, minlength=count),
        lag=np.where((unknown == 0) & all_asked, at_least, np.nan),
        lag_at_least=np.where((unknown > 0) & (unknown == rows), np.nan, at_least),
    )


def total_brokers(snapshot: Snapshot, health: PartitionHealth) -> BrokerTotals:
    """One total a broker over the partitions that are assigned to it."""
    partitions, named = snapshot.partitions, snapshot.brokers.broker
    ids = np.union1d(named, partitions.replicas.values)

    def tally(nodes: Ints) -> Ints:
        there = nodes[np.isin(nodes, ids)]
        return np.bincount(np.searchsorted(ids, there), minlength=len(ids))

    replicas, leaders = tally(partitions.replicas.values), tally(partitions.leader)
    held = partitions.replicas.counts > 0
    first = partitions.replicas.values[partitions.replicas.starts[:-1][held]]
    size = _broker_sizes(snapshot, ids)
    return BrokerTotals(
        broker=ids,
        described=np.isin(ids, named),
        leaders=leaders,
        replicas=replicas,
        out_of_sync=replicas - tally(partitions.isr.values),
        preferred=tally(first),
        preferred_missing=tally(first) - tally(first[health.preferred[held]]),
        size_bytes=size,
        leader_skew=_skew(leaders.astype(np.float64)),
        size_skew=_skew(size),
    )


def _broker_sizes(snapshot: Snapshot, ids: Ints) -> Floats:
    replicas = snapshot.replicas
    size = np.full(len(ids), np.nan)
    asked = np.isin(ids, measured_brokers(snapshot))
    there = np.isin(replicas.broker, ids)
    sums = np.bincount(np.searchsorted(ids, replicas.broker[there]), replicas.size_bytes[there], minlength=len(ids))
    size[asked] = sums[asked]
    return size


def _skew(values: Floats) -> Floats:
    """Each value against the mean of all: 0 is the mean. Unknown for one broker alone, or where any value is."""
    mean = values.mean() if len(values) > 1 else np.nan
    return np.full(len(values), np.nan) if np.isnan(mean) or mean == 0 else values / mean - 1


def total_cluster(snapshot: Snapshot, groups: GroupLags, health: PartitionHealth) -> ClusterTotals:
    """The cluster in numbers, from the totals of its groups."""
    unknown = np.isnan(groups.lag)
    complete = lists_groups(snapshot) and lists_topics(snapshot) and not snapshot.cut_topics and not unknown.any()
    under_min_isr = health.under_min_isr[snapshot.topics.watched[snapshot.partitions.topic]]
    at_least = float(np.nansum(groups.lag_at_least))
    return ClusterTotals(
        brokers=len(snapshot.brokers) - int(np.count_nonzero(snapshot.brokers.fenced == 1)),
        fenced=None if np.isnan(snapshot.brokers.fenced).any() else int(snapshot.brokers.fenced.sum()),
        topics=int(np.count_nonzero(snapshot.topics.partitions)),
        partitions=len(snapshot.partitions),
        offline=int(health.offline.sum()),
        under_replicated=int(health.under_replicated.sum()),
        under_min_isr=None if np.isnan(under_min_isr).any() else int(under_min_isr.sum()),
        groups=len(snapshot.groups),
        groups_behind=int(((groups.status > OK) & (groups.status < LOST)).sum()),
        groups_lost=int((groups.status == LOST).sum()),
        groups_unknown=int(unknown.sum()),
        lag=at_least if complete else None,
        lag_at_least=at_least,
    )
