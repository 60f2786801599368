"""The page: every family from a View, unknown without a line, and nothing of the cluster while it is unreachable."""

import gzip
import math
import re
from dataclasses import replace
from typing import Any

import pytest
from details import detailed_view
from hostile import any_text
from hypothesis import given
from hypothesis import strategies as st
from metric_samples import names, samples, still, value
from reasons import reasons
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.exposition import filled
from exporters.families import AGE_FAMILIES, CLUSTER_FAMILIES, FAMILIES
from exporters.prometheus import MetricsPage, Process, accepts_gzip
from exporters.readings import Readings
from monitor.analysis.view import make_view
from monitor.model.alert_counters import AlertCounters, Counters
from monitor.model.view import AlertRow, View
from monitor.poll.source import Memory


def test_the_shop() -> None:
    page = MetricsPage([FixtureSource(shop_view())])
    assert value(page, "kmon_cluster_up") == 1
    assert value(page, "kmon_partition_end_offset", topic="orders", partition="1") == 4000
    assert value(page, "kmon_partition_start_offset", topic="orders", partition="1") == 10
    where = {"group": "payments-ledger", "topic": "payments", "partition": "0"}
    assert value(page, "kmon_group_partition_committed_offset", **where) == 100
    assert value(page, "kmon_group_partition_lag", **where) == 11_500
    assert value(page, "kmon_group_partition_lost", **where) == 400
    assert value(page, "kmon_group_partition_lost", **{**where, "partition": "1"}) is None
    assert value(page, "kmon_group_lag", group="payments-ledger") == 13_500
    assert value(page, "kmon_group_members", group="payments-ledger") == 0
    assert value(page, "kmon_group_members", group="orders-fulfilment") == 2
    assert value(page, "kmon_group_info", group="payments-ledger", type="classic") == 1
    assert value(page, "kmon_group_coordinator", group="payments-ledger", broker="2") == 1
    assert value(page, "kmon_collector_success", collector="commits") == 1
    assert value(page, "kmon_collector_duration_seconds", collector="commits") == 0.012
    assert value(page, "kmon_kafka_requests_total", api="ListOffsets", broker="2") == 21
    assert value(page, "kmon_last_successful_poll_timestamp_seconds") == NOW
    assert value(page, "kmon_topic_offline_partitions", topic="audit") == 1
    assert value(page, "kmon_partition_offline", topic="audit", partition="1") == 1
    assert value(page, "kmon_partition_out_of_sync_replicas", topic="payments", partition="0") == 1
    assert value(page, "kmon_broker_controller", broker="1") == 1
    assert value(page, "kmon_broker_controller", broker="2") == 0


def test_unknown_has_no_line() -> None:
    page = MetricsPage([FixtureSource(shop_view())])
    assert value(page, "kmon_partition_end_offset", topic="clicks", partition="1") is None
    where = {"group": "clicks-sessionizer", "topic": "clicks"}
    assert value(page, "kmon_group_partition_lag", **where, partition="1") is None
    assert value(page, "kmon_group_partition_committed_offset", **where, partition="1") == 66_000
    assert value(page, "kmon_group_lag", group="clicks-sessionizer") is None
    assert value(page, "kmon_group_lag_at_least", group="clicks-sessionizer") == 70_000
    assert value(page, "kmon_group_unknown_partitions", group="clicks-sessionizer") == 1
    where = {"group": "audit-archiver", "topic": "audit", "partition": "0"}
    assert value(page, "kmon_group_partition_committed_offset", **where) is None
    for group in ("audit-archiver", "secret-group"):
        assert value(page, "kmon_group_lag_at_least", group=group) == 0, "a lower bound that is true of any group"
    for name in ("members", "lag", "partitions", "unknown_partitions"):
        assert value(page, f"kmon_group_{name}", group="secret-group") is None
    assert value(page, "kmon_cluster_lag") is None
    assert value(page, "kmon_cluster_lag_at_least") == shop_view().totals.lag_at_least > 0


@pytest.mark.parametrize(
    ("collector", "totals"),
    [
        (
            "cluster",
            {
                "brokers",
                "topics",
                "partitions",
                "offline_partitions",
                "under_replicated_partitions",
                "hidden_topics",
            },
        ),
        ("groups", {"groups", "hidden_groups"}),
    ],
)
def test_a_count_over_partial_data_has_no_line(collector: str, totals: set[str]) -> None:
    whole = MetricsPage([FixtureSource(shop_view())])
    partial = MetricsPage([FixtureSource(shop_view(failed={collector: "broker 2: timed out"}))])
    assert names(whole) - names(partial) == {f"kmon_cluster_{total}" for total in totals}
    assert value(partial, "kmon_collector_success", collector=collector) == 0


def test_an_unreachable_cluster_has_only_what_tells_of_kmon() -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    down = shop_view(1, error="no broker is reachable", last_good=source.latest())
    source.show(replace(down, state_trouble="the disk is full"))
    assert value(page, "kmon_cluster_up") == 0
    assert value(page, "kmon_alert_state_kept") == 0
    assert value(page, "kmon_last_successful_poll_timestamp_seconds") == NOW
    of_kmon = {"kmon_build_info", "kmon_web_open", "kmon_series_withheld", "kmon_data_age_seconds"}
    cluster = {name for name in names(page) if name.startswith("kmon_")} - of_kmon
    cluster = {re.sub("^(.*_duration_seconds)_(bucket|count|sum)$", r"\1", name) for name in cluster}
    assert cluster == {family.name for family in CLUSTER_FAMILIES if family.always}
    source.show(shop_view(2))
    assert value(page, "kmon_cluster_up") == 1
    assert value(page, "kmon_partition_end_offset", topic="orders", partition="0") == 5200


def test_a_cluster_that_never_answered() -> None:
    page = MetricsPage([FixtureSource(make_view(snapshot_of([], [], brokers=0, error="no broker is reachable")))])
    assert value(page, "kmon_cluster_up") == 0
    assert value(page, "kmon_last_successful_poll_timestamp_seconds") == 0


def test_before_the_first_poll_nothing_is_said_of_the_cluster_but_that_there_was_none() -> None:
    page = MetricsPage([FixtureSource()], Process(web_open=True, version="1.2", python="3.14.0"))
    found = samples(page)
    last = "kmon_last_successful_poll_timestamp_seconds"
    assert {name for name, _ in found if name.startswith("kmon_")} == {"kmon_build_info", "kmon_web_open", last}
    assert found[last, frozenset({("cluster", "demo")})] == 0
    assert found["kmon_build_info", frozenset({("version", "1.2"), ("python", "3.14.0")})] == 1
    assert found["kmon_web_open", frozenset()] == 1
    assert any(name.startswith("process_") for name, _ in found)


def test_a_cluster_without_a_name_changes_its_label_once_and_leaves_no_series_behind() -> None:
    source = Memory("a:9092", 10.0, named=False)
    page = MetricsPage([source])
    labels = [
        "a:9092",  # before the first poll
        "a:9092",  # unreachable
        "id",  # its first answer
        "id",  # unreachable again
    ]
    views = [None, shop_view(cluster="a:9092", error="down"), shop_view(1, cluster="id"), shop_view(2, cluster="id")]
    for label, view in zip(labels, views, strict=True):
        if view is not None:
            source.show(view)
        assert source.cluster == label
        assert {dict(labels)["cluster"] for _, labels in samples(page) if "cluster" in dict(labels)} == {label}


def test_alerting_is_counted_by_receiver_and_by_state() -> None:
    row = AlertRow("Lag", "firing", "warning", (("alertname", "Lag"),), "behind", 7.0, NOW, NOW)
    source = FixtureSource(shop_view())
    counters = AlertCounters(0, 0, (Counters("http://am:9093/api/v2/alerts"), Counters("stdout")))
    page = MetricsPage([source], alerting=lambda: counters)

    def of(name: str, **labels: str) -> float | None:
        return samples(page).get((f"kmon_alert_{name}", frozenset(labels.items())))

    sent = "last_sent_timestamp_seconds"
    assert [value(page, "kmon_alerts", state=state) for state in ("pending", "firing")] == [0, 0]
    assert of(sent, receiver="stdout") == 0
    away, printed = Counters("http://am:9093/api/v2/alerts", 1, 2, 3, 4, 5, "HTTP 500", NOW), Counters("stdout", 9)
    counters = AlertCounters(20, 6, (away, printed))
    source.show(shop_view(1, alerts=(row, replace(row, state="pending"), row)))
    assert [value(page, "kmon_alerts", state=state) for state in ("pending", "firing")] == [1, 2]
    assert of("evaluations_total") == 20
    assert of("evaluation_failures_total") == 6
    names = ("notifications_sent", "notifications_failed", "notifications_dropped", "notification_retries")
    found = [of(f"{name}_total", receiver=away.receiver) for name in names]
    assert found == [1, 2, 3, 4]
    assert of("notifications_queued", receiver=away.receiver) == 5
    assert of(sent, receiver=away.receiver) == NOW
    assert of("notifications_sent_total", receiver="stdout") == 9
    # Alerts on a cluster that is away are counted too.
    source.show(shop_view(2, error="down", alerts=(row,)))
    assert value(page, "kmon_alerts", state="firing") == 1


@given(st.lists(any_text | st.text(max_size=5), unique=True, min_size=1, max_size=6), any_text, st.data())
def test_any_names_are_read_back(groups: list[str], host: str, data: st.DataObject) -> None:
    topics = [Topic("orders", [(0, 100), (0, 200)]), Topic("pay.ments-1_", [(0, 5)])]
    partitions = [("orders", 0), ("orders", 1), ("pay.ments-1_", 0)]
    view = make_view(
        snapshot_of(
            topics,
            [
                Group(
                    name,
                    {each: float(data.draw(st.integers(0, 300))) for each in partitions},
                    [(name, host, [("orders", 0)])],
                    state=data.draw(any_text),
                )
                for name in groups
            ],
        )
    )
    found = samples(MetricsPage([FixtureSource(view)]))
    lags = {dict(labels)["group"]: number for (name, labels), number in found.items() if name == "kmon_group_lag"}
    assert len(lags) == len(groups)
    rows = [labels for (name, labels) in found if name == "kmon_group_partition_lag"]
    assert len(rows) == 3 * len(groups)
    for name, lag in zip(view.snapshot.groups.group, view.group_lags.lag, strict=True):
        if not any("\ud800" <= each <= "\udfff" for each in name):
            assert lags[name] == lag


def test_groups_of_the_same_number_but_other_names() -> None:
    def view(*groups: str) -> View:
        return make_view(snapshot_of([Topic("t", [(0, 9)])], [Group(name, {("t", 0): 4}) for name in groups]))

    source = FixtureSource(view("a", "b"))
    page = MetricsPage([source])
    source.show(view("a", "c"))
    found = {dict(labels)["group"] for name, labels in samples(page) if name == "kmon_group_partition_lag"}
    assert found == {"a", "c"}


def test_a_topic_that_moves_to_another_row() -> None:
    source = FixtureSource(make_view(snapshot_of([Topic("b", [(0, 1)])], [Group("g", {("b", 0): 0})])))
    page = MetricsPage([source])
    source.show(make_view(snapshot_of([Topic("a", [(0, 1)])], [Group("g", {("a", 0): 0})])))
    assert value(page, "kmon_group_partition_lag", group="g", topic="a", partition="0") == 1
    assert value(page, "kmon_group_partition_lag", group="g", topic="b", partition="0") is None


def test_a_topic_that_only_commits_mention_has_no_numbers() -> None:
    page = MetricsPage([FixtureSource(make_view(snapshot_of([], [Group("g", {("gone", 0): 4})])))])
    assert not any(dict(labels).get("topic") == "gone" for name, labels in samples(page) if "_topic_" in name)
    assert value(page, "kmon_group_partition_committed_offset", group="g", topic="gone", partition="0") == 4


def test_a_poll_that_ends_while_the_page_is_made_is_not_overwritten_by_the_one_before() -> None:
    class Busy(FixtureSource):
        def latest(self) -> View | None:
            before = super().latest()
            self.show(shop_view(7))
            return before

    page = MetricsPage([Busy(shop_view())])
    assert value(page, "kmon_partition_end_offset", topic="orders", partition="0") == 5700


def test_two_clusters_stand_side_by_side_in_each_family() -> None:
    one, two = FixtureSource(shop_view()), FixtureSource(shop_view(cluster="other"), cluster="other")
    page = MetricsPage([one, two])
    two.show(shop_view(3, cluster="other"))
    where = {"topic": "orders", "partition": "0"}
    assert value(page, "kmon_partition_end_offset", **where) == 5000
    assert value(page, "kmon_partition_end_offset", cluster="other", **where) == 5300
    heads = re.findall(rb"^# TYPE (\S+)", page.body()[0], re.MULTILINE)
    assert len(heads) == len(set(heads))


def test_two_clusters_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        MetricsPage([FixtureSource(), FixtureSource()])


def test_a_scrape_asks_nobody() -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    reads = source.reads
    for _ in range(3):
        page.body()
        page.body("gzip")
    assert source.reads == reads


def test_a_closed_page_stays_as_it_is() -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    page.close()
    source.show(shop_view(1))
    assert value(page, "kmon_partition_end_offset", topic="orders", partition="0") == 5000


def test_gzip_is_the_same_page_of_the_newest_poll() -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    for step in range(3):
        source.show(shop_view(step))
        packed, headers = page.body("br, gzip;q=0.8")
        assert headers["Content-Encoding"] == "gzip"
        assert still(gzip.decompress(packed)) == still(page.body()[0])


def test_while_a_page_is_rendered_gzip_is_the_page_before(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FixtureSource(shop_view())
    page = MetricsPage([source])
    before = still(page.body()[0])
    page.answer("gzip")
    seen = []

    def scrape_meanwhile(view: View) -> None:
        packed = b"".join(map(filled, page.answer("gzip")[0]))
        seen.append((page.ready("gzip"), page.ready(), still(gzip.decompress(packed))))
        render(view)

    render = page._clusters[0].render
    monkeypatch.setattr(page._clusters[0], "render", scrape_meanwhile)
    source.show(shop_view(1))
    assert seen == [(True, False, before)]
    assert still(gzip.decompress(page.body("gzip")[0])) == still(page.body()[0])


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("identity", False),
        ("xgzip", False),
    ],
)
def test_accept_encoding(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_poll_duration_is_rendered_last() -> None:
    assert CLUSTER_FAMILIES[-1].name == "kmon_poll_duration_seconds"
    source = FixtureSource(shop_view())
    first = value(MetricsPage([source]), "kmon_poll_duration_seconds")
    second = value(MetricsPage([source]), "kmon_poll_duration_seconds")
    assert first is not None
    assert second is not None
    assert second > first


def test_names_follow_the_rules_and_no_two_are_the_same() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert re.fullmatch(r"kmon_[a-z][a-z0-9_]*[a-z]", family.name)
        assert family.name.endswith("_total") == (family.type == "counter")
        labels = family.label_names
        assert ("cluster" in labels) == (family in AGE_FAMILIES), "others get it from their cluster"
        assert len(set(labels)) == len(labels)
        for unit in ("seconds", "bytes", "ratio"):
            assert (family.unit == unit) == family.name.removesuffix("_total").endswith(f"_{unit}"), family.name
        assert not family.name.endswith(("_skew", "_percent", "_milliseconds", "_ms"))


def test_a_broker_has_one_label_in_every_family() -> None:
    """Else families cannot be joined: `* on (cluster, broker) group_left (rack) kmon_broker_info`."""
    view = detailed_view()
    brokers = {str(each) for each in view.snapshot.brokers.broker}
    readings = Readings(view)
    for family in CLUSTER_FAMILIES:
        for label, (values, codes) in zip(family.label_names, family.lines(readings)[0], strict=True):
            found = {str(each) for each in (values if codes is None else values[codes])}
            assert label not in {"node", "node_id", "broker_id", "coordinator", "leader"}, family.name
            if label == "broker":
                assert found <= brokers | {"4", "bootstrap"}, family.name


def test_collectors_that_did_not_run_have_no_line() -> None:
    view = shop_view()
    changes: dict[str, dict[str, Any]] = {
        "log_dirs": {"duration_seconds": None},
        "configs": {"duration_seconds": None, "errors": reasons("timed out")},
        "producers": {"duration_seconds": None, "ran": False},
    }
    outcomes = [replace(each, **changes.get(each.collector, {})) for each in view.snapshot.outcomes]
    page = MetricsPage([FixtureSource(replace(view, snapshot=replace(view.snapshot, outcomes=tuple(outcomes))))])
    for name, success in (("log_dirs", 1), ("configs", 0), ("producers", None)):
        assert value(page, "kmon_collector_duration_seconds", collector=name) is None
        assert value(page, "kmon_collector_success", collector=name) == success, "that of its last run"
    assert value(page, "kmon_collector_success", collector="commits") == 1


def test_whole_numbers_only_where_families_say_so() -> None:
    """A family of integers must not be fed fractions: they would be cut off."""
    for view in (shop_view(), detailed_view()):
        readings = Readings(view)
        for family in CLUSTER_FAMILIES:
            if family.whole:
                assert all(
                    number.is_integer() for number in family.lines(readings)[1].tolist() if not math.isnan(number)
                )
