"""Writes tests/data/answers.json.gz: `python tests/support/record_answers.py`, when kmon asks something new.

Starts a cluster of its own with a bit of everything that kmon reads, and keeps the answers to one whole poll.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from unittest.mock import patch

from breakable import Cluster
from kafka import KafkaProducer, TopicPartition
from kafka_cluster import (
    commit,
    consumer_group,
    create_topic,
    member,
    produce,
    share_group,
    streams_group,
    wait_until,
)
from real_kmon import settings_of
from recorded import CHOICE, FILE, Recorded, Recording, digest, repeatable, save

from kmon.demo.readiness import registered
from kmon.demo.shop import STREAMS_INPUT
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.wire import Answer
from monitor.model.view import View
from monitor.poll.poller import Poller

DEAD = 3
GROUPS = ("billing", "noted", "search", "sharers", "words")


class RecordingClient(Client):
    """Keeps every answer in `heard`."""

    heard: list[Recorded] = []  # noqa: RUF012 - shared on purpose: the Poller makes the client

    async def _attempt(self, ask: Ask, until: float) -> Answer:
        answer = await super()._attempt(ask, until)
        question = digest(ask.body(answer.version))
        self.heard.append(Recorded(ask.api.name, ask.api.key, ask.node, answer.version, question, answer.body))
        return answer


@contextmanager
def filled() -> Iterator[Cluster]:
    """A cluster with groups of all four types that have members and have read, and a transaction under way.

    One of its three brokers is dead: replicas are out of sync, and a reassignment to it waits.
    """
    with Cluster(brokers=3) as cluster, ExitStack() as running:
        create_topic(cluster, "orders", partitions=2)
        create_topic(cluster, "refunds", partitions=1, replicas=3, min_insync_replicas=3)
        with closing(cluster.admin()) as admin:
            configs = {"min.insync.replicas": "1", "retention.ms": "3600000"}
            admin.create_topics({"payments": {"assignments": {0: [1]}, "configs": configs}}, wait_for_metadata=True)
        for partition in (0, 1):
            produce(cluster, "orders", partition, count=5 + partition)
        commit(cluster, "noted", {("orders", 0): 1, ("orders", 1): 2}, metadata="says é and a note", epoch=0)
        commit(cluster, "noted", {("payments", 0): 0})
        consumer = running.enter_context(member(cluster, "billing", "orders", client_id="billing-1"))
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        running.enter_context(consumer_group(cluster, "search", "orders"))
        running.enter_context(share_group(cluster, "sharers", "orders"))
        running.enter_context(streams_group(cluster, "words"))
        produce(cluster, STREAMS_INPUT, count=3, value=b"one two three")
        producer = KafkaProducer(bootstrap_servers=cluster.bootstrap, transactional_id="transfer")
        running.callback(producer.close)
        producer.init_transactions()
        producer.begin_transaction()
        producer.send("payments", b"x", partition=0).get(timeout=30)
        cluster.kill(DEAD)
        alive = [cluster.address(broker) for broker in cluster.ids if broker != DEAD]
        wait_until(lambda: registered(alive) == {1, 2}, "the end of a broker")
        with closing(cluster.admin()) as admin:
            admin.alter_partition_reassignments({TopicPartition("payments", 0): [1, DEAD]})
        yield cluster


def settled(poller: Poller) -> View | None:
    """A View in which each group but the one without members has members, and all have offsets."""
    view = poller.poll()
    groups = view.snapshot.groups
    rows = [view.group_rows.get(name, -1) for name in GROUPS]
    if -1 in rows or any(not groups.members[row] >= 1 for row in rows if groups.group[row] != "noted"):
        return None
    offsets = set(view.snapshot.commits.group.tolist())
    down = DEAD not in view.snapshot.brokers.broker[view.snapshot.brokers.fenced == 0]
    return view if down and view.complete and offsets >= set(rows) else None


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    with filled() as cluster:
        settings = settings_of(cluster.bootstrap, **CHOICE)
        poller = Poller(settings)
        wait_until(lambda: settled(poller), "groups with members and offsets")
        poller.close()
        with repeatable(), patch("monitor.poll.poller.Client", RecordingClient):
            poller = Poller(settings)
        view = poller.poll()
        served = poller._client.served(1)
        assert served
        poller.close()
        assert view.complete, view.snapshot.outcomes
    save(Recording(view.snapshot.time, served, RecordingClient.heard), path)
    sizes = {each.api: len(each.body) for each in RecordingClient.heard}
    print(f"{len(RecordingClient.heard)} answers, {path.stat().st_size:,} bytes: {sizes}")


if __name__ == "__main__":
    main()
