"""Metrics under the names of other exporters: each name, label, type and number, and where ours differ."""

import re
from collections import defaultdict
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
from details import detailed_view
from hostile import HOSTILE
from metric_samples import names, samples
from other_exporters import SERVED, whole_snapshot, whole_view
from prometheus_client.parser import text_string_to_metric_families
from reasons import reasons
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.families import CLUSTER_FAMILIES, FAMILIES
from exporters.names import EXPORTERS, families_of
from exporters.prometheus import MetricsPage
from exporters.readings import Readings
from monitor.analysis.view import make_view
from monitor.model.snapshot import Outcome
from monitor.model.table import objects
from monitor.model.view import View
from monitor.settings.metrics import KMON, NAMES, MetricsSettings

OTHERS = NAMES[1:]
TYPES = {name: (project, *facts) for project, metrics in SERVED.items() for name, facts in metrics.items()}


def page_of(*views: View, of: tuple[str, ...] = OTHERS) -> MetricsPage:
    sources = [FixtureSource(view, cluster=view.cluster) for view in views]
    return MetricsPage(sources, settings=MetricsSettings(names=of))


def written(name: str) -> str:
    """The name as it stands on the page: prometheus_client reads each counter with _total at its end."""
    return name.removesuffix("_total") if name.removesuffix("_total") in TYPES else name


def lines(page: MetricsPage, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a metric, by the values of its labels in order of their names."""
    found = {}
    for (each, labels), number in samples(page).items():
        if written(each) == name:
            found[tuple(value for _, value in sorted(labels))] = number
    return found


# Values of the labels in alphabetic order of the labels.
EXPECTED: dict[str, dict[tuple[str, ...], float]] = {
    "kafka_brokers": {(): 3},
    "kafka_broker_info": {(f"127.0.0.1:{19091 + each}", str(each)): 1 for each in (1, 2, 3)},
    "kafka_topic_partitions": {("orders",): 2, ("payments",): 1},
    "kafka_topic_partition_current_offset": {("0", "orders"): 5000, ("1", "orders"): 4000, ("0", "payments"): 12_000},
    "kafka_topic_partition_oldest_offset": {("0", "orders"): 0, ("1", "orders"): 10, ("0", "payments"): 500},
    "kafka_topic_partition_leader": {("0", "orders"): 1, ("1", "orders"): 2, ("0", "payments"): 2},
    "kafka_topic_partition_replicas": {("0", "orders"): 3, ("1", "orders"): 3, ("0", "payments"): 3},
    "kafka_topic_partition_in_sync_replica": {("0", "orders"): 3, ("1", "orders"): 3, ("0", "payments"): 2},
    "kafka_topic_partition_leader_is_preferred": {("0", "orders"): 1, ("1", "orders"): 1, ("0", "payments"): 0},
    "kafka_topic_partition_under_replicated_partition": {("0", "orders"): 0, ("1", "orders"): 0, ("0", "payments"): 1},
    "kafka_consumergroup_current_offset": {
        ("ledger", "0", "payments"): 100,
        ("shop", "0", "orders"): 4900,
        ("shop", "1", "orders"): 4005,
    },
    "kafka_consumergroup_current_offset_sum": {("ledger", "payments"): 100, ("shop", "orders"): 8905},
    "kafka_consumergroup_lag": {
        ("ledger", "0", "payments"): 11_500,
        ("shop", "0", "orders"): 100,
        ("shop", "1", "orders"): 0,
    },
    "kafka_consumergroup_lag_sum": {("ledger", "payments"): 11_500, ("shop", "orders"): 100},
    "kafka_consumergroup_members": {("ledger",): 0, ("shop",): 2},
    "kminion_exporter_up": {(version("kmon-kafka"),): 1},
    "kminion_kafka_requests_sent_total": {(): 28},
    "kminion_kafka_requests_received_total": {(): 27},
    "kminion_kafka_received_bytes": {(): 96_000},
    "kminion_kafka_cluster_info": {("3", "4L6g3nShT-eMCtK--X86sw", "v4.0", "1"): 1},
    "kminion_kafka_broker_info": {
        ("127.0.0.1", str(each), str(each == 1).lower(), str(19091 + each), f"r{each}"): 1 for each in (1, 2, 3)
    },
    "kminion_kafka_broker_log_dir_size_total_bytes": {
        ("127.0.0.1", str(each), str(19091 + each), f"r{each}"): 3000 for each in (1, 2, 3)
    },
    "kminion_kafka_topic_log_dir_size_total_bytes": {("orders",): 6000, ("payments",): 3000},
    "kminion_kafka_topic_info": {("compact,delete", "2", "3", "orders"): 1, ("delete", "1", "3", "payments"): 1},
    "kminion_kafka_topic_partition_low_water_mark": {("0", "orders"): 0, ("1", "orders"): 10, ("0", "payments"): 500},
    "kminion_kafka_topic_partition_high_water_mark": {
        ("0", "orders"): 5000,
        ("1", "orders"): 4000,
        ("0", "payments"): 12_000,
    },
    "kminion_kafka_topic_low_water_mark_sum": {("orders",): 10, ("payments",): 500},
    "kminion_kafka_topic_high_water_mark_sum": {("orders",): 9000, ("payments",): 12_000},
    "kminion_kafka_consumer_group_info": {
        ("1", "ledger", "", "consumer", "Empty"): 0,
        ("2", "shop", "range", "consumer", "Stable"): 1,
    },
    "kminion_kafka_consumer_group_members": {("ledger",): 0, ("shop",): 2},
    "kminion_kafka_consumer_group_empty_members": {("shop",): 1},
    "kminion_kafka_consumer_group_topic_members": {("shop", "orders"): 1},
    "kminion_kafka_consumer_group_topic_assigned_partitions": {("shop", "orders"): 2},
    "kminion_kafka_consumer_group_topic_offset_sum": {("ledger", "payments"): 100, ("shop", "orders"): 8905},
    "kminion_kafka_consumer_group_topic_partition_lag": {
        ("ledger", "0", "payments"): 11_500,
        ("shop", "0", "orders"): 100,
        ("shop", "1", "orders"): 0,
    },
    "kminion_kafka_consumer_group_topic_lag": {("ledger", "payments"): 11_500, ("shop", "orders"): 100},
    "kafka_partition_latest_offset": {
        ("demo", "0", "orders"): 5000,
        ("demo", "1", "orders"): 4000,
        ("demo", "0", "payments"): 12_000,
    },
    "kafka_partition_earliest_offset": {
        ("demo", "0", "orders"): 0,
        ("demo", "1", "orders"): 10,
        ("demo", "0", "payments"): 500,
    },
    "kafka_consumergroup_group_offset": {
        ("", "demo", "", "ledger", "", "0", "payments"): 100,
        ("a", "demo", "a-4f2a", "shop", "10.0.3.17", "0", "orders"): 4900,
        ("a", "demo", "a-4f2a", "shop", "10.0.3.17", "1", "orders"): 4005,
    },
    "kafka_consumergroup_group_lag": {
        ("", "demo", "false", "", "true", "ledger", "", "0", "payments"): 11_500,
        ("a", "demo", "true", "a-4f2a", "false", "shop", "10.0.3.17", "0", "orders"): 100,
        ("a", "demo", "true", "a-4f2a", "false", "shop", "10.0.3.17", "1", "orders"): 0,
    },
    "kafka_consumergroup_group_lag_seconds": {
        ("", "demo", "false", "", "true", "ledger", "", "0", "payments"): 90,
        ("a", "demo", "true", "a-4f2a", "false", "shop", "10.0.3.17", "0", "orders"): 30,
        ("a", "demo", "true", "a-4f2a", "false", "shop", "10.0.3.17", "1", "orders"): 0,
    },
    "kafka_consumergroup_group_max_lag": {("demo", "ledger"): 11_500, ("demo", "shop"): 100},
    "kafka_consumergroup_group_max_lag_seconds": {("demo", "ledger"): 90, ("demo", "shop"): 30},
    "kafka_consumergroup_group_sum_lag": {("demo", "ledger"): 11_500, ("demo", "shop"): 100},
    "kafka_consumergroup_group_topic_sum_lag": {
        ("demo", "ledger", "payments"): 11_500,
        ("demo", "shop", "orders"): 100,
    },
    "kafka_consumergroup_group_messages_lost": {
        ("demo", "ledger", "0", "payments"): 400,
        ("demo", "shop", "0", "orders"): 0,
        ("demo", "shop", "1", "orders"): 0,
    },
    "kafka_consumergroup_group_retention_margin": {
        ("demo", "ledger", "0", "payments"): -400,
        ("demo", "shop", "0", "orders"): 4900,
        ("demo", "shop", "1", "orders"): 3995,
    },
    "kafka_consumergroup_group_lag_retention_ratio": {
        ("demo", "ledger", "0", "payments"): 100 * 11_900 / 11_500,
        ("demo", "shop", "0", "orders"): 2,
        ("demo", "shop", "1", "orders"): 0,
    },
    "kafka_consumergroup_group_state": {("demo", "ledger"): 5, ("demo", "shop"): 3},
    "kafka_lag_exporter_up": {(): 1},
    "kafka_lag_exporter_last_update_timestamp_seconds": {("demo",): NOW},
    "kafka_lag_exporter_compaction_detected_total": {("demo",): 2},
    "kafka_lag_exporter_data_loss_partitions_total": {("demo",): 1},
}
TIMED = {"kafka_consumergroup_poll_time_ms", "kafka_lag_exporter_scrape_duration_seconds"}
"""Metrics whose number is how long the poll took."""


def test_every_metric_has_its_lines_and_numbers() -> None:
    page = page_of(whole_view())
    assert set(EXPECTED) == set(TYPES) - TIMED
    found = {name: lines(page, name) for name in EXPECTED}
    assert found == {name: pytest.approx(numbers) for name, numbers in EXPECTED.items()}
    assert b"\nkminion_kafka_received_bytes 96000\n" in page.body()[0]
    (milliseconds,) = lines(page, "kafka_consumergroup_poll_time_ms").values()
    (seconds,) = lines(page, "kafka_lag_exporter_scrape_duration_seconds").values()
    assert milliseconds / 1000 <= seconds


@pytest.mark.parametrize("project", OTHERS)
def test_every_metric_has_its_name_type_and_labels(project: str) -> None:
    found = {}
    for family in text_string_to_metric_families(page_of(whole_view(), of=(project,)).body()[0].decode()):
        if not family.name.startswith(("kmon", "process", "python")):
            labels = {tuple(sorted(each.labels)) for each in family.samples}
            name = {each.name for each in family.samples}.pop()
            found[written(name)] = (family.type, labels)
    assert found == {name: (kind, {tuple(sorted(labels.split()))}) for name, (kind, labels) in SERVED[project].items()}


def test_the_registry_has_what_the_settings_allow() -> None:
    assert (KMON, *EXPORTERS) == NAMES
    assert (KMON, *SERVED) == NAMES
    families = families_of(NAMES)
    assert len({each.name for each in families}) == len(families)


def test_kmons_own_names_are_the_default_and_cost_nothing_more() -> None:
    assert families_of([KMON]) == CLUSTER_FAMILIES
    assert families_of(reversed(NAMES))[-1] is CLUSTER_FAMILIES[-1], "the duration of the poll is rendered last"


def test_without_kmons_names_those_about_kmon_itself_stay() -> None:
    kmon = {name for name in names(page_of(whole_view(), of=("kminion",))) if name.startswith("kmon_")}
    kmon = {re.sub("(?<=_duration_seconds)_(bucket|count|sum)$", "", name) for name in kmon}
    always = {each.name for each in CLUSTER_FAMILIES if each.always}
    process = {each.name for each in FAMILIES if each not in CLUSTER_FAMILIES}
    assert {"kmon_cluster_up", "kmon_collector_success"} <= kmon <= always | process


def test_several_clusters_are_told_apart_by_a_label_that_one_does_not_need() -> None:
    other = make_view(replace(whole_snapshot(), cluster="other"))
    page = page_of(whole_view(), other)
    assert lines(page, "kafka_brokers") == {("demo",): 3, ("other",): 3}
    assert lines(page, "kafka_consumergroup_members")["other", "shop"] == 2
    assert lines(page, "kminion_exporter_up") == {(each, version("kmon-kafka")): 1 for each in ("demo", "other")}
    assert lines(page, "kafka_lag_exporter_up") == {("demo",): 1, ("other",): 1}
    labels: dict[str, set[str]] = defaultdict(set)
    for name, each in samples(page):
        labels[written(name)] |= {label for label, _ in each}
    for name, (project, _, own) in TYPES.items():
        assert labels[name] == {*own.split(), "cluster_name" if project == "kafka_lag_exporter" else "cluster"}


def test_while_the_cluster_is_unreachable_only_what_is_about_the_exporter_has_lines() -> None:
    source = FixtureSource(whole_view())
    page = MetricsPage([source], settings=MetricsSettings(names=OTHERS))
    source.show(shop_view(1, error="no broker is reachable", last_good=source.latest()))
    assert lines(page, "kafka_lag_exporter_up") == {(): 0}
    assert lines(page, "kminion_exporter_up") == {(version("kmon-kafka"),): 0}
    assert lines(page, "kafka_lag_exporter_last_update_timestamp_seconds") == {("demo",): NOW}
    left = {written(name) for name in names(page)} & TYPES.keys()
    assert left == {
        "kafka_lag_exporter_up",
        "kafka_lag_exporter_last_update_timestamp_seconds",
        "kminion_exporter_up",
        "kminion_kafka_requests_sent_total",
        "kminion_kafka_requests_received_total",
        "kminion_kafka_received_bytes",
    }


def test_before_the_first_poll_it_is_not_up() -> None:
    page = MetricsPage([FixtureSource()], settings=MetricsSettings(names=OTHERS))
    assert lines(page, "kafka_lag_exporter_up") == {(): 0}


def test_a_collector_that_fails_is_seen_in_kminions_up() -> None:
    view = whole_view()
    failed = Outcome("log_dirs", 0.1, None, reasons("timed out"))
    off = Outcome("producers", None, None, reasons("not chosen"), ran=False)
    for outcome, up in ((failed, 0), (off, 1)):
        snapshot = replace(view.snapshot, outcomes=(*view.snapshot.outcomes[:3], outcome))
        assert set(lines(page_of(replace(view, snapshot=snapshot)), "kminion_exporter_up").values()) == {up}


LAG = "kafka_consumergroup_lag", "kminion_kafka_consumer_group_topic_partition_lag", "kafka_consumergroup_group_lag"
SUMS = (
    "kafka_consumergroup_lag_sum",
    "kminion_kafka_consumer_group_topic_lag",
    "kafka_consumergroup_group_topic_sum_lag",
    "kafka_consumergroup_group_sum_lag",
    "kafka_consumergroup_group_max_lag",
)


def numbers_of(view: View, *names: str) -> dict[str, list[float]]:
    page = page_of(view)
    return {name: sorted(lines(page, name).values()) for name in names}


def test_a_partition_without_a_commit_has_no_line_and_is_no_part_of_a_sum() -> None:
    group = Group("g", {("t", 0): 40, ("t", 1): None, ("u", 0): None}, [("c", "h", [("t", 0), ("t", 1), ("u", 0)])])
    view = make_view(snapshot_of([Topic("t", [(0, 100), (0, 7)]), Topic("u", [(0, 9)])], [group]))
    assert numbers_of(view, *LAG) == {name: [60] for name in LAG}, "kafka_exporter: also -1 twice"
    assert numbers_of(view, *SUMS) == {name: [60] for name in SUMS}
    offsets = ("kafka_consumergroup_current_offset_sum", "kminion_kafka_consumer_group_topic_offset_sum")
    assert numbers_of(view, *offsets) == {name: [40] for name in offsets}, "kafka_exporter: 39"


def test_a_group_that_committed_nothing_has_no_sum() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 100)])], [Group("g"), Group("h", {("t", 0): None})]))
    assert numbers_of(view, *SUMS) == {name: [] for name in SUMS}


def test_lag_is_never_negative_and_never_of_deleted_records() -> None:
    view = make_view(snapshot_of([Topic("t", [(50, 100), (0, 20)])], [Group("g", {("t", 0): 10, ("t", 1): 25})]))
    assert numbers_of(view, *LAG) == {name: [0, 50] for name in LAG}
    assert numbers_of(view, *SUMS[:4]) == {name: [50] for name in SUMS[:4]}


def test_a_sum_over_a_partition_that_did_not_respond_has_no_line() -> None:
    offsets: list[tuple[float | None, float | None]] = [(0, 100), (0, None)]
    view = make_view(snapshot_of([Topic("t", offsets)], [Group("g", {("t", 0): 10, ("t", 1): 10})]))
    assert numbers_of(view, *LAG) == {name: [90] for name in LAG}
    assert numbers_of(view, *SUMS) == {name: [] for name in SUMS}
    water = "kminion_kafka_topic_low_water_mark_sum", "kminion_kafka_topic_high_water_mark_sum"
    assert numbers_of(view, *water) == {water[0]: [0], water[1]: []}


def test_a_group_whose_commits_are_denied_has_no_sum() -> None:
    denied = "denied: Describe on the group"
    group = Group("g", {("t", 0): 10}, commits_reason=denied)
    view = make_view(snapshot_of([Topic("t", [(0, 100)])], [group]))
    of_groups = SUMS[3:]
    assert numbers_of(view, *of_groups) == {name: [] for name in of_groups}


def test_the_numbers_of_states() -> None:
    states = ("PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty", "Assigning", "Reconciling")
    groups = [Group(state, state=state) for state in states] + [
        Group("?", reason="denied"),
        Group("x", state="NotReady"),
    ]
    page = page_of(make_view(snapshot_of([], groups)))
    found = {group: number for (_, group), number in lines(page, "kafka_consumergroup_group_state").items()}
    assert found == {**{state: place for place, state in enumerate(states, 1)}, "?": 0, "x": 0}
    stable = {labels[1]: number for labels, number in lines(page, "kminion_kafka_consumer_group_info").items()}
    assert stable == {**dict.fromkeys((*states, "x"), 0), "Stable": 1}


def test_members_of_kafka_connect_are_not_called_empty() -> None:
    groups = [
        Group("connect-sink", members=[("w", "h", [])], protocol_type="connect"),
        Group("bad", members=[("w", "h", [])], assignments_reason="the assignment of member w cannot be decoded"),
        Group("idle", members=[("w", "h", [])]),
    ]
    page = page_of(make_view(snapshot_of([], groups)))
    assert lines(page, "kminion_kafka_consumer_group_empty_members") == {("idle",): 1}


def test_assigned_partitions_are_unknown_while_an_assignment_is() -> None:
    members = [("w", "h", [("t", 0)]), ("x", "h", [])]
    page = page_of(
        make_view(
            snapshot_of(
                [Topic("t", [(0, 5), (0, 5)])],
                [
                    Group("bad", members=members, assignments_reason="the assignment of member x cannot be decoded"),
                    Group("good", members=members),
                ],
            )
        )
    )
    for name in ("topic_assigned_partitions", "topic_members"):
        assert lines(page, f"kminion_kafka_consumer_group_{name}") == {("good", "t"): 1}


def test_an_empty_partition_has_no_share_left_and_one_that_is_unknown_has_no_line() -> None:
    topics = [Topic("t", [(7, 7), (None, 5), (0, 4)])]
    page = page_of(make_view(snapshot_of(topics, [Group("g", {("t", 0): 7, ("t", 1): 2, ("t", 2): 5})])))
    shares = lines(page, "kafka_consumergroup_group_lag_retention_ratio")
    assert {partition: share for (_, _, partition, _), share in shares.items()} == {"0": 0, "2": 0}


def test_sizes_are_withheld_only_of_what_a_broker_that_did_not_respond_holds() -> None:
    snapshot = whole_snapshot()
    moved = replace(snapshot.partitions, replicas=snapshot_of([], []).partitions.replicas.of([[1, 2], [2, 1], [1, 3]]))
    dirs = replace(snapshot.log_dirs, reason=np.array([0, 0, 1]))
    broken = replace(snapshot, partitions=moved, log_dirs=dirs, reasons=(*snapshot.reasons, *reasons("timed out")))
    page = page_of(make_view(broken))
    assert lines(page, "kminion_kafka_topic_log_dir_size_total_bytes") == {("orders",): 6000}


def test_configs_that_are_unknown_give_no_word_and_no_count() -> None:
    snapshot = whole_snapshot()
    configs = replace(snapshot.topic_configs, cleanup_policy=objects([None, "delete"]))
    page = page_of(make_view(replace(snapshot, topic_configs=configs)))
    assert lines(page, "kafka_lag_exporter_compaction_detected_total") == {}
    assert {labels[2] for labels in lines(page, "kafka_consumergroup_group_lag")} == {"", "false"}


def test_a_fenced_broker_is_not_in_the_metadata_of_other_exporters() -> None:
    snapshot = whole_snapshot()
    fenced = replace(snapshot.brokers, fenced=np.array([0.0, 0.0, 1.0]))
    page = page_of(make_view(replace(snapshot, brokers=fenced)))
    assert {node for _, node in lines(page, "kafka_broker_info")} == {"1", "2"}
    assert lines(page, "kafka_brokers") == {(): 2}


def test_hostile_names_are_read_back_and_no_series_stands_there_twice() -> None:
    groups = [Group(name, {("t", 0): 5}, [(name, name, [("t", 0)])], state=name) for name in HOSTILE]
    hostile = page_of(make_view(snapshot_of([Topic("t", [(0, 9)])], groups)))
    assert len(lines(hostile, "kafka_consumergroup_group_lag")) == len(set(HOSTILE))
    for view in (shop_view(), detailed_view()):
        assert samples(page_of(view, of=NAMES))


def test_whole_numbers_only_where_families_say_so() -> None:
    for view in (shop_view(), detailed_view(), whole_view()):
        readings = Readings(view)
        for family in families_of(OTHERS):
            numbers = family.lines(readings)[1]
            assert not family.whole or np.array_equal(numbers, np.floor(numbers), equal_nan=True), family.name
