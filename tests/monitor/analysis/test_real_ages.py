"""Lag in seconds against the truth, on a real Kafka: records with known times, and groups moved to known offsets."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from breakable import Cluster
from kafka import KafkaProducer
from kafka_cluster import commit, commit_all, delete_records, make_topic, unique, wait_until
from real_kmon import settings_of

from monitor.model.lag import CREATE, METHODS, NOTHING, SEEN
from monitor.model.reasons import Kind
from monitor.model.table import Floats
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

HOUR = 3600.0
RECORDS = 300


def steady(chance: random.Random) -> list[float]:
    """Ages of records in seconds, oldest first: one every few seconds."""
    gap = chance.uniform(0.05, 20)
    return [gap * (RECORDS - number) for number in range(RECORDS)]


def bursty(chance: random.Random) -> list[float]:
    """Bursts of many in a moment, with hours between."""
    ages: list[float] = []
    age = 0.0
    while len(ages) < RECORDS:
        age += chance.choice([0.5, 60, HOUR, 5 * HOUR])
        ages += [age + chance.random() / 10 for _ in range(chance.randrange(1, 80))]
    return sorted(ages[:RECORDS], reverse=True)


def idle(chance: random.Random) -> list[float]:
    """Nothing for the last hour or more."""
    since = HOUR * chance.uniform(1, 30)
    return [age + since for age in steady(chance)]


KINDS = (steady, bursty, idle)


@dataclass(frozen=True)
class Written:
    """A topic whose records have known times: unix seconds by partition and offset."""

    topic: str
    times: Sequence[Sequence[float]]


def write(cluster: Cluster, name: str, ages: Sequence[Sequence[float]]) -> Written:
    """Write a record of each age to a partition each; older ones first."""
    topic = make_topic(cluster, name, partitions=len(ages))
    now = time.time()
    times = [[now - age for age in each] for each in ages]
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, linger_ms=20)
    try:
        sent = [
            (number, producer.send(topic, b"x", partition=partition, timestamp_ms=int(at * 1000)))
            for partition, each in enumerate(times)
            for number, at in enumerate(each)
        ]
        producer.flush(60)
        assert all(future.get(30).offset == number for number, future in sent)
    finally:
        producer.close()
    return Written(topic, times)


@contextmanager
def polled(cluster: Cluster) -> Iterator[Poller]:
    poller = Poller(settings_of(cluster.bootstrap))
    try:
        yield poller
    finally:
        poller.close()


def ages_of(view: View, group: str) -> dict[tuple[str, int], tuple[float, float, int]]:
    """Age, error and method of each row of a group."""
    lag, times = view.lag, view.lag_times
    rows = np.flatnonzero(lag.group == view.group_rows[group])
    topics = view.snapshot.topics.topic
    return {
        (str(topics[lag.topic[row]]), int(lag.partition[row])): (
            float(times.lag_seconds[row]),
            float(times.lag_seconds_error[row]),
            int(times.method[row]),
        )
        for row in rows.tolist()
    }


def test_every_true_age_lies_within_its_bound_at_the_first_polls(kafka: Cluster) -> None:
    """Over 500 random cases, right after a start: nothing but timestamps can tell."""
    chance = random.Random(20261123)
    written = [write(kafka, kind.__name__, [kind(chance) for _ in range(9)]) for kind in KINDS]
    groups = [unique(f"ages-{number}") for number in range(20)]
    places = {
        group: {
            (each.topic, partition): chance.randrange(RECORDS + 1)
            for each in written
            for partition in range(len(each.times))
        }
        for group in groups
    }
    commit_all(kafka, places)
    with polled(kafka) as poller:
        poller.poll()
        view = poller.poll()
    times = {each.topic: each.times for each in written}
    errors, widths, cases = [], [], 0
    for group, offsets in places.items():
        for (topic, partition), (age, error, method) in ages_of(view, group).items():
            offset = offsets[topic, partition]
            if offset == RECORDS:
                assert (age, error, METHODS[method]) == (0, 0, METHODS[NOTHING])
                continue
            truth = view.time - times[topic][partition][offset]
            # Timestamps are whole milliseconds.
            assert abs(age - truth) <= error + 0.002, (topic, partition, offset, truth, age, error)
            assert error <= max(0.01 * truth, 0.002) * 1.02
            assert method == CREATE
            errors.append(abs(age - truth) / truth)
            widths.append(error / truth)
            cases += 1
    assert cases >= 500
    print(f"{cases} cases; error of the age {_quantiles(errors)}; stated {_quantiles(widths)}")


def _quantiles(shares: list[float]) -> str:
    numbers: Floats = np.quantile(shares, [0.5, 0.9, 0.99, 1.0])
    exact = np.mean(np.array(shares) < 1e-5)
    return "median {:.2%}, 90th {:.2%}, 99th {:.2%}, worst {:.2%}".format(*numbers) + f", exact {exact:.0%}"


def test_what_kmon_saw_come_needs_no_timestamps(kafka: Cluster) -> None:
    """A record that is appended between two polls is dated by them, whatever its own timestamp says."""
    topic = make_topic(kafka, "seen")
    group = unique("seen")
    commit(kafka, group, {(topic, 0): 0})
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    try:
        with polled(kafka) as poller:
            poller.poll()
            before = time.time()
            producer.send(topic, b"x", partition=0, timestamp_ms=1_000_000).get(30)
            after = time.time()
            view = poller.poll()
            age, error, method = ages_of(view, group)[topic, 0]
            assert method == SEEN
            oldest, youngest = view.time - before, max(0.0, view.time - after)
            assert age - error - 0.05 <= youngest
            assert oldest <= age + error + 0.05
            later = poller.poll()
            assert ages_of(later, group)[topic, 0][0] > age
    finally:
        producer.close()


def test_a_compacted_log_is_dated_by_the_next_record_that_is_left(kafka: Cluster) -> None:
    ages = [[5000.0 - number for number in range(200)]]
    topic = make_topic(
        kafka,
        "compacted",
        cleanup_policy="compact",
        segment_ms=100,
        min_cleanable_dirty_ratio=0.001,
        max_compaction_lag_ms=100,
    )
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    now = time.time()
    try:
        for number, age in enumerate(ages[0]):
            key = b"same" if 20 <= number < 180 else str(number).encode()
            producer.send(topic, b"x", key=key, partition=0, timestamp_ms=int((now - age) * 1000))
        producer.flush(30)
    finally:
        producer.close()
    group = unique("compacted")
    commit(kafka, group, {(topic, 0): 100})
    with polled(kafka) as poller:
        poller.poll()
        view = poller.poll()
    age, error, _ = ages_of(view, group)[topic, 0]
    # Whether compaction has passed or not: the next record is one of 100 to 180.
    assert view.time - (now - ages[0][180]) <= age + error + 0.01
    assert age - error - 0.01 <= view.time - (now - ages[0][100])


def test_a_group_that_retention_passed_is_dated_by_the_first_record_left(kafka: Cluster) -> None:
    written = write(kafka, "passed", [[1000.0 - number for number in range(100)]])
    group = unique("passed")
    commit(kafka, group, {(written.topic, 0): 10})
    delete_records(kafka, written.topic, {0: 60})
    with polled(kafka) as poller:
        wait_until(lambda: _lost(poller.poll(), group) == 50, "the log start to be seen")
        view = poller.poll()
    age, error, _ = ages_of(view, group)[written.topic, 0]
    assert abs(age - (view.time - written.times[0][60])) <= error + 0.002


def _lost(view: View, group: str) -> float:
    return float(view.group_lags.lost[view.group_rows[group]])


def test_timestamps_ahead_of_the_clock_are_named_and_not_believed(kafka: Cluster) -> None:
    written = write(kafka, "ahead", [[-1800.0 - number for number in range(10)]])
    group = unique("ahead")
    commit(kafka, group, {(written.topic, 0): 3})
    with polled(kafka) as poller:
        view = poller.poll()
    row = int(np.flatnonzero(view.lag.group == view.group_rows[group])[0])
    assert np.isnan(view.lag_times.lag_seconds[row])
    assert view.reason_values[view.lag_times.reason[row]].kind is Kind.AHEAD


def test_open_and_aborted_transactions_are_records_too(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, "transactions"), unique("transactions")
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=unique("ages"))
    truths = {}
    try:
        producer.init_transactions()
        for end in (producer.abort_transaction, producer.commit_transaction, None):
            producer.begin_transaction()
            before = time.time()
            written = producer.send(topic, b"x", partition=0).get(30)
            truths[written.offset] = written.timestamp / 1000
            assert before - 0.1 < truths[written.offset] < time.time() + 0.1
            if end is not None:
                end()
            time.sleep(1)
        assert list(truths) == [0, 2, 4], "a marker stands behind each that was ended"
        for offset in truths:
            commit(kafka, f"{group}-{offset}", {(topic, 0): offset})
        with polled(kafka) as poller:
            poller.poll()
            view = poller.poll()
        for offset, written in truths.items():
            age, error, _ = ages_of(view, f"{group}-{offset}")[topic, 0]
            assert abs(age - (view.time - written)) <= error + 0.002, offset
        producer.abort_transaction()
    finally:
        producer.close()
