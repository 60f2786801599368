"""The shop's workload: its rhythms by arithmetic, its groups on a real Kafka."""

import itertools
from collections import Counter
from contextlib import closing

import pytest
from breakable import Cluster
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka_cluster import group_states, wait_until

from kmon.demo.shop import CONSUMER_GROUP, GROUPS, SHARE_GROUP, STREAMS_GROUP, TOPICS, Rhythm, TopicPlan
from kmon.demo.traffic import due_counts, records
from kmon.demo.workload import workload

rates = st.floats(0, 1000)


@given(rates, rates, st.floats(0, 60), st.floats(0.1, 2), st.integers(1, 300))
def test_counts_add_up_to_the_rhythm(steady: float, burst: float, burst_s: float, tick: float, ticks: int) -> None:
    rhythm = Rhythm(steady, burst, burst_s)
    counts = list(itertools.islice(due_counts(TopicPlan("t", 1, rhythm), tick), ticks))
    due = sum(rhythm.rate(n * tick) * tick for n in range(ticks))
    assert all(count >= 0 for count in counts)
    assert sum(counts) == pytest.approx(due, abs=1 + 1e-9)


def test_bursts_and_totals() -> None:
    bursty = TopicPlan("t", 1, Rhythm(per_second=1, burst_per_second=9, burst_seconds=2, every_seconds=4))
    assert list(itertools.islice(due_counts(bursty, 1), 8)) == [10, 10, 1, 1, 10, 10, 1, 1]
    once = TopicPlan("t", 1, Rhythm(per_second=4, total=10))
    assert list(itertools.islice(due_counts(once, 1), 5)) == [4, 4, 2, 0, 0]


def test_keys_are_uneven() -> None:
    counted = Counter(key for key, _value in itertools.islice(records(TOPICS[0]), 5000))
    [(_, most)] = counted.most_common(1)
    assert most > 5000 / len(counted) * 10


def test_plans_fit_together() -> None:
    topics = {plan.name for plan in TOPICS}
    groups = [plan.name for plan in GROUPS] + [CONSUMER_GROUP[0], SHARE_GROUP[0], STREAMS_GROUP]
    assert {plan.topic for plan in GROUPS} | {CONSUMER_GROUP[1], SHARE_GROUP[1]} <= topics
    assert len(set(groups)) == len(groups)


@pytest.mark.kafka
def test_every_group_joins_and_payments_fall_behind(kafka: Cluster) -> None:
    names = [plan.name for plan in TOPICS]
    try:
        with workload(kafka) as processes:
            joined = {plan.name: "Stable" if plan.members else "Empty" for plan in GROUPS}
            joined |= dict.fromkeys((CONSUMER_GROUP[0], SHARE_GROUP[0], STREAMS_GROUP), "Stable")
            wait_until(lambda: joined.items() <= group_states(kafka).items(), f"{joined}")
            # Words counted: Kafka Streams has read its input and written its output.
            wait_until(lambda: end_offsets(kafka, TOPICS[-1]) > 0, "a word count")
            assert all(end_offsets(kafka, plan) > 0 for plan in TOPICS)
            payments = next(plan for plan in TOPICS if plan.name == "payments")
            wait_until(
                lambda: end_offsets(kafka, payments) > committed(kafka, "payments-ledger") + 300, "payments' lag"
            )
            assert all(process.running for process in processes)
    finally:
        with closing(kafka.admin()) as admin:
            admin.delete_topics(names)


def end_offsets(cluster: Cluster, plan: TopicPlan) -> int:
    latest = {TopicPartition(plan.name, partition): OffsetSpec.LATEST for partition in range(plan.partitions)}
    with closing(cluster.admin()) as admin:
        return sum(at.offset for at in admin.list_partition_offsets(latest).values())


def committed(cluster: Cluster, group: str) -> int:
    with closing(cluster.admin()) as admin:
        return sum(at.offset for at in admin.list_group_offsets([group])[group].values())
