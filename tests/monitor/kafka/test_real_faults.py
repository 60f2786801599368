"""Polls of a real cluster whose brokers die and hang: what is lost is told, the rest is fresh, and all comes back."""

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import psutil
import pytest
from breakable import Cluster
from kafka_cluster import broker_killed, broker_paused, commit, make_topic, produce, unique, wait_until
from real_kmon import polling

from kmon.commands.lag_rows import lag_rows
from monitor.collect.draft import Draft
from monitor.kafka.client.client import Ask, Client
from monitor.model.coordinators import OFFSETS_TOPIC
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

DEADLINE_SECONDS = 10.0
SLACK_SECONDS = 5.0
"""What a busy machine may add to a poll that keeps its deadline."""
BROKER = 2
"""The broker that is broken."""


@pytest.fixture(autouse=True)
def unlogged() -> Iterator[None]:
    """kafka-python logs every broken connection, with exceptions that keep its sockets from being collected."""
    logger = logging.getLogger("kafka")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)


class Data:
    """A topic with a partition on each broker alone, and groups at every coordinator."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.topic = make_topic(cluster, "single", partitions=6, replicas=1, min_insync_replicas=1)
        self.groups: list[str] = []
        self.coordinators: dict[str, int] = {}
        self.produced = 0
        # A broker that was away has lost its coordinators to the others, and cannot lead before it is in sync.
        cluster.wait_in_sync()
        with closing(cluster.admin()) as admin:
            wait_until(lambda: _preferred(admin, OFFSETS_TOPIC), "the preferred leaders of the offsets topic")
        with polling(cluster) as poller:
            view = wait_until(lambda: self._more_groups(poller), "two groups at each coordinator")
        self.leaders = dict(enumerate(self._of_topic(view, view.snapshot.partitions.leader).tolist()))
        assert set(self.leaders.values()) == set(cluster.ids)

    def _more_groups(self, poller: Poller) -> View | None:
        """Make three more; a View once there are enough."""
        self.groups += [unique("group") for _ in range(3)]
        for group in self.groups[-3:]:
            commit(self.cluster, group, {(self.topic, partition): 0 for partition in range(6)})
        view = poller.poll()
        if not view.complete:  # leaders have just been elected
            return None
        nodes = view.snapshot.groups.coordinator
        self.coordinators = {group: int(nodes[view.group_rows[group]]) for group in self.groups}
        counts = Counter(self.coordinators.values())
        return view if all(counts[broker] >= 2 for broker in self.cluster.ids) else None

    def _of_topic(self, view: View, column: Any) -> Any:
        """The rows of a partition column that are the topic's."""
        return column[view.snapshot.partitions.topic == view.topic_rows[self.topic]]

    def produce(self) -> None:
        """One more record to every partition that is led by a broker in order."""
        self.produced += 1
        for partition, leader in self.leaders.items():
            if leader != BROKER:
                address = self.cluster.address(leader)
                assert produce(self.cluster, self.topic, partition, bootstrap_servers=address) == self.produced

    def unknown_and_fresh(self, view: View) -> tuple[set[str], set[float]]:
        """Reasons of partitions led by BROKER, all unknown; and end offsets of the others, all known."""
        ends, reasons = view.snapshot.offsets.end_offset, view.snapshot.offsets.end_reason
        broken = np.array([self.leaders[partition] == BROKER for partition in range(6)])
        ends, reasons = self._of_topic(view, ends), self._of_topic(view, reasons)
        assert np.isnan(ends[broken]).all()
        assert not np.isnan(ends[~broken]).any()
        return {view.reasons[code] for code in reasons[broken]}, set(ends[~broken].tolist())

    def hold(self, view: View, *, coordinator: bool = True) -> None:
        """BROKER's rows are unknown and say so, the others are known and new, and no group is gone.

        `coordinator`: BROKER could not be asked for its groups either.
        """
        reasons, ends = self.unknown_and_fresh(view)
        assert [reason for reason in reasons if f"broker {BROKER}:" not in reason] == []
        assert ends == {self.produced}
        assert view.up
        assert not view.complete
        rows = lag_rows(view)
        for group, node in self.coordinators.items():
            of_group = [row for row in rows if row["group"] == group]
            assert of_group, f"{group} is gone"
            # On a busy machine Kafka may have given its groups to another broker in the meantime, which knows them.
            moved = view.snapshot.groups.coordinator[view.group_rows[group]] not in (BROKER, NO_LEADER)
            if node == BROKER and coordinator and not moved:
                assert {row["status"] for row in of_group} == {"unknown"}
                assert {f"broker {BROKER}:" in str(row["reason"]) for row in of_group} == {True}
                assert view.totals.lag is None
            else:
                known = {int(str(row["partition"])): row["lag"] for row in of_group}
                assert known == {
                    partition: None if leader == BROKER else self.produced for partition, leader in self.leaders.items()
                }

    def mended(self, poller: Poller) -> None:
        """The same poller knows everything again."""
        view: View = wait_until(lambda: (view := poller.poll()).complete and view, "a complete poll")
        assert not np.isnan(self._of_topic(view, view.snapshot.offsets.end_offset)).any()
        rows = [row for row in lag_rows(view) if row["group"] in self.groups]
        assert len(rows) == 6 * len(self.groups)
        assert {row["status"] for row in rows} <= {"ok", "behind"}
        assert all(view.snapshot.groups.state[view.group_rows[group]] == "Empty" for group in self.groups)


def _preferred(admin: Any, topic: str) -> bool:
    """Have each partition of a topic be led by its first replica; whether all are."""
    (described,) = admin.describe_topics([topic])
    if all(each["leader_id"] == each["replica_nodes"][0] for each in described["partitions"]):
        return True
    admin.elect_leaders(0, [topic])  # raises a retriable error while the controller does not count it as in sync
    return False


@pytest.fixture
def data(kafka: Cluster) -> Iterator[Data]:
    data = Data(kafka)
    yield data
    # Partitions with one replica would be offline in every other test that breaks a broker.
    with closing(kafka.admin()) as admin:
        admin.delete_topics([data.topic])


def in_time(poller: Poller) -> View:
    """A poll that ends within its deadline."""
    began = time.monotonic()
    view = poller.poll(DEADLINE_SECONDS)
    assert time.monotonic() - began < DEADLINE_SECONDS + SLACK_SECONDS
    return view


def before(poller: Poller, collector: str, action: Callable[[], None]) -> None:
    """Do `action` once in the middle of the next poll, when this collector's turn to ask has come."""
    turn = next(each for each in poller._collectors if each.name == collector)
    ask = turn.ask

    def act_and_ask(client: Client, draft: Draft) -> list[Ask]:
        turn.ask = ask  # type: ignore[method-assign]
        action()
        return ask(client, draft)

    turn.ask = act_and_ask  # type: ignore[method-assign]


def test_broker_killed_between_two_polls(kafka: Cluster, data: Data) -> None:
    with polling(kafka, request_timeout_seconds=3.0) as poller:
        wait_until(lambda: in_time(poller).complete, "a complete poll")
        with broker_killed(kafka, BROKER):
            data.produce()
            data.hold(in_time(poller))
        data.mended(poller)


@pytest.mark.parametrize("collector", ["groups", "commits", "end_offsets"])
def test_broker_paused_in_mid_poll(kafka: Cluster, data: Data, collector: str) -> None:
    with polling(kafka, request_timeout_seconds=3.0) as poller:
        wait_until(lambda: in_time(poller).complete, "a complete poll")
        data.produce()
        with broker_paused(kafka, BROKER):
            kafka.resume(BROKER, wait=False)
            before(poller, collector, lambda: kafka.pause(BROKER))
            data.hold(in_time(poller), coordinator=collector != "end_offsets")
        data.mended(poller)


def test_broker_that_was_asked_for_metadata_is_paused(kafka: Cluster, data: Data) -> None:
    """Another one is asked in the same poll."""
    with polling(kafka, request_timeout_seconds=3.0) as poller:
        wait_until(lambda: in_time(poller).complete, "a complete poll")
        poller._collectors[0]._node = BROKER  # type: ignore[attr-defined]
        data.produce()
        with broker_paused(kafka, BROKER):
            data.hold(in_time(poller))
        data.mended(poller)


def test_a_broker_that_was_paused_is_not_believed_on_what_it_knew(kafka: Cluster, data: Data) -> None:
    """Others have taken over its groups, offsets have moved on, and a group was deleted."""
    moved = [group for group, node in data.coordinators.items() if node == BROKER]
    deleted, *kept = moved
    places = {(data.topic, partition): 1 for partition in range(6)}
    with polling(kafka, request_timeout_seconds=1.0) as poller:
        wait_until(lambda: in_time(poller).complete, "a complete poll")
        data.produce()
        with broker_paused(kafka, BROKER):

            def taken_over() -> View | None:
                view = poller.poll()
                table = view.snapshot.groups
                rows = [view.group_rows[group] for group in moved]
                return view if (table.reason[rows] == KNOWN).all() and BROKER not in table.coordinator[rows] else None

            before = wait_until(taken_over, "other coordinators")
            for group in kept:
                commit(kafka, group, places)
            with closing(kafka.admin()) as admin:
                admin.delete_groups([deleted])

            def hold(view: View) -> bool:
                """Nothing is as it was; whether all is known."""
                assert deleted not in view.group_rows
                counts, old = view.event_counts, before.event_counts
                assert counts["offsets_reset"] == old["offsets_reset"]
                assert counts["group_deleted"] - old["group_deleted"] == 1
                assert counts["group_created"] == old["group_created"]
                rows = [row for row in lag_rows(view) if row["group"] in kept and row["topic"] == data.topic]
                assert {row["committed_offset"] for row in rows} <= {1}
                return bool(rows) and view.complete

            wait_until(lambda: deleted not in poller.poll().group_rows, "the end of the group")
            time.sleep(15)
            hold(poller.poll())
            kafka.resume(BROKER, wait=False)
            wait_until(lambda: hold(poller.poll()), "a complete poll")
            for _ in range(20):
                hold(poller.poll())
    data.groups.remove(deleted)


def open_things() -> dict[str, int]:
    process = psutil.Process()
    return {"fds": process.num_fds(), "threads": process.num_threads(), "sockets": len(process.net_connections())}


def hold_open(poller: Poller, polls: int, healthy: dict[str, int], *, up: bool = False) -> None:
    """Nothing piles up in so many polls of broken brokers."""
    for _ in range(polls):
        assert poller.poll(2.0).up == up
        time.sleep(0.2)  # so that connections are tried again between polls
        now = open_things()
        assert all(now[name] <= healthy[name] for name in healthy), (healthy, now)


@pytest.fixture
def no_collection() -> Iterator[None]:
    """What is only given back when garbage is collected counts as kept."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collection")
def test_nothing_piles_up_while_a_broker_is_paused(kafka: Cluster) -> None:
    """It is given up by the cluster after some polls."""
    with polling(kafka, request_timeout_seconds=0.5) as poller:
        wait_until(lambda: poller.poll().complete, "a complete poll")
        healthy = open_things()
        with broker_paused(kafka, BROKER):
            hold_open(poller, 20, healthy, up=True)
        wait_until(lambda: poller.poll().complete, "a complete poll")


@pytest.mark.usefixtures("no_collection")
def test_all_brokers_dead_and_back(kafka: Cluster, data: Data) -> None:
    with polling(kafka, request_timeout_seconds=3.0) as poller:
        good = wait_until(lambda: (view := in_time(poller)).complete and view, "a complete poll")
        healthy = open_things()
        try:
            for broker in kafka.ids:
                kafka.kill(broker)
            for _ in range(2):
                dead = in_time(poller)
                assert not dead.up
                assert all(kafka.address(broker) in dead.snapshot.error for broker in kafka.ids)
                assert "connection refused" in dead.snapshot.error
                assert dead.last_good is good
                assert dead.shown is good
            hold_open(poller, 20, healthy)
        finally:
            for broker in kafka.ids:
                kafka.start(broker, wait=False)
            kafka.wait_ready()
            kafka.wait_in_sync()
        data.mended(poller)


@pytest.mark.usefixtures("no_collection")
def test_all_brokers_paused(kafka: Cluster) -> None:
    """Nothing is refused, and nothing answers."""
    with polling(kafka, request_timeout_seconds=0.5) as poller:
        good = wait_until(lambda: (view := poller.poll()).complete and view, "a complete poll")
        healthy = open_things()
        try:
            for broker in kafka.ids:
                kafka.pause(broker)
            hung = in_time(poller)
            assert not hung.up
            assert hung.shown is good
            assert all(kafka.address(broker) in hung.snapshot.error for broker in kafka.ids)
            assert "does not respond" in hung.snapshot.error
            hold_open(poller, 6, healthy)
        finally:
            for broker in kafka.ids:
                kafka.resume(broker, wait=False)
            kafka.wait_ready()
            kafka.wait_in_sync()
        wait_until(lambda: in_time(poller).complete, "a complete poll")
