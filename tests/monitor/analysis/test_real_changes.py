"""Polls of a real cluster while topics, groups and brokers come, go and change."""

from contextlib import ExitStack, closing

import numpy as np
import pytest
from breakable import Cluster
from kafka_cluster import (
    broker_paused,
    broker_stopped,
    commit,
    create_topic,
    delete_records,
    group_states,
    make_topic,
    member,
    produce,
    share_group,
    streams_group,
    unique,
    wait_for_group,
    wait_until,
)
from real_kmon import polling, rows_of

from monitor.model.view import View

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
    assert [rows[topic, 1][key] for key in numbers] == [7, 5, 10, 3, 0, "ok"]
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


def lags(view: View, group: str) -> dict[int, object]:
    """Lag by partition, of a group that reads one topic."""
    return {partition: row["lag"] for (_, partition), row in rows_of(view, group).items()}


def test_offsets_reset_by_kafkas_own_tool(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, partitions=2), unique("group")
    for partition in (0, 1):
        produce(kafka, topic, partition, count=6)
    commit(kafka, group, {(topic, 0): 6, (topic, 1): 4})
    with polling(kafka) as poller:
        assert lags(poller.poll(), group) == {0: 0, 1: 2}
        kafka.run_tool(
            ".consumer.group.ConsumerGroupCommand",
            *("--bootstrap-server", kafka.bootstrap, "--group", group, "--topic", topic),
            *("--reset-offsets", "--to-offset", "1", "--execute"),
        )
        rows = rows_of(poller.poll(), group)
    assert {key[1]: (row["committed_offset"], row["lag"]) for key, row in rows.items()} == {0: (1, 5), 1: (1, 5)}


def test_members_that_come_and_go(kafka: Cluster) -> None:
    """Of a classic, a share and a streams group: the group stays, with its offsets, and says that it has no members."""
    topic = make_topic(kafka)
    produce(kafka, topic, count=5)
    classic, share, streams = (unique(name) for name in ("classic", "share", "streams"))

    def members(view: View) -> list[tuple[float, object]]:
        rows = [view.group_rows[group] for group in (classic, share, streams)]
        groups = view.snapshot.groups
        assert [int((view.snapshot.members.group == row).sum()) for row in rows] == groups.members[rows].tolist()
        return list(zip(groups.members[rows].tolist(), groups.state[rows], strict=True))

    with polling(kafka) as poller:
        with ExitStack() as running:
            running.enter_context(share_group(kafka, share, topic, wait=False))
            running.enter_context(streams_group(kafka, streams))
            wait_for_group(kafka, share)
            consumer = running.enter_context(member(kafka, classic, topic))
            wait_until(lambda: consumer.poll(500), "a record")
            consumer.commit()
            view: View = wait_until(lambda: (view := poller.poll()).complete and view, "a complete poll")
            assert members(view) == [(1, "Stable")] * 3
        empty: View = wait_until(
            lambda: (view := poller.poll()).complete and members(view) == [(0, "Empty")] * 3 and view, "their end"
        )
    assert rows_of(empty, classic)[topic, 0]["lag"] == 4
    assert rows_of(empty, classic)[topic, 0]["client_id"] is None


def isr_of(view: View, topic: str) -> list[list[int]]:
    """The brokers in sync of each partition, in order of their ids."""
    snapshot = view.snapshot
    rows = np.flatnonzero(snapshot.partitions.topic == view.topic_rows[topic]).tolist()
    return [sorted(snapshot.partitions.isr.row(row)) for row in rows]


def leaders_of(view: View, topic: str) -> list[int]:
    partitions = view.snapshot.partitions
    leaders: list[int] = partitions.leader[partitions.topic == view.topic_rows[topic]].tolist()
    return leaders


def test_a_broker_that_is_shut_down_and_its_leaders(kafka: Cluster) -> None:
    """Others lead for it, and nothing is unknown; when it is back it leads only once an election says so."""
    topic, group = make_topic(kafka, partitions=3, replicas=3), unique("group")
    commit(kafka, group, {(topic, partition): 0 for partition in range(3)})
    with polling(kafka) as poller, closing(kafka.admin()) as admin:
        before = poller.poll()
        health = before.partition_health
        of_topic = before.snapshot.partitions.topic == before.topic_rows[topic]
        assert health.preferred[of_topic].all()
        stopped, *_ = leaders_of(before, topic)
        others = [broker for broker in kafka.ids if broker != stopped]
        with broker_stopped(kafka, stopped):
            view: View = wait_until(
                lambda: (view := poller.poll()).complete and isr_of(view, topic) == [others] * 3 and view,
                "a smaller ISR",
            )
            assert stopped not in leaders_of(view, topic)
            health, rows = view.partition_health, view.snapshot.partitions.topic == view.topic_rows[topic]
            assert health.under_replicated[rows].tolist() == [True] * 3
            assert health.at_min_isr[rows].tolist() == [1] * 3
            brokers = view.snapshot.brokers
            assert dict(zip(brokers.broker.tolist(), brokers.fenced.tolist(), strict=True)) == {
                broker: float(broker == stopped) for broker in kafka.ids
            }
            for partition in range(3):
                up = kafka.address(leaders_of(view, topic)[partition])
                produce(kafka, topic, partition, count=2, bootstrap_servers=up)
            assert lags(poller.poll(), group) == {0: 2, 1: 2, 2: 2}
        view = wait_until(lambda: isr_of(view := poller.poll(), topic) == [list(kafka.ids)] * 3 and view, "a full ISR")
        assert leaders_of(view, topic)[0] != stopped
        rows = view.snapshot.partitions.topic == view.topic_rows[topic]
        assert not view.partition_health.preferred[rows][0]
        admin.elect_leaders(0, [topic])
        # A leader that was just elected may not serve its end offset yet.
        view = wait_until(
            lambda: (view := poller.poll()).complete and leaders_of(view, topic)[0] == stopped and view,
            "its leader back",
        )
        rows = view.snapshot.partitions.topic == view.topic_rows[topic]
        assert view.partition_health.preferred[rows].all()
        assert lags(view, group) == {0: 2, 1: 2, 2: 2}


def test_a_follower_that_hangs_leaves_the_isr_and_comes_back(kafka: Cluster) -> None:
    topic, group = make_topic(kafka, replicas=3), unique("group")
    end = produce(kafka, topic, count=3)
    commit(kafka, group, {(topic, 0): 1})
    with polling(kafka, request_timeout_seconds=2.0) as poller:
        (leader,) = leaders_of(poller.poll(), topic)
        hung = next(broker for broker in kafka.ids if broker != leader)
        with broker_paused(kafka, hung):
            view: View = wait_until(
                lambda: hung not in isr_of(view := poller.poll(), topic)[0] and view, "a smaller ISR"
            )
            row = int(np.flatnonzero(view.snapshot.partitions.topic == view.topic_rows[topic])[0])
            assert view.partition_health.missing[row] == 1
            assert (view.snapshot.partitions.leader[row], view.snapshot.offsets.end_offset[row]) == (leader, end)
        view = wait_until(
            lambda: (view := poller.poll()).complete and isr_of(view, topic) == [list(kafka.ids)] and view, "a full ISR"
        )
        row = int(np.flatnonzero(view.snapshot.partitions.topic == view.topic_rows[topic])[0])
        assert view.partition_health.missing[row] == 0
        assert rows_of(view, group)[topic, 0]["lag"] == end - 1
