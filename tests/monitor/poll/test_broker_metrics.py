"""Whole polls of a scripted cluster whose brokers have made-up metrics endpoints on loopback."""

from collections.abc import Iterator

import pytest
from metrics_endpoint import GUARD_SECONDS, MetricsEndpoint, endpoints, exporter_text
from small_cluster import small_cluster

import monitor.poll.poller
from monitor.collect.collectors.broker_metrics import BrokerMetricsCollector
from monitor.model.view import View
from monitor.poll.poller import Clock, Poller
from monitor.settings.broker_metrics import BrokerMetricsSettings, EndpointSettings
from monitor.settings.model import ClusterSettings
from monitor.subjects import SUBJECTS

Two = list[MetricsEndpoint]


@pytest.fixture
def two() -> Iterator[Two]:
    with endpoints(exporter_text(), exporter_text(deprecated=100)) as both:
        yield both


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def poller(two: Two, now: list[float], monkeypatch: pytest.MonkeyPatch) -> Poller:
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: small_cluster())
    own = tuple(EndpointSettings(node=node, url=each.url) for node, each in enumerate(two, 1))
    metrics = BrokerMetricsSettings(brokers=own, timeout_seconds=GUARD_SECONDS)
    settings = ClusterSettings(name="demo", bootstrap_servers=("127.0.0.1:1",), broker_metrics=metrics)
    return Poller(settings, clock=Clock(monotonic=lambda: now[0]))


def settled(poller: Poller, two: Two) -> View:
    """A poll, and one more that reads what the endpoints responded to the first."""
    collector = next(each for each in poller._collectors if isinstance(each, BrokerMetricsCollector))
    poller.poll()
    for each in list(collector._under_way.values()):
        each.wait()
    return poller.poll()


def brokers(view: View) -> dict[int, dict[str, object]]:
    return {int(row["broker"]): row for row in SUBJECTS["broker"].plain(view)}


def test_figures_of_each_broker_and_one_get_a_poll(poller: Poller, two: Two) -> None:
    view = settled(poller, two)
    rows = brokers(view)
    for node in (1, 2):
        assert (rows[node]["metrics_up"], rows[node]["under_replicated"]) == (True, 2)
        assert rows[node]["fetch_p99_seconds"] == 0.505
    assert [len(each.gets) <= 2 for each in two] == [True, True]
    assert [row["request"] for row in SUBJECTS["broker_request"].plain(view)] == [
        "FetchConsumer",
        "FetchFollower",
        "Produce",
    ] * 2
    (deprecated,) = SUBJECTS["deprecated_request"].plain(view)
    assert (deprecated["broker"], deprecated["client_software"], deprecated["requests"]) == (2, "librdkafka", 100)


def test_a_broker_without_metrics_costs_only_its_own_figures(poller: Poller, two: Two) -> None:
    two[1].status = 404
    view = settled(poller, two)
    rows = brokers(view)
    assert (rows[1]["metrics_up"], rows[1]["metrics_reason"]) == (True, None)
    assert (rows[2]["metrics_up"], rows[2]["metrics_reason"]) == (
        False,
        "the metrics endpoint responded with HTTP 404",
    )
    assert rows[2]["fetch_p99_seconds"] is None
    assert rows[2]["level"] == "ok"
    assert view.complete


def test_an_endpoint_that_hangs_holds_nothing_up(poller: Poller, two: Two) -> None:
    two[0].hangs = two[1].hangs = True
    view = poller.poll()
    assert view.totals.lag == 90  # of both groups, as without metrics
    rows = brokers(view)
    assert (rows[1]["metrics_up"], rows[1]["metrics_reason"]) == (
        None,
        "no metrics yet: the first response is read in a later poll",
    )


def test_without_settings_nothing_is_requested_and_the_reason_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor.poll.poller, "Client", lambda *_args, **_options: small_cluster())
    view = Poller(ClusterSettings(name="demo", bootstrap_servers=("127.0.0.1:1",))).poll()
    row = brokers(view)[1]
    assert (row["metrics_up"], row["metrics_reason"]) == (None, "no metrics endpoint is set (broker_metrics)")
    outcome = view.outcome("broker_metrics")
    assert outcome is not None
    assert (outcome.success, outcome.duration_seconds) == (True, None)
