"""State, members and assignments of the four types of group."""

import struct
from typing import Any

import pytest
from answers import StubClient, answer_of, new_draft, timeout
from hypothesis import given
from hypothesis import strategies as st
from reasons import reason, worded

from monitor.collect.collectors.group_members import GroupMemberCollector
from monitor.collect.draft import Draft, GroupDescription, ListedGroup, MemberRow, SubtopologyRow
from monitor.kafka.client.apis import (
    CONSUMER_GROUP_DESCRIBE,
    DESCRIBE_GROUPS,
    SHARE_GROUP_DESCRIBE,
    STREAMS_GROUP_DESCRIBE,
    Api,
)
from monitor.kafka.client.faults import Fault, error_reason
from monitor.kafka.client.wire import Answer


def listed(name: str, group_type: str | None, node: int = 1) -> ListedGroup:
    return ListedGroup(name, group_type, "consumer", "Stable", node)


class Poll:
    """A collector over polls; `groups` is the list that the groups collector hands on."""

    def __init__(self, *groups: ListedGroup) -> None:
        self.groups = list(groups)
        self.client = StubClient({}, nodes=[1, 2])
        self.collector = GroupMemberCollector()
        self.missing: list[str] = []

    def __call__(self, *replies: Answer | Fault, failed: dict[int, str] | None = None) -> Draft:
        by_question = {
            (reply.api if isinstance(reply.api, str) else reply.api.name, reply.node): reply for reply in replies
        }
        for name, _ in by_question:
            self.client.replies[name] = lambda ask: by_question[ask.api.name, ask.node]
        draft = new_draft(groups=self.groups, failed=failed or {})
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft


def assignment(*topics: tuple[str, list[int]], version: int = 3, rest: bytes = b"\xff\xff\xff\xff") -> bytes:
    """A classic consumer's assignment, as its leader writes it."""
    data = struct.pack(">hi", version, len(topics))
    for name, partitions in topics:
        data += struct.pack(">h", len(name.encode())) + name.encode()
        data += struct.pack(f">i{len(partitions)}i", len(partitions), *partitions)
    return data + rest


def classic(name: str = "g", *assigned: bytes, node: int = 1, version: int = 6, **changes: Any) -> Answer:
    members = [
        {
            "member_id": f"m{number}",
            "group_instance_id": "static-1" if number else None,
            "client_id": f"c{number}",
            "client_host": "/10.0.0.1",
            "member_metadata": b"",
            "member_assignment": data,
        }
        for number, data in enumerate(assigned)
    ]
    group = {"group_id": name, "group_state": "Stable", "protocol_type": "consumer", "protocol_data": "range"}
    described = {"error_code": 0, **group, "members": members, **changes}
    return answer_of(DESCRIBE_GROUPS, node, api_version=version, groups=[described])


@pytest.mark.parametrize("version", [5, 6])
def test_a_classic_group(version: int) -> None:
    poll = Poll(listed("g", "classic"))
    draft = poll(classic("g", assignment(("a", [0, 1]), ("b", [2])), assignment(), version=version))
    described = draft.descriptions["g"]
    assert worded((described.error, described.state, described.assignor)) == ("", "Stable", "range")
    assert described.epoch is None
    assert described.members == [
        MemberRow("m0", "c0", "10.0.0.1", None, None, [("a", 0), ("a", 1), ("b", 2)]),
        MemberRow("m1", "c1", "10.0.0.1", "static-1", None, []),
    ]
    assert poll.missing == []


def test_a_group_of_a_broker_that_does_not_say_the_type_is_asked_as_classic() -> None:
    assert Poll(listed("g", None))(classic("g")).descriptions["g"].state == "Stable"


@given(st.binary(max_size=60))
def test_garbage_instead_of_a_classic_assignment_is_no_error(data: bytes) -> None:
    """Clients write these bytes, and each may write what it wants."""
    poll = Poll(listed("g", "classic"))
    described = poll(classic("g", data)).descriptions["g"]
    assert worded(described.error) == ""
    if data == b"\xff" * len(data):
        assert bool(described.assignment_error) == bool(data)
    for topic, _ in described.members[0].assigned:
        topic.encode()  # is text that every face can write


def test_an_assignment_whose_names_are_not_utf_8_is_not_known() -> None:
    data = struct.pack(">hih", 3, 1, 2) + b"\xff\xfe" + struct.pack(">ii", 1, 0)
    described = Poll(listed("g", "classic"))(classic("g", data)).descriptions["g"]
    assert described.members[0].assigned == []
    assert worded(described.assignment_error) == "the assignment of member c0 cannot be decoded"


@pytest.mark.parametrize("data", [b"\xff" * 30, b"\0", assignment(("a", [0, 1]), rest=b"")[:-1]])
def test_an_assignment_that_cannot_be_decoded_is_told_and_none_at_all_is_none(data: bytes) -> None:
    described = Poll(listed("g", "classic"))(classic("g", assignment(("a", [0])), data, b"", data)).descriptions["g"]
    assert [each.assigned for each in described.members] == [[("a", 0)], [], [], []]
    assert worded(described.assignment_error) == "the assignment of member c1 and 1 more cannot be decoded"
    assert (
        worded(Poll(listed("g", "classic"))(classic("g", b"", assignment())).descriptions["g"].assignment_error) == ""
    )


def test_the_members_of_another_protocol_are_counted_and_their_bytes_left_alone() -> None:
    described = Poll(listed("connect", "classic"))(
        classic("connect", assignment(("a", [0])), protocol_type="connect")
    ).descriptions["connect"]
    assert [each.assigned for each in described.members] == [[]]


def subscription(*topics: str, version: int = 3, rest: bytes = b"\xff\xff\xff\xff" + b"\0" * 6) -> bytes:
    """A classic consumer's metadata, as it writes it; behind the topics stand its user data and what it owned."""
    data = struct.pack(">hi", version, len(topics))
    return data + b"".join(struct.pack(">h", len(name.encode())) + name.encode() for name in topics) + rest


def subscribed(*metadata: bytes, **changes: Any) -> list[tuple[str, ...] | None]:
    """The subscriptions of a classic group's members with these metadata."""
    members = [
        {
            "member_id": f"m{number}",
            "group_instance_id": None,
            "client_id": "c",
            "client_host": "/10.0.0.1",
            "member_metadata": data,
            "member_assignment": b"",
        }
        for number, data in enumerate(metadata)
    ]
    described = Poll(listed("g", "classic"))(classic("g", members=members, **changes)).descriptions["g"]
    return [each.subscribed for each in described.members]


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_what_a_classic_member_subscribes_to(version: int) -> None:
    whole = {0: b"\xff\xff\xff\xff", 1: b"\0\0\0\x01\x07\0\0\0\0"}.get(version, b"\xff\xff\xff\xff" + b"\0" * 8)
    one, same = subscribed(subscription("a", "b", version=version, rest=whole), subscription("a", "b"))
    assert one == ("a", "b")
    assert one is same  # thousands of members mostly subscribe to the same
    assert subscribed(subscription()) == [()]


@pytest.mark.parametrize("data", [b"", b"\0", subscription("a", "b", rest=b"")[:-1], b"\xff" * 20])
def test_metadata_that_cannot_be_decoded_are_not_known(data: bytes) -> None:
    assert subscribed(subscription("a"), data) == [("a",), None]


@given(st.binary(max_size=60))
def test_garbage_instead_of_a_subscription_is_no_error(data: bytes) -> None:
    for topic in subscribed(data)[0] or ():
        topic.encode()


def test_the_metadata_of_another_protocol_is_left_alone() -> None:
    assert subscribed(subscription("a"), protocol_type="connect") == [None]


def test_what_a_kip_848_member_subscribes_to() -> None:
    has: dict[str, Any] = {"assignment": on_topics(), "target_assignment": on_topics()}
    by_name = member(member_id="1", subscribed_topic_names=["a", "b"], **has)
    by_regex = member(member_id="2", subscribed_topic_names=[], subscribed_topic_regex="a.*", **has)
    group = Poll(listed("g", "consumer"))(described(CONSUMER_GROUP_DESCRIBE, by_name, by_regex)).descriptions["g"]
    assert [(each.subscribed, each.subscribed_regex) for each in group.members] == [(("a", "b"), None), ((), "a.*")]


def on_topics(*topics: tuple[str, list[int]]) -> dict[str, Any]:
    return {"topic_partitions": [{"topic_name": name, "partitions": each} for name, each in topics]}


def member(**changes: Any) -> dict[str, Any]:
    return {"member_id": "m", "rack_id": "r1", "client_id": "c", "client_host": "/10.0.0.1", **changes}


def described(api: Api, *members: dict[str, Any], version: int | None = None, **changes: Any) -> Answer:
    group = {"group_id": "g", "group_state": "Stable", "group_epoch": 7, "members": list(members), **changes}
    return answer_of(api, 1, api_version=version, groups=[group])


@pytest.mark.parametrize("version", [0, 1])
def test_a_kip_848_group(version: int) -> None:
    now, same = on_topics(("a", [0, 2])), on_topics(("a", [2, 0]))
    one = member(instance_id="static-1", member_epoch=6, assignment=now, target_assignment=same)
    answer = described(CONSUMER_GROUP_DESCRIBE, one, version=version, assignor_name="uniform", assignment_epoch=5)
    group = Poll(listed("g", "consumer"))(answer).descriptions["g"]
    assert (group.state, group.epoch, group.assignment_epoch, group.assignor) == ("Stable", 7.0, 5.0, "uniform")
    assert group.topology_epoch is None
    assert group.members == [
        MemberRow("m", "c", "10.0.0.1", "static-1", "r1", [("a", 0), ("a", 2)], 6.0, subscribed=())
    ]


def test_a_target_is_told_of_members_that_are_to_have_something_else() -> None:
    steady = member(member_id="steady", assignment=on_topics(("a", [0])), target_assignment=on_topics(("a", [0])))
    gaining = member(member_id="gaining", assignment=on_topics(), target_assignment=on_topics(("a", [1]), ("b", [0])))
    losing = member(member_id="losing", assignment=on_topics(("a", [1])), target_assignment=on_topics())
    group = Poll(listed("g", "consumer"))(described(CONSUMER_GROUP_DESCRIBE, steady, gaining, losing)).descriptions["g"]
    assert {each.member_id: each.target for each in group.members} == {
        "steady": None,
        "gaining": [("a", 1), ("b", 0)],
        "losing": [],
    }


def test_a_static_member_that_is_away_has_no_epoch_and_a_blank_rack_is_none() -> None:
    away = member(member_epoch=-2, rack_id="", assignment=on_topics(), target_assignment=on_topics())
    group = Poll(listed("g", "consumer"))(described(CONSUMER_GROUP_DESCRIBE, away)).descriptions["g"]
    assert group.members[0].epoch is None
    assert group.members[0].rack is None


def test_a_share_group() -> None:
    one = member(member_epoch=7, assignment=on_topics(("a", [0, 1])), subscribed_topic_names=["a"])
    answer = described(SHARE_GROUP_DESCRIBE, one, assignor_name="simple", assignment_epoch=7)
    group = Poll(listed("g", "share"))(answer).descriptions["g"]
    assert (group.state, group.epoch, group.assignment_epoch, group.assignor) == ("Stable", 7.0, 7.0, "simple")
    row = MemberRow("m", "c", "10.0.0.1", None, "r1", [("a", 0), ("a", 1)], 7.0, subscribed=("a",))
    assert group.members == [row]


def tasks(**roles: list[tuple[str, list[int]]]) -> dict[str, Any]:
    """Tasks as `active`, `standby` and `warmup`: lists of (subtopology, partitions)."""
    return {
        f"{role}_tasks": [{"subtopology_id": each, "partitions": numbers} for each, numbers in roles.get(role, [])]
        for role in ("active", "standby", "warmup")
    }


def streams_member(now: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    return member(
        member_epoch=3, instance_id=None, process_id="p", user_endpoint=None, assignment=now, target_assignment=target
    )


def topic_info(name: str) -> dict[str, Any]:
    return {"name": name, "partitions": 2, "replication_factor": 1, "topic_configs": []}


def subtopology(name: str, sources: list[str], repartition: list[str], changelogs: list[str]) -> dict[str, Any]:
    return {
        "subtopology_id": name,
        "source_topics": sources,
        "repartition_sink_topics": [],
        "state_changelog_topics": [topic_info(each) for each in changelogs],
        "repartition_source_topics": [topic_info(each) for each in repartition],
    }


def test_a_streams_group_reads_the_sources_of_its_active_tasks() -> None:
    topology = {
        "epoch": 4,
        "subtopologies": [subtopology("1", [], ["by-key"], ["counts"]), subtopology("0", ["a"], [], [])],
    }
    now = tasks(active=[("0", [0, 1]), ("1", [1])], standby=[("1", [0])])
    target = tasks(active=[("0", [0, 1])], standby=[("1", [0])], warmup=[("1", [1])])
    answer = described(STREAMS_GROUP_DESCRIBE, streams_member(now, target), topology=topology, assignment_epoch=6)
    group = Poll(listed("g", "streams"))(answer).descriptions["g"]
    assert (group.epoch, group.assignment_epoch, group.topology_epoch, group.assignor) == (7.0, 6.0, 4.0, None)
    assert group.subtopologies == [
        SubtopologyRow("0", ("a",), (), ()),
        SubtopologyRow("1", (), ("by-key",), ("counts",)),
    ]
    (one,) = group.members
    assert (one.epoch, one.assigned) == (3.0, [("a", 0), ("a", 1), ("by-key", 1)])
    assert one.target == [("a", 0), ("a", 1)]
    assert one.tasks == [("0", 0, "active"), ("0", 1, "active"), ("1", 1, "active"), ("1", 0, "standby")]


def test_a_streams_group_without_a_topology_is_assigned_nothing() -> None:
    one = streams_member(tasks(active=[("0", [0])]), tasks(warmup=[("0", [0])]))
    group = Poll(listed("g", "streams"))(described(STREAMS_GROUP_DESCRIBE, one, topology=None)).descriptions["g"]
    assert (group.members[0].assigned, group.members[0].target) == ([], None)
    assert group.members[0].tasks == [("0", 0, "active")]
    assert group.topology_epoch is None


@pytest.mark.parametrize(
    ("group_type", "api"),
    [
        ("classic", DESCRIBE_GROUPS),
        ("consumer", CONSUMER_GROUP_DESCRIBE),
        ("share", SHARE_GROUP_DESCRIBE),
        ("streams", STREAMS_GROUP_DESCRIBE),
    ],
)
def test_a_group_that_may_not_be_described_says_why(group_type: str, api: Api) -> None:
    epoch = {} if group_type == "classic" else {"group_epoch": -1}
    group = {"group_id": "g", "group_state": "", "error_code": 30, "members": [], **epoch}
    if group_type == "classic":
        group |= {"protocol_type": "", "protocol_data": ""}
    poll = Poll(listed("g", group_type))
    draft = poll(answer_of(api, 1, groups=[group]))
    denied = "Describe on the group is denied (GROUP_AUTHORIZATION_FAILED)"
    assert draft.descriptions["g"] == GroupDescription(error=error_reason(30))
    assert poll.missing == [denied]


def test_a_group_with_a_topic_that_may_not_be_described_says_so() -> None:
    group = {"group_id": "g", "group_state": "", "error_code": 29, "group_epoch": -1, "members": []}
    draft = Poll(listed("g", "consumer"))(answer_of(CONSUMER_GROUP_DESCRIBE, 1, groups=[group]))
    why = "Describe on a topic that it reads is denied (TOPIC_AUTHORIZATION_FAILED)"
    assert draft.descriptions["g"] == GroupDescription(error=draft.descriptions["g"].error)
    assert str(draft.descriptions["g"].error) == why


def test_a_broker_that_fails_costs_only_its_groups() -> None:
    poll = Poll(listed("g", "classic", 1), listed("h", "classic", 2))
    draft = poll(classic("g"), timeout(DESCRIBE_GROUPS, 2))
    assert draft.descriptions["g"].state == "Stable"
    assert draft.descriptions["h"] == GroupDescription(error=timeout(DESCRIBE_GROUPS, 2))
    assert poll.missing == ["broker 2: timed out after 3.0 s"]
    again = poll(classic("g"), classic("h", node=2))
    assert again.descriptions["h"].state == "Stable"
    assert poll.missing == []


def test_a_broker_that_failed_before_is_not_asked() -> None:
    poll = Poll(listed("g", "classic", 1), listed("h", "classic", 2))
    draft = poll(classic("g"), failed={2: "broker 2: cannot connect"})
    assert draft.descriptions["h"] == GroupDescription(error=reason("broker 2: cannot connect"))
    assert [node for what, _, node in poll.client.log if what == "ask"] == [1]


def test_an_answer_that_cannot_be_read_costs_only_its_broker() -> None:
    poll = Poll(listed("g", "classic", 1), listed("h", "classic", 2))
    draft = poll(classic("g"), Answer(DESCRIBE_GROUPS, 6, b"\0\0\0\0garbage", 2))
    assert draft.descriptions["g"].state == "Stable"
    assert str(draft.descriptions["h"].error).startswith("broker 2: invalid response: ")


def test_descriptions_are_the_same_object_while_no_answer_changes() -> None:
    poll = Poll(listed("g", "classic"))
    first = poll(classic("g")).descriptions
    assert poll(classic("g")).descriptions is first
    assert poll(classic("g", group_state="Empty")).descriptions is not first


def test_groups_of_each_type_of_a_coordinator_are_asked_in_one_request_each() -> None:
    poll = Poll(*(listed(f"{kind}-{number}", kind) for kind in ("classic", "consumer") for number in range(3)))
    asks = poll.collector.ask(poll.client, new_draft(groups=poll.groups))
    assert [(ask.api.name, ask.node) for ask in asks] == [("DescribeGroups", 1), ("ConsumerGroupDescribe", 1)]


def test_a_collector_that_breaks_leaves_every_group_unknown() -> None:
    poll, draft = Poll(listed("g", "classic")), new_draft(groups=[listed("g", "classic")])
    poll.collector.fail(draft, reason("why"))
    assert draft.descriptions == {"g": GroupDescription(error=reason("why"))}
