"""Polls of a real cluster while topics and groups come, go and change."""

from contextlib import closing

import pytest
from kafka_cluster import (
    commit,
    create_topic,
    delete_records,
    group_states,
    make_topic,
    member,
    produce,
    unique,
    wait_until,
)
from real_kmon import polling, rows_of

from kmon.demo.cluster import Cluster
from monitor.view import View

pytestmark = pytest.mark.kafka


def topic_id(view: View, topic: str) -> str | None:
    row = view.topic_rows.get(topic)
    return None if row is None else view.snapshot.topics.topic_id[row]


def test_records_deleted_under_a_group(kafka: Cluster) -> None:
    """They are lost, and not lag any more."""
    topic, group = make_topic(kafka, partitions=2), unique("group")
    for partition in (0, 1):
        produce(kafka, topic, partition, count=10)
    commit(kafka, group, {(topic, 0): 2, (topic, 1): 7})
    delete_records(kafka, topic, {0: 5, 1: 5})
    with polling(kafka) as poller:
        view = poller.poll()
    rows = rows_of(view, group)
    numbers = ("committed_offset", "start_offset", "end_offset", "lag", "lost", "status")
    assert [rows[topic, 0][key] for key in numbers] == [2, 5, 10, 5, 3, "lost"]
    assert [rows[topic, 1][key] for key in numbers] == [7, 5, 10, 3, 0, "behind"]
    row = view.group_rows[group]
    assert (view.group_lags.lag[row], view.group_lags.lost[row]) == (8, 3)


def test_topic_recreated_under_its_name(kafka: Cluster) -> None:
    """It is a new topic with an id of its own; nothing of the old one is told of it."""
    topic, group = make_topic(kafka), unique("group")
    produce(kafka, topic, count=9)
    commit(kafka, group, {(topic, 0): 9})
    with polling(kafka) as poller, closing(kafka.admin()) as admin:
        old = poller.poll()
        assert rows_of(old, group)[topic, 0]["lag"] == 0
        admin.delete_topics([topic])
        gone: View = wait_until(lambda: (view := poller.poll()).topic_rows.get(topic) is None and view, "its end")
        for row in rows_of(gone, group).values():
            assert (row["lag"], row["status"]) == (None, "unknown")
        wait_until(lambda: topic not in admin.list_topics(), "the topic to be gone from every broker")
        create_topic(kafka, topic)
        produce(kafka, topic, count=2)
        new: View = wait_until(lambda: (view := poller.poll()).topic_rows.get(topic) is not None and view, "it again")
    assert topic_id(old, topic) != topic_id(new, topic) is not None
    row = new.snapshot.topics.first_row[new.topic_rows[topic]]
    assert new.snapshot.offsets.end_offset[row] == 2
    assert new.snapshot.offsets.start_offset[row] == 0
    for told in rows_of(new, group).values():
        assert (told["committed_offset"], told["lag"], told["reason"]) == (None, None, "no commit")


def test_partitions_added(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, partitions=2), unique("group")
    produce(kafka, topic, 1, count=3)
    commit(kafka, group, {(topic, 0): 0, (topic, 1): 1})
    with polling(kafka) as poller, closing(kafka.admin()) as admin:
        assert [row["lag"] for row in rows_of(poller.poll(), group).values()] == [2, 0]
        admin.create_partitions({topic: 4})
        produce(kafka, topic, 3, count=5)
        commit(kafka, group, {(topic, 3): 1})
        view: View = wait_until(
            lambda: (view := poller.poll()).complete and len(rows_of(view, group)) == 3 and view, "4 partitions"
        )
        assert {key[1]: row["lag"] for key, row in rows_of(view, group).items()} == {0: 0, 1: 2, 3: 4}
        assert view.snapshot.topics.partitions[view.topic_rows[topic]] == 4


def test_topic_deleted_that_a_live_member_is_assigned(kafka: Cluster) -> None:
    """The group stays, and is not said to be caught up with what is gone."""
    topic, group = make_topic(kafka), unique("group")
    produce(kafka, topic, count=3)
    with polling(kafka) as poller, closing(kafka.admin()) as admin, member(kafka, group, topic) as consumer:
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        assert rows_of(poller.poll(), group)[topic, 0]["lag"] == 2
        admin.delete_topics([topic])
        view: View = wait_until(lambda: topic_id(view := poller.poll(), topic) is None and view, "its end")
        assert group in view.group_rows
        for row in rows_of(view, group).values():
            assert (row["lag"], row["status"]) == (None, "unknown")


def test_group_deleted(kafka: Cluster) -> None:
    topic, group, other = make_topic(kafka), unique("group"), unique("other")
    for each in (group, other):
        commit(kafka, each, {(topic, 0): 0})
    with polling(kafka) as poller, closing(kafka.admin()) as admin:
        assert group in poller.poll().group_rows
        admin.delete_groups([group])
        assert group not in group_states(kafka)
        view = poller.poll()
        assert view.complete
        assert group not in view.group_rows
        assert rows_of(view, group) == {}
        assert rows_of(view, other)[topic, 0]["lag"] == 0


def test_member_that_has_not_committed(kafka: Cluster) -> None:
    """Its lag is unknown, not 0 and not the whole log, until it commits."""
    topic, group, client_id = make_topic(kafka, partitions=2), unique("group"), unique("client")
    produce(kafka, topic, 0, count=4)
    with polling(kafka) as poller, member(kafka, group, topic, client_id=client_id) as consumer:
        view = poller.poll()
        assert view.complete
        rows = rows_of(view, group)
        assert set(rows) == {(topic, 0), (topic, 1)}
        for row in rows.values():
            assert (row["committed_offset"], row["lag"], row["lost"]) == (None, None, None)
            assert (row["status"], row["reason"], row["client_id"]) == ("unknown", "no commit", client_id)
        assert view.snapshot.groups.members[view.group_rows[group]] == 1
        assert str(view.group_lags.lag[view.group_rows[group]]) == "nan"
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        assert rows_of(poller.poll(), group)[topic, 0]["lag"] == 3
