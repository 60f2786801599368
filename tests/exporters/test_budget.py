"""Which series a cluster has: granularity, owners, the bound on their number, and none of what is no longer known."""

import logging

import pytest
from metric_samples import Samples, names, samples, value
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.families import CLUSTER_FAMILIES, CLUSTER_UP
from exporters.prometheus import MISSED_POLLS, MetricsPage
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.metrics import MetricsSettings

OF_KMON = ("process_", "kmon_build_info", "kmon_web_open", "kmon_series_withheld", "kmon_data_age_seconds")


def page(view: View, **settings: object) -> MetricsPage:
    return MetricsPage([FixtureSource(view)], settings=MetricsSettings.model_validate(settings))


def of(found: Samples, name: str) -> dict[tuple[str, ...], float]:
    """The samples of a family of partitions of groups: by group, topic and partition."""
    parts = ("group", "topic", "partition")
    return {
        tuple(dict(labels).get(each, "") for each in parts): number
        for (each_name, labels), number in found.items()
        if each_name == name
    }


def large_view(groups: int = 40, partitions: int = 50) -> View:
    """Group number i is (i + p) records behind on partition p, but the last group, which has not said on one."""
    ends: list[tuple[float | None, float | None]] = [(0, 1_000)] * partitions
    commits: list[dict[tuple[str, int], float | str | None]] = [
        {("t", p): 1_000 - float(i + p) for p in range(partitions)} for i in range(groups)
    ]
    commits[-1] = {**commits[-1], ("t", 0): "the commit is unknown"}
    return make_view(snapshot_of([Topic("t", ends)], [Group(f"g{i:02d}", each) for i, each in enumerate(commits)]))


def count(found: Samples) -> int:
    """Series that the budget is of."""
    return sum(not name.startswith(OF_KMON) for name, _ in found)


def test_all_partitions_have_series_by_default() -> None:
    found = samples(page(shop_view()))
    assert of(found, "kmon_group_partition_committed_offset")
    assert ("kmon_series_withheld", frozenset({("cluster", "demo"), ("subject", "lag")})) in found
    assert all(number == 0 for (name, _), number in found.items() if name == "kmon_series_withheld")


def test_none_leaves_totals_and_faults_of_partitions() -> None:
    every, none = names(page(shop_view())), names(page(shop_view(), partitions="none"))
    bulk = {f"kmon_partition_{each}" for each in ("start_offset", "end_offset", "stable_offset", "size_bytes")}
    assert every - none == {name for name in every if name.startswith("kmon_group_partition_")} | (bulk & every)
    assert bulk & every
    assert "kmon_partition_offline" in none
    assert "kmon_group_lag" in none


def test_a_filter_chooses_partitions_of_groups() -> None:
    found = of(samples(page(shop_view())), "kmon_group_partition_lag")
    chosen = samples(page(shop_view(), partitions='lag > 1000 or group == "orders-fulfilment"'))
    wanted = {key: lag for key, lag in found.items() if lag > 1000 or key[0] == "orders-fulfilment"}
    assert 0 < len(wanted) < len(found)
    assert of(chosen, "kmon_group_partition_lag") == wanted
    assert value(page(shop_view(), partitions="lag > 1000"), "kmon_cluster_groups") is not None


def test_owners_name_the_member_of_each_partition() -> None:
    name = "kmon_group_partition_owner_info"
    assert name not in names(page(shop_view()))
    found = [dict(labels) for (each, labels) in samples(page(shop_view(), owners=True)) if each == name]
    (one,) = (
        each
        for each in found
        if (each["group"], each["topic"], each["partition"]) == ("orders-fulfilment", "orders", "0")
    )
    assert one["member_id"]
    assert one["client_id"]
    assert one["host"]
    assert not [each for each in found if each["group"] == "payments-ledger"], "it has no members"


def test_of_too_many_series_the_worst_partitions_keep_theirs_and_the_rest_is_summed() -> None:
    view = large_view()
    whole = samples(page(view))
    assert count(whole) > 5_000
    cut = samples(page(view, max_series=4_000))
    assert 3_900 < count(cut) <= 4_000
    lag, all_lag = of(cut, "kmon_group_partition_lag"), of(whole, "kmon_group_partition_lag")
    kept = {key: number for key, number in lag.items() if key[2] != "other"}
    assert kept.items() <= all_lag.items()
    assert min(kept.values()) >= max(all_lag[key] for key in all_lag.keys() - kept.keys()) > 0
    others = {key[0]: number for key, number in lag.items() if key[2] == "other"}
    assert others == {
        group: sum(number for key, number in all_lag.items() if key[0] == group and key not in kept)
        for group in {key[0] for key in all_lag.keys() - kept.keys()} - {"g39"}
    }, "of the last group one partition is unknown, so the sum is"
    assert of(cut, "kmon_group_lag") == of(whole, "kmon_group_lag")
    withheld = cut["kmon_series_withheld", frozenset({("cluster", "demo"), ("subject", "lag")})]
    summed = sum(key[2] == "other" for name in names(page(view)) for key in of(cut, name))
    assert withheld == count(whole) - (count(cut) - summed)


def test_with_still_fewer_series_the_worst_groups_keep_theirs() -> None:
    view = large_view(groups=400, partitions=2)
    cut = samples(page(view, max_series=1_000))
    assert 900 < count(cut) <= 1_000
    kept = {dict(labels)["group"] for name, labels in cut if name == "kmon_group_lag"}
    assert kept
    assert min(kept) >= "g350", "the later ones are the worse"
    of_one_group = [name for name, labels in cut if ("group", max(kept)) in labels and "_partition_" not in name]
    assert len(of(cut, "kmon_group_partition_lag")) < len(of_one_group), "there was room for another group"
    assert cut["kmon_series_withheld", frozenset({("cluster", "demo"), ("subject", "group")})] > 0
    assert value(page(view, max_series=1_000), "kmon_cluster_groups") == 400


def test_what_is_withheld_is_logged_once_while_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    source = FixtureSource(large_view())
    MetricsPage([source], settings=MetricsSettings(max_series=4_000))
    source.show(large_view())
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    assert "metrics.max_series is 4,000" in caplog.text
    source.show(shop_view())
    assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]


def test_the_page_is_the_same_again_when_there_is_room() -> None:
    source = FixtureSource(large_view())
    cut = MetricsPage([source], settings=MetricsSettings(max_series=4_000))
    source.show(shop_view())
    still = {key: number for key, number in samples(cut).items() if not key[0].startswith("process_")}
    again = {key: number for key, number in samples(page(shop_view())).items() if not key[0].startswith("process_")}
    assert still.keys() == again.keys()


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_after_missed_polls_the_numbers_are_withheld_and_the_age_tells_why() -> None:
    monotonic, clock = Clock(), Clock()
    clock.now = NOW + 5
    source = FixtureSource(shop_view(), interval_seconds=10.0)
    kept = MetricsPage([source], monotonic=monotonic, clock=clock)
    assert value(kept, "kmon_data_age_seconds") == 5
    monotonic.now += MISSED_POLLS * 10.0
    clock.now += MISSED_POLLS * 10.0
    assert value(kept, "kmon_group_lag", group="payments-ledger") == 13_500
    assert value(kept, "kmon_cluster_up") == 1
    packed = kept.body("gzip")[0]
    monotonic.now += 0.1
    clock.now += 0.1
    assert kept.body("gzip")[0] != packed
    assert {name for name in names(kept) if name.startswith("kmon_")} == {
        *(each.name for each in CLUSTER_FAMILIES if each.always and each.name in names(page(shop_view()))),
        "kmon_kafka_request_duration_seconds_bucket",
        "kmon_kafka_request_duration_seconds_count",
        "kmon_kafka_request_duration_seconds_sum",
        "kmon_build_info",
        "kmon_web_open",
        "kmon_data_age_seconds",
    }
    assert value(kept, CLUSTER_UP.name) == 0
    assert value(kept, "kmon_data_age_seconds") == pytest.approx(35.1)
    source.show(shop_view(1))
    assert value(kept, "kmon_cluster_up") == 1
    assert value(kept, "kmon_group_lag", group="payments-ledger") is not None


def test_while_the_cluster_is_unreachable_the_age_grows() -> None:
    clock = Clock()
    clock.now = NOW
    source = FixtureSource(shop_view())
    kept = MetricsPage([source], clock=clock)
    source.show(shop_view(1, error="no broker is reachable", last_good=source.latest()))
    clock.now = NOW + 60
    assert value(kept, "kmon_data_age_seconds") == 60
    unreached = make_view(snapshot_of([], [], brokers=0, error="no broker is reachable"))
    assert "kmon_data_age_seconds" not in names(page(unreached))
