"""The helpers that other rooms' tests lean on do what they say, on a real Kafka."""

from contextlib import closing

import pytest
from breakable import Cluster
from kafka import TopicPartition
from kafka_cluster import (
    commit,
    consumer_group,
    group_states,
    make_topic,
    member,
    produce,
    share_group,
    streams_group,
    unique,
)

from kmon.demo.shop import STREAMS_INPUT

pytestmark = pytest.mark.kafka


def group_types(cluster: Cluster) -> dict[str, str]:
    with closing(cluster.admin()) as admin:
        return {group["group_id"]: group["group_type"].lower() for group in admin.list_groups()}


def committed(cluster: Cluster, group: str, topic: str) -> dict[int, int]:
    with closing(cluster.admin()) as admin:
        offsets = admin.list_group_offsets([group])[group]
    return {tp.partition: at.offset for tp, at in offsets.items() if tp.topic == topic}


def test_records_and_commits(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, partitions=2), unique("group")
    assert produce(kafka, topic, partition=1, count=7) == 7
    commit(kafka, group, {(topic, 1): 3})
    assert committed(kafka, group, topic) == {1: 3}
    assert group_states(kafka)[group] == "Empty"


def test_classic_member(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, partitions=2), unique("group")
    with member(kafka, group, topic) as consumer:
        assert consumer.assignment() == {TopicPartition(topic, 0), TopicPartition(topic, 1)}
        assert group_states(kafka)[group] == "Stable"
        assert group_types(kafka)[group] == "classic"


def test_kip_848_group(kafka: Cluster) -> None:
    topic, group = make_topic(kafka), unique("group")
    produce(kafka, topic, count=5)
    with consumer_group(kafka, group, topic):
        assert group_types(kafka)[group] == "consumer"


def test_share_group(kafka: Cluster) -> None:
    topic, group = make_topic(kafka), unique("group")
    with share_group(kafka, group, topic):
        assert group_types(kafka)[group] == "share"


def test_streams_group(kafka: Cluster) -> None:
    group = unique("group")
    with streams_group(kafka, group):
        produce(kafka, STREAMS_INPUT, count=3, value=b"one two three")
        assert group_types(kafka)[group] == "streams"
