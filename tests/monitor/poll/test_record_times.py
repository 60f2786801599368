"""Records dated by asking for offsets by timestamp, against logs whose every record is known."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from answers import StubClient, answer_of, timeout
from hypothesis import given
from hypothesis import strategies as st
from kafka.protocol.consumer import ListOffsetsRequest

from monitor.kafka.client.apis import LIST_OFFSETS
from monitor.kafka.client.client import Ask
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.kafka.messages import read
from monitor.poll.record_times import RECORDS_A_ROUND, TOLERANCE, Bracket, Dates, Wanted, date_records

NOW = 1_790_000_000.0
DEADLINE = math.inf
NOT_LEADER = 6

Log = list[tuple[int, int]]
"""The records of a partition: offset and timestamp in ms, ascending in offset."""


class Leader:
    """Answers ListOffsets by timestamp from the logs of topic "t", but for partitions that have `failed`.

    `requests` counts, and `asked` the times asked by partition.
    """

    def __init__(self, *logs: Log) -> None:
        self.logs = logs
        self.requests = 0
        self.asked: Counter[int] = Counter()
        self.failed: set[int] = set()
        self.client = StubClient({"ListOffsets": self.answer}, [1])

    def answer(self, ask: Ask) -> Answer | Fault:
        self.requests += 1
        request = read(ListOffsetsRequest, ask.body(LIST_OFFSETS.newest), LIST_OFFSETS.newest)
        partitions = []
        for topic in request.topics:
            numbers = [each.partition_index for each in topic.partitions]
            assert len(set(numbers)) == len(numbers), "Kafka refuses a partition that is asked twice"
            for each in topic.partitions:
                self.asked[each.partition_index] += 1
                found = next((row for row in self.logs[each.partition_index] if row[1] >= each.timestamp), (-1, -1))
                partitions.append(
                    {
                        "partition_index": each.partition_index,
                        "error_code": NOT_LEADER if each.partition_index in self.failed else 0,
                        "offset": found[0],
                        "timestamp": found[1],
                    }
                )
        return answer_of(LIST_OFFSETS, 1, topics=[{"name": "t", "partitions": partitions}])


class Dater:
    """Dates records in one poll after the other; `dates` is what is remembered of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.dates, self.clock = Dates(), clock

    def date(self, client: StubClient, wanted: Sequence[Wanted], now: float, until: float) -> list[Bracket]:
        self.dates, found = date_records(client, self.dates, wanted, now, until=until, clock=self.clock)
        return found


def wanted(offset: int, log: Log, partition: int = 0, *, dense: bool = True) -> Wanted:
    end = log[-1][0] + 1 if log else offset
    return Wanted(("t", "id", partition), 1, offset, end, dense)


def true_time(log: Log, offset: int) -> int | None:
    return next((timestamp for number, timestamp in log if number >= offset), None)


def close(found: Bracket) -> bool:
    """Whether a record is dated to a hundredth of its age; timestamps are whole milliseconds."""
    age = NOW * 1000 - (found.low + found.cut) / 2
    return found.cut - found.low <= max(1, 2 * TOLERANCE * age)


@st.composite
def logs(draw: st.DrawFn, *, dense: bool = True) -> Log:
    """A log with bursts and pauses from milliseconds to weeks; one that is not dense has lost records."""
    gaps = draw(st.lists(st.sampled_from([0, 0, 1, 5, 1_000, 60_000, 3_600_000, 86_400_000]), min_size=1, max_size=60))
    first = draw(st.integers(0, 1000))
    age = sum(gaps) + draw(st.sampled_from([0, 10, 5_000, 7_200_000]))
    log, at = [], int(NOW * 1000) - age
    for number, gap in enumerate(gaps):
        at += gap
        log.append((first + number, at))
    if not dense:
        kept = draw(st.lists(st.booleans(), min_size=len(log), max_size=len(log)))
        log = [row for row, keep in zip(log, kept, strict=True) if keep] or log[:1]
    return log


@given(logs(), st.data())
def test_a_record_is_enclosed_to_a_hundredth_of_its_age(log: Log, data: st.DataObject) -> None:
    offset = data.draw(st.sampled_from([number for number, _ in log]))
    (found,) = Dater().date(Leader(log).client, [wanted(offset, log)], NOW, DEADLINE)
    truth = true_time(log, offset)
    upper = min(found.upper(dense=True), NOW * 1000)
    assert truth is not None
    assert found.low <= truth <= upper
    age = NOW * 1000 - (found.low + upper) / 2
    assert upper - found.low <= max(1, 2 * TOLERANCE * age)


@given(logs(dense=False), st.data())
def test_where_records_were_compacted_away_the_next_is_enclosed(log: Log, data: st.DataObject) -> None:
    offset = data.draw(st.integers(log[0][0] - 3, log[-1][0]))
    (found,) = Dater().date(Leader(log).client, [wanted(offset, log, dense=False)], NOW, DEADLINE)
    truth = true_time(log, offset)
    assert truth is not None
    assert found.low <= truth <= found.upper(dense=False)


@given(st.lists(logs(), min_size=2, max_size=4), st.data())
def test_many_records_of_many_partitions_share_their_rounds(many: list[Log], data: st.DataObject) -> None:
    leader = Leader(*many)
    asked = [
        wanted(data.draw(st.sampled_from([number for number, _ in log])), log, partition)
        for partition, log in enumerate(many)
        for _ in range(2)
    ]
    for each, found in zip(asked, Dater().date(leader.client, asked, NOW, DEADLINE), strict=True):
        truth = true_time(many[each.key[2]], each.offset)
        assert truth is not None
        assert found.low <= truth <= found.upper(dense=True)
    assert leader.requests <= 2 * 24


def steady(count: int, gap: int = 1000) -> Log:
    start = int(NOW * 1000) - count * gap
    return [(number, start + number * gap) for number in range(count)]


def test_a_group_that_moves_on_is_dated_from_what_is_known() -> None:
    log = steady(20_000)
    leader, dater = Leader(log), Dater()
    costs = []
    for offset in range(5_000, 5_200, 20):
        before = leader.requests
        (found,) = dater.date(leader.client, [wanted(offset, log)], NOW, DEADLINE)
        assert found.low <= log[offset][1] <= found.cut
        costs.append(leader.requests - before)
    assert costs[0] > 1
    assert sum(costs[1:]) < costs[0], costs


def test_a_record_that_was_dated_is_not_asked_again() -> None:
    log = steady(100)
    leader, dater = Leader(log), Dater()
    first, asked = dater.date(leader.client, [wanted(50, log)], NOW, DEADLINE), leader.requests
    assert dater.date(leader.client, [wanted(50, log)], NOW, DEADLINE) == first
    assert leader.requests == asked


def test_a_log_with_another_topic_id_is_another_log() -> None:
    old, new = steady(100), [(number, timestamp + 7) for number, timestamp in steady(100)]
    dater = Dater()
    dater.date(Leader(old).client, [wanted(50, old)], NOW, DEADLINE)
    again = Wanted(("t", "other", 0), 1, 50, 100, dense=True)
    (found,) = dater.date(Leader(new).client, [again], NOW, DEADLINE)
    assert found.low <= new[50][1] <= found.cut


def test_a_leader_that_is_silent_is_asked_once_and_others_are_dated() -> None:
    log = steady(100)
    leader = Leader(log, log)
    asked: list[object] = []

    def reply(ask: Ask) -> Answer | Fault:
        asked.append(ask.node)
        return timeout(LIST_OFFSETS, 2) if ask.node == 2 else leader.answer(ask)

    client = StubClient({"ListOffsets": reply}, [1, 2])
    other = Wanted(("t", "id", 1), 2, 50, 100, dense=True)
    good, bad = Dater().date(client, [wanted(50, log), other], NOW, DEADLINE)
    assert good.low <= log[50][1] <= good.cut
    assert (bad.low, bad.cut) == (-math.inf, math.inf)
    assert asked.count(2) == 1


def test_a_partition_that_has_no_answer_is_asked_once_and_others_are_dated() -> None:
    log = steady(100)
    leader = Leader(log, log)
    leader.failed = {1}
    good, bad = Dater().date(leader.client, [wanted(50, log), wanted(50, log, 1)], NOW, DEADLINE)
    assert good.low <= log[50][1] <= good.cut
    assert (bad.low, bad.cut) == (-math.inf, math.inf)
    assert leader.asked[1] == 1 < leader.asked[0]


def test_more_records_than_a_round_asks_are_all_dated_and_not_asked_again() -> None:
    many = [steady(RECORDS_A_ROUND // 8, 1_000 * (number + 1)) for number in range(10)]
    rows = [wanted(offset, log, partition) for partition, log in enumerate(many) for offset, _ in log]
    assert len(rows) > RECORDS_A_ROUND
    leader, dater = Leader(*many), Dater()
    for found, each in zip(dater.date(leader.client, rows, NOW, DEADLINE), rows, strict=True):
        assert found.low <= many[each.key[2]][each.offset][1] <= found.cut
        assert close(found)
    dater.date(leader.client, rows, NOW, DEADLINE)
    assert (dater.dates.asked, dater.dates.requests, dater.dates.rounds) == (0, 0, 0)


@pytest.mark.parametrize(("partitions", "seconds_a_time", "one_poll"), [(1200, 1e-5, True), (300, 2.5e-3, False)])
def test_a_round_that_would_outlast_the_deadline_is_not_asked(
    partitions: int, seconds_a_time: float, *, one_poll: bool
) -> None:
    """What is left is dated at the next polls; a slow cluster is asked less at a time."""
    many = [steady(400, (10, 1_000, 60_000)[number % 3]) for number in range(partitions)]
    leader = Leader(*many)

    def clock() -> float:
        return sum(leader.asked.values()) * seconds_a_time

    dater = Dater(clock)
    rows = [wanted(37 * partition % 400, log, partition) for partition, log in enumerate(many)]
    dated = [0]
    while dated[-1] < len(rows):
        deadline = clock() + 1
        found = dater.date(leader.client, rows, NOW, deadline)
        assert clock() <= deadline
        dated.append(sum(math.isfinite(each.low) and close(each) for each in found))
        assert len(dated) == 2 or dated[-1] > dated[-2]
    assert (len(dated) == 2) == one_poll


def test_nothing_is_asked_after_the_deadline() -> None:
    log = steady(100)
    leader = Leader(log)
    (found,) = Dater().date(leader.client, [wanted(50, log)], NOW, -math.inf)
    assert (leader.requests, found.low, found.cut) == (0, -math.inf, math.inf)


def test_timestamps_ahead_of_the_clock_are_seen_as_such() -> None:
    ahead = int(NOW * 1000) + 3_600_000
    log = [(number, ahead + number) for number in range(10)]
    (found,) = Dater().date(Leader(log).client, [wanted(0, log)], NOW, DEADLINE)
    assert found.low > NOW * 1000


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_partitions_are_dated_in_few_rounds(seed: int) -> None:
    chance = random.Random(seed)
    many: Sequence[Log] = [steady(400, chance.choice([10, 1_000, 60_000])) for _ in range(100)]
    leader = Leader(*many)
    rows = [wanted(chance.randrange(400), log, partition) for partition, log in enumerate(many)]
    found = Dater().date(leader.client, rows, NOW, DEADLINE)
    assert all(each.low <= many[row.key[2]][row.offset][1] <= each.cut for each, row in zip(found, rows, strict=True))
    assert leader.requests < 24
