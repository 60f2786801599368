"""Rules, limits and exports leave out what a group has left, unless they ask for it."""

import argparse
from pathlib import Path
from typing import Literal

import pytest
from left_views import left_view
from metric_samples import samples as page_samples
from views import FixtureSource

from alerts.catalogue import catalogue
from alerts.rule_files import read_rules
from alerts.rules import samples
from alerts.samples import Labels
from exporters.prometheus import MetricsPage
from kmon import cli
from kmon.commands.check import CRITICAL, OK, judge_rows, rows_of
from kmon.commands.lag_rows import lag_rows
from kmon.prometheus_rules import exported
from monitor.settings.alerts import RuleSettings


def about(group: str, topic: str = "") -> Labels:
    labels = (("cluster", "demo"), ("group", group))
    return (*labels, ("topic", topic), ("partition", "0")) if topic else labels


def rule_text(on: str, where: str) -> str:
    return f"groups:\n  - name: g\n    rules:\n      - alert: A\n        on: {on}\n        where: '{where}'\n"


DEAD, GONE, READER = about("dead", "b"), about("gone-v1", "b"), about("reader", "b")
ALSO_GONE = about("gone-v1", "a")


@pytest.mark.parametrize(
    ("where", "true"),
    [
        ("lag > 100", [DEAD]),
        ("not lag <= 100", [DEAD]),
        ("lag_seconds > 10m", [DEAD]),
        ('status != "ok"', [DEAD]),
        ('status ~ ".*" and lag > 100', [DEAD]),
        ('level == "note"', []),
        ("lost > 0 or ahead > 0", []),
        ("member_id is unknown", [DEAD]),
        ('status == "left"', [ALSO_GONE, GONE, READER]),
        ('status in ("left", "stopped")', [DEAD, ALSO_GONE, GONE, READER]),
        ('lag > 400 and status == "left"', [READER]),
    ],
)
def test_a_rule_on_rows_of_lag_does_not_count_what_was_left(tmp_path: Path, where: str, true: list[Labels]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rule_text("lag", where))
    found = samples(read_rules([path])[0], left_view(), [READER])
    assert sorted(each.labels for each in found.true) == sorted(true)
    assert (READER in found.false) == (READER not in true)


@pytest.mark.parametrize(
    ("where", "true"),
    [
        ('status != "ok"', [about("dead")]),
        ("lag >= 0 and members > 0", [about("gone-v2"), about("reader")]),
        ("lag >= 0 and members == 0", [about("dead")]),
        ('status == "left"', [about("gone-v1")]),
        ("left_partitions > 0", [about("reader")]),
    ],
)
def test_a_rule_on_groups_does_not_count_those_that_left_everything(
    tmp_path: Path, where: str, true: list[Labels]
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(rule_text("group", where))
    assert sorted(each.labels for each in samples(read_rules([path])[0], left_view()).true) == true


@pytest.mark.parametrize("over", ["partition", "group"])
def test_a_rule_of_the_settings_does_not_either(over: Literal["partition", "group"]) -> None:
    watched = READER if over == "partition" else about("reader")
    found = samples(RuleSettings(name="A", over=over, lag_above=100), left_view(), [watched])
    assert [dict(each.labels)["group"] for each in found.true] == ["dead"]
    assert found.false == {watched}
    on_topic = samples(RuleSettings(name="A", over="group", topic="b", lag_above=100), left_view())
    assert [dict(each.labels)["group"] for each in on_topic.true] == ["dead"]


def test_no_rule_of_the_catalogue_is_true_of_what_was_left() -> None:
    view = left_view()
    for rule in catalogue():
        about_groups = {dict(each.labels).get("group") for each in samples(rule, view).true}
        assert not about_groups & {"gone-v1", "reader"}, rule.name


def test_limits_of_kmon_check_do_not_count_it() -> None:
    def line(*args: str) -> tuple[int, str]:
        parsed = argparse.ArgumentParser()
        for name in ("group", "topic", "where", "max-lag", "max-lag-seconds"):
            parsed.add_argument(f"--{name}")
        asked = rows_of(parsed.parse_args(args))
        assert asked is not None
        verdict = judge_rows(left_view(), asked)
        return verdict.state, verdict.line

    state, said = line("--group", "reader", "--max-lag", "100", "--max-lag-seconds", "5m")
    assert state == OK
    assert "1 partition of 1 group within limits" in said
    assert line("--group", "gone-v1|reader")[0] == OK
    assert line("--group", "reader", "--where", 'status == "left"')[0] == CRITICAL
    assert line("--group", "dead", "--max-lag", "100")[0] == CRITICAL


def test_exported_rules_leave_it_out_too(tmp_path: Path) -> None:
    def expression(where: str, on: str = "lag") -> str:
        path = tmp_path / "rules.yaml"
        path.write_text(rule_text(on, where))
        (rule,) = exported(read_rules([path])).groups["kmon-g"]
        return str(rule["expr"])

    left = "unless on (cluster, group, topic) max by (cluster, group, topic) (kmon_group_left_lag)"
    every = "max by (cluster, group, topic, partition) (kmon_group_partition_lag)"
    assert expression("lag > 5") == f"{every} > 5 {left}"
    assert expression("lag > 5 or lag == 0") == f"({every} > 5 or {every} == 0) {left}"
    group, status = "max by (cluster, group) (kmon_group_lag)", "max by (cluster, group) (kmon_group_status"
    gone = f'unless on (cluster, group) {status}{{status="left"}}) == 1'
    assert expression("lag == 0", "group") == f"{group} == 0 {gone}"
    assert expression("lag == 0 or lag > 5", "group") == f"({group} == 0 or {group} > 5) {gone}"
    # A group of these statuses has not left.
    assert expression('status in ("ok", "stuck")', "group") == f'{status}{{status=~"ok|stuck"}}) == 1'
    (rule,) = exported([RuleSettings(name="A", over="partition", lag_above=5)]).groups["kmon"]
    assert str(rule["expr"]).endswith(f"> 5 {left}")


def test_metrics_have_what_was_left_apart() -> None:
    page = page_samples(MetricsPage([FixtureSource(left_view())]))

    def value(name: str, **labels: str) -> float | None:
        return page.get((name, frozenset({"cluster": "demo", **labels}.items())))

    assert value("kmon_group_partition_lag", group="reader", topic="b", partition="0") == 480
    assert value("kmon_group_partition_lag_seconds", group="reader", topic="b", partition="0") is None
    assert value("kmon_group_partition_lost", group="reader", topic="b", partition="0") is None
    assert value("kmon_group_left_lag", group="reader", topic="b") == 480
    assert value("kmon_group_left_partitions", group="reader") == 1
    assert value("kmon_group_lag", group="reader") == 1
    assert value("kmon_group_lag", group="gone-v1") == 0
    assert value("kmon_group_status", group="gone-v1", status="left") == 1
    assert value("kmon_group_status", group="reader", status="left") == 0
    assert value("kmon_group_left_lag", group="dead", topic="b") is None


def test_kmon_lag_lists_it_with_its_lag_and_what_shows_it() -> None:
    rows = lag_rows(left_view())
    (row,) = (each for each in rows if (each["group"], each["topic"]) == ("reader", "b"))
    assert (row["status"], row["level"], row["lag"], row["lost"]) == ("left", "note", 480, 0)
    assert "its member does not subscribe to the topic; 480 records unread" in row["why"]
    # The worst are first: what was left is worse than what is ok alone.
    assert [each["status"] for each in rows] == ["stopped", "left", "left", "left", "ok", "ok", "ok"]


SCRIPT = """\
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - name: it leaves the topic, and the alert resolves
    input_rows:
      - row: lag{group="g", topic="t", partition="0"}
        columns: {lag: 500x9, status: stuckx3 leftx5}
    alert_rule_test:
      - {alertname: A, eval_time: 2m, exp_alerts: [{exp_labels: {group: g, topic: t, partition: 0, severity: ticket}}]}
      - {alertname: A, eval_time: 6m, exp_alerts: []}
"""


def test_a_test_of_rules_can_have_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules.yaml").write_text(rule_text("lag", "lag > 100"))
    (tmp_path / "tests.yaml").write_text(SCRIPT)
    assert cli.main(["rules", "test", str(tmp_path / "tests.yaml")]) == 0, capsys.readouterr()
