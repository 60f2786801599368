"""How often a real cluster is asked: O(brokers) a poll, whatever is in it."""

from collections import Counter
from contextlib import ExitStack

import pytest
from breakable import Cluster
from kafka_cluster import (
    commit_all,
    consumer_group,
    make_topic,
    produce,
    share_group,
    unique,
    wait_for_group,
    wait_until,
)
from real_kmon import polling

from monitor.model.view import View
from monitor.poll.poller import Poller
from monitor.settings.model import CollectSettings

pytestmark = pytest.mark.kafka

ONCE = {"DescribeQuorum", "DescribeCluster", "ListPartitionReassignments"}
"""Asked of one broker only."""

OF_TWO = {"Metadata"}
"""Asked of two brokers, so that one can be told from another that is cut off."""

TWICE = {"ListOffsets"}
"""Asked of each broker for two things."""

SLOW = ("start_offsets", "log_dirs", "configs", "transactions", "permissions")
RARELY = CollectSettings.model_validate(dict.fromkeys(SLOW, "1d"))
"""What is asked now and then does not fall due between two polls that are compared."""


def asked(view: View) -> Counter[str]:
    requests = view.snapshot.requests
    counts: Counter[str] = Counter()
    for api, count in zip(requests.api, requests.requests.tolist(), strict=True):
        counts[api] += int(count)
    return counts


def asked_by_one_poll(poller: Poller) -> Counter[str]:
    """What one poll asks once the records that were there before the first one are dated."""
    poller.poll()
    wait_until(lambda: poller.poll() and not poller.dates.asked, "every next record to be dated")
    before = poller.poll()
    after = poller.poll()
    assert before.complete
    assert after.complete
    assert not after.snapshot.requests.errors.any()
    return asked(after) - asked(before)


def fill(cluster: Cluster, topics: int, groups: int) -> None:
    names = [make_topic(cluster, partitions=10) for _ in range(topics)]
    offsets = {(topic, partition): 0 for topic in names for partition in range(10)}
    commit_all(cluster, {unique("group"): offsets for _ in range(groups)})


def test_requests_do_not_grow_with_topics_and_groups(kafka: Cluster) -> None:
    brokers, topic = len(kafka.ids), make_topic(kafka, partitions=3)
    produce(kafka, topic)
    with ExitStack() as running, polling(kafka, collect=RARELY) as poller:
        consumer = unique("consumer")
        running.enter_context(consumer_group(kafka, consumer, topic, wait=False))
        running.enter_context(share_group(kafka, unique("share"), topic))
        wait_for_group(kafka, consumer)
        fill(kafka, topics=1, groups=12)  # enough that each broker coordinates some
        few = asked_by_one_poll(poller)
        groups = len(poller.poll().snapshot.groups)
        fill(kafka, topics=5, groups=30)
        many = asked_by_one_poll(poller)
        assert len(poller.poll().snapshot.groups) == groups + 30
    assert many == few
    for api, count in many.items():
        assert 1 <= count <= (1 if api in ONCE else 2 if api in OF_TWO else 2 * brokers if api in TWICE else brokers), (
            api,
            count,
        )
    assert many["ListGroups"] == many["ListOffsets"] / 2 == brokers
    assert many.total() <= 9 * brokers + 6
    assert {
        *ONCE,
        "OffsetFetch",
        "DescribeGroups",
        "ConsumerGroupDescribe",
        "ShareGroupDescribe",
        "DescribeShareGroupOffsets",
    } <= set(many)
