"""The quorum and the active controller, its leader."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

from alone import TIMEOUT, capability, lacking
from answers import StubClient, answer_of, new_draft, timeout
from reasons import failed, reason, worded

from monitor.collect.collectors.capability import NOBODY
from monitor.collect.collectors.quorum import LEADER_AND_ISR, QuorumCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_QUORUM, METADATA
from monitor.kafka.client.client import Ask, BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind

BROKERS = [BrokerAddress(1, "b1", 9092, None), BrokerAddress(2, "b2", 9092, None)]


def collect(
    reply: Answer | Fault | None, failed: dict[int, str] | None = None, *, zookeeper: bool = False
) -> tuple[Draft, list[str]]:
    """A poll in which metadata named broker 2 as the controller."""
    client = StubClient({"DescribeQuorum": lambda _ask: reply or Answer(DESCRIBE_QUORUM, 2, b"")}, nodes=[1, 2])
    client.versions = {1: {METADATA.key: (0, 12), **({LEADER_AND_ISR: (0, 7)} if zookeeper else {})}}
    collector = QuorumCollector()
    draft = new_draft(brokers=BROKERS, controller=2, failed=failed or {})
    asks = collector.ask(client, draft)
    return draft, worded(collector.read(client, draft, asks, client.ask(asks, draft.deadline)))


def replica(node: int, end: int = 100, fetch: int = -1, caught_up: int = -1, version: int = 2) -> dict[str, Any]:
    """A voter or observer; times in milliseconds."""
    times = {"last_fetch_timestamp": fetch, "last_caught_up_timestamp": caught_up} if version >= 1 else {}
    return {"replica_id": node, "log_end_offset": end, **times}


def quorum(
    leader: int,
    version: int = 2,
    partition_error: int = 0,
    voters: list[dict[str, Any]] | None = None,
    observers: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Answer:
    partition: dict[str, Any] = {
        "partition_index": 0,
        "error_code": partition_error,
        "leader_id": leader,
        "leader_epoch": 4,
    }
    partition |= {"high_watermark": 9, "current_voters": voters or [], "observers": observers or []}
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


def test_voters_come_first_then_observers_each_by_id() -> None:
    voters = [replica(3, 98, 1_500, 1_250), replica(1, 100, 2_000, 2_000)]
    draft, _ = collect(quorum(1, voters=voters, observers=[replica(5, 90, 1_000, 500), replica(4, -1)]))
    table = draft.quorum
    assert table is not None
    assert draft.quorum_epoch == 4
    assert table.node.tolist() == [1, 3, 4, 5]
    assert table.voter.tolist() == [True, True, False, False]
    assert table.leader.tolist() == [True, False, False, False]
    known = [
        [None if math.isnan(each) else each for each in column.tolist()]
        for column in (table.log_end_offset, table.last_fetch, table.last_caught_up)
    ]
    assert known == [[100, 98, None, 90], [2.0, 1.5, None, 1.0], [2.0, 1.25, None, 0.5]]
    assert capability(draft, "quorum") == (1, "")


def test_brokers_that_tell_no_times() -> None:
    draft, _ = collect(quorum(1, version=0, voters=[replica(1, version=0), replica(2, 99, version=0)]))
    assert draft.quorum is not None
    assert draft.quorum.log_end_offset.tolist() == [100, 99]
    assert all(math.isnan(each) for each in [*draft.quorum.last_fetch, *draft.quorum.last_caught_up])


def test_a_quorum_without_leader() -> None:
    draft, _ = collect(quorum(-1, voters=[replica(1), replica(2)]))
    assert draft.quorum is not None
    assert not draft.quorum.leader.any()


def test_with_zookeeper_the_controller_is_that_of_metadata() -> None:
    draft, missing = collect(lacking(DESCRIBE_QUORUM), zookeeper=True)
    assert (draft.controller, draft.quorum, missing) == (2, None, [])
    assert capability(draft, "quorum") == (0, "not served by this broker")


def test_brokers_that_hide_their_quorum_leave_the_controller_unknown() -> None:
    """Some managed services do. With KRaft, metadata names another broker each time."""
    draft, missing = collect(lacking(DESCRIBE_QUORUM))
    assert (draft.controller, draft.quorum, missing) == (None, None, [])
    assert capability(draft, "quorum") == (0, "not served by this broker")


def test_what_cannot_be_asked_is_unknown_and_not_what_metadata_says() -> None:
    draft, missing = collect(timeout(DESCRIBE_QUORUM))
    assert (draft.controller, draft.quorum, missing) == (None, None, [TIMEOUT])
    assert capability(draft, "quorum") == (None, TIMEOUT)
    assert failed(draft) == {}, "a broker that waits for a quorum answers everything else"


def test_errors_are_reasons() -> None:
    denied = "broker 1: Describe on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"
    for reply in (quorum(3, error_code=31), quorum(3, partition_error=31)):
        draft, missing = collect(reply)
        assert (draft.controller, draft.quorum, missing) == (None, None, [])
        assert capability(draft, "quorum") == (0, denied)
    draft, missing = collect(quorum(3, partition_error=-1))
    assert (missing, capability(draft, "quorum")) == (["broker 1: UNKNOWN"], (None, "broker 1: UNKNOWN"))


def test_an_answer_without_the_topic_is_no_controller() -> None:
    assert collect(quorum(3, topics=[]))[0].controller is None


def test_brokers_that_failed_are_not_asked() -> None:
    assert collect(quorum(3), failed={1: "why"})[0].controller == 3
    draft, missing = collect(None, failed={1: "why", 2: "why"})
    assert (draft.controller, missing, capability(draft, "quorum")) == (None, [str(NOBODY)], (None, str(NOBODY)))


def test_cut_answers_are_unknown() -> None:
    for version in (0, 1, 2):
        times = {} if version == 0 else {"fetch": 5, "caught_up": 5}
        whole = quorum(3, version, voters=[replica(3, version=version, **times)])
        for size in range(len(whole.body)):
            draft, missing = collect(Answer(whole.api, version, whole.body[:size], 1))
            assert (draft.controller, draft.quorum, len(missing)) == (None, None, 1)
            assert capability(draft, "quorum")[0] is None


def test_a_fault_of_the_collector_leaves_nothing_known() -> None:
    draft, _ = collect(quorum(3))
    QuorumCollector().fail(draft, reason("why"))
    assert (draft.controller, capability(draft, "quorum")) == (None, (None, "why"))


# -------------------------------------------------------------------- a quorum that does not respond


def hung(node: int, seconds: float = 0.5) -> Fault:
    return Fault(Kind.TIMEOUT, node, DESCRIBE_QUORUM.name, seconds=seconds, detail=f"after {seconds} s")


def from_asked(reply: Fault | Answer, ask: Ask) -> Fault | Answer:
    return replace(reply, node=ask.node)


def polls(*each: tuple[set[int], Fault | Answer]) -> list[bool | None]:
    """What is said at each poll, of the brokers that respond in it and the reply of the one that is asked."""
    collector, said = QuorumCollector(), []
    for up, reply in each:
        draft = new_draft(brokers=BROKERS, failed=dict.fromkeys({1, 2} - up, "timed out"))
        client = StubClient({"DescribeQuorum": partial(from_asked, reply)}, nodes=[1, 2])
        client.versions = {1: {METADATA.key: (0, 12)}}
        asks = collector.ask(client, draft)
        collector.read(client, draft, asks, client.ask(asks, draft.deadline))
        said.append(draft.quorum_silent)
    return said


def test_it_is_silent_when_the_request_hangs_at_two_brokers() -> None:
    both = {1, 2}
    assert polls((both, hung(1)), (both, hung(2)), (both, hung(1)), (both, quorum(3))) == [None, True, True, False]


def test_it_is_silent_when_the_request_hangs_at_the_only_broker_that_responds() -> None:
    assert polls(({2}, hung(2)), ({2}, hung(2))) == [True, True]


def test_one_broker_that_is_cut_off_from_the_controllers_is_no_silent_quorum() -> None:
    both = {1, 2}
    assert polls((both, hung(1)), (both, quorum(3)), (both, hung(1)), (both, quorum(3))) == [None, False, None, False]


def test_other_faults_prove_nothing() -> None:
    lost = Fault(Kind.DISCONNECTED, 1, DESCRIBE_QUORUM.name)
    unreached = replace(hung(1), address="b1:9092")
    for fault in (lost, unreached, hung(1, seconds=0.0), hung(1, seconds=0.1)):
        assert polls(({1}, fault), ({1}, fault)) == [None, None]
    assert polls((set(), hung(1))) == [None]
