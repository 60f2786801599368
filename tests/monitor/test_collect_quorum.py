"""The active controller, from the leader of the quorum."""

from typing import Any

from answers import StubClient, answer_of, new_draft

from monitor.client.apis import DESCRIBE_QUORUM
from monitor.client.client import BrokerAddress
from monitor.client.faults import Fault, Kind
from monitor.client.wire import Answer
from monitor.collectors.quorum import QuorumCollector
from monitor.draft import Draft

BROKERS = [BrokerAddress(1, "b1", 9092, None), BrokerAddress(2, "b2", 9092, None)]


def collect(reply: Answer | Fault | None, failed: dict[int, str] | None = None) -> tuple[Draft, list[str]]:
    """A poll in which metadata named broker 2 as the controller."""
    client = StubClient({"DescribeQuorum": lambda _ask: reply or Answer(DESCRIBE_QUORUM, 2, b"")}, nodes=[1, 2])
    collector = QuorumCollector()
    draft = new_draft(brokers=BROKERS, controller=2, failed=failed or {})
    asks = collector.ask(client, draft)
    return draft, collector.read(client, draft, asks, client.ask(asks, draft.deadline))


def quorum(leader: int, version: int = 2, partition_error: int = 0, **fields: Any) -> Answer:
    partition: dict[str, Any] = {
        "partition_index": 0,
        "error_code": partition_error,
        "leader_id": leader,
        "leader_epoch": 4,
    }
    partition |= {"high_watermark": 9, "current_voters": [], "observers": []}
    partition |= {"error_message": None} if version >= 2 else {}
    fields = {"error_code": 0, "topics": [{"topic_name": "__cluster_metadata", "partitions": [partition]}], **fields}
    fields |= {"error_message": None, "nodes": []} if version >= 2 else {}
    return answer_of(DESCRIBE_QUORUM, 1, api_version=version, **fields)


def test_the_leader_of_the_quorum_is_the_controller() -> None:
    for version in (0, 1, 2):
        draft, missing = collect(quorum(3, version))
        assert (draft.controller, missing) == (3, [])


def test_no_leader_is_no_controller() -> None:
    assert collect(quorum(-1))[0].controller is None


def test_a_cluster_without_a_quorum_keeps_the_controller_of_its_metadata() -> None:
    draft, missing = collect(Fault(Kind.UNSUPPORTED, "DescribeQuorum", 1))
    assert (draft.controller, missing) == (2, [])


def test_what_cannot_be_asked_is_unknown_and_not_what_metadata_says() -> None:
    draft, missing = collect(Fault(Kind.TIMEOUT, "DescribeQuorum", 1, "after 3.0 s"))
    assert (draft.controller, missing) == (None, ["broker 1: timed out after 3.0 s"])
    assert draft.failed == {}, "a broker that waits for a quorum answers everything else"


def test_errors_are_reasons() -> None:
    denied = "broker 1: Describe on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"
    for reply in (quorum(3, error_code=31), quorum(3, partition_error=31)):
        draft, missing = collect(reply)
        assert (draft.controller, missing) == (None, [denied])


def test_an_answer_without_the_topic_is_no_controller() -> None:
    assert collect(quorum(3, topics=[]))[0].controller is None


def test_brokers_that_failed_are_not_asked() -> None:
    assert collect(quorum(3), failed={1: "why"})[0].controller == 3
    draft, missing = collect(None, failed={1: "why", 2: "why"})
    assert (draft.controller, missing) == (None, ["no broker to ask"])
