"""Totals never total partial data: one unknown part makes the whole unknown, with a reason and a lower bound."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from details import detailed_view
from hypothesis import given
from reasons import whys
from series import Series
from snapshots import snapshots
from views import Group, Topic, shop_view, snapshot_of

from monitor.analysis.derive.completeness import (
    HIDDEN_COORDINATORS,
    NOT_PROBED,
    lists_groups,
    lists_topics,
    number_of,
    why_hidden_groups,
    why_hidden_topics,
)
from monitor.analysis.derive.lag import HIDDEN_COMMITS, derive_lag
from monitor.analysis.derive.partitions import derive_partitions
from monitor.analysis.derive.rollup import lag_by_group, total_brokers, total_cluster, total_topics
from monitor.analysis.derive.story import partition_story
from monitor.analysis.derive.verdict import group_why, partition_why
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import Capabilities
from monitor.model.coordinators import OFFSETS_TOPIC
from monitor.model.lag import Lag
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import STATUSES
from monitor.model.table import objects
from monitor.model.totals import LagTotals

TOPICS = [Topic("a", [(0, 10), (0, 20)]), Topic("b", [(0, 5)])]


def check(totals: LagTotals, lag: Lag, keys: Any, failed: Any) -> None:
    """Hold totals to their definition, row by row, in plain Python."""
    for row in range(len(totals)):
        rows = np.flatnonzero(keys == row)
        known = [float(lag.lag[each]) for each in rows if not math.isnan(lag.lag[each])]
        partial = len(known) < len(rows) or bool(failed[row])
        assert math.isnan(totals.lag[row]) == partial
        assert (totals.reason[row] != KNOWN) == partial
        assert totals.partitions[row] == len(rows)
        assert totals.unknown_partitions[row] == len(rows) - len(known)
        stable = [float(each) for each in lag.stable_lag[rows]]
        if failed[row] or any(math.isnan(each) for each in stable):
            assert math.isnan(totals.stable_lag[row])
        else:
            assert totals.stable_lag[row] == sum(stable)
        if not partial:
            assert totals.lag[row] == totals.lag_at_least[row] == sum(known)
        elif known:
            assert totals.lag_at_least[row] == sum(known)
        else:
            assert math.isnan(totals.lag_at_least[row])
        if known:
            assert totals.max_lag[row] == max(known) == lag.lag[totals.worst[row]]
            assert totals.worst[row] in rows
        else:
            assert math.isnan(totals.max_lag[row])
            assert totals.worst[row] == -1


@given(snapshots())
def test_the_total_of_a_group(snapshot: Snapshot) -> None:
    lag, _ = derive_lag(snapshot)
    groups = snapshot.groups
    failed = np.any(
        [each != KNOWN for each in (groups.commits_reason, groups.reason, groups.assignments_reason)], axis=0
    )
    check(lag_by_group(snapshot, lag), lag, lag.group, failed)


@given(snapshots())
def test_the_total_of_a_group_on_a_topic(snapshot: Snapshot) -> None:
    view = make_view(snapshot)
    lag, totals = view.lag, view.group_topic_lags
    pairs = list(zip(totals.group.tolist(), totals.topic.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    row = {pair: each for each, pair in enumerate(pairs)}
    keys = np.array([row[pair] for pair in zip(lag.group.tolist(), lag.topic.tolist(), strict=True)], int)
    check(totals, lag, keys, np.zeros(len(totals), bool))
    for each, (group, topic) in enumerate(pairs):
        here = (lag.group == group) & (lag.topic == topic) & (lag.member >= 0)
        assert totals.members[each] == len(set(lag.member[here].tolist()))


@given(snapshots())
def test_the_total_of_a_topic(snapshot: Snapshot) -> None:
    lag, _ = derive_lag(snapshot)
    totals = total_topics(snapshot, lag, derive_partitions(snapshot))
    for row in range(len(snapshot.topics)):
        on_it = lag.lag[lag.topic == row]
        known = on_it[~np.isnan(on_it)]
        if len(known) < len(on_it):
            assert math.isnan(totals.lag[row])
        here = snapshot.partitions.topic == row
        ends = snapshot.offsets.end_offset[here]
        assert math.isnan(totals.end_offset[row]) == (not len(ends) or bool(np.isnan(ends).any()))
        assert totals.groups[row] == len(set(lag.group[lag.topic == row].tolist()))


@given(snapshots())
def test_the_total_of_the_cluster_is_known_only_when_every_group_is(snapshot: Snapshot) -> None:
    lag, _ = derive_lag(snapshot)
    groups = make_view(snapshot).group_lags
    totals = total_cluster(snapshot, groups, derive_partitions(snapshot))
    listed = all(each.success for each in snapshot.outcomes if each.collector == "groups")
    assert (totals.lag is None) == (not listed or bool(np.isnan(groups.lag).any()))
    known = lag.lag[~np.isnan(lag.lag)]
    assert totals.lag_at_least == known.sum()
    assert totals.lag is None or totals.lag == totals.lag_at_least
    assert totals.groups_unknown == int(np.isnan(groups.lag).sum())


@given(snapshots())
def test_what_is_known_of_a_total_is_a_lower_bound_of_it(snapshot: Snapshot) -> None:
    """Were every unknown end known, totals could only grow."""
    offsets = snapshot.offsets
    ends = np.where(np.isnan(offsets.end_offset), 2.0**53, offsets.end_offset)
    known = dataclasses.replace(offsets, end_offset=ends, end_reason=np.zeros(len(ends), np.int32))
    before = make_view(snapshot)
    after = make_view(dataclasses.replace(snapshot, offsets=known))
    assert before.totals.lag_at_least <= after.totals.lag_at_least
    least = before.group_lags.lag_at_least
    there = ~np.isnan(least)
    assert (least[there] <= after.group_lags.lag_at_least[there]).all()


def test_one_unknown_partition_makes_its_group_and_the_cluster_unknown() -> None:
    view = make_view(snapshot_of(TOPICS, [Group("g", {("a", 0): 4, ("a", 1): None}), Group("h", {("b", 0): 2})]))
    assert math.isnan(view.group_lags.lag[0])
    assert view.group_lags.lag_at_least.tolist() == [6, 3]
    assert view.reasons[view.group_lags.reason[0]] == "no commit"
    assert view.totals.lag is None
    assert view.totals.lag_at_least == 9


def test_a_group_that_reads_nothing_has_lag_zero() -> None:
    view = make_view(snapshot_of(TOPICS, [Group("idle")]))
    assert view.group_lags.lag.tolist() == [0]
    assert view.totals.lag == 0


def test_the_cluster_is_unknown_when_groups_could_not_be_listed() -> None:
    view = make_view(snapshot_of(TOPICS, [Group("g", {("a", 0): 4})], failed={"groups": "broker 3: timed out"}))
    assert view.group_lags.lag.tolist() == [6]
    assert view.totals.lag is None
    assert view.totals.lag_at_least == 6


def test_a_cluster_without_groups_has_lag_zero() -> None:
    assert make_view(snapshot_of(TOPICS, [])).totals.lag == 0


def test_partitions_without_leader_or_replicas_in_sync_are_counted() -> None:
    topics = [Topic("a", [(0, 1), (0, 1)], leaders=[1, -1], isr=[[1], [2, 3, 1]], replicas=[[1, 2], [2, 3, 1]])]
    view = make_view(snapshot_of(topics, []))
    assert (view.totals.offline, view.totals.under_replicated) == (1, 1)
    assert (view.topic_totals.offline.tolist(), view.topic_totals.under_replicated.tolist()) == ([1], [1])
    assert view.topic_totals.replication_factor.tolist() == [2]


def test_the_shop_has_every_status_that_one_poll_can_tell() -> None:
    view = shop_view()
    assert {STATUSES[code] for code in view.group_lags.status} == {"ok", "behind", "lost", "unknown"}


def test_no_topic_total_is_known_while_a_group_could_not_be_asked() -> None:
    readers = [Group("one", {("a", 0): 4, ("a", 1): 20}), Group("two", {("b", 0): 5})]
    whole = make_view(snapshot_of(TOPICS, readers)).topic_totals
    assert (whole.lag.tolist(), whole.lag_at_least.tolist()) == ([6, 0], [6, 0])
    for hidden in (Group("hidden", reason="denied"), Group("hidden", commits_reason="denied")):
        part = make_view(snapshot_of(TOPICS, [*readers, hidden])).topic_totals
        assert np.isnan(part.lag).all()
        assert part.lag_at_least.tolist() == [6, 0]
    unlisted = make_view(snapshot_of(TOPICS, readers, failed={"groups": "broker 2: timed out"})).topic_totals
    assert np.isnan(unlisted.lag).all()


@given(snapshots())
def test_the_totals_of_brokers(snapshot: Snapshot) -> None:
    totals = total_brokers(snapshot, derive_partitions(snapshot))
    partitions = snapshot.partitions
    replicas, isr = (
        [nodes.row(row) for row in range(len(partitions))] for nodes in (partitions.replicas, partitions.isr)
    )
    named = set(snapshot.brokers.broker.tolist())
    assert totals.broker.tolist() == sorted(named | {node for row in replicas for node in row})
    for row, node in enumerate(totals.broker.tolist()):
        assert totals.described[row] == (node in named)
        assert totals.leaders[row] == partitions.leader.tolist().count(node)
        assert totals.replicas[row] == sum(node in each for each in replicas)
        assert totals.out_of_sync[row] == sum(node in a and node not in b for a, b in zip(replicas, isr, strict=True))
        preferred = [row for row, nodes in enumerate(replicas) if nodes[0] == node]
        assert totals.preferred[row] == len(preferred)
        assert totals.preferred_missing[row] == sum(partitions.leader[each] != node for each in preferred)
    mean = sum(totals.leaders.tolist()) / max(1, len(totals))
    for leaders, skew in zip(totals.leaders.tolist(), totals.leader_skew.tolist(), strict=True):
        assert math.isnan(skew) if len(totals) < 2 or not mean else math.isclose(skew, leaders / mean - 1)


def test_the_size_of_a_broker_is_unknown_while_a_log_dir_of_it_is() -> None:
    view = detailed_view()
    totals, replicas = view.broker_totals, view.snapshot.replicas
    assert totals.broker.tolist() == [1, 2, 3, 4]
    known = [replicas.size_bytes[replicas.broker == broker].sum() for broker in (1, 2)]
    assert totals.size_bytes[:2].tolist() == known
    assert np.isnan(totals.size_bytes[2:]).all()
    assert np.isnan(totals.size_skew).all()


def test_the_size_of_a_topic_is_that_of_its_leaders_and_unknown_while_one_is() -> None:
    view = detailed_view()
    sizes = dict(zip(view.snapshot.topics.topic, view.topic_totals.size_bytes.tolist(), strict=True))
    assert sizes["payments"] == (12_000 + 9_000) * 1024
    assert math.isnan(sizes["orders"])  # broker 3 leads one of its partitions and cannot say
    assert math.isnan(sizes["audit"])  # a partition has no leader


def test_what_a_group_is_still_to_get_is_counted() -> None:
    view = detailed_view()
    waiting = dict(zip(view.snapshot.groups.group, view.group_lags.reconciling.tolist(), strict=True))
    assert math.isnan(waiting.pop("ledger"))  # a classic group
    assert waiting == {"fulfilment": 1, "sync": 0, "totals": 0}  # a member keeps orders-1 and is to have orders-2
    shop = shop_view()
    classic = shop.snapshot.groups.group_type == "classic"
    assert np.isnan(shop.group_lags.reconciling).tolist() == classic.tolist()


def test_a_transaction_that_is_open_holds_back_the_stable_lag() -> None:
    view = detailed_view()
    row = view.group_rows["fulfilment"]
    assert view.group_lags.lag[row] - view.group_lags.stable_lag[row] == 70


def test_a_broker_that_only_replicas_name_is_gone() -> None:
    snapshot = snapshot_of([Topic("t", [(0, 1)], replicas=[[1, 9]], isr=[[1]])], [], brokers=1)
    totals = total_brokers(snapshot, derive_partitions(snapshot))
    assert totals.broker.tolist() == [1, 9]
    assert totals.described.tolist() == [True, False]
    assert (totals.leaders.tolist(), totals.replicas.tolist(), totals.out_of_sync.tolist()) == ([1, 0], [1, 1], [0, 1])


def seen(view_of: Snapshot, **available: float) -> Snapshot:
    """The Snapshot of a user of whom these capabilities are known."""
    table = Capabilities(
        capability=objects(available),
        available=np.array(list(available.values())),
        why_not=whys(*("why" for _ in available)),
    )
    return dataclasses.replace(view_of, capabilities=table)


MIXED = [
    Group("with-members", {("a", 0): 4}, [("c", "h", [("a", 0)])]),
    Group("without", {("a", 0): 4}),
    Group("without-commits"),
]


def test_while_topics_may_be_hidden_only_members_tell_what_a_group_reads() -> None:
    snapshot = seen(snapshot_of(TOPICS, MIXED), describe_all_topics=0, describe_all_groups=1)
    view = make_view(snapshot)
    assert view.group_lags.lag[0] == 6
    assert np.isnan(view.group_lags.lag[1:]).all()
    assert view.group_lags.lag_at_least[1] == 6
    assert [view.reasons[code] for code in view.group_lags.reason] == ["", str(HIDDEN_COMMITS), str(HIDDEN_COMMITS)]
    assert [STATUSES[code] for code in view.group_lags.status] == ["behind", "behind", "unknown"]
    assert view.totals.lag is None
    assert view.totals.lag_at_least == 12
    assert not lists_topics(snapshot)


def test_without_sight_of_the_offsets_topic_it_is_unknown_whether_all_groups_are_listed() -> None:
    """A partition of it without a leader hides groups, and nothing would show that."""
    denied = seen(snapshot_of(TOPICS, MIXED), describe_all_topics=0, describe_all_groups=1)
    assert not lists_groups(denied)
    assert why_hidden_groups(denied) == HIDDEN_COORDINATORS
    granted = snapshot_of([*TOPICS, Topic(OFFSETS_TOPIC, [(0, 0)])], MIXED)
    granted = seen(granted, describe_all_topics=0, describe_all_groups=1)
    assert lists_groups(granted)
    assert lists_groups(seen(snapshot_of(TOPICS, MIXED), describe_all_topics=1, describe_all_groups=1))


def test_a_failure_stays_the_reason_of_a_group_that_may_also_have_hidden_commits() -> None:
    groups = [Group("g", commits_reason="broker 2: timed out")]
    view = make_view(seen(snapshot_of(TOPICS, groups), describe_all_topics=0))
    assert view.reasons[view.group_lags.reason[0]] == "broker 2: timed out"


@pytest.mark.parametrize(
    ("cluster", "groups", "complete"),
    [(1, 1, True), (1, 0, True), (0, 1, True), (0, 0, False), (math.nan, 1, True), (math.nan, 0, False)],
)
def test_while_groups_may_be_hidden_no_total_is_of_all_groups(cluster: float, groups: float, complete: bool) -> None:
    snapshot = snapshot_of(TOPICS, MIXED)
    snapshot = seen(snapshot, describe_cluster=cluster, describe_all_groups=groups, describe_all_topics=1)
    view = make_view(snapshot)
    assert lists_groups(snapshot) == complete
    assert view.totals.lag == (12 if complete else None)
    assert view.totals.lag_at_least == 12
    assert np.isnan(view.topic_totals.lag).any() != complete
    assert view.group_lags.lag.tolist() == [6, 6, 0]  # what is seen of a group is all there is of it


def test_whether_something_is_hidden_must_be_known_where_it_was_asked() -> None:
    snapshot = snapshot_of(TOPICS, MIXED)
    assert lists_topics(snapshot)
    assert lists_groups(snapshot)
    assert not lists_topics(seen(snapshot, describe_all_topics=math.nan))
    assert not lists_topics(snapshot_of(TOPICS, MIXED, failed={"cluster": "no"}))
    assert not lists_groups(snapshot_of(TOPICS, MIXED, failed={"groups": "no"}))
    assert not lists_groups(snapshot_of([], [], error="down"))


def test_why_something_may_be_hidden_is_said_and_how_many_are_visible() -> None:
    snapshot = snapshot_of(TOPICS, MIXED)
    assert (why_hidden_topics(snapshot), why_hidden_groups(snapshot)) == ("", "")
    denied = seen(snapshot, describe_all_topics=0, describe_cluster=0, describe_all_groups=0)
    assert (why_hidden_topics(denied), why_hidden_groups(denied)) == ("why", "why; why")
    assert why_hidden_groups(seen(snapshot, describe_cluster=0, describe_all_groups=1)) == ""
    unasked = Capabilities(
        capability=objects(["describe_all_topics"]), available=np.array([math.nan]), why_not=whys("")
    )
    assert why_hidden_topics(dataclasses.replace(snapshot, capabilities=unasked)) == NOT_PROBED
    assert number_of(1, "group", whole=True) == "1 group"
    assert number_of(1_200, "topic", whole=False) == "1,200 visible topics"


GARBAGE = "the assignment of member c cannot be decoded"


@pytest.mark.parametrize(("commits", "at_least"), [({}, math.nan), ({("a", 0): 4.0}, 6.0)])
def test_what_an_assignment_that_cannot_be_decoded_may_hide_is_not_0(
    commits: dict[tuple[str, int], float | str | None], at_least: float
) -> None:
    view = make_view(snapshot_of(TOPICS, [Group("g", commits, [("c", "/h", [])], assignments_reason=GARBAGE)]))
    lags = view.group_lags
    assert math.isnan(lags.lag[0])
    assert np.array_equal(lags.lag_at_least, [at_least], equal_nan=True)
    assert view.reasons[lags.reason[0]] == GARBAGE
    assert STATUSES[lags.status[0]] == ("behind" if commits else "unknown")
    assert GARBAGE in group_why(view, 0)
    assert view.totals.lag is None


def test_who_has_a_partition_is_not_claimed_while_an_assignment_cannot_be_decoded() -> None:
    series = Series()
    for each in range(40):
        end = 1000 + 10 * each
        members = [("c", "/h", [("t", 0)]), ("d", "/h", [])]
        group = Group("g", {("t", 0): end - 10, ("t", 1): 900}, members, assignments_reason=GARBAGE)
        view = series.poll([Topic("t", [(0, end), (0, end)])], [group])
    assert [STATUSES[code] for code in view.lag_statuses.status] == ["ok", "stuck"]
    assert "assigned to" not in partition_why(view, 1) + partition_story(view, 1)
