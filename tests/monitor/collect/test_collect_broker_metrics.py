"""Brokers' own metrics: which endpoint is asked, what of it comes into the draft, and that no poll waits for one."""

import math
from dataclasses import dataclass, field
from typing import Any

import pytest
from answers import StubClient, new_draft
from metrics_endpoint import exporter_text
from pydantic import SecretStr

from monitor.collect.collectors.broker_metrics import BrokerMetricsCollector
from monitor.collect.draft import Draft
from monitor.collect.endpoints.fetch import Response
from monitor.collect.endpoints.text import Figures, Reader
from monitor.kafka.client.client import BrokerAddress
from monitor.model.broker_metrics import Endpoints, MetricName
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.selection import Choice
from monitor.model.table import Table
from monitor.settings.broker_metrics import BrokerMetricsSettings

URL = "http://{host}:9404/{rack}/{node}"
CLIENT = StubClient({}, [1, 2])


@dataclass
class Get:
    """A GET that ends when the test says so."""

    url: str
    response: Response | None = None
    ended: bool = False


@dataclass
class Gets:
    """Those that were begun. `texts` are by URL; one that is not there is under way until the test ends it."""

    texts: dict[str, str] = field(default_factory=dict)
    begun: list[Get] = field(default_factory=list)
    time: float = 1000.0

    def begin(self, url: str, endpoints: Endpoints, reader: Reader) -> Any:
        get = Get(url)
        self.begun.append(get)
        if url in self.texts:
            self.end(get, reader.read(self.texts[url].encode()))
        return get

    def end(self, get: Get, figures: Figures | Reason) -> None:
        get.response, get.ended = Response(figures, self.time), True

    @property
    def urls(self) -> list[str]:
        return [each.url for each in self.begun]


def draft(endpoints: Endpoints, *brokers: BrokerAddress) -> Draft:
    brokers = brokers or (BrokerAddress(1, "b1", 9092, "r1"), BrokerAddress(2, "b2", 9092, "r2"))
    return new_draft(brokers=[*brokers], choice=Choice(endpoints=endpoints))


def poll(collector: BrokerMetricsCollector, made: Draft) -> Draft:
    assert collector.ask(CLIENT, made) == []
    assert collector.read(CLIENT, made, [], []) == []
    return made


def row(table: Table | None, number: int) -> dict[str, Any]:
    assert table is not None
    return {each.name: getattr(table, each.name)[number] for each in table.schema()}


def reason(made: Draft, number: int) -> Reason:
    code = row(made.broker_metrics, number)["reason"]
    return next(each for each, known in made.reasons.items() if known == code)


@pytest.fixture
def gets() -> Gets:
    return Gets()


@pytest.fixture
def collector(gets: Gets) -> BrokerMetricsCollector:
    return BrokerMetricsCollector(gets.begin)


def test_without_an_endpoint_nobody_is_asked(collector: BrokerMetricsCollector, gets: Gets) -> None:
    made = poll(collector, draft(Endpoints()))
    assert gets.begun == []
    assert collector.kept
    assert made.broker_metrics is not None
    assert len(made.broker_metrics) == 0


def test_each_broker_is_asked_at_its_url(collector: BrokerMetricsCollector, gets: Gets) -> None:
    special = BrokerAddress(3, "::1", 9092, "a/b?c")
    brokers = (BrokerAddress(1, "b1", 9092, "r1"), BrokerAddress(2, "b2", 9092, "r2"), special)
    poll(collector, draft(Endpoints(URL, {2: "https://other/m?name={node}"}), *brokers))
    assert gets.urls == ["http://b1:9404/r1/1", "https://other/m?name=2", "http://[::1]:9404/a%2Fb%3Fc/3"]
    assert not collector.kept


def test_a_broker_without_a_url_has_no_row(collector: BrokerMetricsCollector, gets: Gets) -> None:
    made = poll(collector, draft(Endpoints(urls={2: "http://m/"})))
    assert gets.urls == ["http://m/"]
    assert made.broker_metrics is not None
    assert made.broker_metrics.broker.tolist() == [2]


@pytest.mark.parametrize(
    ("host", "rack", "detail"),
    [("b1/@evil", "r", "the host"), ("b1#", "r", "the host"), ("b1", None, "the missing rack")],
)
def test_metadata_that_does_not_fit_into_a_url_is_a_reason(
    collector: BrokerMetricsCollector, gets: Gets, host: str, rack: str | None, detail: str
) -> None:
    made = poll(collector, draft(Endpoints(URL), BrokerAddress(1, host, 9092, rack)))
    assert gets.begun == []
    assert reason(made, 0) == Reason(Kind.BAD_ENDPOINT, detail=detail)


def test_what_has_come_by_then_is_in_the_tables(collector: BrokerMetricsCollector, gets: Gets) -> None:
    gets.texts = {
        "http://b1:9404/": exporter_text(bytes_in=7, deprecated=3),
        "http://b2:9404/": "kafka_server_ReplicaManager_UnderReplicatedPartitions 4\n",
    }
    gets.time = 1002.5
    made = poll(collector, draft(Endpoints("http://{host}:9404/")))
    first, second = row(made.broker_metrics, 0), row(made.broker_metrics, 1)
    assert (first["broker"], first["bytes_in"], first["collected"]) == (1, 7, 1002.5)
    assert (second["broker"], second["under_replicated"]) == (2, 4)
    assert math.isnan(second["bytes_in"])
    assert reason(made, 0) == reason(made, 1) == NO_REASON
    assert made.broker_requests is not None
    assert made.broker_requests.request.tolist() == ["FetchConsumer", "FetchFollower", "Produce"]
    assert row(made.deprecated_requests, 0) == {
        "broker": 1,
        "request": "Fetch",
        "version": "3",
        "client_software": "librdkafka",
        "client_version": "0.11.4",
        "requests": 3,
    }


def test_requests_that_were_never_sent_have_no_row(collector: BrokerMetricsCollector, gets: Gets) -> None:
    """Kafka has their percentiles, which are 0, and no counter."""
    sample = 'kafka_network_requestmetrics_totaltimems{{request="{}",quantile="0.99"}} {}\n'.format
    gets.texts = {"http://m/": sample("Fetch", 0) + sample("Produce", 3)}
    made = poll(collector, draft(Endpoints(urls={1: "http://m/"})))
    assert made.broker_requests is not None
    assert made.broker_requests.request.tolist() == ["Produce"]


def test_what_comes_later_is_in_the_next_poll_and_a_broker_has_one_get_at_a_time(
    collector: BrokerMetricsCollector, gets: Gets
) -> None:
    endpoints = Endpoints("http://{host}:9404/")
    made = poll(collector, draft(endpoints))
    assert reason(made, 0) == Reason(Kind.NO_METRICS_YET)
    first, second = gets.begun
    gets.end(first, Figures(broker={"bytes_in": 5.0}))
    made = poll(collector, draft(endpoints))
    assert row(made.broker_metrics, 0)["bytes_in"] == 5
    assert reason(made, 1) == Reason(Kind.NO_METRICS_YET)
    assert gets.urls == [first.url, second.url, first.url]
    # While the next GET is under way, the numbers are those of the last one.
    assert row(poll(collector, draft(endpoints)).broker_metrics, 0)["bytes_in"] == 5


class EndsMeanwhile:
    """A GET whose response comes, and whose thread ends, just after it was asked for that response."""

    def __init__(self) -> None:
        self.ended = False
        self._response: Response | None = None

    @property
    def response(self) -> Response | None:
        before, self._response, self.ended = self._response, Response(Figures(broker={"bytes_in": 5.0}), 1.0), True
        return before


def test_a_get_that_ends_while_it_is_looked_at_is_not_lost() -> None:
    begun: list[Any] = []

    def begin(*_: Any) -> Any:
        begun.append(EndsMeanwhile())
        return begun[-1]

    collector, endpoints = BrokerMetricsCollector(begin), Endpoints(urls={1: "http://m/"})
    poll(collector, draft(endpoints))
    assert row(poll(collector, draft(endpoints)).broker_metrics, 0)["bytes_in"] == 5


def test_a_late_get_is_a_reason_and_no_second_one_begins_beside_it(
    collector: BrokerMetricsCollector, gets: Gets
) -> None:
    endpoints, late = Endpoints(urls={1: "http://m/"}), Reason(Kind.TIMEOUT, detail="after 5 s")
    poll(collector, draft(endpoints))
    gets.begun[0].response = Response(late, 1005.0)  # and its thread has not ended yet
    made = poll(collector, draft(endpoints))
    assert reason(made, 0) == late
    assert math.isnan(row(made.broker_metrics, 0)["collected"])
    assert len(gets.begun) == 1
    gets.begun[0].ended = True
    poll(collector, draft(endpoints))
    assert len(gets.begun) == 2


def test_a_broker_that_is_gone_has_no_row_and_the_others_keep_theirs(
    collector: BrokerMetricsCollector, gets: Gets
) -> None:
    gets.texts = {f"http://b{node}:9404/": exporter_text(bytes_in=node) for node in (1, 2)}
    endpoints = Endpoints("http://{host}:9404/")
    poll(collector, draft(endpoints))
    made = poll(collector, draft(endpoints, BrokerAddress(2, "b2", 9092, None)))
    assert made.broker_metrics is not None
    assert made.broker_metrics.broker.tolist() == [2]
    assert made.broker_metrics.bytes_in.tolist() == [2]


def test_names_of_the_settings_are_read(collector: BrokerMetricsCollector, gets: Gets) -> None:
    gets.texts = {"http://m/": "my_in 3\n"}
    endpoints = Endpoints(urls={1: "http://m/"}, names=(MetricName("my_in", "bytes_in"),))
    assert row(poll(collector, draft(endpoints)).broker_metrics, 0)["bytes_in"] == 3


def test_a_fault_of_its_own_makes_every_row_unknown(collector: BrokerMetricsCollector) -> None:
    made, why = draft(Endpoints(URL)), Reason(Kind.BROKEN_COLLECTOR, api="broker_metrics", detail="x")
    collector.fail(made, why)
    assert [reason(made, 0), reason(made, 1)] == [why, why]


def test_a_get_is_made_with_the_limits_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[Any, ...]] = []

    def fetch(*how: Any, access: Any) -> Get:
        made.append((*how, access))
        return Get(how[0])

    monkeypatch.setattr("monitor.collect.collectors.broker_metrics.Fetch", fetch)
    login = BrokerMetricsSettings(bearer_token=SecretStr("t0ken"))
    endpoints = Endpoints(urls={1: "http://m/"}, timeout_seconds=2.0, max_bytes=4096, access=login)
    poll(BrokerMetricsCollector(), draft(endpoints))
    assert [(*each[:3], each[-1]) for each in made] == [("http://m/", 2.0, 4096, login)]
