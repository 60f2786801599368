"""A real Prometheus scrapes a page with all names, and queries as published dashboards and rules have them find data.

The queries are written here, over the metrics and labels that PUBLISHED has of each dashboard or set of rules: at least
one for each metric, of the shape that it is used in there.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from other_exporters import PUBLISHED, SERVED, whole_view
from prometheus_server import query, scraping, until
from views import FixtureSource

from exporters.listen import serve
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from monitor.settings.metrics import NAMES, MetricsSettings

LABELS = {"namespace": "monitoring", "kafka_cluster": "shop"}
"""Labels of the target that dashboards select, as Kubernetes or an operator adds them."""

TOPIC = 'topic=~".+",topic!="__consumer_offsets"'
OF_KE = f'{{job="kmon",instance=~".+",{TOPIC}}}'
OF_KLE = '{namespace="monitoring",cluster_name="demo",group=~".+",group!=""}'
OF_TOPICS = '{namespace="monitoring",cluster_name="demo"}'
PER_TOPIC = "* on (topic_name) group_left (partition_count)"
WITH_END = "+ on (namespace, cluster_name, topic, partition) group_left ()"
OF_KLX = '{cluster_name=~"demo",group=~".*"}'

QUERIES: dict[str, tuple[str, ...]] = {
    "kafka_exporter: kafka_exporter_overview.json (Grafana 7589)": (
        f"sum by (topic) (rate(kafka_topic_partition_current_offset{OF_KE}[1m]))",
        f"sum by (topic) (delta(kafka_topic_partition_current_offset{OF_KE}[5m]) / 5)",
        f"sum by (consumergroup, topic) (kafka_consumergroup_lag{OF_KE})",
        f"sum by (consumergroup, topic) (delta(kafka_consumergroup_current_offset{OF_KE}[5m]) / 5)",
        f"sum by (topic) (kafka_topic_partitions{OF_KE})",
    ),
    "kafka_exporter: rules of its chart": (
        f"kafka_topic_partition_in_sync_replica{{{TOPIC}}} - kafka_topic_partition_replicas{{{TOPIC}}} != 0",
        f"rate(kafka_topic_partition_leader{{{TOPIC}}}[5m]) == 0",
        "kafka_brokers < 4",
    ),
    "kafka_exporter: kafka-observ-lib of grafana/jsonnet-libs": (
        f'sum by (kafka_cluster, topic, consumergroup) (delta(kafka_consumergroup_lag{{{TOPIC},job!=""}}[5m]))',
        f'sum by (kafka_cluster, topic, consumergroup) (kafka_consumergroup_lag{{{TOPIC},consumergroup!=""}}) > 100',
        f"sum by (consumergroup, topic) (rate(kafka_consumergroup_current_offset{{{TOPIC}}}[1m]))",
        f"sum by (topic, partition) (rate(kafka_topic_partition_current_offset{{{TOPIC}}}[1m]))",
    ),
    "kminion: docs/metrics.md and its users' queries": (
        "sum by (broker_id) (kminion_kafka_broker_log_dir_size_total_bytes)",
        "count by (cluster_version, broker_count, controller_id) (kminion_kafka_cluster_info)",
        'sum by (group_id) (kminion_kafka_consumer_group_empty_members{group_id=~".+"})',
        'count by (state) (kminion_kafka_consumer_group_info{group_id=~".+"})',
        "sum by (group_id) (kminion_kafka_consumer_group_members)",
        "topk(5, sum by (group_id) (kminion_kafka_consumer_group_topic_lag))",
        'kminion_kafka_consumer_group_topic_lag{group_id="ledger",topic_name="payments"} > 1000',
        "sum by (group_id, topic_name) (rate(kminion_kafka_consumer_group_topic_offset_sum[1m]))",
        "topk(10, kminion_kafka_consumer_group_topic_partition_lag)",
        'sum by (partition_id) (kminion_kafka_consumer_group_topic_partition_lag{topic_name="orders"})',
        "rate(kminion_kafka_received_bytes[1m])",
        "rate(kminion_kafka_requests_received_total[1m])",
        "rate(kminion_kafka_requests_sent_total[1m])",
        "sum by (topic_name) (rate(kminion_kafka_topic_high_water_mark_sum[1m]))",
        "kminion_kafka_topic_high_water_mark_sum - kminion_kafka_topic_low_water_mark_sum",
        "count by (partition_count, replication_factor) (kminion_kafka_topic_info)",
        f"kminion_kafka_topic_log_dir_size_total_bytes {PER_TOPIC} kminion_kafka_topic_info",
        "sum by (topic_name, partition_id) (rate(kminion_kafka_topic_partition_high_water_mark[1m]))",
    ),
    "kafka_lag_exporter: Kafka_Lag_Exporter_Dashboard.json": (
        f"topk(50, kafka_consumergroup_group_max_lag_seconds{OF_KLE})",
        f"topk(50, kafka_consumergroup_group_max_lag{OF_KLE})",
        f"max by (group) (kafka_consumergroup_group_lag_seconds{OF_KLE})",
        f"topk(25, kafka_consumergroup_group_lag{OF_KLE})",
        f"sum(kafka_consumergroup_group_offset{OF_KLE})",
        f"sum(kafka_consumergroup_group_offset{OF_KLE} * 0 {WITH_END} kafka_partition_latest_offset{OF_TOPICS})",
    ),
    "kafka_lag_exporter: kafka-lag.json of klag-exporter": (
        f"sum(kafka_consumergroup_group_sum_lag{OF_KLX})",
        f"max(kafka_consumergroup_group_max_lag_seconds{OF_KLX})",
        "kafka_lag_exporter_up",
        'time() - kafka_lag_exporter_last_update_timestamp_seconds{cluster_name=~"demo"}',
        f"max by (group, topic, partition) (kafka_consumergroup_group_lag{OF_KLX})",
        f"max by (group, topic, partition) (kafka_consumergroup_group_lag_seconds{OF_KLX})",
        f"max by (group, topic, partition) (kafka_consumergroup_group_lag_retention_ratio{OF_KLX})",
        'sum(kafka_lag_exporter_data_loss_partitions_total{cluster_name=~"demo"})',
        'sum by (topic) (rate(kafka_partition_latest_offset{cluster_name=~"demo",topic=~".*"}[1m]))',
        f"sum by (group, topic) (rate(kafka_consumergroup_group_offset{OF_KLX}[1m]))",
    ),
}

METRIC = re.compile(r"\b(?:kafka|kminion)_\w+")


def test_each_published_metric_is_queried_and_no_other() -> None:
    assert QUERIES.keys() == PUBLISHED.keys()
    for published, queries in QUERIES.items():
        named = {name for each in queries for name in METRIC.findall(each)} - LABELS.keys()
        assert named == PUBLISHED[published].keys(), published


@contextmanager
def served(source: FixtureSource) -> Iterator[str]:
    """The URL of a server whose metrics have all names."""
    page = MetricsPage([source], settings=MetricsSettings(names=NAMES))
    with serve(create_server([source], page), "127.0.0.1", 0) as url:
        yield url
    page.close()


Ask = Callable[[str], dict[frozenset[tuple[str, str]], float]]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Asks a Prometheus, at a time when it has at least two scrapes of a page whose offsets moved on between them."""
    source = FixtureSource(whole_view())
    with served(source) as target, scraping(target, tmp_path_factory.mktemp("prometheus"), LABELS) as url:
        until(lambda: query(url, "kafka_brokers") or None)
        source.show(whole_view(1))

        def moved() -> float | None:
            now = time.time()
            both = ("kafka_brokers", "rate(kafka_topic_partition_current_offset[1m]) > 0")
            return now if all(query(url, each, now) for each in both) else None

        yield partial(query, url, at=until(moved))


@pytest.mark.prometheus
@pytest.mark.parametrize("published", QUERIES)
def test_every_query_that_can_have_data_has_data(published: str, ask: Ask) -> None:
    assert [each for each in QUERIES[published] if not ask(each)] == []


@pytest.mark.prometheus
def test_every_metric_is_stored_under_its_name(ask: Ask) -> None:
    stored = {dict(each)["__name__"] for each in ask('{__name__=~"(kafka|kminion)_.*"}')}
    assert stored == {name for metrics in SERVED.values() for name in metrics}


@pytest.mark.prometheus
def test_the_numbers_are_those_of_the_page(ask: Ask) -> None:
    lag = ask("sum by (consumergroup) (kafka_consumergroup_lag)")
    assert lag == {frozenset({("consumergroup", "ledger")}): 11_500, frozenset({("consumergroup", "shop")}): 100}
    assert ask("sum(kafka_consumergroup_group_sum_lag)") == {frozenset(): 11_600}
    assert ask('max(kafka_consumergroup_group_lag_seconds{data_loss_detected="true"})') == {frozenset(): 90}
