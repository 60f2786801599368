"""Which groups there are, from ListGroups of every broker."""

import math
from typing import Any

from answers import StubClient, answer_of, new_draft, timeout

from monitor.client.apis import LIST_GROUPS
from monitor.client.faults import Fault
from monitor.client.wire import Answer
from monitor.collectors.groups import GroupCollector
from monitor.draft import Draft, ListedGroup

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
        self.missing = self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline))
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


def test_groups_of_a_broker_that_fails_stay_with_an_unknown_state_and_the_reason() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = groups.poll(listed(1, group("a")), timeout(LIST_GROUPS, 2))
    assert draft.groups == [
        ListedGroup("a", "classic", "consumer", "Stable", 1),
        ListedGroup("b", "classic", "consumer", None, 2, TIMEOUT),
    ]
    assert groups.missing == [TIMEOUT]
    assert draft.failed == {2: TIMEOUT}


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


def test_a_group_that_two_brokers_list_is_one_row() -> None:
    draft = Groups(1, 2).poll(listed(1, group("a")), listed(2, group("a")))
    assert [each.group for each in draft.groups] == ["a"]


def test_an_error_code_is_a_reason() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = groups.poll(listed(1, group("a")), listed(2, error_code=14))
    assert groups.missing == ["broker 2: COORDINATOR_LOAD_IN_PROGRESS"]
    assert draft.groups[1].reason == "broker 2: COORDINATOR_LOAD_IN_PROGRESS"
    assert draft.failed == {}


def test_an_answer_that_cannot_be_read_costs_only_its_broker() -> None:
    groups = Groups(1, 2)
    draft = groups.poll(listed(1, group("a")), Answer(LIST_GROUPS, 5, b"\0\0\0\0garbage", 2))
    assert [each.group for each in draft.groups] == ["a"]
    assert len(groups.missing) == 1


def test_groups_of_a_broker_that_left_are_shown_as_unknown_once_and_then_dropped() -> None:
    groups = Groups(1, 2)
    groups.poll(listed(1, group("a")), listed(2, group("b")))
    draft = new_draft()
    asks = groups.collector.ask(groups.client, draft)
    groups.client._nodes = [1]  # metadata, which is read first, does not name it any more
    groups.collector.read(groups.client, draft, asks, [listed(1, group("a")), timeout(LIST_GROUPS, 2)])
    assert [(each.group, each.state) for each in draft.groups] == [("a", "Stable"), ("b", None)]
    assert [each.group for each in groups.poll(listed(1, group("a"))).groups] == ["a"]


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
    groups.collector.fail(draft, "why")
    assert draft.groups == [ListedGroup("a", "classic", "consumer", None, 1, "why")]


def test_types_are_told_when_every_broker_tells_them() -> None:
    groups = Groups(1, 2)
    assert groups.poll(listed(1), listed(2)).capabilities["group_types"] == (1.0, "")
    draft = groups.poll(listed(1), listed(2, version=4))
    assert draft.capabilities["group_types"] == (0.0, "ListGroups v5 is not served by broker 2")


def test_whether_types_are_told_is_unknown_before_the_first_answer() -> None:
    available, why = Groups(2).poll(timeout(LIST_GROUPS, 2)).capabilities["group_types"]
    assert math.isnan(available)
    assert why
