"""Lag of every group on every partition: never negative, never a number where a part of it is unknown."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshots import snapshots
from views import Group, Topic, snapshot_of

from monitor.analysis.derive.lag import NO_COMMIT, NO_PARTITION, derive_lag, lag_of
from monitor.analysis.view import make_view
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import STATUSES

offset = st.integers(0, 2**53).map(float)
maybe = offset | st.just(math.nan)


def lag_and_lost(committed: float, start: float, end: float) -> tuple[float, float]:
    lag, lost = lag_of(np.array([committed]), np.array([start]), np.array([end]))
    return float(lag[0]), float(lost[0])


@pytest.mark.parametrize(
    ("committed", "start", "end", "lag", "lost"),
    [
        (70, 0, 100, 30, 0),
        (100, 0, 100, 0, 0),
        (0, 0, 0, 0, 0),
        (10, 40, 100, 60, 30),  # clamped at the log start: what retention deleted is lost, not lag
        (10, 100, 100, 0, 90),
        (130, 0, 100, 0, 0),  # beyond the end of a truncated or recreated log
    ],
)
def test_lag_and_lost(committed: float, start: float, end: float, lag: float, lost: float) -> None:
    assert lag_and_lost(committed, start, end) == (lag, lost)


@given(maybe, maybe, maybe)
def test_unknown_in_gives_unknown_out(committed: float, start: float, end: float) -> None:
    lag, lost = lag_and_lost(committed, start, end)
    assert math.isnan(lag) == any(map(math.isnan, (committed, start, end)))
    assert math.isnan(lost) == any(map(math.isnan, (committed, start)))


@given(offset, offset, offset)
def test_lag_and_lost_are_never_negative_and_never_count_a_record_twice(a: float, b: float, committed: float) -> None:
    start, end = sorted((a, b))
    lag, lost = lag_and_lost(committed, start, end)
    assert lag >= 0
    assert lost >= 0
    assert lag <= end - start
    if committed <= end:
        assert lag + lost == end - committed


@given(snapshots())
def test_a_reason_stands_exactly_where_lag_is_unknown(snapshot: Snapshot) -> None:
    lag, reasons = derive_lag(snapshot)
    unknown = np.isnan(lag.lag)
    assert np.array_equal(lag.reason != KNOWN, unknown)
    assert all(tuple(reasons)[code] for code in lag.reason[unknown])
    assert tuple(reasons)[: len(snapshot.reasons)] == snapshot.reasons


@given(snapshots())
def test_rows_are_sorted_and_unique_and_hold_every_commit_and_assignment(snapshot: Snapshot) -> None:
    lag, _ = derive_lag(snapshot)
    rows = list(zip(lag.group.tolist(), lag.topic.tolist(), lag.partition.tolist(), strict=True))
    assert rows == sorted(set(rows))
    commits, assigned = snapshot.commits, snapshot.assignments
    owner = snapshot.members.group[assigned.member]
    expected = {*zip(commits.group.tolist(), commits.topic.tolist(), commits.partition.tolist(), strict=True)}
    expected |= {*zip(owner.tolist(), assigned.topic.tolist(), assigned.partition.tolist(), strict=True)}
    assert set(rows) == expected


@given(snapshots())
def test_an_assigned_row_names_a_member_that_has_it(snapshot: Snapshot) -> None:
    lag, _ = derive_lag(snapshot)
    assigned = snapshot.assignments
    has = {*zip(assigned.member.tolist(), assigned.topic.tolist(), assigned.partition.tolist(), strict=True)}
    owner = snapshot.members.group
    owned = {(int(owner[member]), topic, partition) for member, topic, partition in has}
    for group, topic, partition, member in zip(
        lag.group.tolist(), lag.topic.tolist(), lag.partition.tolist(), lag.member.tolist(), strict=True
    ):
        if member >= 0:
            assert (member, topic, partition) in has
            assert owner[member] == group
        else:
            assert (group, topic, partition) not in owned


@given(snapshots())
def test_the_same_snapshot_gives_the_same_view(snapshot: Snapshot) -> None:
    one, two = make_view(snapshot), make_view(snapshot)
    assert one.totals == two.totals
    assert one.reasons == two.reasons
    for name in ("lag", "lag_statuses", "group_lags", "group_topic_lags", "topic_totals"):
        for each in getattr(one, name).schema():
            a, b = (getattr(getattr(view, name), each.name) for view in (one, two))
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), (name, each.name)


def one_row(topics: list[Topic], group: Group) -> tuple[float, str]:
    """Lag and reason of the only row."""
    lag, reasons = derive_lag(snapshot_of(topics, [group]))
    assert len(lag) == 1
    return float(lag.lag[0]), str(tuple(reasons)[lag.reason[0]])


def assigned(topic: str, partition: int = 0) -> list[tuple[str, str, list[tuple[str, int]]]]:
    return [("c", "/127.0.0.1", [(topic, partition)])]


def test_an_assignment_without_a_commit_is_unknown_and_not_zero() -> None:
    lag, reason = one_row([Topic("a", [(0, 9)])], Group("g", {}, assigned("a")))
    assert math.isnan(lag)
    assert reason == str(NO_COMMIT)


def test_a_commit_that_kafka_gives_as_none_is_unknown() -> None:
    lag, reason = one_row([Topic("a", [(0, 9)])], Group("g", {("a", 0): None}))
    assert math.isnan(lag)
    assert reason == str(NO_COMMIT)


def test_no_commit_is_not_claimed_where_commits_could_not_be_asked() -> None:
    group = Group("g", {}, assigned("a"), commits_reason="broker 2: timed out after 3.0 s")
    assert one_row([Topic("a", [(0, 9)])], group)[1] == "broker 2: timed out after 3.0 s"


@pytest.mark.parametrize("place", [("gone", 0), ("a", 1), ("a", 7)])
def test_a_partition_that_metadata_lacks_is_unknown(place: tuple[str, int]) -> None:
    lag, reason = one_row([Topic("a", [(0, 9)])], Group("g", {place: 5}))
    assert math.isnan(lag)
    assert reason == str(NO_PARTITION)


def test_the_first_thing_missing_is_the_reason() -> None:
    topics = [Topic("a", [(0, None)])]
    assert one_row(topics, Group("g", {("a", 0): "denied"}))[1] == "denied"
    assert one_row(topics, Group("g", {("a", 0): 5}))[1] == "broker 2: timed out after 3.3 s"
    assert one_row([Topic("a", [(None, 9)])], Group("g", {("a", 0): 5}))[1] == "broker 2: timed out after 3.3 s"


def test_records_below_the_log_start_are_lost() -> None:
    topics = [Topic("a", [(0, 9), (3, 9), (0, 9)])]
    lag, _ = derive_lag(snapshot_of(topics, [Group("g", {("a", 0): 9, ("a", 1): 1, ("a", 2): 4})]))
    assert lag.lag.tolist() == [0, 6, 5]
    assert lag.lost.tolist() == [0, 2, 0]


def test_a_commit_beyond_the_end_is_lag_0_and_told_as_such() -> None:
    topics = [Topic("a", [(0, 20), (0, 20), (0, None)])]
    view = make_view(snapshot_of(topics, [Group("g", {("a", 0): 1000, ("a", 1): 20, ("a", 2): 1000})]))
    assert view.lag.lag.tolist()[:2] == [0, 0]
    assert view.lag.ahead.tolist()[:2] == [980, 0]
    assert math.isnan(view.lag.ahead[2])
    assert [STATUSES[code] for code in view.lag_statuses.status] == ["ahead", "ok", "unknown"]


def test_the_lag_of_a_share_group_is_the_broker_s_count() -> None:
    lag, _ = derive_lag(snapshot_of([Topic("a", [(0, 100)])], [Group("g", {("a", 0): 40}, group_type="share")]))
    reported = snapshot_of([Topic("a", [(0, 100)])], [Group("g", {("a", 0): 40}, group_type="share")])
    assert lag.lag.tolist() == reported.commits.reported_lag.tolist()


def test_an_assignment_on_a_topic_that_is_not_in_metadata_has_its_reason_and_no_claim_of_no_commit() -> None:
    snapshot = snapshot_of([Topic("a", [(0, 10)])], [Group("g", {}, [("c", "h", [("a", 0), ("gone", 0)])])])
    lag, reasons = derive_lag(snapshot)
    assert [str(tuple(reasons)[code]) for code in lag.reason] == [str(NO_COMMIT), "not in metadata"]
