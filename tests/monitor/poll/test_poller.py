"""A whole poll: the order of its questions, what a failure costs, and what is told of it."""

import gc
import math
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from answers import StubClient, timeout
from small_cluster import small_cluster
from views import NOW
from wire_bytes import varint

import monitor.poll.poller
from monitor.analysis.earlier_polls.freshness import Counters, Point
from monitor.collect.collectors import COLLECTORS
from monitor.collect.collectors.base import Collector, Reply
from monitor.collect.collectors.leader_offsets import EndOffsetCollector
from monitor.collect.draft import Draft
from monitor.kafka.client.apis import LIST_GROUPS, LIST_OFFSETS, METADATA, OFFSET_FETCH, Api
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.snapshot import Outcome
from monitor.model.table import objects
from monitor.model.view import View
from monitor.poll.poller import Clock, Poller
from monitor.settings.model import ClusterSettings
from monitor.settings.slos import SloSettings

SETTINGS = ClusterSettings(name="demo", bootstrap_servers=("127.0.0.1:1",))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> StubClient:
    stub = small_cluster()
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: stub)
    monkeypatch.setattr(monitor.poll.poller, "diagnose", lambda _servers, _protocol, error, _deadline: error)
    return stub


@pytest.fixture
def poller(client: StubClient) -> Poller:
    return Poller(SETTINGS)


def fail(client: StubClient, api: Api, *nodes: int | str) -> Callable[[], None]:
    """Let a broker, or all, time out on an API; the answer mends it."""
    good = client.replies[api.name]

    def reply(ask: Ask) -> Answer | Fault:
        return timeout(api, ask.node) if ask.node in nodes or not nodes else good(ask)

    client.replies[api.name] = reply
    return lambda: client.replies.update({api.name: good})


def outcome(view: View, name: str) -> Outcome:
    found = view.outcome(name)
    assert found is not None
    return found


def lags(view: View) -> dict[tuple[str, int], float]:
    groups, lag = view.snapshot.groups.group, view.lag
    return {(groups[g], int(p)): float(value) for g, p, value in zip(lag.group, lag.partition, lag.lag, strict=True)}


def test_a_poll_brings_everything(poller: Poller) -> None:
    for _ in range(2):
        view = poller.poll()
        assert view.complete
        assert view.snapshot.cluster_id == "abc"
        assert view.snapshot.controller == 2
        assert view.snapshot.groups.group.tolist() == ["readers", "sharers"]
        assert view.snapshot.offsets.end_offset.tolist() == [100, 200]
        assert view.snapshot.offsets.start_offset.tolist() == [0, 0]
        assert lags(view) == {("readers", 0): 10, ("readers", 1): 50, ("sharers", 0): 30}
        assert view.totals.lag == 90


def test_ends_are_asked_only_when_every_commit_has_come(poller: Poller, client: StubClient) -> None:
    poller.poll()
    asked = [place for place, (what, api, _) in enumerate(client.log) if (what, api) == ("ask", "ListOffsets")]
    ends = asked[2:6]  # before them starts; of them two are last stable; then records are dated
    assert len(ends) == 4
    for api in ("OffsetFetch", "DescribeShareGroupOffsets"):
        replies = [place for place, (what, each, _) in enumerate(client.log) if (what, each) == ("reply", api)]
        assert replies
        assert max(replies) < min(ends)


def test_starts_are_there_before_commits_are_asked(poller: Poller, client: StubClient) -> None:
    """Else records that are read, committed and then deleted within the poll would be lost records."""
    poller.poll()
    starts = [place for place, (what, api, _) in enumerate(client.log) if (what, api) == ("reply", "ListOffsets")][:2]
    for api in ("OffsetFetch", "DescribeShareGroupOffsets"):
        asked = [place for place, (what, each, _) in enumerate(client.log) if (what, each) == ("ask", api)]
        assert asked
        assert max(starts) < min(asked)


def test_lag_may_be_overstated_and_is_never_too_small(poller: Poller, client: StubClient) -> None:
    """A record that is produced and committed while the poll runs must not make the commit newer than the end."""
    import small_cluster as cluster

    poller.poll()
    fetch = client.replies["OffsetFetch"]

    def produced_before_commits_are_read(ask: Ask) -> Answer | Fault:
        cluster.END[0], cluster.COMMITTED[0] = 500, 490
        return fetch(ask)

    client.replies["OffsetFetch"] = produced_before_commits_are_read
    try:
        view = poller.poll()
    finally:
        cluster.END[0], cluster.COMMITTED[0] = 100, 90
    assert lags(view)["readers", 0] == 10


def test_the_number_of_requests_grows_with_brokers_alone(poller: Poller, client: StubClient) -> None:
    poller.poll()
    client.log.clear()
    poller.poll()
    asked = Counter(api for what, api, _ in client.log if what == "ask")
    once = ["DescribeQuorum", "OffsetFetch", "DescribeShareGroupOffsets", "DescribeGroups"]
    once += ["DescribeCluster", "ListPartitionReassignments"]
    ends_and_stable = 2 * 2
    assert asked == {
        **dict.fromkeys([*once, "ShareGroupDescribe"], 1),
        "Metadata": 2,
        "ListGroups": 2,
        "ListOffsets": ends_and_stable,
    }


def test_a_broker_that_times_out_costs_its_own_rows(poller: Poller, client: StubClient) -> None:
    poller.poll()
    fail(client, LIST_OFFSETS, 2)
    view = poller.poll()
    assert view.up
    assert not view.complete
    found = lags(view)
    assert (found["readers", 0], found["sharers", 0]) == (10, 30)
    assert math.isnan(found["readers", 1])
    assert outcome(view, "end_offsets").error == "broker 2: timed out after 3.0 s"
    assert view.totals.lag is None
    assert view.totals.lag_at_least == 40
    assert {each.collector for each in view.snapshot.outcomes if each.success} == {
        each.name for each in COLLECTORS if each.name not in ("stable_offsets", "end_offsets")
    }


def test_commits_that_fail_leave_their_group_unknown(poller: Poller, client: StubClient) -> None:
    fail(client, OFFSET_FETCH)
    view = poller.poll()
    row = view.group_rows["readers"]
    assert math.isnan(view.group_lags.lag[row])
    assert view.reasons[view.group_lags.reason[row]] == "broker 1: timed out after 3.0 s"
    assert view.group_lags.lag[view.group_rows["sharers"]] == 30


def test_a_broker_that_does_not_list_its_groups_leaves_the_total_unknown(poller: Poller, client: StubClient) -> None:
    fail(client, LIST_GROUPS, 2)
    view = poller.poll()
    assert view.snapshot.groups.group.tolist() == ["readers"]
    assert view.totals.lag is None


@pytest.mark.parametrize("method", ["ask", "read"])
@pytest.mark.parametrize("collector", COLLECTORS[1:], ids=lambda each: each.name)
def test_a_collector_that_breaks_costs_its_own_rows(
    poller: Poller, method: str, collector: type[Collector], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = poller.poll()

    def broken(*_args: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(collector, method, broken)
    view = poller.poll()
    reason = f"collector {collector.name} failed: RuntimeError: broken on purpose"
    assert [each.collector for each in view.snapshot.outcomes if not each.success] == [collector.name]
    assert outcome(view, collector.name).error == reason
    assert outcome(view, collector.name).collected_at == outcome(good, collector.name).collected_at
    assert view.up
    assert view.snapshot.topics.topic.tolist() == ["orders"]
    assert view.snapshot.groups.group.tolist() == ["readers", "sharers"]
    monkeypatch.undo()


@pytest.mark.parametrize("name", ["commits", "share_offsets"])
def test_a_collector_that_breaks_in_its_first_question_leaves_its_groups_unknown(
    poller: Poller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError("broken on purpose")

    (collector,) = (each for each in COLLECTORS if each.name == name)
    monkeypatch.setattr(collector, "ask", broken)
    view = poller.poll()
    row = view.group_rows["readers" if name == "commits" else "sharers"]
    assert math.isnan(view.group_lags.lag[row])
    assert view.totals.groups_unknown == 1


def test_without_the_metadata_s_meaning_the_cluster_is_down_and_not_empty(
    poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = poller.poll()

    def broken(*_args: object) -> None:
        raise ValueError("not understood")

    monkeypatch.setattr(COLLECTORS[0], "read", broken)
    view = poller.poll()
    assert view.snapshot.error == "collector cluster failed: ValueError: not understood"
    assert not view.up
    assert view.shown is good


def test_a_cluster_that_fails_gives_the_reason_and_the_last_good_view(poller: Poller, client: StubClient) -> None:
    good = poller.poll()
    mend = fail(client, METADATA)
    for _ in range(2):
        view = poller.poll()
        assert not view.up
        assert "broker-1:9092: timed out after 3.0 s" in view.snapshot.error
        assert view.last_good is good
        assert view.shown is good
        assert all(not each.success for each in view.snapshot.outcomes)
        assert [each.collected_at for each in view.snapshot.outcomes] == [
            each.collected_at for each in good.snapshot.outcomes
        ]
        assert len(view.snapshot.topics) == 0
        assert len(view.snapshot.requests) == 0
    mend()
    back = poller.poll()
    assert back.complete
    assert back.last_good is None


def test_a_collector_that_did_not_run_has_no_duration(poller: Poller, client: StubClient) -> None:
    ran = {each.collector for each in poller.poll().snapshot.outcomes if each.duration_seconds is not None}
    assert ran == {each.name for each in COLLECTORS if not each.opt_in}
    later = poller.poll()
    assert outcome(later, "commits").duration_seconds is not None
    for name in ("log_dirs", "start_offsets"):  # given out from the first poll
        kept = outcome(later, name)
        assert (kept.duration_seconds, kept.success, kept.ran) == (None, True, True)
    off = outcome(later, "producers")
    assert (off.duration_seconds, off.collected_at, off.ran) == (None, None, False)
    fail(client, METADATA)
    for each in poller.poll().snapshot.outcomes:
        assert each.ran == (each.duration_seconds is not None) == (each.collector == "cluster")


def test_a_collector_that_failed_in_its_last_run_goes_on_to_say_so(poller: Poller, client: StubClient) -> None:
    mend = fail(client, LIST_OFFSETS)
    assert not outcome(poller.poll(), "end_offsets").success
    mend()
    assert outcome(poller.poll(), "end_offsets").success


def test_a_cluster_that_never_answered_has_no_last_good_view(poller: Poller, client: StubClient) -> None:
    fail(client, METADATA)
    for _ in range(3):
        view = poller.poll()
        assert view.last_good is None
        assert view.shown is view
        assert [each.collected_at for each in view.snapshot.outcomes] == [None] * len(COLLECTORS)


def ticking() -> Poller:
    """A Poller whose clock gives out every second once."""
    seconds = count(1_000.0)
    return Poller(SETTINGS, clock=Clock(unix=lambda: next(seconds)))


def test_what_was_collected_has_the_time_of_its_answer(client: StubClient) -> None:
    poller = ticking()
    first = poller.poll()
    fail(client, LIST_OFFSETS)
    second = poller.poll()

    def age(name: str) -> tuple[bool, bool]:
        """Whether the collector succeeded in the second poll, and whether its tables are newer than the first's."""
        one, two = (outcome(view, name).collected_at for view in (first, second))
        assert one is not None
        assert two is not None
        return outcome(second, name).success, two > one

    assert age("cluster") == (True, True)
    assert age("commits") == (True, True)
    assert age("start_offsets") == (True, False)  # kept from the first poll
    assert age("end_offsets") == (False, False)


def test_metadata_from_another_broker_is_as_fresh(client: StubClient) -> None:
    poller = ticking()
    first = poller.poll()
    fail(client, METADATA, 1)
    second = poller.poll()
    one, two = (outcome(view, "cluster").collected_at for view in (first, second))
    assert one is not None
    assert two is not None
    assert two > one
    assert second.up


def test_a_closed_client_ends_the_poll_instead_of_inventing_a_dead_cluster(
    poller: Poller, client: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(
        _self: EndOffsetCollector, _client: Client, _draft: Draft, _asks: Sequence[Ask], _replies: Sequence[Reply]
    ) -> None:
        client.close()
        raise RuntimeError("NetworkSelector closed!")

    monkeypatch.setattr(EndOffsetCollector, "read", closed)
    with pytest.raises(RuntimeError, match="NetworkSelector closed!"):
        poller.poll()


def padded(reply: Callable[[Ask], Reply], size: int) -> Callable[[Ask], Reply]:
    """The same answers with so many bytes more, in a tagged field that nobody knows."""

    def give(ask: Ask) -> Reply:
        answer = reply(ask)
        if isinstance(answer, Fault) or answer.version < answer.api.flexible:
            return answer
        return replace(answer, body=answer.body[:-1] + varint(1) + varint(4_000) + varint(size) + bytes(size))

    return give


def test_no_bytes_of_an_answer_are_kept(client: StubClient) -> None:
    """Each broker may answer at once as much as the budget allows: what were kept of each would add up beyond it."""
    size = 2**20
    poller = Poller(SETTINGS)
    assert poller.poll().complete
    tracemalloc.start()
    try:
        client.replies = {name: padded(reply, size) for name, reply in client.replies.items()}
        for _ in range(2):
            view = poller.poll()
            assert view.complete
            assert tracemalloc.get_traced_memory()[1] > size
        del view
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < size // 2
    finally:
        tracemalloc.stop()


def test_burn_rates_go_on_from_what_is_kept_and_polls_that_fail_keep_nothing(client: StubClient) -> None:
    limits, ago = np.array([60.0]), np.array([-40.0])
    earlier = (Point(-100.0, ago, 2 * ago), Point(0.0, np.zeros(1), np.zeros(1)))
    counters = Counters(objects(["readers"]), limits, np.full(1, np.nan), np.zeros(1), earlier)
    offered: list[tuple[Counters, float]] = []

    class Kept:
        def load(self, unix: float, monotonic: float) -> Counters:
            assert (unix, monotonic) == (NOW, 20.0)
            return counters

        def offer(self, counters: Counters, offset: float) -> None:
            offered.append((counters, offset))

    slos = (SloSettings.model_validate({"groups": "readers", "time_lag": "60s", "objective": 99}),)
    settings = SETTINGS.model_copy(update={"slos": slos})
    poller = Poller(settings, clock=Clock(lambda: NOW, lambda: 20.0), kept=Kept())
    view = poller.poll()
    assert view.freshness.burn_rate_5m_at_least[view.group_rows["readers"]] == pytest.approx(40 / 300 / 0.01)
    assert view.freshness.observed_seconds[view.group_rows["readers"]] == 0
    ((newest, offset),) = offered
    assert [each.time for each in newest.points] == [-100, 0, 20]
    assert offset == NOW - 20
    fail(client, METADATA)
    assert not poller.poll().up
    assert len(offered) == 1
