"""Events on a real cluster: what was done to it is what they say, in order."""

from contextlib import closing

import numpy as np
import pytest
from breakable import Cluster
from kafka import TopicPartition
from kafka_cluster import commit, create_topic, make_topic, member, produce, unique, wait_until
from real_kmon import polling

from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka


def poll_until(poller: Poller, kind: str, subject: str) -> View:
    """The first View that tells of a kind of event of a topic or group."""

    def seen(view: View) -> bool:
        events = view.events
        return bool(((events.kind == kind) & ((events.topic == subject) | (events.group == subject))).any())

    view: View = wait_until(lambda: seen(view := poller.poll()) and view, f"{kind} of {subject}")
    return view


def told(view: View, *subjects: str) -> list[tuple[str, str]]:
    """(kind, text) of the events of some topics and groups, the oldest first."""
    events = view.events
    mine = [row for row in range(len(events)) if events.topic[row] in subjects or events.group[row] in subjects]
    return [(events.kind[row], events.text[row]) for row in reversed(mine)]


def test_what_was_done_to_a_cluster_is_told_in_order(kafka: Cluster) -> None:
    moving, again = make_topic(kafka, "moving"), make_topic(kafka, "again", partitions=2)
    group, client = unique("group"), unique("client")
    produce(kafka, moving, count=50)
    commit(kafka, group, {(moving, 0): 40})
    with polling(kafka) as poller, closing(kafka.admin()) as admin:
        first = poller.poll()
        assert told(first, moving, again, group) == []
        row = first.snapshot.topics.first_row[first.topic_rows[moving]]
        leader, *others = first.snapshot.partitions.replicas.row(row)
        assert first.snapshot.partitions.leader[row] == leader

        admin.alter_partition_reassignments({TopicPartition(moving, 0): [*others, leader]})
        admin.elect_leaders(0, [moving])
        poll_until(poller, "leader_moved", moving)

        admin.delete_topics([again])
        wait_until(lambda: again not in admin.list_topics(), "the topic to be gone")
        create_topic(kafka, again, partitions=3)
        poll_until(poller, "topic_recreated", again)

        commit(kafka, group, {(moving, 0): 15})
        poll_until(poller, "offsets_reset", group)
        with member(kafka, group, moving, client_id=client):
            view = poll_until(poller, "member_joined", group)
        last = poll_until(poller, "group_emptied", group)

    events = [each for each in told(view, moving, again, group) if each[0] in EXPECTED]
    assert [kind for kind, _ in events] == list(EXPECTED)
    texts = dict(events)
    assert texts["leader_moved"] == f"{moving}-0: leader {leader} → {others[0]}"
    assert texts["offsets_reset"] == f"{group} on {moving}-0: committed offset rewound by 25, 40 → 15"
    assert texts["member_joined"] == f"{client} (127.0.0.1) joined {group}"
    assert (np.diff(view.events.time) <= 0).all()
    assert (view.events.after_time < view.events.time).all()
    assert (view.events.after_time >= first.time).all()
    assert view.events.time[0] == view.time
    kinds = dict(told(last, group))
    assert kinds["member_left"] == f"{client} (127.0.0.1) left {group}"
    assert last.event_counts["leader_moved"] >= view.event_counts["leader_moved"] >= 1


EXPECTED = ("replicas_changed", "leader_moved", "topic_recreated", "offsets_reset", "rebalanced", "member_joined")
"""Kinds in the order in which they were made to happen; the last two are of one poll, which knows no order."""
