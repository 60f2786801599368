"""A real Kafka behind relays that hide newer versions and whole APIs, as managed services do: the same lag."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from breakable import Cluster
from kafka_cluster import commit_all, consumer_group, make_topic, member, produce, share_group, unique, wait_until
from real_kmon import polling, rows_of, settings_of
from said import is_true, said
from version_relay import Caps, capped

from monitor.kafka.client import apis
from monitor.model.view import View
from monitor.poll.poller import Poller

pytestmark = pytest.mark.kafka

COMMITTED = 20
"""How many groups have only committed."""

MANAGED: Caps = {
    apis.OFFSET_FETCH: 7,
    apis.LIST_OFFSETS: 7,
    apis.METADATA: 9,
    apis.DESCRIBE_GROUPS: 5,
    apis.DESCRIBE_LOG_DIRS: 3,
    apis.DESCRIBE_CLUSTER: 1,
    apis.DESCRIBE_QUORUM: None,
    apis.LIST_PARTITION_REASSIGNMENTS: None,
    apis.LIST_TRANSACTIONS: None,
    apis.DESCRIBE_TRANSACTIONS: None,
    apis.DESCRIBE_TOPIC_PARTITIONS: None,
}
"""Much of what some service or other does not have, all at once."""

CAPS: dict[str, Caps] = {
    **{f"OffsetFetch {version}": {apis.OFFSET_FETCH: version} for version in (5, 6, 7)},
    "managed": MANAGED,
}
LACKING = {"batched_commits"}
"""What no broker has here that is capped."""
LACKING_OF_MANAGED = {
    *LACKING,
    "quorum",
    "reassignments",
    "transactions",
    "fenced_brokers",
    "eligible_replicas",
    "volumes",
    "tiered_offsets",
    "tiered_end_offsets",
}


@pytest.fixture(scope="module")
def truth(kafka: Cluster) -> Iterator[tuple[Cluster, list[str], View]]:
    """Groups that stand still, their names, and a View of them without any cap."""
    topic, other = make_topic(kafka, "capped", partitions=3), make_topic(kafka, "capped", partitions=2)
    for partition in range(3):
        produce(kafka, topic, partition, count=10 + partition)
    produce(kafka, other, 1, count=4)
    committed = {unique("committed"): {(topic, n % 3): n % 10, (other, 1): n % 4} for n in range(COMMITTED)}
    commit_all(kafka, committed, metadata="a note")
    classic, consumer, share = unique("classic"), unique("consumer"), unique("share")
    names = [*committed, classic, consumer, share]
    with ExitStack() as running:
        reader = running.enter_context(member(kafka, classic, topic, client_id="classic-1"))
        wait_until(lambda: reader.poll(500), "a record")
        reader.commit()
        running.enter_context(consumer_group(kafka, consumer, topic))
        running.enter_context(share_group(kafka, share, topic))
        poller = running.enter_context(polling(kafka))
        yield kafka, names, wait_until(lambda: settled(poller, names), "groups that stand still")


def settled(poller: Poller, names: list[str]) -> View | None:
    """A View like that of the poll before, in which every lag is known."""
    earlier, view = poller.poll(), poller.poll()
    before, after = ({name: numbers(each, name) for name in names} for each in (earlier, view))
    known = all(rows and all(lag is not None for _, _, lag, _ in rows.values()) for rows in after.values())
    return view if before == after and known and view.complete else None


def numbers(view: View, group: str) -> dict[tuple[str, int], tuple[object, ...]]:
    """What lag is made of, by topic and partition, and who reads."""
    columns = ("committed_offset", "end_offset", "lag", "client_id")
    return {key: tuple(row.get(name) for name in columns) for key, row in rows_of(view, group).items()}


@pytest.fixture(scope="module", params=CAPS)
def found(request: pytest.FixtureRequest, truth: tuple[Cluster, list[str], View]) -> Iterator[tuple[str, View]]:
    kafka, _, _ = truth
    addresses = {node: kafka.address(node) for node in kafka.ids}
    with capped(addresses, CAPS[request.param]) as relays:
        poller = Poller(settings_of(relays.bootstrap))
        try:
            poller.poll()
            yield request.param, poller.poll()
        finally:
            poller.close()


def test_lag_is_that_of_brokers_without_a_cap(truth: tuple[Cluster, list[str], View], found: tuple[str, View]) -> None:
    _, names, whole = truth
    _, view = found
    for name in names:
        assert numbers(view, name) == numbers(whole, name), name
    assert view.complete
    assert not view.snapshot.requests.errors.any()


def test_the_client_stays_behind_the_relays(truth: tuple[Cluster, list[str], View], found: tuple[str, View]) -> None:
    kafka, _, _ = truth
    _, view = found
    brokers = view.snapshot.brokers
    addresses = {f"{host}:{port}" for host, port in zip(brokers.host, brokers.port.tolist(), strict=True)}
    assert len(addresses) == 3
    assert addresses.isdisjoint({kafka.address(node) for node in kafka.ids})


def test_commits_are_asked_for_by_one_request_a_group_and_counted(found: tuple[str, View]) -> None:
    _, view = found
    requests, asked = view.snapshot.requests, Counter[str]()
    for api, count in zip(requests.api, requests.requests.tolist(), strict=True):
        asked[str(api)] += int(count)
    groups = int((view.snapshot.groups.group_type != "share").sum())
    assert groups > COMMITTED
    assert asked["OffsetFetch"] == 2 * groups


def test_what_is_capped_is_a_capability_that_is_not_there(
    truth: tuple[Cluster, list[str], View], found: tuple[str, View]
) -> None:
    _, _, whole = truth
    name, view = found
    table, of_whole = view.snapshot.capabilities, whole.snapshot.capabilities
    lacking = set(table.capability[table.available == 0]) - set(of_whole.capability[of_whole.available == 0])
    assert lacking == (LACKING_OF_MANAGED if name == "managed" else LACKING)
    assert all(table.why[table.available == 0])


def test_the_rest_is_the_same(truth: tuple[Cluster, list[str], View], found: tuple[str, View]) -> None:
    _, _, whole = truth
    name, view = found
    ours, theirs = said(view.snapshot), said(whole.snapshot)
    for table in ("topics", "partitions", "groups", "members", "assignments", "topic_configs", "broker_configs"):
        assert len(ours[table]) == len(theirs[table]), table
        # Metadata v9 has no ids of topics.
        assert [row for row in ours[table] if not is_true(row, theirs[table])] == [], table
    assert view.snapshot.controller == (None if name == "managed" else whole.snapshot.controller)
    assert np.isnan(view.snapshot.log_dirs.total_bytes).all() == (name == "managed")
