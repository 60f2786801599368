"""Fenced brokers, versions and features, from DescribeCluster and ApiVersions."""

from typing import Any

from alone import BOTH_FAILED, BROKERS, TIMEOUT, Alone, capability, lacking
from answers import answer_of, timeout
from kafka.protocol.broker_version_data import BROKER_API_VERSIONS
from reasons import failed, reason

from monitor.collect.collectors.brokers import FEATURES, FENCED, NO_FEATURES, BrokerCollector
from monitor.collect.collectors.capability import NOBODY
from monitor.kafka.client.apis import API_VERSIONS, FENCED_BROKERS
from monitor.kafka.client.client import BrokerAddress
from monitor.kafka.client.wire import Answer

OLD = BROKER_API_VERSIONS[3, 9]
NEW = BROKER_API_VERSIONS[4, 1]


def cluster(*fenced: int, **fields: Any) -> Answer:
    """Brokers 1, 2 and 3, of which some are fenced."""
    brokers = [
        {"broker_id": node, "host": f"b{node}", "port": 9092, "rack": None, "is_fenced": node in fenced}
        for node in (1, 2, 3)
    ]
    return answer_of(FENCED_BROKERS, 1, **{"error_code": 0, "cluster_id": "abc", "brokers": brokers, **fields})


def versions(
    node: int, level: int | None = 27, epoch: int = 5, version: int = 4, error: int = 0, **finalized: int
) -> Answer:
    """What a broker that serves NEW says; `level` is the newest metadata.version that it supports."""
    supported = [] if level is None else [{"name": "metadata.version", "min_version": 7, "max_version": level}]
    return answer_of(
        API_VERSIONS,
        node,
        api_version=version,
        error_code=error,
        api_keys=[{"api_key": k, "min_version": low, "max_version": high} for k, (low, high) in NEW.items()],
        supported_features=supported,
        finalized_features_epoch=epoch,
        finalized_features=[
            {"name": name.replace("_", "."), "max_version_level": at, "min_version_level": at}
            for name, at in finalized.items()
        ],
    )


def test_fenced_brokers_by_id() -> None:
    alone = Alone(BrokerCollector())
    assert alone.poll(cluster(3)).fenced == {3: BrokerAddress(3, "b3", 9092, None)}
    assert alone.missing == []
    draft = alone.poll(cluster())
    assert (draft.fenced, capability(draft, FENCED)) == ({}, (1, ""))
    assert alone.asked.count(("DescribeCluster", 1)) == 2
    assert ("DescribeCluster", 2) not in alone.asked


def test_a_broker_that_does_not_tell_of_fenced_ones_says_which_kafka_it_is() -> None:
    draft = (alone := Alone(BrokerCollector())).poll(lacking(FENCED_BROKERS), versions(1, level=21))
    assert draft.fenced is None
    assert capability(draft, FENCED) == (0, "not served by this broker (Kafka 3.9)")
    assert alone.missing == []


def test_versions_and_features_are_kept_and_asked_again_now_and_then() -> None:
    alone = Alone(BrokerCollector())
    for at in (0, 1, BrokerCollector.every_seconds - 1):
        draft = alone.poll(cluster(), versions(1, group_version=1, metadata_version=27), versions(2, 29), at=at)
        assert draft.versions == {1: "4.1", 2: "4.2"}
        assert draft.features is not None
        assert draft.features.feature.tolist() == ["group.version", "metadata.version"]
        assert draft.features.level.tolist() == [1, 27]
        assert capability(draft, FEATURES) == (1, "")
    assert alone.asked.count(("ApiVersions", 1)) == alone.asked.count(("ApiVersions", 2)) == 1
    alone.poll(cluster(), versions(1), versions(2), at=BrokerCollector.every_seconds)
    assert alone.asked.count(("ApiVersions", 1)) == 2


def test_a_new_connection_is_asked_at_once() -> None:
    alone = Alone(BrokerCollector())
    alone.client.versions = {1: dict(OLD), 2: dict(OLD)}
    assert alone.poll(cluster(), versions(1, 21), versions(2, 21)).versions == {1: "3.9", 2: "3.9"}
    alone.client.versions[2] = dict(OLD)
    assert alone.poll(cluster(), versions(1), versions(2)).versions == {1: "3.9", 2: "4.1"}


def test_the_newest_features_count() -> None:
    draft = Alone(BrokerCollector()).poll(cluster(), versions(1, epoch=5, a=1), versions(2, epoch=6, a=2, b=1))
    assert draft.features is not None
    assert dict(zip(draft.features.feature, draft.features.level.tolist(), strict=True)) == {"a": 2, "b": 1}


def test_a_broker_without_features_is_known_by_its_apis() -> None:
    draft = Alone(BrokerCollector()).poll(cluster(), versions(1, None, epoch=-1, version=3))
    assert draft.versions == {1: "4.1"}
    assert (draft.features, capability(draft, FEATURES)) == (None, (0, str(NO_FEATURES)))


def test_a_broker_that_cannot_tell_its_features_is_asked_once() -> None:
    alone = Alone(BrokerCollector())
    alone.client.versions = {1: OLD}
    for _ in range(2):
        draft = alone.poll(cluster(), lacking(API_VERSIONS))
        assert (draft.versions, alone.missing) == ({1: "3.9"}, [])
        assert capability(draft, FEATURES) == (0, str(NO_FEATURES))
    assert alone.asked.count(("ApiVersions", 1)) == 1


def test_a_broker_that_tells_nothing_of_itself_is_known_by_its_connection() -> None:
    alone = Alone(BrokerCollector())
    alone.client.versions = {1: OLD}
    draft = alone.poll(cluster(), timeout(API_VERSIONS, 1))
    assert draft.versions == {1: "3.9"}
    assert alone.missing == [TIMEOUT]
    assert capability(draft, FEATURES) == (None, TIMEOUT)
    assert draft.fenced == {}


def test_faults_and_errors() -> None:
    alone = Alone(BrokerCollector())
    draft = alone.poll(timeout(FENCED_BROKERS), versions(1, a=1))
    assert (draft.fenced, capability(draft, FENCED)) == (None, (None, TIMEOUT))
    assert alone.missing == [TIMEOUT]
    assert failed(draft) == {1: TIMEOUT}
    draft = alone.poll(cluster(error_code=-1))
    assert (capability(draft, FENCED), alone.missing) == ((None, "broker 1: UNKNOWN"), ["broker 1: UNKNOWN"])
    assert draft.features is not None, "what is known of features stays"
    draft = alone.poll(failed=BOTH_FAILED)
    assert (capability(draft, FENCED), alone.missing) == ((None, str(NOBODY)), [str(NOBODY)])
    alone = Alone(BrokerCollector())
    draft = alone.poll(cluster(), versions(1, error=35), versions(2))
    assert (draft.versions, alone.missing) == ({2: "4.1"}, ["broker 1: UNSUPPORTED_VERSION"])


def test_brokers_that_metadata_names_no_more_are_forgotten() -> None:
    alone = Alone(BrokerCollector())
    alone.poll(cluster(), versions(1), versions(2))
    assert alone.poll(cluster(), brokers=BROKERS[:1]).versions == {1: "4.1"}


def test_cut_answers_are_unknown() -> None:
    whole = cluster(3)
    told = versions(1, a=1)
    for size in range(len(whole.body)):
        draft = Alone(BrokerCollector()).poll(Answer(whole.api, whole.version, whole.body[:size], 1), versions(1))
        assert (draft.fenced, capability(draft, FENCED)[0]) == (None, None)
    for size in range(len(told.body)):
        alone = Alone(BrokerCollector())
        draft = alone.poll(cluster(), Answer(told.api, told.version, told.body[:size], 1))
        assert (draft.versions, draft.features) == ({}, None)
        assert len(alone.missing) == 1


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft = Alone(BrokerCollector()).poll(cluster())
    BrokerCollector().fail(draft, reason("why"))
    assert capability(draft, FENCED) == capability(draft, FEATURES) == (None, "why")
