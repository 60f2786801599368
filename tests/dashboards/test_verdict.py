"""The sentence: the most severe finding names the level and stands first."""

from views import NOW, Group, Topic, shop_view, snapshot_of

from dashboards.verdict import count_groups, verdict
from monitor.view import AlertRow, View, make_view


def calm(**changes: object) -> View:
    groups = [Group("g", {("t", 0): 10})]
    return make_view(snapshot_of([Topic("t", [(0, 10)])], groups, **changes))  # type: ignore[arg-type]


def alert(severity: str, state: str = "firing") -> AlertRow:
    return AlertRow("Rule", state, severity, (), "it is so", 1.0, NOW - 60, NOW)


def test_before_the_first_view_it_waits() -> None:
    assert verdict(None).level == "waiting"


def test_a_calm_cluster_is_healthy_in_numbers() -> None:
    said = verdict(calm())
    assert (said.level, said.sentence) == ("ok", "1 partition in sync, 1 group keeping up")


def test_being_behind_is_said_and_is_no_fault() -> None:
    view = make_view(snapshot_of([Topic("t", [(0, 10)])], [Group("g", {("t", 0): 4})]))
    assert (verdict(view).level, verdict(view).sentence) == ("ok", "1 group behind")


def test_an_offline_partition_is_critical_and_stands_first() -> None:
    said = verdict(shop_view())
    assert said.level == "critical"
    assert said.sentence.startswith("1 partition offline · 1 group lost records · 2 partitions under-replicated")
    assert said.sentence.endswith("3 groups behind · 2 groups unknown")


def test_alerts_count_by_severity_and_pending_ones_do_not() -> None:
    view = calm()
    assert verdict(make_view(view.snapshot, alerts=(alert("critical"),))).level == "critical"
    assert verdict(make_view(view.snapshot, alerts=(alert("warning"),))).level == "degraded"
    assert verdict(make_view(view.snapshot, alerts=(alert("critical", "pending"),))).level == "ok"


def test_a_failed_collector_degrades_and_is_named() -> None:
    said = verdict(calm(failed={"commits": "denied"}))
    assert (said.level, said.sentence) == ("degraded", "no full answer on commits")


def test_unreachable_says_why_and_whether_old_data_is_shown() -> None:
    assert verdict(calm(error="refused")).sentence == "refused"
    down = make_view(calm(error="refused").snapshot, last_good=calm())
    assert (verdict(down).level, verdict(down).sentence) == ("unreachable", "refused · showing the last good data")


def test_every_group_counts_once() -> None:
    counts = count_groups(shop_view())
    assert vars(counts) == {"ok": 1, "behind": 3, "lost": 1, "unknown": 2}
