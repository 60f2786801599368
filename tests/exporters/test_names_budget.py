"""Names of other exporters in OpenMetrics, and within the settings that bound how many series there are."""

from metric_samples import samples
from other_exporters import whole_view
from prometheus_client.openmetrics import parser
from views import FixtureSource, Group, Topic, snapshot_of

from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.metrics import NAMES, MetricsSettings

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
TIMED = ("kmon_", "process_", "kafka_consumergroup_poll_time_ms", "kafka_lag_exporter_scrape_duration_seconds")
PARTITION_LAG = (
    "kafka_consumergroup_lag",
    "kminion_kafka_consumer_group_topic_partition_lag",
    "kafka_consumergroup_group_lag",
)
SUMS = {
    "kafka_consumergroup_lag_sum",
    "kminion_kafka_consumer_group_topic_lag",
    "kafka_consumergroup_group_sum_lag",
}


def test_openmetrics_has_the_same_samples_under_the_same_names() -> None:
    page = MetricsPage([FixtureSource(whole_view())], settings=MetricsSettings(names=NAMES[1:]))
    strict, types = {}, {}
    text = page.body("", OPENMETRICS)[0].decode()
    for family in parser.text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
        for each in family.samples:
            strict[each.name, frozenset(each.labels.items())] = each.value
            types[each.name] = family.type
    plain = {
        (name.replace("received_bytes_total", "received_bytes"), labels): number  # as that parser reads a counter
        for (name, labels), number in samples(page).items()
    }

    def ours(found: dict[tuple[str, frozenset[tuple[str, str]]], float]) -> dict[object, float]:
        return {key: number for key, number in found.items() if not key[0].startswith(TIMED)}

    assert ours(strict) == ours(plain)
    assert types["kminion_kafka_received_bytes"] == "unknown", "a counter has _total at its end there"
    assert types["kafka_lag_exporter_data_loss_partitions_total"] == "gauge"


def far_behind(partitions: int) -> View:
    offsets: list[tuple[float | None, float | None]] = [(0, 1000)] * partitions
    commits: dict[tuple[str, int], float | str | None] = {("t", row): float(row) for row in range(partitions)}
    return make_view(snapshot_of([Topic("t", offsets)], [Group("g", commits)]))


def lags(settings: MetricsSettings) -> tuple[dict[str, set[float]], set[float]]:
    """The lags of partitions under each name, and the lags of all partitions."""
    found: dict[str, set[float]] = {name: set() for name in PARTITION_LAG}
    sums = set()
    for (name, _), number in samples(MetricsPage([FixtureSource(far_behind(300))], settings=settings)).items():
        if name in found:
            found[name].add(number)
        if name in SUMS:
            sums.add(number)
    return found, sums


TOTAL = float(sum(1000 - row for row in range(300)))


def test_a_budget_keeps_the_same_partitions_under_each_name_and_whole_sums() -> None:
    found, sums = lags(MetricsSettings(names=NAMES, max_series=6000))
    (kept, *others) = found.values()
    assert 0 < len(kept) < 300
    assert kept == {1000.0 - row for row in range(len(kept))}, "those that are furthest behind"
    assert all(each == kept for each in others)
    assert sums == {TOTAL}


def test_partitions_that_are_not_chosen_have_no_lag_under_any_name() -> None:
    found, sums = lags(MetricsSettings(names=NAMES, partitions="none"))
    assert all(not each for each in found.values())
    assert sums == {TOTAL}
    found, sums = lags(MetricsSettings(names=NAMES, partitions="lag > 900"))
    assert all(each == {1000.0 - row for row in range(100)} for each in found.values())
    assert sums == {TOTAL}
