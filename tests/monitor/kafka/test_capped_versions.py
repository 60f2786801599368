"""Every request that kmon sends, to brokers that serve it in older versions only, or not at all: never a wrong number.

What such brokers lack is a fallback, which gives the same numbers, or a reason.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from recorded import Served, load, replaying
from releases import OldClient, Release
from said import is_true, said

from monitor.collect import requests
from monitor.collect.collectors import COLLECTORS
from monitor.collect.requests import Request
from monitor.kafka.client.apis import GROUP_TYPES
from monitor.model.reasons import Kind
from monitor.model.table import Floats
from monitor.model.view import View

RECORDING = load()
LATEST = Release(RECORDING.served, 33, ("classic", "consumer", "share", "streams"))
REQUESTS = {f"{each.api.name} v{each.api.oldest}": each for collector in COLLECTORS for each in collector.sends}

MEMBERS = {"groups", "members", "assignments", "target_assignments", "tasks", "subtopologies"}
LOST = {
    "ListGroups": {*MEMBERS, "commits"},
    "DescribeGroups": MEMBERS,
    "ConsumerGroupDescribe": MEMBERS,
    "ShareGroupDescribe": MEMBERS,
    "StreamsGroupDescribe": MEMBERS,
    "OffsetFetch": {"commits"},
    "DescribeShareGroupOffsets": {"commits"},
    # Producers are asked of partitions whose last stable offset is behind the end.
    "ListOffsets": {"offsets", "tiered_offsets", "producers"},
    "DescribeCluster": {"brokers"},
    "ApiVersions": {"brokers", "features"},
    "DescribeTopicPartitions": {"eligible_replicas"},
    "DescribeConfigs": {"topic_configs", "broker_configs"},
    "ListTransactions": {"transactions", "transaction_partitions"},
    "DescribeTransactions": {"transactions", "transaction_partitions"},
    "DescribeProducers": {"producers"},
    "DescribeLogDirs": {"log_dirs", "replicas"},
    "ListPartitionReassignments": {"reassignments"},
    "DescribeQuorum": {"quorum"},
}
"""The tables of which less is known without an API; all others have to be the same. Without Metadata there are none."""
GAINED = {
    # Whether the feature is on is unknown then, so that this is asked all the same.
    "ApiVersions": {"eligible_replicas"},
}
FALLBACKS = {"OffsetFetch v8 older"}
"""Where all that is known is the same."""


def _caps(request: Request) -> Iterator[tuple[str, Served]]:
    """What brokers may serve instead: nothing of the API, its first version only, or all below what is needed."""
    key, oldest = request.api.key, request.api.oldest
    yield "absent", {each: versions for each, versions in RECORDING.served.items() if each != key}
    if oldest > 0:
        yield "first", {**RECORDING.served, key: (0, 0)}
        yield "older", {**RECORDING.served, key: (0, oldest - 1)}


CASES = {f"{name} {how}": served for name, request in REQUESTS.items() for how, served in _caps(request)}


def poll(served: Served) -> View:
    """The second poll of brokers that serve this."""
    knows_types = GROUP_TYPES.version(served) is not None
    release = replace(LATEST, served=served, group_types=LATEST.group_types if knows_types else ("classic",))
    with replaying(OldClient(RECORDING, release)) as poller:
        poller.poll()
        return poller.poll()


@cache
def whole() -> View:
    return poll(RECORDING.served)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, View]:
    return request.param, poll(CASES[request.param])


def api_of(name: str) -> str:
    return name.split(" ", 1)[0]


def test_every_api_has_its_cases() -> None:
    assert {api_of(name) for name in REQUESTS} == LOST.keys() | {"Metadata"}


def test_no_collector_breaks(case: tuple[str, View]) -> None:
    _, view = case
    broken = [why for each in view.snapshot.outcomes for why in each.errors if why.kind is Kind.BROKEN_COLLECTOR]
    assert broken == []


def test_all_that_is_known_is_true(case: tuple[str, View]) -> None:
    name, view = case
    true = said(whole().snapshot)
    differ = {"capabilities", *GAINED.get(api_of(name), ())}
    if api_of(name) == "ApiVersions":  # its own newest version is what tells Kafka 4.4 from 4.3
        true["brokers"] = [(*row[:-1], None if row[-1] is None else "4.3") for row in true["brokers"]]
    for table, rows in said(view.snapshot).items():
        wrong = [row for row in rows if table not in differ and not is_true(row, true[table])]
        assert wrong == [], table
    assert view.snapshot.controller in (whole().snapshot.controller, None)


def test_all_that_does_not_depend_on_it_is_known(case: tuple[str, View]) -> None:
    name, view = case
    if api_of(name) == "Metadata":
        assert not view.up
        return
    lost = {"capabilities", *LOST[api_of(name)], *GAINED.get(api_of(name), ())} - (
        {"commits"} if name in FALLBACKS else set()
    )
    true = said(whole().snapshot)
    assert {table: rows for table, rows in said(view.snapshot).items() if table not in lost} == {
        table: rows for table, rows in true.items() if table not in lost
    }


def test_lag_is_the_same_or_unknown_with_a_reason(case: tuple[str, View]) -> None:
    name, view = case
    if not view.up:
        return
    true, found = lags(whole()), lags(view)
    for row, (lag, why) in found.items():
        assert why if lag is None else lag == true[row][0], row
    if name in FALLBACKS:
        assert found == true


def lags(view: View) -> dict[tuple[str, str, int], tuple[float | None, str]]:
    """Lag and why it is unknown, by group, topic and partition."""
    snapshot, lag = view.snapshot, view.lag
    keys = zip(snapshot.groups.group[lag.group], snapshot.topics.topic[lag.topic], lag.partition.tolist(), strict=True)
    whys = [view.reasons[code] for code in lag.reason.tolist()]
    return dict(zip(keys, zip(known(lag.lag), whys, strict=True), strict=True))


def test_what_is_lost_has_a_reason(case: tuple[str, View]) -> None:
    """A capability that is not there, or a request that was not answered, in the words of users."""
    name, view = case
    if not view.up:
        assert "Metadata is not served by this broker" in view.snapshot.error
        return
    before, now = capabilities(whole()), capabilities(view)
    lost = {each for each, (available, _) in now.items() if available != 1 and before[each][0] != available}
    whys = [now[each][1] for each in lost]
    whys += [str(why) for each in view.snapshot.outcomes for why in each.errors if why.kind is Kind.UNSUPPORTED]
    same = said(view.snapshot) == said(whole().snapshot)
    assert all(whys)
    assert same or whys
    request = REQUESTS[name.rsplit(" ", 1)[0]]
    if request.capability:
        assert now[request.capability][0] != 1, "what is not served is not a capability that is there"
        assert now[request.capability][1]


def capabilities(view: View) -> dict[str, tuple[float | None, str]]:
    table = view.snapshot.capabilities
    return dict(zip(table.capability, zip(known(table.available), table.why, strict=True), strict=True))


def known(numbers: Floats) -> list[float | None]:
    return [None if np.isnan(each) else each for each in numbers.tolist()]


def test_old_commits_are_a_capability() -> None:
    view = poll(CASES["OffsetFetch v8 older"])
    available, why = capabilities(view)[requests.BATCHED_COMMITS.capability]
    assert (available, why) == (
        0,
        "commits are read one group at a time from broker 1, 2, which does not serve OffsetFetch v8",
    )
    assert view.complete == whole().complete
