"""Events: what changed between polls, seen once, with subject, before and after; never of what was merely not seen."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from details import detailed_snapshot
from hostile import any_text
from hypothesis import given
from reasons import reason, whys
from series import Poll, Series, watch
from snapshots import snapshots
from views import NOW, Group, Topic, snapshot_of

from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.derive.verdict import group_why
from monitor.analysis.events.event import MOST_ALIKE, subject_of, when
from monitor.analysis.events.log import KEPT, STORM_SECONDS, EventLog, log_events
from monitor.model.cluster_tables import Capabilities
from monitor.model.events import KINDS, Event, Events
from monitor.model.reasons import NO_REASON
from monitor.model.snapshot import Brokers, Snapshot
from monitor.model.status import STOPPED, STUCK
from monitor.model.table import Ragged, objects
from monitor.model.text import duration

TIMED_OUT = "broker 2: timed out after 3.3 s"


class Watched:
    """A log that is shown snapshots 10 s apart; `tell` gives the events of the last one as (kind, text)."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self.log, self.now = EventLog(), NOW
        for each in snapshots:
            self.see(each)

    def see(self, snapshot: Snapshot, after: float = 10.0) -> Events:
        self.now += after
        snapshot = replace(snapshot, time=self.now)
        self.log = log_events(self.log, snapshot, derive_lag(snapshot)[0])
        return self.log.changes.events

    def tell(self, snapshot: Snapshot, after: float = 10.0) -> list[tuple[str, str]]:
        events = self.see(snapshot, after)
        new = events.time == self.now
        return list(zip(events.kind[new].tolist(), events.text[new].tolist(), strict=True))


def row(events: Events, number: int = 0) -> dict[str, Any]:
    return {each.name: getattr(events, each.name)[number] for each in events.schema()}


def partitions_of(snapshot: Snapshot, **columns: Any) -> Snapshot:
    return replace(snapshot, partitions=replace(snapshot.partitions, **columns))


def shop(groups: list[Group] | None = None, topics: list[Topic] | None = None, **changes: Any) -> Snapshot:
    snapshot = snapshot_of(topics or [Topic("orders", [(0, 50), (0, 60), (0, 70)])], groups or [], **changes)
    return replace(snapshot, groups=replace(snapshot.groups, coordinator=np.ones(len(snapshot.groups), np.int32)))


PAY = Group("pay", {("orders", 0): 40, ("orders", 1): 50}, [("app-1", "/10.0.3.17", [("orders", 0)])])


# -------------------------------------------------------------------- nothing


def test_the_first_poll_and_polls_that_say_the_same_tell_nothing() -> None:
    watched = Watched(detailed_snapshot())
    assert watched.tell(detailed_snapshot()) == []
    assert watched.tell(detailed_snapshot(3)) == []
    assert set(watched.log.changes.counts) == set(KINDS)
    assert not any(watched.log.changes.counts.values())


@given(snapshots(), snapshots())
def test_any_two_polls_are_compared_and_the_second_again_tells_nothing_new(one: Snapshot, two: Snapshot) -> None:
    watched = Watched(one, two)
    events = watched.log.changes.events
    assert set(events.kind) <= set(KINDS)
    assert (events.after_time < events.time).all()
    assert sum(watched.log.changes.counts.values()) == events.count.sum()
    # A commit beyond the log end is reported when a second poll sees it.
    assert {kind for kind, _ in watched.tell(two)} <= {"commit_beyond_end"}
    assert watched.tell(two) == []


# -------------------------------------------------------------------- partitions


def test_a_leader_moves() -> None:
    watched = Watched(shop())
    events = watched.see(shop(topics=[Topic("orders", [(0, 50), (0, 60), (0, 70)], leaders=[2, 2, 3])]))
    assert row(events) == {
        "time": NOW + 20,
        "after_time": NOW + 10,
        "kind": "leader_moved",
        "broker": 1,
        "topic": "orders",
        "partition": 0,
        "group": None,
        "before": "1",
        "after": "2",
        "records": pytest.approx(math.nan, nan_ok=True),
        "count": 1,
        "text": "orders-0: leader 1 → 2",
    }
    assert len(events) == 1


def test_a_leader_is_lost_and_found() -> None:
    watched = Watched(shop())
    without = shop(topics=[Topic("orders", [(0, 50), (0, 60), (0, 70)], leaders=[-1, 2, 3])])
    assert watched.tell(without) == [("leader_moved", "orders-0: leader 1 → none")]
    assert watched.tell(shop()) == [("leader_moved", "orders-0: leader none → 1")]


def test_metadata_that_is_older_than_what_was_seen_tells_of_no_leader() -> None:
    moved = [Topic("orders", [(0, 50), (0, 60), (0, 70)], leaders=[2, 2, 3])]
    watched = Watched(partitions_of(shop(), leader_epoch=np.full(3, 5)))
    assert watched.tell(partitions_of(shop(topics=moved), leader_epoch=np.full(3, 4))) == []


def test_the_isr_shrinks_and_grows_whatever_its_order() -> None:
    def with_isr(isr: list[int]) -> Snapshot:
        return shop(topics=[Topic("orders", [(0, 50), (0, 60)], isr=[isr, [2, 3, 1]])])

    watched = Watched(with_isr([1, 2, 3]))
    assert watched.tell(with_isr([3, 1, 2])) == []
    assert watched.tell(with_isr([1, 2])) == [("isr_shrunk", "orders-0: broker 3 left the ISR, now 1, 2")]
    assert row(watched.log.changes.events)["broker"] == 3
    assert watched.tell(with_isr([1, 3])) == [
        ("isr_shrunk", "orders-0: broker 2 left the ISR, now 1, 3"),
        ("isr_grown", "orders-0: broker 3 joined the ISR, now 1, 3"),
    ]


def test_replicas_are_reassigned() -> None:
    def on(replicas: list[int]) -> Snapshot:
        return shop(topics=[Topic("orders", [(0, 50)], leaders=[1], isr=[[1]], replicas=[replicas])])

    watched = Watched(on([1, 2]))
    assert watched.tell(on([1, 3])) == [("replicas_changed", "orders-0: replicas 1, 2 → 1, 3")]
    # The first is the preferred leader.
    assert watched.tell(on([3, 1])) == [("replicas_changed", "orders-0: replicas 1, 3 → 3, 1")]


def test_thousands_of_leaders_that_move_are_one_event_for_each_broker_they_leave() -> None:
    many = [Topic("t", [(0, 5)] * 3000)]
    watched = Watched(shop(topics=many))
    leader = shop(topics=many).partitions.leader
    moved = partitions_of(shop(topics=many), leader=np.where(leader == 3, 1, leader))
    events = watched.see(moved)
    assert [row(events)[key] for key in ("kind", "broker", "count", "topic", "partition")] == [
        "leader_moved",
        3,
        1000,
        None,
        -1,
    ]
    assert row(events)["text"] == "1,000 partitions: leader 3 → 1"
    assert len(events) == 1
    assert watched.log.changes.counts["leader_moved"] == 1000


def test_a_log_is_truncated() -> None:
    watched = Watched(shop())
    truncated = shop(topics=[Topic("orders", [(0, 50), (0, 42), (0, 70)])])
    assert watched.tell(truncated) == [("truncated", "orders-1: truncated by 18, log end 60 → 42")]
    assert row(watched.log.changes.events)["records"] == 18
    assert watched.tell(truncated) == []


def test_a_log_that_was_not_seen_for_a_poll_is_compared_with_what_was_seen_last() -> None:
    def ending(end: float | None) -> Snapshot:
        return shop(topics=[Topic("orders", [(0, end), (0, 60), (0, 70)])])

    watched = Watched(ending(50), ending(None), ending(None))
    events = watched.see(ending(30))
    assert row(events)["kind"] == "truncated"
    assert (row(events)["after_time"], row(events)["time"]) == (NOW + 10, NOW + 40)
    # A range is written while the gap is long in comparison with the polls and with the time since then.
    for ago, ranged in ((4, True), (59, True), (60, False), (61, False), (90_000, False)):
        expected = f"between {duration(ago + 30)} and {duration(ago)} ago" if ranged else f"{duration(ago)} ago"
        assert when(events, 0, NOW + 40 + ago, 10.0) == expected
    assert when(events, 0, NOW + 44, 20.0) == "4 s ago"
    # Unknown and back at the same place is nothing.
    assert watched.tell(ending(None)) == []
    assert watched.tell(ending(30)) == []


def test_the_subject_of_an_event_is_the_thing_that_it_is_about_as_visible_text() -> None:
    events = [
        Event("offsets_reset", 1, 2, "", group="g", topic="t", partition=3),
        Event("rebalanced", 1, 2, "", 2, group=""),
        Event("leader_moved", 1, 2, "", 2, "t\n", 0),
        Event("topic_created", 1, 2, "", topic="t" * 300),
        Event("isr_shrunk", 1, 2, "", 2, count=30),
        Event("topic_deleted", 1, 2, "", count=30),
    ]
    subjects = [subject_of(Events.of(events), place) for place in range(len(events))]
    assert subjects == ["g on t-3", '""', r"t\n-0", "t" * 249 + "…", "broker 2", "several"]


# -------------------------------------------------------------------- brokers


def brokers_of(snapshot: Snapshot, nodes: list[int], fenced: list[int] | None = None, **columns: Any) -> Snapshot:
    there = snapshot.brokers
    rows = [there.broker.tolist().index(node) for node in nodes]
    table = Brokers(
        there.broker[rows],
        there.host[rows],
        there.port[rows],
        there.rack[rows],
        np.array([node in (fenced or []) for node in nodes], float),
        there.version[rows],
    )
    return replace(snapshot, brokers=replace(table, **columns))


def test_a_broker_goes_and_comes_back() -> None:
    whole = shop()
    watched = Watched(whole)
    assert watched.tell(brokers_of(whole, [1, 2, 3], fenced=[3])) == [("broker_gone", "broker 3 is gone")]
    assert watched.tell(brokers_of(whole, [1, 2])) == []
    assert watched.tell(whole) == [("broker_back", "broker 3 is back")]
    event = row(watched.log.changes.events)
    assert (event["after_time"], event["time"], event["broker"]) == (NOW + 10, NOW + 40, 3)


def test_a_broker_that_was_never_there_joins() -> None:
    whole = shop()
    watched = Watched(brokers_of(whole, [1, 2]))
    assert watched.tell(whole) == [("broker_joined", "broker 3 joined")]


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"port": [19092, 9999, 19094]}, "broker 2 restarted: its address is 127.0.0.1:9999, was 127.0.0.1:19093"),
        ({"rack": objects(["r1", "r9", "r3"])}, "broker 2 restarted: its rack is r9, was r2"),
        ({"version": objects(["4.0", "4.1", "4.0"])}, "broker 2 restarted: its version is 4.1, was 4.0"),
    ],
)
def test_a_broker_that_registered_anew_was_restarted(columns: dict[str, Any], text: str) -> None:
    whole = shop()
    watched = Watched(whole)
    assert watched.tell(brokers_of(whole, [1, 2, 3], **columns)) == [("broker_restarted", text)]


def test_a_version_that_is_not_known_for_a_while_is_no_restart() -> None:
    whole = shop()
    watched = Watched(whole)
    assert watched.tell(brokers_of(whole, [1, 2, 3], version=objects([None] * 3))) == []
    assert watched.tell(whole) == []


def test_a_new_leader_epoch_of_what_a_broker_holds_alone_tells_of_its_restart() -> None:
    topics = [Topic("a", [(0, 5), (0, 5)], replicas=[[2], [1, 2]], leaders=[2, 1], isr=[[2], [1, 2]])]
    watched = Watched(shop(topics=topics))
    risen = partitions_of(shop(topics=topics), leader_epoch=np.array([1, 0]))
    assert watched.tell(risen) == [
        ("broker_restarted", "broker 2 restarted: 1 partition without other replicas got a new leader epoch")
    ]
    # Where others hold it too, a new epoch has other causes.
    assert watched.tell(partitions_of(risen, leader_epoch=np.array([1, 1]))) == []


def test_the_controller_changes_and_being_unknown_is_no_change() -> None:
    watched = Watched(shop())
    assert watched.tell(replace(shop(), controller=None)) == []
    assert watched.tell(replace(shop(), controller=1)) == []
    assert watched.tell(replace(shop(), controller=None)) == []
    assert watched.tell(replace(shop(), controller=3)) == [("controller_changed", "controller: broker 1 → 3")]
    assert row(watched.log.changes.events)["after_time"] == NOW + 30


# -------------------------------------------------------------------- topics and configs


def named(*names: str, ids: dict[str, str] | None = None, partitions: int = 2) -> Snapshot:
    ids = ids or {}
    return shop(topics=[Topic(name, [(0, 5)] * partitions, topic_id=ids.get(name, f"id-{name}")) for name in names])


def test_topics_come_and_go() -> None:
    watched = Watched(named("a"))
    assert watched.tell(named("a", "b")) == [("topic_created", "topic b was created with 2 partitions")]
    assert watched.tell(named("b")) == [("topic_deleted", "topic a was deleted")]


def test_a_topic_is_recreated_between_two_polls_or_over_several() -> None:
    watched = Watched(named("a", "b"))
    again = ("topic_recreated", "topic a was deleted and recreated: old offsets do not apply to its records")
    assert watched.tell(named("a", "b", ids={"a": "new"})) == [again]
    assert (row(watched.log.changes.events)["before"], row(watched.log.changes.events)["after"]) == ("id-a", "new")
    watched.see(named("b"))
    assert watched.tell(named("a", "b", ids={"a": "newer"})) == [again]
    # Metadata that is older than what was seen brings a topic back under its id.
    watched.see(named("b"))
    assert watched.tell(named("a", "b", ids={"a": "newer"})) == []


def test_a_recreated_topic_with_less_in_it_is_neither_truncated_nor_reset() -> None:
    def of(topic_id: str, end: float, commit: float) -> Snapshot:
        topic = Topic("orders", [(0, end)], topic_id=topic_id)
        return shop([Group("pay", {("orders", 0): commit})], [topic])

    watched = Watched(of("one", 500, 400))
    assert [kind for kind, _ in watched.tell(of("two", 5, 4))] == ["topic_recreated"]
    assert [kind for kind, _ in watched.tell(of("two", 4, 3))] == ["truncated", "offsets_reset"]


def test_partitions_are_added() -> None:
    watched = Watched(named("a"))
    assert watched.tell(named("a", partitions=6)) == [
        ("partitions_added", "topic a was extended from 2 to 6 partitions")
    ]


def test_many_topics_are_one_event() -> None:
    watched = Watched(named("a"))
    names = [f"t{each}" for each in range(30)]
    assert watched.tell(named("a", *names)) == [("topic_created", "30 topics were created: t0, t1, t10 and 27 more")]
    assert watched.log.changes.counts["topic_created"] == 30


def test_topics_that_may_be_hidden_are_neither_created_nor_deleted() -> None:
    def partly(snapshot: Snapshot, granted: float) -> Snapshot:
        capabilities = Capabilities(
            capability=objects(["describe_all_topics"]),
            available=np.array([granted]),
            why_not=whys(""),
        )
        return replace(snapshot, capabilities=capabilities)

    watched = Watched(partly(named("a", "b"), 1))
    assert watched.tell(partly(named("a"), 0)) == []
    assert watched.tell(partly(named("a", "b", "c"), 1)) == []
    assert watched.tell(partly(named("a", "b", "c", "d"), 1)) == [
        ("topic_created", "topic d was created with 2 partitions")
    ]


def test_metadata_in_doubt_delete_no_topic() -> None:
    doubt = replace(named("a"), outcomes=shop(failed={"cluster": TIMED_OUT}).outcomes)
    watched = Watched(named("a", "b"))
    assert watched.tell(doubt) == []
    assert watched.tell(named("a", "b")) == []
    watched.see(doubt)
    assert watched.tell(named("a")) == [("topic_deleted", "topic b was deleted")]


def test_a_topic_that_metadata_cannot_tell_about_is_not_deleted() -> None:
    watched = Watched(named("a", "b"))
    doubtful = named("a")
    topics = doubtful.topics
    table = replace(
        topics,
        topic=objects(["a", "b"]),
        topic_id=objects(["id-a", None]),
        internal=np.zeros(2, bool),
        partitions=np.array([2, 0]),
        first_row=np.array([0, 0]),
        watched=np.ones(2, bool),
        reason=np.array([0, 1]),
    )
    denied = replace(doubtful, topics=table, reasons=(NO_REASON, reason("LEADER_NOT_AVAILABLE")))
    assert watched.tell(denied) == []
    assert watched.tell(named("a", "b")) == []


def configured(changes: dict[str, Any] | None = None, brokers: dict[str, Any] | None = None) -> Snapshot:
    snapshot = detailed_snapshot()
    return replace(
        snapshot,
        topic_configs=replace(snapshot.topic_configs, **(changes or {})),
        broker_configs=replace(snapshot.broker_configs, **(brokers or {})),
    )


def test_configs_change_by_the_name_that_kafka_gives_them() -> None:
    watched = Watched(configured())
    old = configured().topic_configs
    retention, policy = old.retention_seconds.copy(), old.cleanup_policy.copy()
    retention[2], policy[2] = 3600.0, "compact"
    changed = {"retention_seconds": retention, "cleanup_policy": policy, "digest": objects(["aa11", None, "x", "cc33"])}
    assert watched.tell(configured(changed)) == [
        ("config_changed", "retention.ms of orders: 7 d → 1 h"),
        ("config_changed", "cleanup.policy of orders: delete → compact"),
    ]
    assert watched.tell(configured(changed)) == []
    event = row(watched.log.changes.events)
    assert (event["topic"], event["broker"], event["before"], event["after"]) == ("orders", -1, "7 d", "1 h")


def test_a_config_that_kmon_does_not_know_by_name_changes_the_digest() -> None:
    watched = Watched(configured())
    told = watched.tell(
        configured({"digest": objects(["aa11", None, "bb22", "dd44"])}, {"digest": objects(["d1"] * 3)})
    )
    assert told == [
        ("config_changed", "a config of payments changed"),
        ("config_changed", "a config of broker 3 changed"),
    ]
    events = watched.log.changes.events
    assert (events.before.tolist(), events.after.tolist()) == (["cc33", "d9"], ["dd44", "d1"])


def test_configs_that_are_unknown_for_a_while_are_compared_when_they_are_known_again() -> None:
    watched = Watched(configured())
    denied = configured({"digest": objects([None] * 4), "reason": np.ones(4, int)})
    assert watched.tell(denied) == []
    assert watched.tell(configured()) == []
    watched.see(denied)
    assert [kind for kind, _ in watched.tell(configured({"digest": objects(["zz", None, "bb22", "cc33"])}))] == [
        "config_changed"
    ]


# -------------------------------------------------------------------- groups


def test_groups_come_and_go() -> None:
    other = Group("other", {("orders", 0): 1}, state="Empty")
    watched = Watched(shop([PAY]))
    for _ in range(2):
        assert watched.tell(shop([PAY, other])) == [("group_created", "group other was created")]
        assert watched.tell(shop([PAY, other])) == []
        assert watched.tell(shop([PAY])) == [("group_deleted", "group other was deleted")]
        event = row(watched.log.changes.events)
        assert (event["after_time"], event["time"], event["before"]) == (watched.now - 10, watched.now, "Empty")
        assert watched.tell(shop([PAY])) == []


def test_a_group_that_was_listed_and_not_described_comes_and_goes_as_others_do() -> None:
    """The coordinator answered that it is not there any more, or could not describe it."""
    other = Group("other", state="Empty", reason="GROUP_ID_NOT_FOUND")
    listed = shop([PAY, other])
    listed = replace(listed, groups=replace(listed.groups, state=objects(["Empty", "Stable"])))
    watched = Watched(shop([PAY]))
    assert watched.tell(listed) == [("group_created", "group other was created")]
    assert watched.tell(shop([PAY])) == [("group_deleted", "group other was deleted")]
    assert watched.tell(listed) == [("group_created", "group other was created")]
    assert watched.tell(shop([PAY, replace(other, reason="")])) == []
    assert watched.tell(listed) == []
    assert watched.tell(shop([PAY])) == [("group_deleted", "group other was deleted")]


def test_a_group_that_is_not_proven_gone_is_neither_deleted_nor_created() -> None:
    why = "partition 3 of __consumer_offsets has no leader"
    doubted = replace(PAY, members=[], reason=why, commits_reason=why)
    unlisted = shop([doubted], failed={"groups": why})
    unlisted = replace(unlisted, groups=replace(unlisted.groups, state=objects([None])))
    watched = Watched(shop([PAY]))
    for _ in range(3):
        assert watched.tell(unlisted) == []
    assert watched.tell(shop([PAY])) == []
    watched.see(unlisted)
    assert watched.tell(shop([])) == [("group_deleted", "group pay was deleted")]


def test_groups_of_a_coordinator_that_did_not_answer_are_neither_deleted_nor_changed() -> None:
    silent = replace(PAY, reason=TIMED_OUT, commits_reason=TIMED_OUT, members=[])
    watched = Watched(shop([PAY]))
    missing = {"groups": TIMED_OUT}
    for _ in range(3):
        assert watched.tell(shop([silent], failed=missing)) == []
        assert watched.tell(shop([], failed=missing)) == []
    assert watched.tell(shop([PAY])) == []


def test_a_group_that_changed_while_its_coordinator_was_silent_tells_so_between_when_and_when() -> None:
    silent = replace(PAY, reason=TIMED_OUT, members=[])
    watched = Watched(shop([PAY]), shop([silent]), shop([silent]))
    events = watched.see(shop([replace(PAY, members=[*PAY.members, ("app-2", "/10.0.3.18", [])])]))
    joined = row(events, events.kind.tolist().index("member_joined"))
    assert (joined["after_time"], joined["time"]) == (NOW + 10, NOW + 40)


def test_groups_that_the_settings_hide_are_not_deleted_nor_created() -> None:
    idle = Group("idle", {("orders", 0): 1}, state="Empty")
    watched = Watched(shop([PAY, idle]))
    hidden = replace(shop([PAY]), hidden_groups=1)
    assert watched.tell(hidden) == []
    assert watched.tell(hidden) == []
    assert watched.tell(hidden) == []
    assert watched.tell(shop([PAY, idle])) == []
    watched.see(replace(hidden, outcomes=shop([], failed={"groups": TIMED_OUT}).outcomes))
    assert watched.tell(hidden) == []


def test_before_a_full_list_no_group_is_new() -> None:
    watched = Watched(shop([PAY], failed={"groups": TIMED_OUT}))
    other = Group("other", {("orders", 0): 1})
    assert watched.tell(shop([PAY, other])) == []
    assert [kind for kind, _ in watched.tell(shop([PAY, other, Group("new")]))] == ["group_created"]


def test_members_join_and_leave_by_client_and_host_and_that_is_a_rebalance() -> None:
    watched = Watched(shop([PAY]))
    two = replace(PAY, members=[*PAY.members, ("app-2\x1b[1m", "/10.0.3.18", [])])
    assert watched.tell(shop([two])) == [
        ("member_joined", r"app-2\x1b[1m (/10.0.3.18) joined pay"),
        ("rebalanced", "pay rebalanced: Stable with 1 member → Stable with 2 members"),
    ]
    assert watched.tell(shop([replace(PAY, members=[], state="Empty")]))[-1] == (
        "group_emptied",
        "pay has no members left, had 2",
    )
    assert watched.log.changes.counts["member_left"] == 2
    assert watched.log.changes.rebalances == {"pay": 1}


def test_a_static_member_that_comes_back_is_the_same() -> None:
    def member(member_id: str) -> Snapshot:
        snapshot = shop([PAY])
        table = replace(snapshot.members, member_id=objects([member_id]), instance_id=objects(["i-1"]))
        return replace(snapshot, members=table)

    assert Watched(member("one")).tell(member("two")) == []


@pytest.mark.parametrize(
    ("states", "rebalances"),
    [
        (["Stable", "PreparingRebalance"], 1),
        (["Stable", "PreparingRebalance", "CompletingRebalance", "Stable"], 1),
        (["Stable", "CompletingRebalance", "Stable", "PreparingRebalance"], 2),
        (["Stable", "Stable"], 0),
    ],
)
def test_a_rebalance_of_a_classic_group_counts_once(states: list[str], rebalances: int) -> None:
    watched = Watched(*(shop([replace(PAY, state=state)]) for state in states))
    assert watched.log.changes.rebalances.get("pay", 0) == rebalances


def test_a_group_of_another_type_rebalances_with_its_epoch() -> None:
    def at(epoch: float) -> Snapshot:
        snapshot = shop([replace(PAY, group_type="consumer")])
        return replace(snapshot, groups=replace(snapshot.groups, epoch=np.array([epoch])))

    watched = Watched(at(7))
    assert watched.tell(at(9)) == [
        ("rebalanced", "pay rebalanced: Stable with 1 member, epoch 7 → Stable with 1 member, epoch 9")
    ]
    assert watched.log.changes.rebalances == {"pay": 2}
    assert watched.tell(at(math.nan)) == []
    watched.see(at(9), after=STORM_SECONDS)
    assert watched.log.changes.rebalances == {}


def test_a_coordinator_changes() -> None:
    snapshot = shop([PAY])
    watched = Watched(snapshot)
    moved = replace(snapshot, groups=replace(snapshot.groups, coordinator=np.array([3])))
    assert watched.tell(moved) == [("coordinator_changed", "coordinator of pay: broker 1 → broker 3")]


def test_many_groups_are_one_event_and_each_is_counted() -> None:
    def groups(state: str) -> Snapshot:
        return shop([Group(f"g{each}", {}, PAY.members, state=state) for each in range(50)])

    watched = Watched(groups("Stable"))
    assert watched.tell(groups("PreparingRebalance")) == [
        ("rebalanced", "50 groups rebalanced: g0, g1, g10 and 47 more")
    ]
    assert len(watched.log.changes.rebalances) == 50


# -------------------------------------------------------------------- offsets


def test_offsets_are_reset() -> None:
    watched = Watched(shop([PAY]))
    back = replace(PAY, commits={("orders", 0): 15, ("orders", 1): 55})
    assert watched.tell(shop([back])) == [("offsets_reset", "pay on orders-0: committed offset rewound by 25, 40 → 15")]
    event = row(watched.log.changes.events)
    assert [event[key] for key in ("group", "topic", "partition", "before", "after", "records")] == [
        "pay",
        "orders",
        0,
        "40",
        "15",
        25,
    ]


def test_offsets_that_were_not_seen_for_a_while_are_compared_with_what_was_seen_last() -> None:
    watched = Watched(shop([PAY]))
    unknown = replace(PAY, commits=dict.fromkeys(PAY.commits, TIMED_OUT))
    assert watched.tell(shop([unknown])) == []
    assert watched.tell(shop([PAY])) == []
    watched.see(shop([unknown]))
    assert [kind for kind, _ in watched.tell(shop([replace(PAY, commits={("orders", 0): 15})]))] == ["offsets_reset"]


def test_rows_that_move_in_the_table_are_still_compared_with_themselves() -> None:
    watched = Watched(shop([PAY]))
    more = [Group("a", {("audit", 0): 3, ("orders", 0): 2}), replace(PAY, commits={**PAY.commits, ("audit", 0): 1})]
    topics = [Topic("orders", [(0, 50), (0, 60), (0, 70)]), Topic("audit", [(0, 9)])]
    assert [kind for kind, _ in watched.tell(shop(more, topics))] == ["topic_created", "group_created"]


def test_a_group_whose_many_offsets_are_reset_is_one_event() -> None:
    topics = [Topic("t", [(0, 100)] * 40)]
    watched = Watched(shop([Group("pay", {("t", each): 90 for each in range(40)})], topics))
    reset = shop([Group("pay", {("t", each): 0 for each in range(40)})], topics)
    assert watched.tell(reset) == [("offsets_reset", "pay on 40 partitions: 3,600 records rewound in total")]


def test_a_reset_has_a_time_before_it_also_where_the_log_start_was_never_known() -> None:
    unknown = [Topic("orders", [(None, 50)])]
    watched = Watched(shop([Group("pay", {("orders", 0): 40})], unknown))
    events = watched.see(shop([Group("pay", {("orders", 0): 30})], unknown))
    assert (row(events)["kind"], row(events)["after_time"]) == ("offsets_reset", NOW + 10)


def test_retention_overtakes_a_group_once() -> None:
    def starting(start: float, commit: float = 40) -> Snapshot:
        return shop([Group("pay", {("orders", 0): commit})], [Topic("orders", [(start, 50)])])

    watched = Watched(starting(0))
    assert watched.tell(starting(40)) == []
    assert watched.tell(starting(45)) == [
        ("retention_overtook", "pay on orders-0: 5 records lost: deleted before they were read")
    ]
    assert watched.tell(starting(48)) == []
    # Who goes back to where records are gone already was not overtaken.
    watched = Watched(starting(20))
    assert [kind for kind, _ in watched.tell(starting(20, 10))] == ["offsets_reset"]


def test_a_commit_beyond_the_log_end_is_told_once_by_the_second_poll_that_sees_it() -> None:
    def ending(end: float | None, commit: float = 40) -> Snapshot:
        return shop([Group("pay", {("orders", 0): commit})], [Topic("orders", [(0, end)])])

    beyond = ("commit_beyond_end", "pay on orders-0: committed offset 40 is 10 beyond the log end 30")
    watched = Watched(ending(50))
    assert watched.tell(ending(30)) == [("truncated", "orders-0: truncated by 20, log end 50 → 30")]
    assert watched.tell(ending(None)) == []
    assert watched.tell(ending(30)) == [beyond]
    event = row(watched.log.changes.events)
    assert (event["records"], event["before"], event["after"]) == (10, "40", "log end 30")
    assert event["after_time"] == NOW + 10
    assert watched.tell(ending(31)) == watched.tell(ending(31)) == []
    # A log end that one poll alone has may be out of date.
    watched = Watched(ending(50))
    assert [kind for kind, _ in [*watched.tell(ending(30)), *watched.tell(ending(50))]] == ["truncated"]
    # It was so before kmon began to poll.
    watched = Watched(ending(30))
    assert watched.tell(ending(30)) == watched.tell(ending(30)) == []


def test_commits_beyond_the_log_end_on_many_partitions_are_one_event() -> None:
    def ending(end: float) -> Snapshot:
        group = Group("pay", {("orders", each): 100 for each in range(40)})
        return shop([group], [Topic("orders", [(0, end)] * 40)])

    watched = Watched(ending(100), ending(90))
    assert watched.tell(ending(90)) == [
        ("commit_beyond_end", "pay on 40 partitions: 400 records between log ends and the commits beyond them")
    ]


def test_a_topic_without_a_known_start_is_not_overtaken() -> None:
    def of(start: float | None) -> Snapshot:
        return shop([Group("pay", {("orders", 0): 40})], [Topic("orders", [(start, 50)])])

    assert Watched(of(None)).tell(of(45)) == []


# -------------------------------------------------------------------- the log


def test_the_log_keeps_the_newest_and_counts_all() -> None:
    watched = Watched(shop())
    for each in range(KEPT + 50):
        watched.see(replace(shop(), controller=2 + each % 2))
    changes = watched.log.changes
    assert len(changes.events) == KEPT
    assert changes.counts["controller_changed"] == KEPT + 50
    assert (np.diff(changes.events.time) <= 0).all()
    assert changes.events.time[0] == watched.now


def test_a_group_that_becomes_stuck_and_recovers_tells_so_once_also_across_unknown_polls() -> None:
    reads = [Poll(100 + 10 * each, 100 + 10 * each) for each in range(5)]
    stands = [Poll(150 + 10 * each, 140) for each in range(40)]
    unknown = [Poll(None, 140), Poll(600, "timed out")]
    again = [Poll(560 + 10 * each, 560 + 10 * each) for each in range(20)]
    views = watch([*reads, *stands, *unknown, *stands[-2:], *again])
    kinds = [each for each in views[-1].events.kind if each.startswith("group_")]
    assert kinds == ["group_recovered", "group_stuck"]
    stuck, recovered = (list(views[-1].events.kind).index(each) for each in reversed(kinds))
    events = views[-1].events
    view = next(each for each in views if "group_stuck" in each.events.kind)
    assert events.time[stuck] == view.time == events.after_time[stuck] + 10
    assert (view.group_lags.status[0], events.group[stuck], events.before[stuck]) == (STUCK, "g", "ok")
    assert events.text[stuck] == f"g is stuck: {group_why(view, 0)}"
    assert (events.before[recovered], events.after[recovered]) == ("stuck", "ok")
    assert re.fullmatch(r"g recovered, was stuck for [\d.]+ min", events.text[recovered])
    counts = views[-1].event_counts
    assert (counts["group_stuck"], counts["group_recovered"]) == (1, 1)


def test_what_was_so_in_the_first_poll_is_no_event_and_many_groups_are_one() -> None:
    series, many, place = Series(), MOST_ALIKE + 5, ("t", 0)
    for poll in range(40):
        end, reads = 1000.0 + 10 * poll, poll < 5
        members = [("c", "/10.0.0.1", [place])] if reads else []
        groups = [Group(f"g{each}", {place: end if reads else 1040}, members) for each in range(many)]
        view = series.poll(
            [Topic("t", [(0, end)])], [Group("old", {place: 10}), *groups], ages={place: 600.0 + 10 * poll}
        )
    assert set(view.group_lags.status.tolist()) == {STOPPED}
    mine = view.events.kind == "group_stopped"
    assert view.events.count[mine].tolist() == [many]
    assert view.events.text[mine].tolist() == [f"{many} groups are stopped: g0, g1, g10 and {many - 3} more"]
    assert view.event_counts["group_stopped"] == many


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_explained(kind: str, request: pytest.FixtureRequest) -> None:
    page = (request.config.rootpath / "docs" / "events.md").read_text(encoding="utf-8")
    assert f"| `{kind}` |" in page


@given(any_text, any_text)
def test_no_name_leaves_the_line(group: str, topic: str) -> None:
    def of(start: float, end: float, commit: float, members: list[Any]) -> Snapshot:
        topics = [
            Topic(topic, [(start, end)], leaders=[1 + int(start > 0)]),
            Topic(topic + "2", [(start, end)] * (1 + int(start > 0))),
        ]
        return shop([Group(group, {(topic, 0): commit, (topic + "2", 0): commit + start}, members)], topics)

    watched = Watched(
        of(0, 50, 40, [(topic, group, [])]), of(45, 48, 41, [(group, topic, []), (topic + "x", topic, [])])
    )
    events = watched.log.changes.events
    assert {"leader_moved", "truncated", "retention_overtook", "member_joined"} <= set(events.kind)
    for texts in (events.text, events.before, events.after):
        assert all(each.isprintable() for each in texts)


def move_all(snapshot: Snapshot) -> Snapshot:
    return partitions_of(snapshot, leader=snapshot.partitions.leader % 3 + 1)


def drop_broker_3(snapshot: Snapshot) -> Snapshot:
    isr = Ragged.of(
        [[node for node in snapshot.partitions.isr.row(at) if node != 3] for at in range(len(snapshot.partitions))]
    )
    return partitions_of(snapshot, isr=isr)


@pytest.mark.parametrize("change", [move_all, drop_broker_3])
def test_what_happens_to_all_partitions_leaves_room_for_other_events(change: Callable[[Snapshot], Snapshot]) -> None:
    whole = shop(topics=[Topic(f"t{each}", [(0, 5)] * 9) for each in range(40)])
    watched = Watched(whole)
    watched.see(change(whole))
    assert 1 <= len(watched.log.changes.events) <= 3
    assert sum(watched.log.changes.counts.values()) == 360
