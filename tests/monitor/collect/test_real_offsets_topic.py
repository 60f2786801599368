"""An offsets topic without replicas on a real Kafka: groups without a coordinator stay, unknown, until it is back."""

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pytest
from alert_fixtures import rule_of
from breakable import Cluster
from kafka_cluster import broker_killed, commit_all, produce, unique, wait_until
from real_kmon import kmon, polling

from alerts.evaluator import Evaluator
from monitor.analysis.derive.completeness import lists_groups
from monitor.model.coordinators import OFFSETS_TOPIC, partition_of
from monitor.model.snapshot import KNOWN, NO_LEADER
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

BROKER = 2
"""The broker that is killed."""
GROUPS, PARTITIONS = 12, 6
"""Groups, and partitions of the offsets topic: each keeps some."""
OF_GROUPS = ("group_created", "group_deleted", "offsets_reset")
POLLS = 15


@pytest.fixture(scope="module")
def single(kafka_here: None) -> Iterator[Cluster]:
    """A cluster whose offsets topic has one replica of each partition."""
    with Cluster(
        brokers=3, config={"offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": PARTITIONS}
    ) as cluster:
        yield cluster


class Shop:
    """Groups that are behind on a topic which BROKER has no part in, each with an alert, and who coordinates them."""

    def __init__(self, cluster: Cluster, poller: Poller) -> None:
        topic = unique("elsewhere")
        with closing(cluster.admin()) as admin:
            others = [node for node in cluster.ids if node != BROKER]
            configs = {"min.insync.replicas": "1"}
            admin.create_topics({topic: {"assignments": {0: others}, "configs": configs}}, wait_for_metadata=True)
        produce(cluster, topic, count=5)
        made_up = (unique("group") for _ in count())
        self.groups = {
            next(each for each in made_up if partition_of(each, PARTITIONS) == at % PARTITIONS) for at in range(GROUPS)
        }
        commit_all(cluster, {group: {(topic, 0): 1} for group in self.groups})
        self.poller = poller
        self.evaluator = Evaluator([rule_of("Behind", lag_above=0)])
        self.good = self.complete()
        names = self.good.snapshot.groups
        self.coordinators = dict(zip(names.group.tolist(), names.coordinator.tolist(), strict=True))
        self.lost = {group for group in self.groups if self.coordinators[group] == BROKER}

    def poll(self) -> View:
        view = self.poller.poll()
        firing = {dict(row.labels)["group"] for row in self.evaluator.observe(view) if row.state == "firing"}
        assert not view.complete or firing >= self.groups
        self.firing = firing
        return view

    def complete(self) -> View:
        view: View = wait_until(lambda: (view := self.poll()).complete and view, "a complete poll")
        return view

    def told(self, view: View) -> list[str]:
        """What was said of groups since all was well."""
        before = self.good.event_counts
        return [kind for kind in OF_GROUPS if view.event_counts[kind] > before[kind]]

    def hold(self, view: View) -> None:
        """All groups are there, those of BROKER unknown for its sake, and nothing is complete, gone or resolved."""
        table = view.snapshot.groups
        rows = {group: view.group_rows[group] for group in self.groups}
        for group, row in rows.items():
            known = table.reason[row] == KNOWN
            assert known == (group not in self.lost), view.reasons[table.reason[row]]
            assert view.group_lags.lag[row] == 4 or not known
        assert not lists_groups(view.snapshot)
        assert view.totals.lag is None
        assert not view.complete
        assert self.firing >= self.groups
        assert self.told(view) == []


def leaderless(view: View) -> bool:
    partitions, topic = view.snapshot.partitions, view.topic_rows[OFFSETS_TOPIC]
    return bool((partitions.leader[partitions.topic == topic] == NO_LEADER).any())


def test_groups_without_a_coordinator_are_unknown_and_not_gone(single: Cluster) -> None:
    with polling(single, request_timeout_seconds=3.0) as poller:
        shop = Shop(single, poller)
        with broker_killed(single, BROKER):

            def fenced() -> View | None:
                shop.hold(view := shop.poll())
                return view if leaderless(view) else None

            view = wait_until(fenced, "an offsets partition without a leader")
            for _ in range(POLLS):
                shop.hold(view)
                reasons = {view.reasons[view.snapshot.groups.reason[view.group_rows[group]]] for group in shop.lost}
                numbers = {partition_of(group, PARTITIONS) for group in shop.lost}
                assert reasons == {f"partition {each} of {OFFSETS_TOPIC} has no leader" for each in numbers}
                assert f"{OFFSETS_TOPIC}: no leader of partition" in next(
                    each.error for each in view.snapshot.outcomes if each.collector == "groups"
                )
                time.sleep(0.3)
                view = shop.poll()
            done = kmon("lag", "-b", single.bootstrap, "--timeout", "10s")
            assert done.returncode == 1
            assert f"groups: {OFFSETS_TOPIC}: no leader of partition" in done.stderr
        back = shop.complete()
        assert shop.groups <= set(back.snapshot.groups.group.tolist())
        assert lists_groups(back.snapshot)
        assert shop.told(back) == []
        gone = min(shop.lost)
        with closing(single.admin()) as admin:
            admin.delete_groups([gone])
        after = poller.poll()
        assert gone not in after.group_rows
        assert shop.told(after) == ["group_deleted"]
        assert after.event_counts["group_deleted"] == 1
