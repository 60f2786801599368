"""Figures of brokers in Prometheus's text format: the names of exporters, and texts that are hostile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics_endpoint import exporter_text
from prometheus_client.parser import text_string_to_metric_families

from monitor.collect.endpoints.names import KNOWN_NAMES
from monitor.collect.endpoints.text import LONGEST_LABELS, MOST_SAMPLES, MOST_TEXT, PIECE, Figures, Reader, pieces_of
from monitor.model.broker_metrics import FIGURES, MetricName
from monitor.model.reasons import Kind, Reason

READER = Reader(KNOWN_NAMES)
IDLE = '{name="RequestHandlerAvgIdlePercent"}'


def read(text: str) -> Figures:
    figures = READER.read(text.encode())
    assert isinstance(figures, Figures)
    return figures


def test_the_names_of_the_example_config() -> None:
    figures = read(exporter_text(bytes_in=7e6, idle_seconds=12.5, queue_ms=30, local_ms=40, requests=600, deprecated=9))
    assert figures.broker == {
        "bytes_in": 7e6,  # not the topic's own
        "bytes_out": 5e6,
        "handler_idle_seconds": pytest.approx(12.5),  # not the mean since the start
        "network_idle": 0.9,
        "under_replicated": 2,
    }
    assert figures.requests["FetchConsumer"] == pytest.approx(
        {
            "requests": 600,  # of all versions
            "total_p99_seconds": 0.572,
            "queue_p99_seconds": 0.03,
            "local_p99_seconds": 0.04,
            "remote_p99_seconds": 0.502,
            "throttle_p99_seconds": 0,
        }
    )
    assert figures.deprecated == {("Fetch", "3", "librdkafka", "0.11.4"): 9}


def test_the_text_of_the_fixture_is_one_that_prometheus_reads() -> None:
    assert list(text_string_to_metric_families(exporter_text(deprecated=1)))


@pytest.mark.parametrize(
    ("sample", "figure", "value"),
    [
        # jmx_exporter without rules: the domain, the type and the attribute, in letter case as they are.
        ('kafka_server_BrokerTopicMetrics_Count{name="BytesInPerSec"} 5', "bytes_in", 5.0),
        ('kafka_server_BrokerTopicMetrics_Count{name="BytesInPerSec",} 5.0E9', "bytes_in", 5e9),
        (f"kafka_server_KafkaRequestHandlerPool_Count{IDLE} 2E9", "handler_idle_seconds", 2),
        (f"kafka_server_KafkaRequestHandlerPool_OneMinuteRate{IDLE} 0.7", "handler_idle", 0.7),
        ('kafka_server_ReplicaManager_Value{name="UnderReplicatedPartitions"} 3', "under_replicated", 3),
        ('kafka_network_SocketServer_Value{name="NetworkProcessorAvgIdlePercent"} 0.5', "network_idle", 0.5),
        # Configs that name each attribute.
        ("kafka_server_brokertopicmetrics_bytesoutpersec_count 4 1790000000000", "bytes_out", 4),
        ("kafka_server_kafkarequesthandlerpool_requesthandleravgidlepercent_oneminuterate 0.25", "handler_idle", 0.25),
        ("kafka_server_ReplicaManager_UnderReplicatedPartitions_Value\t1", "under_replicated", 1),
    ],
)  # fmt: skip
def test_other_names_of_a_figure(sample: str, figure: str, value: float) -> None:
    assert read(f"{sample}\n").broker == {figure: pytest.approx(value)}


@pytest.mark.parametrize(
    "sample",
    [
        'kafka_network_RequestMetrics_99thPercentile{name="TotalTimeMs",request="Produce"} 250',
        'kafka_network_requestmetrics_totaltimems_99thpercentile{request="Produce"} 250',
        'kafka_network_requestmetrics_totaltimems{request="Produce",quantile="0.99"} 250',
    ],
)
def test_names_of_a_percentile(sample: str) -> None:
    assert read(sample).requests == {"Produce": {"total_p99_seconds": 0.25}}


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        (
            'request="Fetch",version="3",clientSoftwareName="a",clientSoftwareVersion="1"',
            ("Fetch", "3", "a", "1"),
        ),
        ('request="Fetch",clientSoftwareName="a\\"b\\\\\\n"', ("Fetch", "", 'a"b\\\n', "")),
    ],
)
def test_who_sends_deprecated_requests(labels: str, key: tuple[str, ...]) -> None:
    assert read(f"kafka_network_requestmetrics_deprecatedrequests_total{{{labels}}} 2").deprecated == {key: 2}


def test_names_of_the_settings_are_read_beside_those_that_are_known() -> None:
    reader = Reader((*KNOWN_NAMES, MetricName("my_in", "bytes_in", (("listener", "EXT"),), 1024.0)))
    figures = reader.read(b'my_in{listener="ext"} 2\nmy_in{listener="INT"} 9\n')
    assert isinstance(figures, Figures)
    assert figures.broker == {"bytes_in": 2048}


def test_a_number_that_its_scale_makes_too_large_is_unknown() -> None:
    reader = Reader([MetricName("a", "bytes_in", scale=1e15), MetricName("b", "bytes_out")])
    found = reader.read(b'a{x="1"} 9000\na{x="2"} 9300\nb 9.3e18\n')
    assert found == Figures(broker={"bytes_in": 9e18})


def test_every_known_name_is_of_a_figure() -> None:
    assert {each.figure for each in KNOWN_NAMES} == set(FIGURES)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e300", "", "x", "1" * 65])
def test_a_number_that_kafka_has_not_is_unknown(value: str) -> None:
    found = READER.read(f"kafka_server_brokertopicmetrics_bytesin_total {value}\n".encode())
    assert found == Reason(Kind.NO_KNOWN_METRICS)


@pytest.mark.parametrize("text", ["", "<html>", "up 1\n", "# kafka_server_brokertopicmetrics_bytesin_total 1\n"])
def test_a_text_without_a_known_metric_says_so(text: str) -> None:
    assert READER.read(text.encode()) == Reason(Kind.NO_KNOWN_METRICS)


def test_too_many_samples_are_not_read() -> None:
    line = 'kafka_network_requestmetrics_requests_total{{request="r{}"}} 1\n'
    assert isinstance(READER.read("".join(map(line.format, range(MOST_SAMPLES))).encode()), Figures)
    assert READER.read("".join(map(line.format, range(MOST_SAMPLES + 1))).encode()) == Reason(
        Kind.TOO_MANY_SAMPLES, detail="10,000"
    )


def test_long_labels_are_cut_and_longer_ones_skipped() -> None:
    metric = "kafka_network_requestmetrics_requests_total"
    assert read(f'{metric}{{request="{"a" * 300}"}} 1').requests == {"a" * MOST_TEXT: {"requests": 1}}
    assert not isinstance(READER.read(f'{metric}{{request="{"a" * LONGEST_LABELS}"}} 1'.encode()), Figures)


@pytest.mark.parametrize("unit", ["}", '"', '\\"', "a=", '{a="', "kafka_server_brokertopicmetrics_bytesin_total{", " "])
def test_a_text_that_never_ends_a_sample_is_read_in_one_pass(unit: str) -> None:
    # An expression that went back would take hours for this, and so the suite would not end.
    text = "kafka_server_brokertopicmetrics_bytesin_total{" + unit * (1_000_000 // len(unit))
    assert READER.read(text.encode()) == Reason(Kind.NO_KNOWN_METRICS)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_no_bytes_raise(before: bytes, labels: bytes) -> None:
    sample = b"kafka_network_requestmetrics_deprecatedrequests_total{" + labels + b'} 1\nclientSoftwareName="'
    assert READER.read(before + b"\n" + sample + before) is not None


def test_a_series_that_is_there_twice_counts_once() -> None:
    text = exporter_text(requests=600)
    assert read(text + text) == read(text)


@given(st.lists(st.sampled_from([0, 1, PIECE // 2, PIECE - 1, PIECE + 1, 3 * PIECE])))
def test_a_text_is_searched_in_pieces_of_whole_lines(lengths: list[int]) -> None:
    lines = [b"x" * each for each in lengths]
    pieces = list(pieces_of(b"\n".join(lines)))
    assert max(map(len, pieces), default=0) <= PIECE
    found = [len(line) for piece in pieces for line in piece.split("\n") if line]
    assert found == [each for each in lengths if 0 < each < PIECE]
