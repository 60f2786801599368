"""The formats of the page and their negotiation: OpenMetrics as Prometheus asks for it first, and the text format."""

import math

import pytest
from details import detailed_view
from hostile import any_text
from hypothesis import given
from metric_samples import samples
from prometheus_client import Metric
from prometheus_client.openmetrics import parser
from views import FixtureSource, shop_view

from exporters.families import FAMILIES
from exporters.formats import ESCAPINGS, FORMATS, OPENMETRICS, PLAIN, TEXT, Format, negotiated
from exporters.prometheus import MetricsPage
from monitor.model.alert_counters import AlertCounters, Counters
from monitor.model.snapshot import REQUEST_SECONDS

PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
OPENMETRICS_1 = "application/openmetrics-text; version=1.0.0; charset=utf-8"
OPENMETRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8"
TEXT_1 = "text/plain; version=1.0.0; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "form", "content_type"),
    [
        (PROMETHEUS_3, OPENMETRICS, f"{OPENMETRICS_1}; escaping=allow-utf-8"),
        (PROMETHEUS_3.replace("allow-utf-8", "underscores"), OPENMETRICS, f"{OPENMETRICS_1}; escaping=underscores"),
        (PROMETHEUS_2, OPENMETRICS, OPENMETRICS_1),
        ("application/openmetrics-text;version=0.0.1", OPENMETRICS, OPENMETRICS_0),
        ("application/openmetrics-text", OPENMETRICS, OPENMETRICS_0),
        ("application/openmetrics-text;version=0.0.1;escaping=dots", OPENMETRICS, OPENMETRICS_0),
        ("application/openmetrics-text;version=2.0.0", TEXT, PLAIN),
        ("application/openmetrics-text;version=2.0.0,text/plain;version=1.0.0;q=0.1", TEXT, TEXT_1),
        ("text/plain;version=1.0.0;escaping=values;q=0.4", TEXT, f"{TEXT_1}; escaping=values"),
        ("text/plain;version=1.0.0;escaping=<x>", TEXT, TEXT_1),
        ("text/plain;version=0.0.4;q=0.3,*/*;q=0.2", TEXT, PLAIN),
        ("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;version=1.0.0;q=0.8", TEXT, PLAIN),
        ("Text/Plain; Version=0.0.4; Q=0.3 , Application/OpenMetrics-Text; Version=1.0.0", OPENMETRICS, OPENMETRICS_1),
        ('application/openmetrics-text; version="1.0.0"', OPENMETRICS, OPENMETRICS_1),
        ("application/openmetrics-text;version=1.0.0;q=0", TEXT, PLAIN),
        ("application/openmetrics-text;version=1.0.0;q=high", TEXT, PLAIN),
        ("text/html,application/xhtml+xml,*/*;q=0.8", TEXT, PLAIN),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", TEXT, PLAIN),
        ("*/*", TEXT, PLAIN),
        ("", TEXT, PLAIN),
        (";;,=;q=,", TEXT, PLAIN),
    ],
)
def test_what_a_scraper_gets(accept: str, form: Format, content_type: str) -> None:
    assert negotiated(accept) == (form, content_type)


@given(any_text)
def test_any_header_has_an_answer_that_prometheus_reads(accept: str) -> None:
    form, content_type = negotiated(accept)
    assert form in FORMATS
    assert content_type.startswith(("text/plain; version=", "application/openmetrics-text; version="))
    assert content_type.partition("escaping=")[2] in {"", *ESCAPINGS}


def families(text: str) -> list[Metric]:
    """What the strict parser reads."""
    return list(parser.text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def page() -> MetricsPage:
    counters = AlertCounters(3, 1, (Counters("http://am:9093/api/v2/alerts"),))
    return MetricsPage(
        [FixtureSource(detailed_view()), FixtureSource(shop_view(cluster="shop"), cluster="shop")],
        None,
        lambda: counters,
    )


def test_the_strict_parser_reads_the_same_samples_in_openmetrics() -> None:
    both = page()
    text = both.body("", PROMETHEUS_3)[0].decode()
    assert text.endswith("\n# EOF\n")
    assert text.count("# EOF") == 1
    found = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families(text)
        for sample in family.samples
    }
    plain = samples(both)
    assert found.keys() == plain.keys()
    kmon = [key for key in plain if key[0].startswith("kmon_") and key[0] != "kmon_poll_duration_seconds"]
    assert [found[key] for key in kmon] == pytest.approx([plain[key] for key in kmon], nan_ok=True)


def test_every_family_has_its_type_and_unit_in_openmetrics() -> None:
    described = {each.name: each for each in families(page().body("", PROMETHEUS_3)[0].decode())}
    for family in FAMILIES:
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        found = described.get(family.name.removesuffix(suffix))
        if found is None:  # no line of this View
            continue
        assert (found.type, found.documentation) == (family.type, family.meaning)
        unit = next((unit for unit in ("seconds", "bytes", "ratio") if found.name.endswith(f"_{unit}")), "")
        assert not unit or found.unit == unit, found.name
    assert {each.type for each in described.values()} == {"gauge", "counter", "info", "histogram"}
    assert not [each for each in described if each.endswith("_created")]


def test_the_text_format_has_no_info() -> None:
    text = page().body()[0].decode()
    assert "# TYPE kmon_group_info gauge\n" in text
    assert "# TYPE kmon_kafka_requests_total counter\n" in text
    assert "# EOF" not in text
    assert "# UNIT" not in text


def test_the_durations_of_requests_are_a_histogram() -> None:
    found = samples(MetricsPage([FixtureSource(shop_view())]))
    of = {"cluster": "demo", "api": "ListOffsets", "broker": "2"}
    name = "kmon_kafka_request_duration_seconds"
    bounds = [*map(repr, REQUEST_SECONDS), "+Inf"]
    buckets = [found[f"{name}_bucket", frozenset({**of, "le": bound}.items())] for bound in bounds]
    assert buckets == [0, 5, 15, 20, 20, 20, 20, 20, 20, 20, 21, 21]
    assert found[f"{name}_count", frozenset(of.items())] == 21
    assert found[f"{name}_sum", frozenset(of.items())] == 0.9
    rows = [key for key in found if key[0] == f"{name}_count"]
    assert len(rows) == 2
    assert math.isclose(found[f"{name}_sum", frozenset({**of, "api": "Metadata", "broker": "1"}.items())], 0.05)


def test_each_format_is_compressed_when_it_was_scraped_so() -> None:
    source = FixtureSource(shop_view())
    both = MetricsPage([source])
    assert not both.ready("gzip", PROMETHEUS_3)
    both.answer("gzip", PROMETHEUS_3)
    source.show(shop_view(1))
    assert both.ready("gzip", PROMETHEUS_3)
    assert not both.ready("gzip"), "the text format was not asked for"
    source.show(shop_view(2))
    source.show(shop_view(3))
    assert not both.ready("gzip", PROMETHEUS_3), "nobody has asked lately"
