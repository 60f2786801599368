"""Commits of coordinators that read those of one group a request: each group by its own request, many in turn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, unsupported
from kafka.protocol.consumer import OffsetFetchRequest
from reasons import failed, worded

from monitor.collect.collectors import by_coordinator
from monitor.collect.collectors.commits import CommitCollector
from monitor.collect.draft import Draft, ListedGroup
from monitor.collect.requests import BATCHED_COMMITS, GROUPS_A_POLL
from monitor.kafka.client.apis import OFFSET_FETCH
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind

COMMITTED = {"a": 5, "b": 6, "c": 7, "d": 8, "e": 9}
"""What each group has committed on partition 0 of its own topic and of `shared`."""

OLD, NEW = 7, 9
Reply = Callable[[Ask, list[str]], Answer | Fault]


def listed(names: str, node: int = 1) -> list[ListedGroup]:
    return [ListedGroup(name, "classic", "consumer", "Stable", node) for name in names]


def topics(name: str) -> list[dict[str, Any]]:
    base = {"committed_leader_epoch": -1, "metadata": "", "error_code": 0}
    row = {"partition_index": 0, "committed_offset": COMMITTED.get(name, 1), **base}
    return [{"name": topic, "partitions": [row]} for topic in (f"of-{name}", "shared")]


def answer(node: int, names: list[str], version: int, error_code: int = 0) -> Answer:
    if version < 8:
        (name,) = names
        return answer_of(OFFSET_FETCH, node, api_version=version, topics=topics(name), error_code=error_code)
    groups = [{"group_id": name, "topics": topics(name), "error_code": error_code} for name in names]
    return answer_of(OFFSET_FETCH, node, api_version=version, groups=groups)


class Poll:
    """A collector over polls of two brokers, of which each serves OffsetFetch up to a version; None: not connected.

    `asked` has the groups of each request of the last poll, by broker.
    """

    def __init__(self, groups: list[ListedGroup], **versions: int) -> None:
        self.collector = CommitCollector()
        self.client = StubClient({"OffsetFetch": self._reply}, nodes=[1, 2])
        self.groups = groups
        self.serve(*versions.values())
        self.reply: Reply = lambda ask, names: answer(int(ask.node), names, self.newest[int(ask.node)])
        self.asked: list[tuple[int, list[str]]] = []
        self.missing: list[str] = []

    def serve(self, *newest: int) -> None:
        """From now on the brokers serve OffsetFetch up to these versions."""
        self.newest = dict(enumerate(newest, 1))
        self.client.versions = {node: {OFFSET_FETCH.key: (0, version)} for node, version in self.newest.items()}

    def _reply(self, ask: Ask) -> Answer | Fault:
        version = self.newest[int(ask.node)]
        if ask.api.version({ask.api.key: (0, version)}) is None:
            return unsupported(ask)
        asked = OffsetFetchRequest.decode(ask.body(version), version=version)
        names = [str(each.group_id) for each in asked.groups or [asked]]
        self.asked.append((int(ask.node), names))
        return self.reply(ask, names)

    def __call__(self) -> Draft:
        self.asked = []
        draft = new_draft(groups=list(self.groups))
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft


def known(draft: Draft) -> dict[tuple[str, str], float]:
    """Committed offsets by group and topic."""
    return {
        (rows.groups[group], rows.topics[topic]): offset
        for rows in draft.commits
        for group, topic, offset in zip(
            rows.group.tolist(), rows.topic.tolist(), rows.committed_offset.tolist(), strict=True
        )
    }


def true(names: str) -> dict[tuple[str, str], float]:
    return {(name, topic): COMMITTED[name] for name in names for topic in (f"of-{name}", "shared")}


@pytest.mark.parametrize("version", [5, 6, 7])
def test_an_old_broker_is_asked_about_each_group_and_a_new_one_about_all(version: int) -> None:
    poll = Poll([*listed("abc"), *listed("de", 2)], one=version, two=NEW)
    draft = poll()
    assert poll.asked == [(2, ["d", "e"]), (1, ["a"]), (1, ["b"]), (1, ["c"])]
    assert known(draft) == true("abcde")
    assert (poll.missing, draft.commit_faults) == ([], {})
    assert worded(draft.capabilities[BATCHED_COMMITS.capability]) == (
        0.0,
        "commits are read one group at a time from broker 1, which does not serve OffsetFetch v8",
    )


def test_where_all_are_new_that_is_a_capability() -> None:
    draft = Poll(listed("a"), one=NEW, two=NEW)()
    assert worded(draft.capabilities[BATCHED_COMMITS.capability]) == (1.0, "")


def test_a_broker_without_any_version_that_kmon_speaks_is_not_said_to_be_read_from() -> None:
    poll = Poll(listed("ab"), one=4, two=NEW)
    draft = poll()
    assert worded(draft.commit_faults) == dict.fromkeys(
        "ab", "broker 1: not supported: OffsetFetch is not served by this broker"
    )
    assert worded(draft.capabilities[BATCHED_COMMITS.capability]) == (
        0.0,
        "OffsetFetch v8 is not served by broker 1",
    )


def test_more_groups_than_a_poll_asks_about_come_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_coordinator, "GROUPS_A_POLL", 2)
    poll = Poll(listed("abcde"), one=OLD, two=NEW)
    waits = "broker 1: not requested in this poll: the broker reads commits one group at a time, 2 of 5 per poll"
    for turn in ("ab", "cd", "ea", "bc", "de"):
        draft = poll()
        assert [names for _, names in poll.asked] == [[name] for name in turn]
        assert known(draft) == true(turn)
        assert worded(draft.commit_faults) == dict.fromkeys(sorted({*"abcde"} - {*turn}), waits)
        assert set(poll.missing) == {waits}


def test_the_turns_go_on_where_groups_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_coordinator, "GROUPS_A_POLL", 2)
    poll = Poll(listed("abd"), one=OLD, two=NEW)
    poll()
    poll.groups = listed("acde")  # b, which was asked about last, is gone
    poll()
    assert [names for _, names in poll.asked] == [["c"], ["d"]]


def test_a_connection_holds_a_turn_of_requests() -> None:
    """kafka-python refuses requests beyond 1,000 under way, and a step after it asks before their answers are there."""
    names = [f"g{number:04d}" for number in range(GROUPS_A_POLL + 5)]
    poll = Poll([ListedGroup(name, "classic", "consumer", "Stable", 1) for name in names], one=OLD, two=NEW)
    draft = poll()
    assert len(poll.asked) == GROUPS_A_POLL == len({group for group, _ in known(draft)})
    assert len(draft.commit_faults) == 5


def test_one_bad_answer_costs_its_group() -> None:
    poll = Poll(listed("abc"), one=OLD, two=NEW)
    bad = {"a": Answer(OFFSET_FETCH, OLD, b"\0\0\0\0garbage", 1), "b": answer(1, ["b"], OLD, error_code=30)}
    poll.reply = lambda _ask, names: bad.get(names[0]) or answer(1, names, OLD)
    draft = poll()
    assert worded(draft.commit_faults)["b"] == "Describe on the group is denied (GROUP_AUTHORIZATION_FAILED)"
    assert str(draft.commit_faults["a"]).startswith("broker 1: invalid response: ")
    assert draft.commit_faults.keys() == {"a", "b"}
    assert {key: offset for key, offset in known(draft).items() if key[0] == "c"} == true("c")


def test_a_broker_that_stops_responding_is_one_reason() -> None:
    poll = Poll(listed("abc"), one=OLD, two=NEW)
    seconds = iter((3.0, 3.1))
    poll.reply = lambda ask, names: (
        answer(1, names, OLD)
        if names == ["a"]
        else Fault(Kind.TIMEOUT, ask.node, ask.api.name, detail=f"after {next(seconds)} s")
    )
    draft = poll()
    first = "broker 1: timed out after 3.0 s"
    assert failed(draft) == {1: first}
    assert worded(draft.commit_faults) == dict.fromkeys("bc", first)
    assert set(poll.missing) == {first}
    assert known(draft) == true("a")


def test_an_upgraded_broker_is_asked_about_all_groups_at_once() -> None:
    poll = Poll(listed("ab"), one=OLD, two=NEW)
    poll()
    poll.client.versions = {}  # while it restarts, it is asked as before
    poll()
    assert poll.asked == [(1, ["a"]), (1, ["b"])]
    poll.serve(NEW, NEW)
    draft = poll()
    assert poll.asked == [(1, ["a", "b"])]
    assert known(draft) == true("ab")


def test_a_broker_that_was_upgraded_within_the_poll_is_understood() -> None:
    poll = Poll(listed("ab"), one=OLD, two=NEW)
    poll.reply = lambda _ask, names: answer(1, names, NEW)
    assert known(poll()) == true("ab")


def test_the_requests_are_encoded_once_while_the_groups_are_the_same() -> None:
    poll = Poll(listed("a"), one=OLD, two=NEW)
    groups = listed("a")

    def body() -> bytes:
        (ask,) = poll.collector.ask(poll.client, new_draft(groups=groups))
        return ask.body(OLD)

    first = body()
    assert body() is first


def test_no_commit_is_no_number() -> None:
    poll = Poll(listed("a"), one=OLD, two=NEW)
    none = {"partition_index": 0, "committed_offset": -1, "committed_leader_epoch": -1, "metadata": None}
    topic = {"name": "t", "partitions": [{**none, "error_code": 0}]}
    poll.reply = lambda _ask, _names: answer_of(OFFSET_FETCH, 1, api_version=OLD, topics=[topic], error_code=0)
    assert np.isnan(known(poll())["a", "t"])
