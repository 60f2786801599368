"""Real brokers of older Kafka releases, one after another: all that they serve is read, all that they lack is said."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from breakable import Cluster
from kafka_cluster import commit, consumer_group, make_topic, member, produce, wait_until
from real_kmon import polling, rows_of
from releases import RELEASES
from requirements import require

from kmon.demo.errors import DemoError
from kmon.demo.jars import kafka_jars
from monitor.collect.collectors.quorum import LEADER_AND_ISR
from monitor.collect.requests import PERMISSIONS
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

VERSIONS = {"3.9": "3.9.1", "4.0": "4.0.0"}
"""The patch release that stands for each release."""

LACKING = {
    "3.9": {"eligible_replicas", "fenced_brokers", "share_lag"},
    "4.0": {"eligible_replicas", "share_lag"},
}


class Old:
    """A broker of an old release with a topic and a classic group; on 4.0 a KIP-848 group, too."""

    def __init__(self, cluster: Cluster, release: str) -> None:
        self.cluster, self.release = cluster, release
        self.modern = release != "3.9"
        self.topic = make_topic(cluster, "old", partitions=2)
        for partition in (0, 1):
            produce(cluster, self.topic, partition, count=5 + partition)
        commit(cluster, "empty", {(self.topic, 0): 2, (self.topic, 1): 3}, metadata="a note")
        self.view: View


@pytest.fixture(scope="module", params=VERSIONS)
def old(request: pytest.FixtureRequest, kafka_here: None) -> Iterator[Old]:
    try:
        kafka_jars(VERSIONS[request.param])
    except DemoError as error:
        require("kafka", str(error))
    with ExitStack() as running:
        cluster = running.enter_context(Cluster(brokers=1, version=VERSIONS[request.param]))
        old = Old(cluster, request.param)
        consumer = running.enter_context(member(cluster, "classic", old.topic, client_id="classic-1"))
        wait_until(lambda: consumer.poll(500), "a record")
        consumer.commit()
        if old.modern:
            running.enter_context(consumer_group(cluster, "modern", old.topic))
        poller = running.enter_context(polling(cluster, internal_topics=True, collect={"producers": True}))
        old.view = wait_until(lambda: settled(poller, old), "groups that have read")
        yield old


def settled(poller: Poller, old: Old) -> View | None:
    """A View in which the KIP-848 group, where there is one, has read everything."""
    view = poller.poll()
    read = [row["lag"] for row in rows_of(view, "modern").values()] == [0, 0]
    return view if read or not old.modern else None


def test_nothing_of_it_is_an_error(old: Old) -> None:
    assert [each for each in old.view.snapshot.outcomes if not each.success] == []
    assert old.view.complete
    requests = old.view.snapshot.requests
    assert dict(zip(requests.api, requests.errors, strict=True)) == dict.fromkeys(requests.api, 0)


def test_versions_are_those_of_the_release(old: Old) -> None:
    """What releases.py says of it, by which its answers are made in other tests."""
    with polling(old.cluster) as poller:
        poller.poll()
        served = poller._client.served(1)
    assert served is not None
    known = RELEASES[old.release].served
    assert {key: versions for key, versions in served.items() if key in known} == known
    assert LEADER_AND_ISR not in served, "these have no ZooKeeper"
    assert old.view.snapshot.brokers.version.tolist() == [old.release]
    features = old.view.snapshot.features
    assert dict(zip(features.feature, features.level, strict=True))["metadata.version"] == (
        RELEASES[old.release].metadata_level
    )


def test_lag_is_the_truth(old: Old) -> None:
    empty = rows_of(old.view, "empty")
    assert {key[1]: (row["committed_offset"], row["end_offset"], row["lag"]) for key, row in empty.items()} == {
        0: (2, 5, 3),
        1: (3, 6, 3),
    }
    classic = rows_of(old.view, "classic")
    assert sum(int(str(row["lag"])) for row in classic.values()) == 10
    assert {row["client_id"] for row in classic.values()} == {"classic-1"}
    groups = old.view.snapshot.groups
    types = dict(zip(groups.group, groups.group_type, strict=True))
    assert types == {"empty": "classic", "classic": "classic"} | ({"modern": "consumer"} if old.modern else {})
    members = dict(zip(groups.group, groups.members, strict=True))
    assert members == {"empty": 0, "classic": 1} | ({"modern": 1} if old.modern else {})


def test_what_it_lacks_is_a_capability_with_a_reason(old: Old) -> None:
    table = old.view.snapshot.capabilities
    assert set(table.capability[table.available == 0]) == LACKING[old.release]
    assert all(table.why[table.available == 0])
    assert {each.capability for each in PERMISSIONS} <= set(table.capability[table.available == 1])


def test_the_rest_is_known(old: Old) -> None:
    snapshot = old.view.snapshot
    assert snapshot.controller == 1
    assert snapshot.cluster_id
    assert snapshot.quorum.node.tolist() == [1]
    assert not np.isnan(snapshot.offsets.end_offset).any()
    assert not np.isnan(snapshot.offsets.start_offset).any()
    assert not np.isnan(snapshot.offsets.stable_offset).any()
    assert len(snapshot.replicas) == len(snapshot.partitions)
    assert (snapshot.log_dirs.total_bytes > 0).all()
    assert (snapshot.topic_configs.min_insync_replicas == 1).all()
    assert (snapshot.broker_configs.offsets_retention_seconds == 7 * 86_400).all()
    assert all(snapshot.topics.topic_id)
