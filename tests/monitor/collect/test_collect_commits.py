"""Committed offsets of groups, and where share groups stand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from reasons import failed, reason, texts, worded

from monitor.collect.collectors.base import Collector
from monitor.collect.collectors.commits import NO_SHARE_LAG, CommitCollector, ShareOffsetCollector
from monitor.collect.draft import Draft, ListedGroup
from monitor.kafka.client.apis import DESCRIBE_SHARE_GROUP_OFFSETS, OFFSET_FETCH, Api
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.snapshot import NO_LEADER

TIMEOUT = "broker 2: timed out after 3.0 s"


def listed(name: str, group_type: str | None = "classic", node: int = 1) -> ListedGroup:
    return ListedGroup(name, group_type, "consumer", "Stable", node)


class Poll:
    """A collector over polls; `groups` is the list that the groups collector hands on."""

    def __init__(self, collector: Collector, *groups: ListedGroup) -> None:
        self.collector = collector
        self.groups = list(groups)
        self.client = StubClient({}, nodes=[1, 2])
        self.missing: list[str] = []

    def __call__(self, *replies: Answer | Fault, failed: dict[int, str] | None = None) -> Draft:
        left = list(replies)
        for api in (OFFSET_FETCH, DESCRIBE_SHARE_GROUP_OFFSETS):
            self.client.replies[api.name] = lambda _ask: left.pop(0)
        draft = new_draft(groups=self.groups, failed=failed or {})
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft


def committed(number: int, offset: int, error_code: int = 0) -> dict[str, Any]:
    row = {"partition_index": number, "committed_offset": offset, "committed_leader_epoch": -1, "metadata": ""}
    return {**row, "error_code": error_code}


def group(name: str, error_code: int = 0, **topics: list[dict[str, Any]]) -> dict[str, Any]:
    named = [{"name": topic, "partitions": rows} for topic, rows in topics.items()]
    return {"group_id": name, "topics": named, "error_code": error_code}


def fetched(*groups: dict[str, Any], node: int = 1, version: int = 9) -> Answer:
    return answer_of(OFFSET_FETCH, node, api_version=version, groups=list(groups))


@pytest.mark.parametrize("version", [8, 9])
def test_commits_of_many_groups_come_in_one_answer(version: int) -> None:
    poll = Poll(CommitCollector(), listed("g"), listed("h", "consumer"))
    answer = fetched(
        group("g", a=[committed(0, 5), committed(1, -1)]), group("h", a=[committed(0, 7)]), version=version
    )
    (rows,) = poll(answer).commits
    assert (rows.groups, rows.topics) == (["g", "h"], ["a"])
    assert (rows.group.tolist(), rows.topic.tolist(), rows.partition.tolist()) == ([0, 0, 1], [0, 0, 0], [0, 1, 0])
    assert rows.committed_offset[[0, 2]].tolist() == [5, 7]
    assert np.isnan(rows.committed_offset[1])
    assert np.isnan(rows.reported_lag).all()
    assert rows.reason.tolist() == [0, 0, 0]
    assert poll.missing == []


def test_share_groups_have_no_commits_to_ask_for() -> None:
    poll = Poll(CommitCollector(), listed("s", "share"))
    assert poll.collector.ask(poll.client, new_draft(groups=poll.groups)) == []


def test_a_group_error_is_the_reason_of_that_group() -> None:
    poll = Poll(CommitCollector(), listed("g"), listed("h"))
    draft = poll(fetched(group("g", error_code=30), group("h", a=[committed(0, 7)])))
    denied = "Describe on the group is denied (GROUP_AUTHORIZATION_FAILED)"
    assert worded(draft.commit_faults) == {"g": denied}
    assert poll.missing == [denied]
    assert draft.commits[0].committed_offset.tolist() == [7]


def test_a_partition_error_is_the_reason_of_that_row() -> None:
    draft = Poll(CommitCollector(), listed("g"))(
        fetched(group("g", a=[committed(0, 5, error_code=88), committed(1, 6)]))
    )
    (rows,) = draft.commits
    assert np.isnan(rows.committed_offset[0])
    assert [texts(draft)[code] for code in rows.reason] == ["UNSTABLE_OFFSET_COMMIT", ""]


def test_a_coordinator_that_fails_costs_only_its_groups() -> None:
    poll = Poll(CommitCollector(), listed("g"), listed("h", node=2))
    draft = poll(fetched(group("g", a=[committed(0, 5)])), timeout(OFFSET_FETCH, 2))
    assert worded(draft.commit_faults) == {"h": TIMEOUT}
    assert failed(draft) == {2: TIMEOUT}
    assert poll.missing == [TIMEOUT]
    assert len(draft.commits) == 1


def test_a_coordinator_that_failed_before_is_not_asked() -> None:
    poll = Poll(CommitCollector(), listed("g"), listed("h", node=2))
    draft = poll(fetched(group("g")), failed={2: TIMEOUT})
    assert worded(draft.commit_faults) == {"h": TIMEOUT}
    assert poll.missing == [TIMEOUT]
    assert [node for what, _, node in poll.client.log if what == "ask"] == [1]


@pytest.mark.parametrize("without", [{"coordinator": NO_LEADER}, {"coordinator": 2, "ready": False}])
def test_a_group_that_no_broker_can_be_asked_about_is_unknown_for_that_reason(without: dict[str, Any]) -> None:
    nobody = listed("h")._replace(state=None, reason=reason("why"), **without)
    poll = Poll(CommitCollector(), listed("g"), nobody)
    draft = poll(fetched(group("g", a=[committed(0, 5)])))
    assert worded(draft.commit_faults) == {"h": "why"}
    assert poll.missing == []  # the list of groups tells of it
    assert [node for what, _, node in poll.client.log if what == "ask"] == [1]


def test_an_answer_that_cannot_be_read_costs_only_its_coordinator() -> None:
    poll = Poll(CommitCollector(), listed("g"), listed("h", node=2))
    draft = poll(Answer(OFFSET_FETCH, 9, b"\0\0\0\0garbage", 1), fetched(group("h", a=[committed(0, 7)]), node=2))
    assert str(draft.commit_faults["g"]).startswith("broker 1: invalid response: ")
    assert draft.commits[0].groups == ["h"]


def test_a_large_number_of_groups_is_asked_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    two = tuple(replace(each, most=2) for each in CommitCollector.group_requests)
    monkeypatch.setattr(CommitCollector, "group_requests", two)
    poll = Poll(CommitCollector(), listed("f"), listed("g"), listed("h"))
    draft = poll(fetched(group("f", a=[committed(0, 1)]), group("g")), timeout(OFFSET_FETCH, 1))
    assert worded(draft.commit_faults) == {"h": "broker 1: timed out after 3.0 s"}
    assert draft.commits[0].groups == ["f", "g"]


def test_the_request_is_encoded_once_while_the_groups_are_the_same() -> None:
    poll = Poll(CommitCollector(), listed("g"))

    def body(*groups: ListedGroup) -> bytes:
        (ask,) = poll.collector.ask(poll.client, new_draft(groups=list(groups)))
        return ask.body(9)

    first = body(listed("g"))
    assert body(listed("g")) is first
    assert body(listed("h")) != first


def standing(number: int, start: int, lag: int, error_code: int = 0) -> dict[str, Any]:
    row = {"partition_index": number, "start_offset": start, "leader_epoch": 0, "lag": lag, "error_code": error_code}
    return {**row, "error_message": None}


def share(name: str, error_code: int = 0, **topics: list[dict[str, Any]]) -> dict[str, Any]:
    named = [{"topic_name": topic, "partitions": rows} for topic, rows in topics.items()]
    return {"group_id": name, "topics": named, "error_code": error_code, "error_message": None}


def shared(*groups: dict[str, Any], node: int = 1, version: int = 1) -> Answer:
    return answer_of(DESCRIBE_SHARE_GROUP_OFFSETS, node, api_version=version, groups=list(groups))


def test_share_groups_have_a_start_offset_and_the_broker_s_lag() -> None:
    poll = Poll(ShareOffsetCollector(), listed("s", "share"))
    draft = poll(shared(share("s", a=[standing(0, 40, 60), standing(1, -1, -1), standing(2, 5, 6, error_code=3)])))
    (rows,) = draft.commits
    assert (rows.groups, rows.topics, rows.partition.tolist()) == (["s"], ["a"], [0, 1, 2])
    assert (rows.committed_offset[0], rows.reported_lag[0]) == (40, 60)
    assert np.isnan(rows.committed_offset[1:]).all()
    assert np.isnan(rows.reported_lag[1:]).all()
    assert [texts(draft)[code] for code in rows.reason] == ["", "", "UNKNOWN_TOPIC_OR_PARTITION"]


def test_an_older_broker_does_not_tell_the_lag_of_share_groups() -> None:
    row = {key: value for key, value in standing(0, 40, 0).items() if key != "lag"}
    draft = Poll(ShareOffsetCollector(), listed("s", "share"))(shared(share("s", a=[row]), version=0))
    (rows,) = draft.commits
    assert rows.committed_offset.tolist() == [40]
    assert np.isnan(rows.reported_lag).all()
    assert texts(draft)[rows.reason[0]] == str(NO_SHARE_LAG)


def test_a_share_group_error_is_told_and_is_the_reason_of_that_group() -> None:
    poll = Poll(ShareOffsetCollector(), listed("s", "share"), listed("t", "share"))
    draft = poll(shared(share("s", error_code=30), share("t", a=[standing(0, 1, 2)])))
    denied = "Describe on the group is denied (GROUP_AUTHORIZATION_FAILED)"
    assert worded(draft.commit_faults) == {"s": denied}
    assert poll.missing == [denied]


@pytest.mark.parametrize(
    ("collector", "group_type", "api"),
    [(CommitCollector, "classic", OFFSET_FETCH), (ShareOffsetCollector, "share", DESCRIBE_SHARE_GROUP_OFFSETS)],
)
def test_a_collector_that_breaks_leaves_its_groups_unknown(
    collector: type[Collector], group_type: str, api: Api
) -> None:
    poll = Poll(collector(), listed("g", group_type))
    poll(answer_of(api, 1, groups=[]))
    draft = new_draft(groups=poll.groups)
    poll.collector.fail(draft, reason("why"))
    assert worded(draft.commit_faults) == {"g": "why"}


def test_a_share_coordinator_that_fails_costs_only_its_groups() -> None:
    poll = Poll(ShareOffsetCollector(), listed("s", "share"), listed("t", "share", 2))
    draft = poll(shared(share("s", a=[standing(0, 1, 2)])), timeout(DESCRIBE_SHARE_GROUP_OFFSETS, 2))
    assert worded(draft.commit_faults) == {"t": TIMEOUT}
    assert poll.missing == [TIMEOUT]


def test_whether_share_lag_is_told_shows_also_without_a_share_group() -> None:
    poll, key = Poll(ShareOffsetCollector()), DESCRIBE_SHARE_GROUP_OFFSETS.key
    assert np.isnan(poll().capabilities["share_lag"][0])
    poll.client.versions = {1: {key: (0, 1)}, 2: {key: (0, 1)}}
    assert worded(poll().capabilities["share_lag"]) == (1.0, "")
    poll.client.versions = {1: {key: (0, 1)}, 2: {key: (0, 0)}}
    assert worded(poll().capabilities["share_lag"]) == (0.0, "DescribeShareGroupOffsets v1 is not served by broker 2")
    poll.client.versions = {1: {}}
    assert poll().capabilities["share_lag"][0] == 0
