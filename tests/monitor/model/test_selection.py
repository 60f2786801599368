"""What is asked is chosen before asking: names, internal topics, limits, and groups that were empty for too long."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from hypothesis import given
from hypothesis import strategies as st
from reasons import texts
from views import Topic, snapshot_of

from monitor.analysis.view import make_view
from monitor.collect import requests
from monitor.collect.assemble import Assembler
from monitor.collect.collectors.base import POSTPONED_POLLS, RETRY_SECONDS, Reply, SlowCollector, Step
from monitor.collect.collectors.cluster import ClusterCollector
from monitor.collect.collectors.groups import GroupCollector
from monitor.collect.collectors.leader_offsets import NOT_CHOSEN, EndOffsetCollector
from monitor.collect.draft import CommitRows, Draft, GroupDescription, ListedGroup, MemberRow, OffsetColumn
from monitor.kafka.client.apis import LIST_GROUPS, LIST_OFFSETS, METADATA
from monitor.kafka.client.client import Ask, BrokerAddress, Client
from monitor.model.reasons import Kind, Reason
from monitor.model.selection import Choice, Names
from monitor.model.snapshot import Requests
from monitor.settings import load
from monitor.settings.errors import SettingsError

NAMES = st.lists(st.sampled_from(["a", "b.*", "a|b", ".*c", ""]), max_size=2)


@given(NAMES, NAMES, st.text("abc", max_size=3))
def test_a_name_is_wanted_when_included_whole_and_not_excluded(
    include: list[str], exclude: list[str], name: str
) -> None:
    def whole(expressions: list[str]) -> bool:
        return any(re.fullmatch(each, name) for each in expressions)

    wanted = (not include or whole(include)) and not whole(exclude)
    assert Names.of(include, exclude).wants(name) == wanted


# -------------------------------------------------------------------- topics


def metadata(*topics: tuple[str, int]) -> dict[str, Any]:
    """The fields of a Metadata answer with these topics, by name and number of partitions."""
    return {
        "brokers": [{"node_id": 1, "host": "b1", "port": 9092, "rack": None}],
        "cluster_id": "abc",
        "controller_id": 1,
        "topics": [
            {
                "name": name,
                "topic_id": uuid.UUID(int=7),
                "error_code": 0,
                "is_internal": name.startswith("__"),
                "partitions": [
                    {
                        "error_code": 0,
                        "partition_index": number,
                        "leader_id": 1,
                        "leader_epoch": 0,
                        "replica_nodes": [1],
                        "isr_nodes": [1],
                        "offline_replicas": [],
                    }
                    for number in range(count)
                ],
            }
            for name, count in topics
        ],
    }


def watched(choice: Choice, *topics: tuple[str, int]) -> Draft:
    client = StubClient({"Metadata": lambda ask: answer_of(METADATA, ask.node, **metadata(*topics))}, nodes=[1])
    collector, draft = ClusterCollector(), new_draft(choice=choice)
    collector.read(client, draft, [], [])
    return draft


def test_topics_that_are_not_chosen_stay_in_metadata_and_are_not_watched() -> None:
    choice = Choice(topics=Names.of(["a.*", "__.*"], ["a-test"]), internal_topics=False)
    draft = watched(choice, ("__consumer_offsets", 2), ("a-1", 1), ("a-test", 1), ("b", 3))
    assert dict(zip(draft.topics.topic, draft.topics.watched.tolist(), strict=True)) == {
        "__consumer_offsets": False,
        "a-1": True,
        "a-test": False,
        "b": False,
    }
    assert (len(draft.partitions), draft.hidden_topics, draft.notices) == (7, 3, [])


def test_more_partitions_than_the_limit_are_cut_by_whole_topics_and_said() -> None:
    draft = watched(Choice(max_partitions=4), ("a", 3), ("b", 1), ("c", 1))
    assert draft.cut_topics == {"c"}
    assert draft.topics.watched.tolist() == [True, True, False]
    assert draft.notices == ["1 of 3 topics not monitored (limits.partitions = 4)"]


def test_offsets_of_topics_that_are_not_watched_are_not_asked() -> None:
    draft = watched(Choice(topics=Names.of(["a"])), ("a", 1), ("b", 1))
    collector, client = EndOffsetCollector(), StubClient({}, nodes=[1])
    (ask,) = collector.ask(client, draft)
    body = ask.body(LIST_OFFSETS.newest)
    assert b"\x02a" in body
    assert b"\x02b" not in body
    answer = answer_of(
        LIST_OFFSETS,
        1,
        topics=[
            {"name": "a", "partitions": [{"partition_index": 0, "error_code": 0, "offset": 9, "timestamp": -1}]},
        ],
    )
    assert collector.read(client, draft, [ask], [answer]) == []
    assert draft.ends is not None
    assert draft.ends.offset[0] == 9
    assert np.isnan(draft.ends.offset[1])
    assert [texts(draft)[code] for code in draft.ends.reason] == ["", str(NOT_CHOSEN)]


def test_commits_and_assignments_on_topics_that_are_not_watched_are_left_out() -> None:
    snapshot = snapshot_of([Topic("a", [(0, 9)]), Topic("b", [(0, 9)])], [])
    topics = snapshot.topics
    hidden = type(topics)(
        *(getattr(topics, each.name) if each.name != "watched" else np.array([True, False]) for each in topics.schema())
    )
    names = ["a", "b", "gone-b"]
    commits = CommitRows(
        ["g"], names, np.zeros(3, int), np.arange(3), np.zeros(3, int), np.ones(3), np.full(3, np.nan), np.zeros(3, int)
    )
    assigned = [("a", 0), ("b", 0), ("gone-b", 0)]
    member = MemberRow("m", "c", "h", None, None, assigned, subscribed=("a", "b", "gone-b"))
    draft = new_draft(
        choice=Choice(topics=Names.of([], [".*b"])),
        topics=hidden,
        partitions=snapshot.partitions,
        groups=[ListedGroup("g", "classic", "consumer", "Stable", 1)],
        descriptions={"g": GroupDescription(members=[member])},
        commits=[commits],
    )
    made = Assembler().snapshot(draft, (), Requests.empty())
    assert made.topics.topic.tolist() == ["a", "b"]
    assert made.commits.topic.tolist() == [0]
    assert made.assignments.topic.tolist() == [0]
    assert made.members.subscribed.tolist() == [("a",)]


def test_a_total_over_what_the_limits_cut_is_no_total() -> None:
    snapshot = snapshot_of([Topic("a", [(0, 9)]), Topic("b", [(0, 9)])], [])
    commits = CommitRows(
        ["g", "h"],
        ["a", "b"],
        np.array([0, 1, 1]),
        np.array([0, 0, 1]),
        np.zeros(3, int),
        np.ones(3),
        np.full(3, np.nan),
        np.zeros(3, int),
    )
    column = OffsetColumn(np.array([9.0, np.nan]), np.array([0, 0]))
    draft = new_draft(
        topics=replace(snapshot.topics, watched=np.array([True, False])),
        partitions=snapshot.partitions,
        groups=[ListedGroup(name, "classic", "consumer", "Stable", 1) for name in ("g", "h")],
        descriptions={"g": GroupDescription(), "h": GroupDescription()},
        commits=[commits],
        starts=OffsetColumn(np.zeros(2), np.zeros(2, int)),
        ends=column,
        cut_topics=frozenset({"b"}),
    )
    view = make_view(Assembler().snapshot(draft, (), Requests.empty()))
    assert view.group_lags.lag[0] == 8
    assert np.isnan(view.group_lags.lag[1])
    assert view.reasons[view.group_lags.reason[1]] == Kind.CUT_COMMITS.value
    assert (view.totals.lag, view.totals.lag_at_least) == (None, 16)


# -------------------------------------------------------------------- groups


def grouped(collector: GroupCollector, choice: Choice, at: float, **states: str) -> Draft:
    groups = [
        {"group_id": name, "protocol_type": "consumer", "group_state": state, "group_type": "classic"}
        for name, state in states.items()
    ]
    client = StubClient({"ListGroups": lambda ask: answer_of(LIST_GROUPS, ask.node, error_code=0, groups=groups)}, [1])
    draft = new_draft(choice=choice)
    draft.started += at
    asks = collector.ask(client, draft)
    collector.read(client, draft, asks, client.ask(asks, draft.deadline))
    return draft


def names(draft: Draft) -> list[str]:
    return [each.group for each in draft.groups]


def test_groups_are_chosen_by_name_and_cut_at_the_limit() -> None:
    choice = Choice(groups=Names.of(["pay.*"]), max_groups=2)
    draft = grouped(GroupCollector(), choice, 0, pay1="Stable", pay2="Stable", pay3="Empty", other="Stable")
    assert names(draft) == ["pay1", "pay2"]
    assert draft.hidden_groups == 1
    assert draft.notices == ["1 of 3 groups not monitored (limits.groups = 2)"]
    assert draft.cut_groups == 1


def test_a_group_that_was_empty_for_too_long_is_hidden_until_it_has_members() -> None:
    collector, choice = GroupCollector(), Choice(empty_group_seconds=60)
    assert names(grouped(collector, choice, 0, left="Empty", lives="Stable")) == ["left", "lives"]
    assert names(grouped(collector, choice, 60, left="Empty", lives="Empty")) == ["left", "lives"]
    late = grouped(collector, choice, 61, left="Empty", lives="Empty")
    assert (names(late), late.hidden_groups) == (["lives"], 1)
    assert names(grouped(collector, choice, 70, left="Stable", lives="Empty")) == ["left", "lives"]
    assert names(grouped(collector, choice, 80, left="Empty", lives="Empty")) == ["left", "lives"]


def test_the_chosen_groups_are_the_same_object_while_they_are_the_same() -> None:
    collector, choice = GroupCollector(), Choice(groups=Names.of(["a"]))
    first = grouped(collector, choice, 0, a="Stable", b="Stable")
    assert grouped(collector, choice, 1, a="Stable", b="Empty").groups is first.groups


# -------------------------------------------------------------------- cadence


NOT_ALL = Reason(Kind.OTHER, detail="not all")


class Slow(SlowCollector):
    """Counts what it was asked to do."""

    name = "slow"
    step = Step.ENDS
    sends = (requests.LIST_GROUPS,)
    every_seconds = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.taken = self.given = 0

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        return [Ask(1, LIST_GROUPS, lambda _: b"")]

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self.taken += 1
        return [NOT_ALL]

    def put(self, draft: Draft) -> None:
        self.given += 1


def test_a_slow_collector_asks_when_it_is_due_and_gives_what_it_has_in_between() -> None:
    slow, client = Slow(), StubClient({}, [1])
    good, bad = answer_of(LIST_GROUPS, 1, error_code=0, groups=[]), timeout(LIST_GROUPS, 1)

    def poll(at: float, reply: Reply, **every: float) -> tuple[int, bool]:
        draft = new_draft(choice=Choice(every=every))
        draft.started += at
        asks = slow.ask(client, draft)
        assert slow.read(client, draft, asks, [reply] * len(asks)) == [NOT_ALL]
        return slow.taken, slow.kept

    assert poll(0, good) == (1, False)
    assert poll(59, good) == (1, True)
    assert poll(60, bad) == (2, False)
    assert poll(61, good, slow=5) == (3, False)
    assert poll(65, good, slow=5) == (3, True)
    assert poll(66, good, slow=5) == (4, False)
    assert slow.given == 6


def test_what_failed_is_asked_again_in_the_next_poll_and_then_less_and_less_often() -> None:
    slow, client = Slow(), StubClient({}, [1])
    good, bad = answer_of(LIST_GROUPS, 1, error_code=0, groups=[]), timeout(LIST_GROUPS, 1)
    asked = []
    for second in range(160):
        draft = new_draft()
        draft.started += second
        asks = slow.ask(client, draft)
        slow.read(client, draft, asks, [good if second == 96 else bad] * len(asks))
        asked += [second] * len(asks)
    assert asked == [0, 1, 6, 16, 36, 66, 96, 156, 157]
    assert RETRY_SECONDS == (0, 5, 10, 20, 30)


def test_a_broker_that_is_back_is_asked_at_once() -> None:
    """It was not asked while it did not respond, so that nothing of it is known until the next turn."""
    slow, client = Slow(), StubClient({}, [1, 2])
    good = answer_of(LIST_GROUPS, 1, error_code=0, groups=[])
    brokers = [BrokerAddress(node, "h", 9092, None) for node in (1, 2)]

    def asks(at: float, nodes: int = 2, **failed: str) -> bool:
        draft = new_draft(brokers=brokers[:nodes], failed={int(node[1:]): why for node, why in failed.items()})
        draft.started += at
        asked = slow.ask(client, draft)
        slow.read(client, draft, asked, [good] * len(asked))
        return bool(asked)

    assert asks(0, b2="timed out")
    assert not asks(1, b2="timed out")
    assert asks(2)
    assert not asks(3)
    # One that metadata did not name is asked too when it comes, and once.
    assert not asks(4, 1)
    assert asks(62, 1)
    assert asks(63)
    assert not asks(64)


def test_a_slow_collector_may_be_put_off_after_its_first_answer_and_not_for_ever() -> None:
    slow, client, draft = Slow(), StubClient({}, [1]), new_draft()
    good = answer_of(LIST_GROUPS, 1, error_code=0, groups=[])

    def poll(*, full: bool) -> bool:
        """Whether it asked in a poll that is `full` already."""
        asks = slow.ask(client, draft)
        if full and slow.postpone():
            asks = []
        slow.read(client, draft, asks, [good] * len(asks))
        draft.started += 60
        return bool(asks)

    assert poll(full=True), "the first poll asks everything"
    assert [poll(full=True) for _ in range(POSTPONED_POLLS + 2)] == [False] * POSTPONED_POLLS + [True, False]
    assert poll(full=False)
    assert slow.given == POSTPONED_POLLS + 4


# -------------------------------------------------------------------- settings


def test_what_the_settings_choose(tmp_path: Path) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(
        "contexts:\n  - bootstrap_servers: a:1\n    topics: {include: [pay.*]}\n    groups: {exclude: [console-.*]}\n"
        "    internal_topics: true\n    limits: {partitions: 9, groups: 8, empty_groups_for: 0s}\n"
        "    collect: {log_dirs: 5m, producers: true}\n"
    )
    choice = load(path, {}).settings.cluster.choice
    assert choice.topics.wants("payments")
    assert not choice.topics.wants("orders")
    assert not choice.groups.wants("console-1")
    assert (choice.internal_topics, choice.empty_group_seconds, choice.producers) == (True, None, True)
    assert (choice.max_partitions, choice.max_groups, choice.every["log_dirs"]) == (9, 8, 300)


def test_a_wrong_expression_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text("contexts:\n  - bootstrap_servers: a:1\n    topics: {include: ['(']}\n")
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    assert caught.value.problems[0].startswith(f"{path}:3: contexts[0].topics.include[0]: is not a regular expression")
