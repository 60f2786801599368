"""Log dirs and replicas, as every broker tells its own."""

import math
from typing import Any

import numpy as np
import pytest
from answers import StubClient, answer_of, new_draft, timeout
from reasons import failed, reason, texts, worded
from views import Topic, snapshot_of

from monitor.collect.collectors.log_dirs import EMPTY, LogDirCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import DESCRIBE_LOG_DIRS
from monitor.kafka.client.client import BrokerAddress
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.selection import Choice
from monitor.model.snapshot import Snapshot

BROKERS = [BrokerAddress(node, f"b{node}", 9092, None) for node in (1, 2)]
TIMEOUT = "broker 2: timed out after 3.0 s"
DENIED = "Describe on the cluster is denied (CLUSTER_AUTHORIZATION_FAILED)"
OFFLINE = "broker 1: the log dir is offline (KAFKA_STORAGE_ERROR)"


def topics(*names: str) -> Snapshot:
    """Topics of two partitions each."""
    return snapshot_of([Topic(name, [(0, 0), (0, 0)], leaders=[1, 2]) for name in names], [])


AB = topics("a", "b")


class Poll:
    """Polls, each so many seconds after the first; a broker without a reply here fails the test that asks it."""

    def __init__(self) -> None:
        self.collector = LogDirCollector()
        self.client = StubClient({}, nodes=[1, 2])
        self.missing: list[str] = []

    def __call__(self, *replies: Answer | Fault, at: float = 0.0, snapshot: Snapshot = AB, **fields: Any) -> Draft:
        by_node = {reply.node: reply for reply in replies}
        self.client.replies["DescribeLogDirs"] = lambda ask: by_node[ask.node]
        fields = {"brokers": BROKERS, "topics": snapshot.topics, "partitions": snapshot.partitions, **fields}
        draft = new_draft(**fields)
        draft.started += at
        asks = self.collector.ask(self.client, draft)
        self.missing = worded(self.collector.read(self.client, draft, asks, self.client.ask(asks, draft.deadline)))
        return draft

    @property
    def asked(self) -> list[Any]:
        return [node for what, _, node in self.client.log if what == "ask"]


Sizes = dict[str, dict[int, int]]


def log_dir(path: str = "/d", error: int = 0, volume: tuple[int, int] = (100, 40), **sizes: dict[int, int]) -> Any:
    """A log dir with replicas of these sizes, {topic: {partition: bytes}}."""
    total, usable = volume
    base: dict[str, Any] = {"error_code": error, "log_dir": path, "total_bytes": total, "usable_bytes": usable}
    rows = [
        {
            "name": name,
            "partitions": [
                {"partition_index": number, "partition_size": size, "offset_lag": 0, "is_future_key": False}
                for number, size in parts.items()
            ],
        }
        for name, parts in sizes.items()
    ]
    return {**base, "topics": rows}


def answer(node: int, *dirs: Any, version: int = 4, error: int = 0) -> Answer:
    whole = {"error_code": error} if version >= 3 else {}
    if version < 4:
        dirs = tuple({key: value for key, value in each.items() if not key.endswith("_bytes")} for each in dirs)
    return answer_of(DESCRIBE_LOG_DIRS, node, api_version=version, results=list(dirs), **whole)


def sizes(draft: Draft) -> dict[tuple[str, int, int], float]:
    """Bytes by topic, partition and broker."""
    replicas = draft.replicas
    assert replicas is not None
    names = draft.topics.topic[replicas.topic]
    return dict(
        zip(
            zip(names, replicas.partition.tolist(), replicas.broker.tolist(), strict=True),
            replicas.size_bytes.tolist(),
            strict=True,
        )
    )


def dir_rows(draft: Draft) -> list[tuple[int, str, float, float, str]]:
    table = draft.log_dirs
    assert table is not None
    columns = (table.broker.tolist(), table.path, table.total_bytes.tolist(), table.usable_bytes.tolist())
    return list(zip(*columns, [texts(draft)[code] for code in table.reason], strict=True))


ONE = answer(1, log_dir("/z", b={1: 11}, a={0: 10}), log_dir("/y", volume=(200, 90), a={1: 12}))
TWO = answer(2, log_dir(a={0: 20}))


def test_rows_are_in_order_and_name_their_log_dir() -> None:
    poll = Poll()
    draft = poll(ONE, TWO)
    assert poll.missing == []
    assert dir_rows(draft) == [(1, "/y", 200, 90, ""), (1, "/z", 100, 40, ""), (2, "/d", 100, 40, "")]
    assert list(sizes(draft).items()) == [(("a", 0, 1), 10), (("a", 0, 2), 20), (("a", 1, 1), 12), (("b", 1, 1), 11)]
    assert draft.replicas is not None
    assert draft.replicas.log_dir.tolist() == [1, 2, 0, 1]
    assert worded(draft.capabilities["log_dirs"]) == (1.0, "")
    assert draft.notices == []


def test_a_replica_that_moves_between_log_dirs_has_two_rows() -> None:
    row = {"partition_index": 0, "partition_size": 5, "offset_lag": 7, "is_future_key": True}
    future = log_dir("/y") | {"topics": [{"name": "a", "partitions": [row]}]}
    draft = Poll()(answer(1, log_dir("/z", a={0: 10}), future), TWO)
    assert draft.replicas is not None
    assert draft.replicas.future.tolist() == [False, True, False]
    assert draft.replicas.offset_lag.tolist() == [0, 7, 0]
    assert draft.replicas.log_dir.tolist() == [1, 0, 2]


def test_sizes_of_volumes_are_a_capability_of_their_own() -> None:
    new, old = answer(1, log_dir(a={0: 10})), answer(2, log_dir(a={0: 10}), version=3)
    assert worded(Poll()(new, answer(2, log_dir(a={0: 10}))).capabilities["volumes"]) == (1.0, "")
    draft = Poll()(new, old)
    assert worded(draft.capabilities["volumes"]) == (0.0, "DescribeLogDirs v4 is not served by broker 2")
    denied = Poll()(answer(1, error=31), answer(2, error=31))
    assert worded(denied.capabilities["volumes"]) == worded(denied.capabilities["log_dirs"]) == (0.0, DENIED)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_brokers_before_3_3_do_not_tell_the_volume(version: int) -> None:
    draft = Poll()(answer(1, log_dir(a={0: 10}), version=version), TWO)
    assert draft.log_dirs is not None
    assert np.isnan([draft.log_dirs.total_bytes[0], draft.log_dirs.usable_bytes[0]]).all()
    assert sizes(draft)["a", 0, 1] == 10


def test_brokers_are_asked_at_their_own_pace() -> None:
    poll = Poll()
    first, between = poll(ONE, TWO), poll(at=59)
    assert poll.asked == [1, 2]
    assert poll.collector.kept
    assert between.replicas is first.replicas
    later = poll(answer(1, log_dir(a={0: 99})), TWO, at=60)
    assert sizes(later) == {("a", 0, 1): 99, ("a", 0, 2): 20}
    slow = Poll()
    every = Choice(every={"log_dirs": 500.0})
    slow(ONE, TWO, choice=every)
    slow(at=499, choice=every)
    assert slow.asked == [1, 2]


def test_rows_follow_the_topics_between_answers() -> None:
    poll = Poll()
    poll(ONE, TWO)
    assert sizes(poll(at=10, snapshot=topics("0", "b"))) == {("b", 1, 1): 11}
    assert sizes(poll(at=20)) == {("a", 0, 1): 10, ("a", 1, 1): 12, ("a", 0, 2): 20, ("b", 1, 1): 11}
    assert sizes(poll(at=30, snapshot=topics())) == {}


def test_partitions_that_metadata_does_not_know_are_left_out() -> None:
    assert sizes(Poll()(answer(1, log_dir(a={0: 1, 2: 9, -1: 9})), TWO)) == {("a", 0, 1): 1, ("a", 0, 2): 20}


def test_topics_that_are_not_in_metadata_are_told_when_they_stay() -> None:
    gone = answer(1, log_dir(a={0: 1}, gone={0: 5}, new={0: 5}))
    hidden = answer(1, log_dir(a={0: 1}, gone={0: 5}, also={0: 5}))
    poll = Poll()
    first = poll(gone, TWO)
    assert sizes(first) == {("a", 0, 1): 1, ("a", 0, 2): 20}
    assert first.notices == []
    (notice,) = poll(hidden, TWO, at=60).notices
    assert notice.startswith("1 topic on the brokers' disks is not in metadata")
    assert poll(at=70).notices == [notice]
    (notice,) = poll(hidden, TWO, at=120).notices
    assert notice.startswith("2 topics on the brokers' disks are not in metadata")
    assert poll(ONE, TWO, at=180).notices == []


# -------------------------------------------------------------------- what is missing


def test_an_offline_log_dir_has_its_reason_and_no_numbers() -> None:
    poll = Poll()
    draft = poll(answer(1, log_dir("/bad", 56, (-1, -1)), log_dir("/good", a={0: 1})), TWO)
    assert poll.missing == [OFFLINE]
    broken, good, _ = dir_rows(draft)
    assert broken[:2] == (1, "/bad")
    assert math.isnan(broken[2])
    assert (broken[4], good[4]) == (OFFLINE, "")
    assert sizes(draft)["a", 0, 1] == 1
    later = poll(at=10, reasons=["", "another"])
    assert dir_rows(later)[0][4] == OFFLINE, "codes of reasons are of one poll"
    assert poll.missing == [OFFLINE]


def test_a_silent_broker_keeps_its_rows_and_is_missing() -> None:
    poll = Poll()
    first = poll(ONE, TWO)
    draft = poll(answer(1, log_dir(a={0: 77})), timeout(DESCRIBE_LOG_DIRS, 2), at=60)
    assert poll.missing == [TIMEOUT]
    assert failed(draft) == {2: TIMEOUT}
    assert sizes(draft) == {("a", 0, 1): 77, ("a", 0, 2): 20}
    assert worded(draft.capabilities["log_dirs"]) == (1.0, "")
    assert sizes(first)["a", 0, 1] == 10
    poll(ONE, TWO, at=61)
    assert poll.missing == []


def lags(draft: Draft) -> dict[int, tuple[float, str]]:
    """The lag of partition 0 of topic a and why it is unknown, by broker."""
    table = draft.replicas
    assert table is not None
    first = np.flatnonzero((table.topic == 0) & (table.partition == 0))
    return {
        int(table.broker[row]): (float(table.offset_lag[row]), texts(draft)[table.offset_lag_reason[row]])
        for row in first
    }


def test_how_far_replicas_are_behind_is_unknown_while_their_broker_does_not_respond() -> None:
    poll = Poll()
    assert lags(poll(ONE, TWO)) == {1: (0, ""), 2: (0, "")}
    silent = {1: (0, ""), 2: (pytest.approx(math.nan, nan_ok=True), TIMEOUT)}
    assert lags(poll(at=10, failed={2: TIMEOUT})) == silent, "it failed in a poll that did not ask for log dirs"
    assert lags(poll(at=20)) == {1: (0, ""), 2: (0, "")}
    gone = poll(at=30, brokers=BROKERS[:1], reasons=["", "another"])
    assert lags(gone)[2][1] == "broker 2: not in metadata: the broker is down or gone"
    assert math.isnan(lags(gone)[2][0])
    assert sizes(gone)["a", 0, 2] == 20
    assert lags(poll(ONE, timeout(DESCRIBE_LOG_DIRS, 2), at=60)) == silent
    assert lags(poll(ONE, TWO, at=70)) == {1: (0, ""), 2: (0, "")}


def test_a_broker_that_never_answered_has_no_rows() -> None:
    poll = Poll()
    draft = poll(timeout(DESCRIBE_LOG_DIRS, 2), failed={1: "broker 1: cannot connect"})
    assert poll.asked == [2]
    assert poll.missing == ["broker 1: cannot connect", TIMEOUT]
    assert (dir_rows(draft), sizes(draft)) == ([], {})
    available, why = draft.capabilities["log_dirs"]
    assert math.isnan(available)
    assert worded(why) == TIMEOUT


def test_brokers_that_are_gone_take_their_rows_along() -> None:
    poll = Poll()
    poll(ONE, TWO)
    assert {node for node, *_ in dir_rows(poll(ONE, at=60, brokers=BROKERS[:1]))} == {1}


def test_garbled_answers_are_missing_and_change_nothing() -> None:
    poll = Poll()
    poll(ONE, TWO)
    garbled = Answer(DESCRIBE_LOG_DIRS, 4, ONE.body[:-3], 1)
    draft = poll(garbled, TWO, at=60)
    (why,) = poll.missing
    assert why.startswith("broker 1: invalid response: ")
    assert sizes(draft)["a", 0, 1] == 10


@pytest.mark.parametrize(
    ("denied", "why"),
    [(answer(1, error=31), DENIED), (answer(1, version=2), str(EMPTY))],
    ids=["told", "an empty answer of an old broker"],
)
def test_denied_is_a_fact_and_not_a_fault(denied: Answer, why: str) -> None:
    poll = Poll()
    poll(ONE, TWO)
    draft = poll(denied, Answer(DESCRIBE_LOG_DIRS, denied.version, denied.body, 2), at=60)
    assert worded(draft.capabilities["log_dirs"]) == (0.0, why)
    assert poll.missing == []
    assert (dir_rows(draft), sizes(draft)) == ([], {}), "what is denied is not known from before"


def test_an_error_of_the_whole_answer_is_missing() -> None:
    poll = Poll()
    draft = poll(answer(1, error=42), TWO)
    assert poll.missing == ["broker 1: INVALID_REQUEST"]
    assert [node for node, *_ in dir_rows(draft)] == [2]


def test_brokers_without_the_api_are_told() -> None:
    poll = Poll()
    draft = poll(*(Fault(Kind.UNSUPPORTED, node, "DescribeLogDirs") for node in (1, 2)), versions={1: "0.10", 2: "1.0"})
    assert poll.missing == []
    assert failed(draft) == {}
    assert worded(draft.capabilities["log_dirs"]) == (0.0, "not served by this broker (Kafka 1.0)")
    assert poll.asked == [1, 2]
    poll(at=59)
    assert poll.asked == [1, 2]


def test_no_broker_is_no_answer() -> None:
    draft = Poll()(brokers=[])
    assert (dir_rows(draft), sizes(draft)) == ([], {})
    assert math.isnan(draft.capabilities["log_dirs"][0])


def test_a_failed_collector_is_an_unknown_capability() -> None:
    draft = new_draft()
    LogDirCollector().fail(draft, reason("why"))
    assert worded(draft.capabilities["log_dirs"][1]) == "why"
