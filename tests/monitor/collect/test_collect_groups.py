"""Which groups there are, from ListGroups of every broker."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout, unsupported
from reasons import failed, reason, worded
from views import Topic, snapshot_of

from monitor.collect.collectors.group_evidence import ABSENT_POLLS, NOT_LISTED, made_up
from monitor.collect.collectors.groups import GroupCollector
from monitor.collect.draft import Draft, ListedGroup
from monitor.kafka.client.apis import DESCRIBE_GROUPS, LIST_GROUPS, LIST_OFFSETS
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault, error_reason
from monitor.kafka.client.wire import Answer
from monitor.model.coordinators import OFFSETS_TOPIC, partition_of
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import NO_LEADER

TIMEOUT = "broker 2: timed out after 3.0 s"


def group(name: str, state: str = "Stable", group_type: str = "Classic") -> dict[str, Any]:
    return {"group_id": name, "protocol_type": "consumer", "group_state": state, "group_type": group_type}


def listed(node: int, *groups: dict[str, Any], error_code: int = 0, version: int = 5) -> Answer:
    return answer_of(LIST_GROUPS, node, api_version=version, error_code=error_code, groups=list(groups))


class Groups:
    """A collector over polls of the same brokers."""

    def __init__(self, *nodes: int) -> None:
        self.client = StubClient({}, nodes)
        self.collector = GroupCollector()
        self.missing: list[str] = []

    def poll(self, *replies: Answer | Fault) -> Draft:
        by_node = {reply.node: reply for reply in replies}
        self.client.replies["ListGroups"] = lambda ask: by_node[ask.node]
        draft = new_draft()
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft


def test_groups_of_all_brokers_stand_by_name_with_their_coordinator() -> None:
    groups = Groups(1, 2)
    draft = groups.poll(listed(1, group("b", "Empty")), listed(2, group("a", group_type="Share"), group("c")))
    assert draft.groups == [
        ListedGroup("a", "share", "consumer", "Stable", 2),
        ListedGroup("b", "classic", "consumer", "Empty", 1),
        ListedGroup("c", "classic", "consumer", "Stable", 2),
    ]
    assert groups.missing == []


def test_the_list_is_the_same_object_while_no_answer_changes() -> None:
    groups = Groups(1, 2)
    first = groups.poll(listed(1, group("a")), listed(2, group("b"))).groups
    assert groups.poll(listed(1, group("a")), listed(2, group("b"))).groups is first
    assert groups.poll(listed(1, group("a", "Empty")), listed(2, group("b"))).groups is not first


def test_an_older_broker_does_not_say_the_type() -> None:
    draft = Groups(1).poll(listed(1, group("a"), version=4))
    assert draft.groups[0].group_type is None


def test_a_state_that_an_old_broker_does_not_list_is_no_state() -> None:
    draft = Groups(1).poll(listed(1, group("a"), version=3))
    assert draft.groups == [ListedGroup("a", None, "consumer", None, 1)]


def test_groups_of_a_broker_that_fails_stay_with_an_unknown_state_and_the_reason() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = groups.poll(listed(1, group("a")), timeout(LIST_GROUPS, 2))
    assert draft.groups == [
        ListedGroup("a", "classic", "consumer", "Stable", 1),
        ListedGroup("b", "classic", "consumer", None, 2, timeout(LIST_GROUPS, 2)),
    ]
    assert groups.missing == [TIMEOUT]
    assert failed(draft) == {2: TIMEOUT}


def test_groups_are_known_again_when_their_broker_answers_as_before() -> None:
    groups = Groups(1, 2)
    first = groups.poll(listed(1, group("a")), listed(2, group("b"))).groups
    groups.poll(listed(1, group("a")), timeout(LIST_GROUPS, 2))
    assert groups.poll(listed(1, group("a")), listed(2, group("b"))).groups == first
    assert groups.missing == []


def test_a_group_that_moved_counts_where_it_is_listed_now() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1), listed(2, group("a")))
    draft = groups.poll(listed(1, group("a", "PreparingRebalance")), timeout(LIST_GROUPS, 2))
    assert draft.groups == [ListedGroup("a", "classic", "consumer", "PreparingRebalance", 1)]


def test_a_group_that_two_brokers_list_is_one_row_that_nobody_is_believed_on() -> None:
    draft = Groups(1, 2).poll(listed(1, group("a")), listed(2, group("a")))
    assert [(each.group, each.state, each.coordinator) for each in draft.groups] == [("a", None, NO_LEADER)]
    assert worded(draft.groups[0].reason) == "more than one broker lists it (1 and 2)"


def test_an_error_code_is_a_reason() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = groups.poll(listed(1, group("a")), listed(2, error_code=14))
    assert groups.missing == ["broker 2: COORDINATOR_LOAD_IN_PROGRESS"]
    assert worded(draft.groups[1].reason) == "broker 2: COORDINATOR_LOAD_IN_PROGRESS"
    assert failed(draft) == {}


def test_an_answer_that_cannot_be_read_costs_only_its_broker() -> None:
    groups = Groups(1, 2)
    draft = groups.poll(listed(1, group("a")), Answer(LIST_GROUPS, 5, b"\0\0\0\0garbage", 2))
    assert [each.group for each in draft.groups] == ["a"]
    assert len(groups.missing) == 1


def test_groups_of_a_broker_that_left_are_unknown_until_another_lists_them() -> None:
    groups = Groups(1, 2)
    no = {"error_code": NOT_COORDINATOR, "group_id": "b", "group_state": "Dead", "members": []}
    groups.client.replies["DescribeGroups"] = lambda ask: answer_of(DESCRIBE_GROUPS, ask.node, groups=[no])
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = new_draft()
    asks = groups.collector.ask(groups.client, draft)
    groups.client._nodes = [1]  # metadata, which is read first, does not name it any more
    groups.collector.read(groups.client, draft, asks, [listed(1, group("a")), timeout(LIST_GROUPS, 2)])
    for _ in range(5):
        assert [(each.group, each.state) for each in draft.groups] == [("a", "Stable"), ("b", None)]
        draft = groups.poll(listed(1, group("a")))
        assert groups.missing
    draft = groups.poll(listed(1, group("a"), group("b")))
    assert [(each.group, each.state) for each in draft.groups] == [("a", "Stable"), ("b", "Stable")]
    assert groups.missing == []


def test_brokers_that_metadata_named_meanwhile_are_asked_too() -> None:
    groups = Groups(1)
    by_node = {1: listed(1, group("a")), 2: listed(2, group("b"))}
    groups.client.replies["ListGroups"] = lambda ask: by_node[int(ask.node)]
    draft = new_draft()
    asks = groups.collector.ask(groups.client, draft)
    groups.client._nodes = [1, 2]
    assert groups.collector.read(groups.client, draft, asks, [by_node[1]]) == []
    assert [each.group for each in draft.groups] == ["a", "b"]


def test_a_collector_that_breaks_keeps_its_groups_with_the_reason() -> None:
    groups = Groups(1)
    groups.poll(listed(1, group("a")))
    draft = new_draft()
    groups.collector.fail(draft, reason("why"))
    assert draft.groups == [ListedGroup("a", "classic", "consumer", None, 1, reason("why"))]


def test_types_are_told_when_every_broker_tells_them() -> None:
    groups = Groups(1, 2)
    assert worded(groups.poll(listed(1), listed(2)).capabilities["group_types"]) == (1.0, "")
    draft = groups.poll(listed(1), listed(2, version=4))
    assert worded(draft.capabilities["group_types"]) == (0.0, "ListGroups v5 is not served by broker 2")


def test_whether_types_are_told_is_unknown_before_the_first_answer() -> None:
    available, why = Groups(2).poll(timeout(LIST_GROUPS, 2)).capabilities["group_types"]
    assert math.isnan(available)
    assert why


# -------------------------------------------------------------------- by the leaders of the offsets topic

NOT_COORDINATOR, LOADING, NOT_FOUND, DENIED, OFFSET_NOT_AVAILABLE = 16, 14, 69, 30, 78


class Led(Groups):
    """The same with an offsets topic of two partitions that brokers 1 and 2 lead: it keeps "b" on 0 and "a" on 1.

    `leaders` and `epochs` are what metadata says of its partitions, `says` with what error brokers answer when they
    are asked to describe a group, `asked` who was asked so in the last poll. `behind` are brokers that do not know the
    high watermark of the partitions that they lead.
    """

    def __init__(self) -> None:
        super().__init__(1, 2)
        self.leaders, self.epochs = [1, 2], [5, 5]
        self.says: dict[int, int | list[int]] = {}
        self.asked: list[int] = []
        self.behind: set[int] = set()
        self.client.replies["DescribeGroups"] = self._describe
        self.client.replies["ListOffsets"] = self._end_offsets

    def _end_offsets(self, ask: Ask) -> Answer | Fault:
        codes = dict.fromkeys(range(2), OFFSET_NOT_AVAILABLE if ask.node in self.behind else 0)
        ends = [
            {"partition_index": number, "error_code": code, "timestamp": -1, "offset": -1 if code else 9}
            for number, code in codes.items()
        ]
        return answer_of(
            LIST_OFFSETS, int(ask.node), api_version=5, topics=[{"name": OFFSETS_TOPIC, "partitions": ends}]
        )

    def _describe(self, ask: Ask) -> Answer | Fault:
        node, body = int(ask.node), ask.body(6)
        if body:
            self.asked.append(node)
        said = self.says.get(node, NOT_FOUND)
        code = said.pop(0) if isinstance(said, list) else said
        names = [name for name in ("a", "b", "c", *made_up(2)) if f"{chr(len(name) + 1)}{name}".encode() in body]
        groups = [{"error_code": code, "group_id": name, "group_state": "Dead", "members": []} for name in names]
        return answer_of(DESCRIBE_GROUPS, node, api_version=6, groups=groups)

    def poll(self, *replies: Answer | Fault, again: Answer | None = None) -> Draft:
        """`again` is what its broker answers when it is asked for its list a second time."""
        self.asked.clear()
        lists = {reply.node: [reply] for reply in replies}
        if again is not None:
            lists[again.node].append(again)
        self.client.replies["ListGroups"] = lambda ask: (
            lists[ask.node].pop(0) if len(lists[ask.node]) > 1 else lists[ask.node][0]
        )
        topic = snapshot_of([Topic(OFFSETS_TOPIC, [(0, 0)] * 2, leaders=self.leaders)], [])
        epochs = np.array(self.epochs, np.int32)
        draft = new_draft(topics=topic.topics, partitions=replace(topic.partitions, leader_epoch=epochs))
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft

    def rows(self, *replies: Answer | Fault, again: Answer | None = None) -> dict[str, str]:
        """The state of each group, or why it is unknown."""
        return {each.group: each.state or str(each.reason) for each in self.poll(*replies, again=again).groups}


BOTH = (listed(1, group("b")), listed(2, group("a")))
KNOWN = {"a": "Stable", "b": "Stable"}


def test_groups_are_where_the_offsets_topic_keeps_them() -> None:
    assert (partition_of("b", 2), partition_of("a", 2)) == (0, 1)


def test_coordinators_are_asked_once_whether_they_have_loaded_their_groups() -> None:
    groups = Led()
    assert groups.rows(*BOTH) == KNOWN
    assert sorted(groups.asked) == [1, 1, 2, 2]
    for _ in range(3):
        assert groups.rows(*BOTH) == KNOWN
        assert groups.asked == []
        assert groups.missing == []


@pytest.mark.parametrize("api", ["DescribeGroups", "ListOffsets"])
def test_coordinators_that_cannot_be_asked_are_believed_as_those_that_may_not_be(api: str) -> None:
    groups = Led()
    groups.client.replies[api] = unsupported
    assert groups.rows(*BOTH) == KNOWN
    assert groups.missing == []
    for _ in range(ABSENT_POLLS - 1):
        assert groups.rows(listed(1, group("b")), listed(2)) == {
            "a": str(Reason(Kind.NOT_LISTED_BY_COORDINATOR, 2)),
            "b": "Stable",
        }
    assert groups.rows(listed(1, group("b")), listed(2)) == {"b": "Stable"}


def test_a_broker_that_is_not_the_coordinator_is_not_believed_without_list_offsets_either() -> None:
    groups = Led()
    groups.client.replies["ListOffsets"] = unsupported
    groups.poll(*BOTH)
    groups.says, groups.epochs = {2: NOT_COORDINATOR}, [5, 6]
    assert groups.rows(listed(1, group("b")), listed(2)) == {"a": "broker 2: NOT_COORDINATOR", "b": "Stable"}


def test_groups_whose_partition_has_no_leader_stay_unknown_for_as_long() -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders, groups.epochs = [1, NO_LEADER], [5, 6]
    for _ in range(5):
        draft = groups.poll(listed(1, group("b")), listed(2))
        assert draft.groups == [
            ListedGroup("a", "classic", "consumer", None, NO_LEADER, Reason(Kind.NO_COORDINATOR, detail="1")),
            ListedGroup("b", "classic", "consumer", "Stable", 1),
        ]
        assert groups.missing == ["__consumer_offsets: no leader of partition 1"]
    groups.leaders, groups.epochs = [1, 2], [5, 7]
    assert groups.rows(*BOTH) == KNOWN
    assert groups.missing == []


def test_without_a_leader_of_each_partition_the_first_list_is_not_complete_either() -> None:
    groups = Led()
    groups.leaders = [1, NO_LEADER]
    assert groups.rows(listed(1, group("b")), listed(2)) == {"b": "Stable"}
    assert groups.missing == ["__consumer_offsets: no leader of partition 1"]


@pytest.mark.parametrize("code", [LOADING, NOT_COORDINATOR])
def test_a_new_coordinator_that_does_not_list_a_group_yet_does_not_make_it_gone(code: int) -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders, groups.epochs, groups.says = [1, 1], [5, 6], {1: code}
    for _ in range(3):
        rows = groups.rows(listed(1, group("b")), listed(2, group("a")))
        assert rows["a"].startswith("broker 1: ")
        assert groups.missing
    groups.says = {}
    assert groups.rows(listed(1, group("a"), group("b")), listed(2)) == KNOWN
    assert groups.missing == []


def test_a_new_coordinator_that_has_not_caught_up_with_its_log_proves_nothing() -> None:
    """It has loaded the group, and answers as of a high watermark from before the group's first commit."""
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders, groups.epochs, groups.behind = [1, 1], [5, 6], {1}
    why = "broker 1: OFFSET_NOT_AVAILABLE"
    for _ in range(5):
        draft = groups.poll(listed(1, group("b")), listed(2))
        # Nobody is asked for its commits, which may be of before as well.
        assert draft.groups[0] == ListedGroup("a", "classic", "consumer", None, 1, error_reason(78, 1), ready=False)
        assert groups.missing == [why]
    groups.behind = set()
    assert groups.rows(listed(1, group("a"), group("b")), listed(2)) == KNOWN
    assert groups.missing == []


def test_groups_that_a_coordinator_lists_before_it_has_caught_up_are_not_believed_either() -> None:
    groups = Led()
    groups.behind = {2}
    why = "broker 2: OFFSET_NOT_AVAILABLE"
    assert groups.rows(*BOTH) == {"a": why, "b": "Stable"}
    assert groups.missing == [why]


def test_a_coordinator_that_has_just_loaded_is_asked_for_its_list_again() -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders, groups.epochs = [1, 1], [5, 6]
    rows = groups.rows(listed(1, group("b")), listed(2), again=listed(1, group("a"), group("b")))
    assert rows == KNOWN
    assert groups.missing == []


def test_a_coordinator_that_ends_while_it_lists_proves_nothing() -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.says = {2: [NOT_FOUND, NOT_COORDINATOR]}
    rows = groups.rows(listed(1, group("b")), listed(2))
    assert rows == {"a": "broker 2: NOT_COORDINATOR", "b": "Stable"}


def test_a_group_is_gone_at_once_when_its_coordinator_says_so() -> None:
    groups = Led()
    groups.poll(*BOTH)
    assert groups.rows(listed(1, group("b")), listed(2)) == {"b": "Stable"}
    assert groups.asked == [2, 2]
    assert groups.missing == []


def test_the_list_of_a_broker_that_was_the_coordinator_is_not_believed() -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders, groups.epochs = [1, 1], [5, 6]
    stale = listed(2, group("a", "Stable"))
    assert groups.rows(listed(1, group("a", "Empty"), group("b")), stale) == {"a": "Empty", "b": "Stable"}
    # Deleted where it is coordinated now.
    assert groups.rows(listed(1, group("b")), stale) == {"b": "Stable"}
    # And not there when kmon started.
    assert Led.rows(groups, listed(1, group("b")), stale) == {"b": "Stable"}


def test_a_coordinator_that_does_not_list_costs_the_groups_of_its_partitions() -> None:
    groups = Led()
    groups.poll(*BOTH)
    assert groups.rows(listed(1, group("b")), timeout(LIST_GROUPS, 2)) == {"a": TIMEOUT, "b": "Stable"}
    assert groups.missing == [TIMEOUT]


def test_a_broker_that_leads_none_of_them_is_not_missed() -> None:
    groups = Led()
    groups.leaders = [1, 1]
    assert groups.rows(listed(1, group("a"), group("b")), timeout(LIST_GROUPS, 2)) == KNOWN
    assert groups.missing == []


def test_a_leader_that_metadata_does_not_name_lists_nothing() -> None:
    groups = Led()
    groups.poll(*BOTH)
    groups.leaders = [1, 7]
    why = "broker 7: it leads partition 1 of __consumer_offsets and is not in metadata"
    assert groups.rows(listed(1, group("b")), listed(2)) == {"a": why, "b": "Stable"}


def test_where_coordinators_may_not_be_asked_several_lists_prove_it() -> None:
    groups = Led()
    groups.says = {1: DENIED, 2: DENIED}
    assert groups.rows(*BOTH) == KNOWN
    assert groups.missing == []
    why = "broker 2: it coordinates the group but does not list it"
    for _ in range(ABSENT_POLLS - 1):
        assert groups.rows(listed(1, group("b")), listed(2)) == {"a": why, "b": "Stable"}
        assert groups.missing == [why]
    groups.epochs = [5, 6]  # another tenure counts anew
    for _ in range(ABSENT_POLLS - 1):
        assert groups.rows(listed(1, group("b")), listed(2)) == {"a": why, "b": "Stable"}
    assert groups.rows(listed(1, group("b")), listed(2)) == {"b": "Stable"}
    assert groups.missing == []


def test_another_group_that_vanishes_from_the_second_list_is_not_gone_by_that() -> None:
    """Only what a coordinator was asked about is proven; the rest is asked in the next poll."""
    groups = Led()
    groups.leaders = [1, 1]
    groups.poll(listed(1, group("a"), group("b")), listed(2))
    rows = groups.rows(listed(1, group("b")), listed(2), again=listed(1))
    assert rows == {"b": "broker 1: it coordinates the group but does not list it"}
    assert groups.rows(listed(1), listed(2)) == {}


def test_without_the_offsets_topic_a_group_is_gone_when_nobody_lists_it_for_several_polls() -> None:
    """Its coordinator may not have caught up with its log, and nothing that it may be asked tells."""
    groups = Led()
    groups.leaders = groups.epochs = []
    groups.says = {2: NOT_COORDINATOR}
    assert Groups.poll(groups, *BOTH).groups
    for _ in range(ABSENT_POLLS - 1):
        draft = Groups.poll(groups, listed(1), listed(2, group("a")))
        assert worded([(each.group, each.reason) for each in draft.groups]) == [("a", ""), ("b", str(NOT_LISTED))]
        assert groups.missing == [str(NOT_LISTED)]
    draft = Groups.poll(groups, listed(1), listed(2, group("a")))
    assert [each.group for each in draft.groups] == ["a"]
    groups.says = {1: NOT_COORDINATOR, 2: NOT_COORDINATOR}
    draft = Groups.poll(groups, listed(1), listed(2))
    assert worded([(each.group, each.coordinator, each.reason) for each in draft.groups]) == [
        ("a", NO_LEADER, "broker 1: NOT_COORDINATOR")
    ]
    assert groups.missing == ["broker 1: NOT_COORDINATOR"]
