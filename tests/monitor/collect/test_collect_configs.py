"""Configs of topics and brokers: what they mean, and who is asked for how many when."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from kafka.protocol.admin import DescribeConfigsRequest
from reasons import failed, reason, texts, worded
from views import Topic, snapshot_of

from monitor.collect.collectors import configs as module
from monitor.collect.collectors.configs import NOT_ASKED_YET, NOT_THERE, SILENT_SECONDS, ConfigCollector
from monitor.collect.collectors.leader_offsets import NOT_CHOSEN
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_CONFIGS
from monitor.kafka.client.client import Ask, BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.selection import Choice
from monitor.model.snapshot import Snapshot, Topics

TOPIC, BROKER = 2, 4
Pairs = dict[str, str | None]
Resource = tuple[int, str]

TOPIC_CONFIGS: Pairs = {
    "min.insync.replicas": "2",
    "retention.ms": "86400000",
    "retention.bytes": "-1",
    "local.retention.ms": "-2",
    "cleanup.policy": "compact,delete",
    "unclean.leader.election.enable": "false",
    "message.timestamp.type": "LogAppendTime",
    "remote.storage.enable": "true",
    "segment.bytes": "1000",
}
BROKER_CONFIGS: Pairs = {
    "min.insync.replicas": "1",
    "default.replication.factor": "3",
    "log.retention.ms": None,
    "log.retention.minutes": None,
    "log.retention.hours": "168",
    "offsets.retention.minutes": "10080",
    "transaction.max.timeout.ms": "900000",
    "unclean.leader.election.enable": "true",
    "auto.create.topics.enable": "false",
    "num.io.threads": "8",
}


class Cluster:
    """Brokers and topics that answer; `errors` and `faults` by name and by node, configs by name."""

    def __init__(self, topics: Iterable[str] = ("a", "b"), brokers: Iterable[int] = (1, 2)) -> None:
        self.collector = ConfigCollector()
        self.snapshot = snapshot(topics)
        self.brokers = [BrokerAddress(node, f"b{node}", 9092, None) for node in brokers]
        self.configs: dict[str, Pairs] = {}
        self.own: dict[int, Pairs] = {}
        self.secrets: set[str] = set()
        self.errors: dict[str, int] = {}
        self.faults: dict[int, Callable[[Ask], Answer | Fault]] = {}
        self.version = 4
        self.asked: list[tuple[int, list[Resource]]] = []
        self.missing: list[str] = []
        self.client = StubClient({"DescribeConfigs": self.reply})

    def reply(self, ask: Ask) -> Answer | Fault:
        self.asked.append((int(ask.node), resources := asked_for(ask, self.version)))
        if ask.node in self.faults:
            return self.faults[int(ask.node)](ask)
        results = [self.described(kind, name) for kind, name in resources]
        return answer_of(DESCRIBE_CONFIGS, ask.node, api_version=self.version, results=results)

    def described(self, kind: int, name: str) -> dict[str, Any]:
        error = self.errors.get(name, 0)
        pairs = self.own.get(int(name), BROKER_CONFIGS) if kind == BROKER else self.configs.get(name, TOPIC_CONFIGS)
        more = {"config_type": 1, "documentation": None} if self.version >= 3 else {}
        rows: list[dict[str, Any]] = [
            {
                **more,
                "name": key,
                "value": value,
                "read_only": False,
                "config_source": 5,
                "is_sensitive": key in self.secrets,
                "synonyms": [],
            }
            for key, value in pairs.items()
        ]
        base = {"error_code": error, "error_message": None, "resource_type": kind, "resource_name": name}
        return {**base, "configs": [] if error else rows}

    def poll(self, at: float = 0.0, **fields: Any) -> Draft:
        self.asked = []
        fields = {"brokers": self.brokers, "topics": self.snapshot.topics, **fields}
        draft = new_draft(partitions=self.snapshot.partitions, **fields)
        draft.started += at
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft

    @property
    def topics_asked(self) -> dict[int, list[str]]:
        """What each broker was asked for by the last poll, own configs aside."""
        named = {node: [name for kind, name in resources if kind == TOPIC] for node, resources in self.asked}
        return {node: names for node, names in named.items() if names}

    @property
    def own_asked(self) -> list[int]:
        return [node for node, resources in self.asked if (BROKER, str(node)) in resources]


def asked_for(ask: Ask, version: int) -> list[Resource]:
    question = DescribeConfigsRequest.decode(ask.body(version), version=version)
    assert not question.include_synonyms
    assert all(each.configuration_keys is None for each in question.resources)
    return [(each.resource_type, each.resource_name) for each in question.resources]


def snapshot(topics: Iterable[str]) -> Snapshot:
    return snapshot_of([Topic(name, [(0, 0)], leaders=[1]) for name in topics], [])


def row(draft: Draft, topic: str = "a") -> dict[str, Any]:
    """The row of a topic, with its reason as text."""
    table = draft.topic_configs
    assert table is not None
    assert len(table) == len(draft.topics)
    at = draft.topics.topic.tolist().index(topic)
    values = {each.name: getattr(table, each.name)[at] for each in table.schema()}
    return {**values, "reason": texts(draft)[values["reason"]]}


def reasons(draft: Draft) -> dict[str, str]:
    return {str(name): row(draft, name)["reason"] for name in draft.topics.topic}


def broker_row(draft: Draft, node: int) -> dict[str, Any]:
    table = draft.broker_configs
    assert table is not None
    at = table.broker.tolist().index(node)
    values = {each.name: getattr(table, each.name)[at] for each in table.schema()}
    return {**values, "reason": texts(draft)[values["reason"]]}


def is_unknown(values: dict[str, Any]) -> bool:
    numbers = {name: value for name, value in values.items() if name not in ("broker", "reason")}
    return all(value is None or math.isnan(value) for value in numbers.values())


# -------------------------------------------------------------------- what configs mean


def test_configs_of_a_topic_become_numbers_with_units() -> None:
    values = row(Cluster().poll())
    assert len(values.pop("digest")) == 12
    assert values == {
        "min_insync_replicas": 2,
        "retention_seconds": 86_400,
        "retention_bytes": math.inf,
        "local_retention_seconds": 86_400,
        "cleanup_policy": "compact,delete",
        "unclean_election": 0,
        "timestamp_type": "LogAppendTime",
        "remote_storage": 1,
        "reason": "",
    }


def test_configs_of_a_broker_become_numbers_with_units() -> None:
    values = broker_row(Cluster().poll(), 2)
    assert len(values.pop("digest")) == 12
    assert values == {
        "broker": 2,
        "min_insync_replicas": 1,
        "replication_factor": 3,
        "retention_seconds": 604_800,
        "offsets_retention_seconds": 604_800,
        "transaction_max_timeout_seconds": 900,
        "unclean_election": 1,
        "auto_create_topics": 0,
        "reason": "",
    }


@pytest.mark.parametrize(
    ("column", "config", "value", "expected"),
    [
        ("retention_seconds", "retention.ms", "-1", math.inf),
        ("retention_seconds", "retention.ms", "1500", 1.5),
        ("retention_bytes", "retention.bytes", "1024", 1024),
        ("local_retention_seconds", "local.retention.ms", "-1", math.inf),
        ("local_retention_seconds", "local.retention.ms", "2000", 2),
        ("unclean_election", "unclean.leader.election.enable", "true", 1),
        ("min_insync_replicas", "min.insync.replicas", "-3", math.nan),
        ("min_insync_replicas", "min.insync.replicas", "two", math.nan),
        ("min_insync_replicas", "min.insync.replicas", "1_0", math.nan),
        ("min_insync_replicas", "min.insync.replicas", "٣", math.nan),
        ("retention_seconds", "retention.ms", "9" * 400, math.nan),
        ("retention_seconds", "retention.ms", None, math.nan),
        ("unclean_election", "unclean.leader.election.enable", "yes", math.nan),
    ],
)
def test_limits_and_what_is_no_number(column: str, config: str, value: str | None, expected: float) -> None:
    cluster = Cluster()
    cluster.configs["a"] = {**TOPIC_CONFIGS, config: value}
    assert np.array_equal(row(cluster.poll())[column], expected, equal_nan=True)


def test_brokers_without_tiered_storage_have_none() -> None:
    cluster = Cluster()
    cluster.configs["a"] = {"retention.ms": "1000"}
    values = row(cluster.poll())
    assert values["remote_storage"] == 0
    assert math.isnan(values["local_retention_seconds"])
    assert values["cleanup_policy"] is None


@pytest.mark.parametrize(
    ("milliseconds", "minutes", "expected"),
    [("90000", "5", 90), (None, "5", 300), ("-1", "5", math.inf), (None, "-1", math.inf)],
)
def test_the_finest_log_retention_counts(milliseconds: str | None, minutes: str, expected: float) -> None:
    cluster = Cluster()
    cluster.own[1] = {**BROKER_CONFIGS, "log.retention.ms": milliseconds, "log.retention.minutes": minutes}
    assert broker_row(cluster.poll(), 1)["retention_seconds"] == expected


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_every_version_is_read(version: int) -> None:
    cluster = Cluster()
    cluster.version = version
    draft = cluster.poll()
    assert row(draft)["retention_seconds"] == 86_400
    assert broker_row(draft, 1)["replication_factor"] == 3


# -------------------------------------------------------------------- digests


def digest_of(pairs: Pairs, secrets: Iterable[str] = ()) -> str:
    cluster = Cluster()
    cluster.configs["a"], cluster.secrets = pairs, set(secrets)
    return str(row(cluster.poll())["digest"])


def test_a_digest_is_of_names_and_values_in_any_order() -> None:
    base = digest_of(TOPIC_CONFIGS)
    assert digest_of(dict(reversed(TOPIC_CONFIGS.items()))) == base
    others = [
        {**TOPIC_CONFIGS, "segment.bytes": "1001"},
        {**TOPIC_CONFIGS, "segment.bytes": None},
        {**TOPIC_CONFIGS, "segment.bytes": ""},
        {**TOPIC_CONFIGS, "more": ""},
        {**TOPIC_CONFIGS, "more": "=''"},
    ]
    assert len({base, *map(digest_of, others)}) == 1 + len(others)


def test_of_what_is_sensitive_only_the_name_counts() -> None:
    one, two = ({**TOPIC_CONFIGS, "secret": value} for value in ("hush", "hushhush"))
    assert digest_of(one, ["secret"]) == digest_of(two, ["secret"])
    assert digest_of(one, ["secret"]) != digest_of(TOPIC_CONFIGS)
    assert digest_of(one) != digest_of(two)


@pytest.mark.parametrize(
    "name",
    [
        "node.id",
        "broker.id",
        "broker.rack",
        "process.roles",
        "listeners",
        "advertised.listeners",
        "log.dir",
        "log.dirs",
        "metadata.log.dir",
        "cordoned.log.dirs",
        "ssl.keystore.location",
        "listener.name.internal.ssl.truststore.location",
    ],
)
def test_what_differs_by_nature_is_no_drift(name: str) -> None:
    cluster = Cluster()
    cluster.own = {node: {**BROKER_CONFIGS, name: f"of {node}"} for node in (1, 2)}
    draft = cluster.poll()
    assert broker_row(draft, 1)["digest"] == broker_row(draft, 2)["digest"]


@pytest.mark.parametrize("name", ["num.io.threads", "listener.security.protocol.map", "log.dirs.more", "x.log.dir"])
def test_any_other_difference_is_drift(name: str) -> None:
    cluster = Cluster()
    cluster.own = {node: {**BROKER_CONFIGS, name: f"of {node}"} for node in (1, 2)}
    draft = cluster.poll()
    assert broker_row(draft, 1)["digest"] != broker_row(draft, 2)["digest"]


# -------------------------------------------------------------------- who is asked when


def test_each_broker_is_asked_for_itself_and_one_for_the_topics() -> None:
    cluster = Cluster()
    draft = cluster.poll()
    assert cluster.asked == [(1, [(BROKER, "1"), (TOPIC, "a"), (TOPIC, "b")]), (2, [(BROKER, "2")])]
    assert cluster.missing == []
    assert worded(draft.capabilities["topic_configs"]) == worded(draft.capabilities["broker_configs"]) == (1.0, "")


def test_all_are_asked_again_after_a_while_and_kept_till_then() -> None:
    cluster = Cluster()
    first = cluster.poll()
    cluster.configs["a"] = {**TOPIC_CONFIGS, "retention.ms": "1000"}
    between = cluster.poll(at=299)
    assert cluster.asked == []
    assert cluster.collector.kept
    assert row(between) == row(first)
    assert row(cluster.poll(at=300))["retention_seconds"] == 1
    assert cluster.own_asked == [1, 2]
    assert cluster.topics_asked == {2: ["a", "b"]}, "brokers take turns"


def test_the_settings_say_how_often() -> None:
    cluster = Cluster()
    choice = Choice(every={"configs": 900.0})
    cluster.poll(choice=choice)
    cluster.poll(at=899, choice=choice)
    assert cluster.asked == []
    cluster.poll(at=900, choice=choice)
    assert cluster.own_asked == [1, 2]


def test_topics_and_brokers_that_appear_are_asked_in_the_next_poll() -> None:
    cluster = Cluster()
    cluster.poll()
    cluster.snapshot = snapshot(["a", "b", "c"])
    cluster.brokers.append(BrokerAddress(3, "b3", 9092, None))
    draft = cluster.poll(at=10)
    assert list(cluster.topics_asked.values()) == [["c"]]
    assert cluster.own_asked == [3]
    assert row(draft, "c")["reason"] == ""
    assert broker_row(draft, 3)["replication_factor"] == 3
    cluster.snapshot = snapshot(["b"])
    cluster.brokers = cluster.brokers[:1]
    draft = cluster.poll(at=20)
    assert cluster.asked == []
    assert row(draft, "b")["reason"] == ""
    assert draft.broker_configs is not None
    assert draft.broker_configs.broker.tolist() == [1]
    cluster.poll(at=300)
    assert cluster.topics_asked == {1: ["b"]}, "the cadence is not put off by what came in between"


def test_a_recreated_topic_is_another_topic() -> None:
    cluster = Cluster()
    cluster.poll()
    cluster.configs["a"] = {**TOPIC_CONFIGS, "retention.ms": "1000"}
    old = cluster.snapshot.topics
    ids = np.array(["another", *old.topic_id[1:]], object)
    draft = cluster.poll(at=10, topics=with_columns(old, topic_id=ids))
    assert list(cluster.topics_asked.values()) == [["a"]]
    assert row(draft)["retention_seconds"] == 1


def test_topics_that_are_left_out_are_not_asked() -> None:
    cluster = Cluster()
    draft = cluster.poll(topics=with_columns(cluster.snapshot.topics, watched=np.array([False, True])))
    assert cluster.topics_asked == {1: ["b"]}
    assert reasons(draft) == {"a": str(NOT_CHOSEN), "b": ""}
    assert is_unknown(row(draft, "a"))
    assert cluster.missing == []


def with_columns(topics: Topics, **columns: Any) -> Topics:
    return Topics(**{**{each.name: getattr(topics, each.name) for each in Topics.schema()}, **columns})


@pytest.fixture
def small_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOPICS_A_REQUEST", 2)


NAMES = [f"t{number:02}" for number in range(11)]


@pytest.mark.usefixtures("small_requests")
def test_many_topics_are_spread_over_polls() -> None:
    cluster = Cluster(NAMES)
    first = cluster.poll()
    assert cluster.topics_asked == {1: NAMES[:2]}
    assert reasons(first) == {name: "" if name in NAMES[:2] else str(NOT_ASKED_YET) for name in NAMES}
    assert is_unknown(row(first, NAMES[5]))
    assert cluster.missing == [], "what is not asked yet is no fault"
    cluster.poll(at=10)
    assert cluster.topics_asked == {2: NAMES[2:4], 1: NAMES[4:6]}, "topics that are alike go faster"
    cluster.poll(at=20)
    assert cluster.topics_asked == {1: NAMES[6:8], 2: NAMES[8:10]}
    last = cluster.poll(at=30)
    assert cluster.topics_asked == {2: NAMES[10:]}
    assert set(reasons(last).values()) == {""}
    cluster.poll(at=40)
    assert cluster.asked == []


@pytest.mark.usefixtures("small_requests")
def test_topics_that_differ_are_asked_of_one_broker_a_poll() -> None:
    cluster = Cluster(NAMES)
    cluster.configs = {name: {**TOPIC_CONFIGS, "retention.ms": str(at)} for at, name in enumerate(NAMES)}
    for at in range(6):
        draft = cluster.poll(at=at)
        assert len(cluster.topics_asked) == 1
    assert [row(draft, name)["retention_seconds"] for name in NAMES] == [at / 1000 for at in range(11)]


@pytest.mark.usefixtures("small_requests")
def test_a_round_that_is_slower_than_its_pace_reaches_every_topic() -> None:
    cluster = Cluster(NAMES, brokers=[1])
    seen: list[str] = []
    for at in range(12):
        cluster.poll(at=at, choice=Choice(every={"configs": 3.0}))
        seen += cluster.topics_asked[1]
    assert min(seen.count(name) for name in NAMES) == 2


@pytest.mark.usefixtures("small_requests")
def test_new_topics_go_before_those_that_are_asked_again() -> None:
    cluster = Cluster(NAMES[1:], brokers=[1])
    for at in range(6):
        cluster.poll(at=at)
    cluster.snapshot = snapshot(NAMES)
    cluster.poll(at=300)
    assert cluster.topics_asked == {1: NAMES[:2]}


# -------------------------------------------------------------------- what is missing


def test_what_is_denied_has_its_reason_and_the_rest_is_complete() -> None:
    cluster = Cluster()
    cluster.errors = {"a": 29, "2": 31}
    draft = cluster.poll()
    denied = "DescribeConfigs on the topic is denied (TOPIC_AUTHORIZATION_FAILED)"
    assert reasons(draft) == {"a": denied, "b": ""}
    assert is_unknown(row(draft, "a"))
    assert is_unknown(values := broker_row(draft, 2))
    assert values["reason"] == "DescribeConfigs on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"
    assert worded(draft.capabilities["topic_configs"]) == worded(draft.capabilities["broker_configs"]) == (1.0, "")
    assert cluster.missing == [], "denied is a fact and not a fault"


def test_where_all_is_denied_the_capability_is_not_there() -> None:
    cluster = Cluster()
    cluster.poll()
    cluster.errors = {"a": 29, "b": 29, "1": 31, "2": 31}
    draft = cluster.poll(at=300)
    assert draft.capabilities["topic_configs"][0] == draft.capabilities["broker_configs"][0] == 0
    assert "DescribeConfigs on the topic" in str(draft.capabilities["topic_configs"][1])
    assert is_unknown(row(draft)), "what is denied is not known from before"


def test_an_unsupported_api_is_a_capability_at_0() -> None:
    cluster = Cluster()
    cluster.faults = dict.fromkeys((1, 2), lambda ask: Fault(Kind.UNSUPPORTED, ask.node, "DescribeConfigs"))
    draft = cluster.poll()
    not_served = (0.0, "not served by this broker")
    assert worded(draft.capabilities["topic_configs"]) == worded(draft.capabilities["broker_configs"]) == not_served
    assert (cluster.missing, failed(draft)) == ([], {})
    cluster.poll(at=SILENT_SECONDS[-1])
    assert cluster.asked == []


def test_a_silent_broker_is_left_alone_for_a_while_and_another_is_asked_for_its_topics() -> None:
    cluster = Cluster()
    cluster.faults = {1: lambda ask: timeout(DESCRIBE_CONFIGS, ask.node)}
    why = "broker 1: timed out after 3.0 s"
    draft = cluster.poll()
    assert set(cluster.missing) == {why}
    assert failed(draft) == {1: why}
    assert reasons(draft) == {"a": why, "b": why}
    assert broker_row(draft, 1)["reason"] == why
    assert worded(draft.capabilities["broker_configs"]) == (1.0, "")
    assert math.isnan(draft.capabilities["topic_configs"][0])
    draft = cluster.poll(at=10)
    assert cluster.asked == [(2, [(TOPIC, "a"), (TOPIC, "b")])]
    assert set(cluster.missing) == {why}
    assert row(draft)["reason"] == ""
    cluster.faults = {}
    draft = cluster.poll(at=SILENT_SECONDS[0])
    assert cluster.asked == [(1, [(BROKER, "1")])]
    assert cluster.missing == []
    assert broker_row(draft, 1)["reason"] == ""


def test_what_was_known_stays_while_a_broker_is_silent() -> None:
    cluster = Cluster()
    cluster.poll()
    cluster.faults = dict.fromkeys((1, 2), lambda ask: timeout(DESCRIBE_CONFIGS, ask.node))
    draft = cluster.poll(at=300)
    assert cluster.missing == [f"broker {node}: timed out after 3.0 s" for node in (1, 2)]
    assert row(draft)["retention_seconds"] == 86_400
    assert broker_row(draft, 1)["reason"] == ""


def test_a_broker_that_failed_before_is_not_asked_and_is_missing() -> None:
    cluster = Cluster()
    draft = cluster.poll(failed={1: "broker 1: cannot connect"})
    assert cluster.own_asked == [2]
    assert cluster.missing == ["broker 1: cannot connect"]
    assert row(draft)["reason"] == ""
    cluster.poll(at=10)
    assert cluster.own_asked == [1]
    assert cluster.missing == []


def test_garbled_answers_are_asked_of_another_broker() -> None:
    cluster = Cluster(brokers=[1, 2])
    cluster.faults = {1: lambda _ask: Answer(DESCRIBE_CONFIGS, 4, b"\0\0\0\0\xff", 1)}
    draft = cluster.poll()
    assert all(each.startswith("broker 1: invalid response: ") for each in cluster.missing)
    assert cluster.missing
    assert is_unknown(row(draft))
    assert row(cluster.poll(at=10))["retention_seconds"] == 86_400


def test_what_is_missing_in_an_answer_is_missing() -> None:
    cluster = Cluster(brokers=[1])
    cluster.faults = {1: lambda _ask: Answer(DESCRIBE_CONFIGS, 4, body_of_nothing(), 1)}
    draft = cluster.poll()
    assert set(reasons(draft).values()) == {"broker 1: missing in the broker's response"}
    assert set(cluster.missing) == {"broker 1: missing in the broker's response"}


def body_of_nothing() -> bytes:
    return answer_of(DESCRIBE_CONFIGS, results=[]).body


def test_other_errors_are_missing() -> None:
    cluster = Cluster()
    cluster.errors = {"a": 42}
    draft = cluster.poll()
    assert reasons(draft) == {"a": "broker 1: INVALID_REQUEST", "b": ""}
    assert cluster.missing == ["broker 1: INVALID_REQUEST"]


def test_a_topic_that_is_not_there_yet_is_asked_again() -> None:
    cluster = Cluster()
    cluster.errors = {"b": 3}
    draft = cluster.poll()
    assert reasons(draft) == {"a": "", "b": str(NOT_THERE)}
    assert cluster.missing == []
    cluster.errors = {}
    assert row(cluster.poll(at=10), "b")["reason"] == ""
    assert list(cluster.topics_asked.values()) == [["b"]]


def test_codes_of_reasons_are_of_one_poll() -> None:
    cluster = Cluster()
    cluster.errors = {"a": 42, "2": 42}
    cluster.poll()
    draft = cluster.poll(at=10, reasons=["", "another"])
    assert reasons(draft) == {"a": "broker 1: INVALID_REQUEST", "b": ""}
    assert broker_row(draft, 2)["reason"] == "broker 2: INVALID_REQUEST"


def test_nothing_to_ask() -> None:
    cluster = Cluster([], brokers=[])
    draft = cluster.poll()
    assert draft.topic_configs is not None
    assert len(draft.topic_configs) == 0
    assert math.isnan(draft.capabilities["topic_configs"][0])
    assert math.isnan(draft.capabilities["broker_configs"][0])


def test_a_failed_collector_leaves_rows_with_the_reason() -> None:
    cluster = Cluster()
    draft = new_draft(topics=cluster.snapshot.topics)
    cluster.collector.fail(draft, reason("why"))
    assert reasons(draft) == {"a": "why", "b": "why"}
    assert worded(draft.capabilities["topic_configs"][1]) == "why"
