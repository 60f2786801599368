"""What this user may see, from the answers of one broker to questions about names that nobody has."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from kafka.protocol.admin import DescribeConfigsRequest, DescribeGroupsRequest, DescribeTransactionsRequest
from kafka.protocol.metadata import MetadataRequest
from reasons import reason, worded

from monitor.collect.collectors.permissions import HIDDEN_GROUPS, HIDDEN_TOPICS, PermissionCollector
from monitor.collect.draft import Draft
from monitor.collect.requests import PERMISSIONS, READ_TOPIC
from monitor.kafka.client.apis import (
    DESCRIBE_CLUSTER,
    DESCRIBE_CONFIGS,
    DESCRIBE_GROUPS,
    DESCRIBE_TRANSACTIONS,
    METADATA,
)
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer

NAMES = [each.capability for each in PERMISSIONS]
ALL = {"describe": True, "topic": 3, "group": 69, "configs": 3, "broker_configs": 0, "transactional_id": 105}
NOTHING = {"describe": False, "topic": 29, "group": 30, "configs": 29, "broker_configs": 31, "transactional_id": 53}
"""Error codes of a broker's answers (whether Describe is among the operations): all is granted, nothing is."""


def replies(**codes: Any) -> dict[str, Answer | Fault]:
    given = {**ALL, **codes}
    operations = {3, 8, 10} if given["describe"] else set()
    topic = {"error_code": given["topic"], "name": "x", "partitions": []}
    group = {
        "error_code": given["group"],
        "group_id": "x",
        "group_state": "",
        "protocol_type": "",
        "protocol_data": "",
        "members": [],
    }
    state: dict[str, Any] = dict.fromkeys(("transaction_timeout_ms", "transaction_start_time_ms"), -1)
    state |= {"transactional_id": "x", "transaction_state": "", "producer_id": -1, "producer_epoch": -1, "topics": []}
    results = [
        {"error_code": given[key], "error_message": None, "resource_type": kind, "resource_name": "", "configs": []}
        for key, kind in (("broker_configs", 4), ("configs", 2))
    ]
    return {
        "DescribeCluster": answer_of(DESCRIBE_CLUSTER, cluster_id="c", brokers=[], authorized_operations=operations),
        "Metadata": answer_of(METADATA, brokers=[], cluster_id="c", topics=[topic]),
        "DescribeGroups": answer_of(DESCRIBE_GROUPS, groups=[group]),
        "DescribeConfigs": answer_of(DESCRIBE_CONFIGS, results=results),
        "DescribeTransactions": answer_of(
            DESCRIBE_TRANSACTIONS, transaction_states=[{**state, "error_code": given["transactional_id"]}]
        ),
    }


class Polls:
    """A collector over polls, an hour from one to the next."""

    def __init__(self, *nodes: int) -> None:
        self.client = StubClient({}, nodes or (1, 2))
        self.collector = PermissionCollector()
        self.missing: list[str] = []
        self.asked: list[Ask] = []
        self.hours = 0

    def __call__(self, by_api: dict[str, Answer | Fault], failed: dict[int, str] | None = None) -> Draft:
        for name in by_api:
            self.client.replies[name] = lambda ask: replace(by_api[ask.api.name], node=ask.node)
        self.hours += 1
        draft = new_draft(failed=failed or {})
        draft.started += 3600.0 * self.hours
        self.asked = self.collector.ask(self.client, draft)
        answers = self.client.ask(self.asked, draft.deadline)
        self.missing = worded(self.collector.read(self.client, draft, self.asked, answers))
        return draft


def available(draft: Draft) -> dict[str, float]:
    return {name: value for name, (value, _) in draft.capabilities.items()}


def test_a_user_who_may_see_everything() -> None:
    polls = Polls()
    draft = polls(replies())
    assert worded(draft.capabilities) == dict.fromkeys(NAMES, (1.0, ""))
    assert (draft.notices, polls.missing) == ([], [])


def test_a_user_who_may_see_nothing_is_told_what_to_grant() -> None:
    polls = Polls()
    draft = polls(replies(**NOTHING))
    assert worded(draft.capabilities) == {
        "describe_cluster": (0.0, "Describe on Cluster is not granted"),
        "describe_all_topics": (0.0, "Describe on Topic '*' is not granted"),
        "describe_all_groups": (0.0, "Describe on Group '*' is not granted"),
        "describe_topic_configs": (0.0, "DescribeConfigs on Topic '*' is not granted"),
        "describe_broker_configs": (0.0, "DescribeConfigs on Cluster is not granted"),
        "describe_transactional_ids": (0.0, "Describe on TransactionalId '*' is not granted"),
    }
    assert draft.notices == [HIDDEN_TOPICS, HIDDEN_GROUPS]
    assert polls.missing == []  # what a user may not do is an answer


@pytest.mark.parametrize(
    ("code", "capability"),
    [
        ("describe", "describe_cluster"),
        ("topic", "describe_all_topics"),
        ("group", "describe_all_groups"),
        ("configs", "describe_topic_configs"),
        ("broker_configs", "describe_broker_configs"),
        ("transactional_id", "describe_transactional_ids"),
    ],
)
def test_each_refusal_is_of_one_permission(code: str, capability: str) -> None:
    draft = Polls()(replies(**{code: NOTHING[code]}))
    assert [name for name, value in available(draft).items() if value == 0] == [capability]


def test_groups_are_not_hidden_from_who_may_describe_the_cluster_or_every_group() -> None:
    for code in ("describe", "group"):
        assert Polls()(replies(**{code: NOTHING[code]})).notices == []


def test_one_broker_is_asked_about_names_that_nobody_has_and_nothing_is_made() -> None:
    polls = Polls(3, 4)
    polls(replies(), failed={3: "broker 3: cannot connect"})
    assert {ask.node for ask in polls.asked} == {4}
    bodies = {ask.api.name: ask.body(ask.api.newest) for ask in polls.asked}
    assert len(bodies) == len(polls.asked) <= 6
    metadata = MetadataRequest.decode(bodies["Metadata"], version=METADATA.newest)
    assert not metadata.allow_auto_topic_creation
    (topic,) = metadata.topics
    configs = DescribeConfigsRequest.decode(bodies["DescribeConfigs"], version=DESCRIBE_CONFIGS.newest)
    groups = DescribeGroupsRequest.decode(bodies["DescribeGroups"], version=DESCRIBE_GROUPS.newest)
    transactions = DescribeTransactionsRequest.decode(
        bodies["DescribeTransactions"], version=DESCRIBE_TRANSACTIONS.newest
    )
    names = {topic.name, *groups.groups, *transactions.transactional_ids}
    assert {each.resource_name for each in configs.resources} == {"", *names}
    assert len(names) == 1
    assert PermissionCollector()._stranger not in names


def test_between_two_times_of_asking_the_answers_stay() -> None:
    polls = Polls()
    polls(replies(**NOTHING))
    polls.hours -= 1
    draft = polls({})
    assert polls.asked == []
    assert polls.collector.kept
    assert available(draft) == dict.fromkeys(NAMES, 0.0)
    assert draft.notices == [HIDDEN_TOPICS, HIDDEN_GROUPS]


def test_a_probe_without_an_answer_tells_nothing_of_its_permission() -> None:
    polls = Polls()
    draft = polls({**replies(group=30), "Metadata": timeout(METADATA)})
    assert np.isnan(available(draft)["describe_all_topics"])
    assert worded(draft.capabilities["describe_all_topics"][1]) == "broker 1: timed out after 3.0 s"
    assert available(draft)["describe_all_groups"] == 0
    assert polls.missing == ["broker 1: timed out after 3.0 s"]
    assert draft.notices == []


def test_what_is_known_stays_known_while_a_probe_has_no_answer() -> None:
    polls = Polls()
    polls(replies(**NOTHING))
    draft = polls({**replies(), "Metadata": timeout(METADATA)})
    assert available(draft) == {**dict.fromkeys(NAMES, 1.0), "describe_all_topics": 0.0}
    assert draft.notices == [HIDDEN_TOPICS]


def test_a_broker_that_does_not_serve_a_probe_leaves_its_permission_unknown_without_an_error() -> None:
    polls = Polls()
    draft = polls({name: reply for name, reply in replies().items() if name != "DescribeTransactions"})
    assert np.isnan(available(draft)["describe_transactional_ids"])
    assert "DescribeTransactions is not served" in str(draft.capabilities["describe_transactional_ids"][1])
    assert polls.missing == []


@pytest.mark.parametrize(
    ("answer", "unknown"),
    [
        (answer_of(DESCRIBE_CLUSTER, cluster_id="c", brokers=[], authorized_operations=None), "describe_cluster"),
        (answer_of(DESCRIBE_CLUSTER, cluster_id="c", brokers=[], error_code=-1), "describe_cluster"),
        (answer_of(METADATA, brokers=[], cluster_id="c", topics=[]), "describe_all_topics"),
        (replies(topic=-1)["Metadata"], "describe_all_topics"),
        (answer_of(DESCRIBE_CONFIGS, results=[]), "describe_topic_configs"),
        (Answer(DESCRIBE_TRANSACTIONS, 0, b"garbage"), "describe_transactional_ids"),
    ],
)
def test_an_answer_that_tells_nothing_is_no_permission_and_no_refusal(answer: Answer, unknown: str) -> None:
    polls = Polls()
    draft = polls({**replies(), answer.api.name: answer})
    assert np.isnan(available(draft)[unknown])
    assert str(draft.capabilities[unknown][1]).startswith("broker 1: ")
    assert len(polls.missing) == 1


def test_without_a_broker_to_ask_every_permission_is_unknown() -> None:
    polls = Polls()
    draft = polls({}, failed={1: "down", 2: "down"})
    assert np.isnan(list(available(draft).values())).all()
    assert polls.missing == ["no broker is reachable"]


def test_a_collector_that_breaks_leaves_every_permission_unknown() -> None:
    draft = new_draft()
    PermissionCollector().fail(draft, reason("why"))
    assert worded({name: why for name, (_, why) in draft.capabilities.items()}) == dict.fromkeys(NAMES, "why")
    assert np.isnan(list(available(draft).values())).all()


def test_the_page_has_every_permission_with_its_loss() -> None:
    lines = (Path(__file__).parents[3] / "docs" / "permissions.md").read_text().splitlines()
    for each in (*PERMISSIONS, READ_TOPIC):
        row = next(line for line in lines if line.endswith(f"| `{each.capability}` |"))
        grant = str(each.grant).replace("'*'", "`'*'`")
        assert row.startswith(f"| {grant}"), row
        assert f"| {each.without} |" in row
