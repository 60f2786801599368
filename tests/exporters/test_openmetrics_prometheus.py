"""A real Prometheus asks for OpenMetrics, gets it, and stores every sample of the page."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from details import detailed_view
from metric_samples import samples
from prometheus_server import query, scraping, until
from views import FixtureSource

from exporters.listen import serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server


class Asked:
    """What the scrapes asked for, by the page's own eyes."""

    def __init__(self, page: MetricsPage) -> None:
        self.accepts: set[str] = set()
        self._page = page

    def ready(self, accept_encoding: str = "", accept: str = "") -> bool:
        self.accepts.add(accept)
        return self._page.ready(accept_encoding, accept)

    def __getattr__(self, name: str) -> object:
        return getattr(self._page, name)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, MetricsPage, Asked]]:
    source = FixtureSource(detailed_view())
    page = MetricsPage([source])
    asked = Asked(page)
    with (
        serve(create_server([source], asked), "127.0.0.1", 0) as target,  # type: ignore[arg-type]
        scraping(target, Path(tmp_path_factory.mktemp("prometheus")), {}) as url,
    ):
        until(lambda: query(url, "kmon_cluster_up") or None)
        yield url, page, asked
    page.close()


@pytest.mark.prometheus
def test_prometheus_asks_for_openmetrics_first(scraped: tuple[str, MetricsPage, Asked]) -> None:
    url, page, asked = scraped
    (accept,) = asked.accepts
    assert page.body("", accept)[1]["Content-Type"].startswith("application/openmetrics-text; version=1.0.0;")
    described = httpx.get(f"{url}/api/v1/metadata", trust_env=False).json()["data"]
    assert described["kmon_group"][0]["type"] == "info", "a type that only OpenMetrics has"
    assert described["kmon_kafka_request_duration_seconds"][0] == {
        "type": "histogram",
        "help": described["kmon_kafka_request_duration_seconds"][0]["help"],
        "unit": "seconds",
    }


@pytest.mark.prometheus
def test_prometheus_stores_every_sample(scraped: tuple[str, MetricsPage, Asked]) -> None:
    url, page, _ = scraped
    stored = {
        (dict(labels)["__name__"], frozenset(pair for pair in labels if pair[0] not in {"__name__", "instance", "job"}))
        for labels in query(url, '{__name__=~"kmon_.*"}')
    }
    wanted = {
        (name, frozenset((key, value) for key, value in labels if value))
        for name, labels in samples(page)
        if name.startswith("kmon_")
    }
    assert stored == wanted
