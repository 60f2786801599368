"""Topics that groups have left on a real cluster: what real members subscribe to decides."""

import time
from contextlib import closing

import pytest
from breakable import Cluster
from heartbeats import HeartbeatMember, heartbeats
from kafka import KafkaProducer
from kafka_cluster import commit, make_topic, member, unique, wait_for_group, wait_until
from real_kmon import polling, rows_of

from monitor.model.limits import LEFT_SECONDS
from monitor.model.view import View

pytestmark = pytest.mark.kafka

RECORDS = 5


def old_records(cluster: Cluster, topic: str) -> None:
    """Records that were written, by their timestamps, long before kmon looks for who has left a topic."""
    written = int((time.time() - 10 * LEFT_SECONDS) * 1000)
    with closing(KafkaProducer(bootstrap_servers=cluster.bootstrap)) as producer:
        for _ in range(RECORDS):
            producer.send(topic, b"x", partition=0, timestamp_ms=written)
        producer.flush()


def two_topics(cluster: Cluster, group: str) -> tuple[str, str]:
    """A topic that the group is to read and one that it is to leave; it has commits on both."""
    kept, left = (make_topic(cluster, name) for name in ("kept", "left"))
    for topic in (kept, left):
        old_records(cluster, topic)
    commit(cluster, group, {(kept, 0): RECORDS, (left, 0): 1})
    return kept, left


def told(view: View, group: str, topic: str) -> tuple[str, str]:
    row = rows_of(view, group)[topic, 0]
    return str(row["status"]), str(row["why"])


def test_what_no_member_of_a_classic_group_subscribes_to_is_left(kafka: Cluster) -> None:
    group = unique("classic-left")
    kept, left = two_topics(kafka, group)
    with polling(kafka) as poller:
        with member(kafka, group, kept):
            wait_for_group(kafka, group)
            view = poller.poll()
            status, why = told(view, group, left)
            assert status == "left"
            assert "its member does not subscribe to the topic; 4 records unread" in why
            assert told(view, group, kept)[0] == "ok"
            row = view.group_rows[group]
            assert (view.group_lags.lag[row], view.group_lags.left_partitions[row]) == (0, 1)
        with member(kafka, group, kept, left):
            wait_for_group(kafka, group)
            assert told(poller.poll(), group, left)[0] != "left"


def test_a_group_without_members_has_left_nothing(kafka: Cluster) -> None:
    group = unique("dead")
    _, topic = two_topics(kafka, group)
    with polling(kafka) as poller:
        assert told(poller.poll(), group, topic)[0] != "left"


def test_what_no_member_of_a_kip_848_group_subscribes_to_is_left(kafka: Cluster) -> None:
    group = unique("consumer-left")
    kept, left = two_topics(kafka, group)
    with heartbeats(kafka) as client, polling(kafka) as poller:
        one = HeartbeatMember(client, group, kept)
        one.beat({})
        wait_until(lambda: one.beat() == 1, "its partition")
        one.confirm()
        wait_for_group(kafka, group)
        view = poller.poll()
        members = view.snapshot.members
        mine = members.of_group(view.group_rows[group])
        assert members.subscribed[mine.start : mine.stop].tolist() == [(kept,)]
        assert told(view, group, left)[0] == "left"
        one.leave()
