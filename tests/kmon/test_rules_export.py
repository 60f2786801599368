"""kmon's rules as rules of Prometheus: promtool takes them, and they fire on the pages of the Views that ours do."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from catalogue_scenes import SCENES, healthy_view
from metric_samples import samples
from promtool import promtool, run_tests, series, values
from views import FixtureSource

from alerts.catalogue import catalogue
from alerts.rule_files import read_rules
from alerts.rules import AnyRule
from alerts.rules import samples as truth
from alerts.subject_rules import SubjectRule
from exporters.prometheus import MetricsPage
from kmon import cli
from kmon.prometheus_rules import exported, text_of
from kmon.promql import NotInMetricsError, labels_of, promql
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.alerts import RuleSettings, UnreachableSettings, WatchdogSettings
from monitor.subjects import SUBJECTS
from monitor.subjects.filter.filter import Filter

EXPORTED = [rule for rule in catalogue() if rule.name not in exported(catalogue()).left_out]
ON_RATES = [rule for rule in EXPORTED if "burn_rate" in rule.text]
"""Rules that counters over time decide, which no page that stays as it is has."""
RULES = [rule for rule in EXPORTED if rule not in ON_RATES]


def expression(on: str, where: str) -> str:
    subject = SUBJECTS[on]
    return promql(subject, Filter.of(where, subject.schema).expression)


@pytest.mark.parametrize(
    ("on", "where", "expected"),
    [
        ("group", "lag > 10k", "max by (cluster, group) (kmon_group_lag) > 10000"),
        ("group", "not lag_seconds > 5m", "max by (cluster, group) (kmon_group_lag_seconds) <= 300"),
        (
            "group",
            'group ~ "pay.*" and status in ("stuck", "lost")',
            'max by (cluster, group) (kmon_group_status{group=~"pay.*",status=~"stuck|lost"}) == 1',
        ),
        (
            "lag",
            'topic == "a\\"b" and (lag > 5 or lag == 0)',
            'ALL{topic="a\\"b"}) > 5 or ALL{topic="a\\"b"}) == 0'.replace(
                "ALL", "max by (cluster, group, topic, partition) (kmon_group_partition_lag"
            ),
        ),
        ("partition", "reassigning == true", "max by (cluster, topic, partition) (kmon_partition_reassigning) == 1"),
        ("topic", 'status == "offline"', 'max by (cluster, topic) (kmon_topic_status{status="offline"}) == 1'),
        ("quorum", "behind_seconds > 1m", "max by (cluster, broker) (kmon_quorum_behind_seconds) > 60"),
        ("cluster", "up == false", "max by (cluster) (kmon_cluster_up) == 0"),
        ("group", "lag_at_least > 5", "max by (cluster, group) (kmon_group_lag_at_least) > 5"),
        ("group", "rebalances >= 3", "max by (cluster, group) (kmon_group_rebalances) >= 3"),
        ("group", 'group_type == "share"', 'max by (cluster, group) (kmon_group_info{type="share"}) == 1'),
        ("group", 'group_type != "share"', 'max by (cluster, group) (kmon_group_info{type!="share",type!=""}) == 1'),
    ],
)
def test_what_a_filter_is_in_promql(on: str, where: str, expected: str) -> None:
    assert expression(on, where) == expected


@pytest.mark.parametrize(
    ("on", "where", "why"),
    [
        ("group", 'why ~ ".*late.*"', "no metric has the column why for every group"),
        ("group", 'level == "ok"', "no metric has the column level for every group"),
        ("group", "rebalances >= 0", "no metric has the column rebalances for every group"),
        ("topic", 'status == "ok"', "no metric has the column status for every topic"),
        ("topic", 'status != "offline"', "no metric has the column status for every topic"),
        ("lag", "lost == 0", "no metric has the column lost for every lag"),
        ("group", "lag_at_least < 5", "kmon_group_lag_at_least is 0 where lag_at_least is unknown"),
        ("group", "lag is unknown", "no metric shows whether lag is unknown"),
        ("group", 'group == "a" or lag > 5', "group is a label"),
        ("group", 'group == "a"', "it has conditions on labels only"),
    ],
)
def test_what_metrics_cannot_express_is_told(on: str, where: str, why: str) -> None:
    with pytest.raises(NotInMetricsError, match=why):
        expression(on, where)


def page_of(view: View, rule: SubjectRule) -> list[dict[str, str]]:
    """What promtool's tests want of the page of a View that stays as it is: the series that the rule reads."""
    read = set(re.findall(r"kmon_\w+", promql(rule.subject, rule.where.expression)))
    page = samples(MetricsPage([FixtureSource(view)]))
    return [
        {"series": series(name, dict(labels)), "values": values([number] * 1500)}
        for (name, labels), number in page.items()
        if name in read
    ]


def fires(rule: SubjectRule, view: View) -> list[dict[str, Any]]:
    """The labels of the alerts of our own engine, under the names of metrics."""
    names = labels_of(rule.subject)
    return [
        {**dict(zip(names, (text for _, text in sample.labels), strict=True)), "severity": rule.severity}
        for sample in truth(rule, view).true
    ]


def last_of_trouble(name: str) -> View:
    return SCENES[name]().trouble[-1]


@pytest.mark.prometheus
def test_they_fire_in_prometheus_on_what_ours_fire_on(tmp_path: Path) -> None:
    document = yaml.safe_load(text_of(exported(RULES), kubernetes=False))
    for group in document["groups"]:
        for rule in group["rules"]:
            rule["annotations"] = {}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document))
    tests = []
    for rule in RULES:
        late = int(rule.for_seconds // 60) + 2
        for view, some in ((last_of_trouble(rule.name), True), (healthy_view(), False)):
            found = fires(rule, view)
            assert bool(found) is some, rule.name
            check = {
                "eval_time": f"{late}m",
                "alertname": rule.name,
                "exp_alerts": [{"exp_labels": each} for each in found],
            }
            tests.append({"interval": "1m", "input_series": page_of(view, rule), "alert_rule_test": [check]})
    run_tests(tmp_path / "rules.yml", tests)


def test_a_topic_that_the_settings_exclude_has_alerts_in_kmon_only() -> None:
    """As docs/prometheus.md says: metadata has its health, and the page has no series of it."""
    rule = next(each for each in RULES if each.name == "KafkaOfflinePartitions")
    snapshot = last_of_trouble(rule.name).snapshot
    topics = replace(snapshot.topics, watched=np.zeros(len(snapshot.topics), bool))
    excluded = make_view(replace(snapshot, topics=topics))
    assert fires(rule, excluded)
    assert page_of(last_of_trouble(rule.name), rule)
    assert page_of(excluded, rule) == []


def counters_of(views: list[View]) -> list[dict[str, str]]:
    """The series of objectives on the pages of these Views, as promtool's tests want them."""
    found: dict[str, list[float | None]] = {}
    for view in views:
        for (name, labels), number in samples(MetricsPage([FixtureSource(view)])).items():
            if name.startswith(("kmon_group_slo_", "kmon_group_fresh_", "kmon_group_observed_")):
                found.setdefault(series(name, dict(sorted(labels))), []).append(number)
    return [{"series": key, "values": values(numbers)} for key, numbers in found.items()]


@pytest.mark.prometheus
def test_burn_rates_fire_in_prometheus_as_ours_do(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(text_of(exported(ON_RATES), kubernetes=False))
    document = yaml.safe_load((tmp_path / "rules.yml").read_text())
    assert [group["name"] for group in document["groups"]] == ["kmon-burn-rates", "kmon-groups"]
    for rule in document["groups"][1]["rules"]:
        rule["annotations"] = {}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document))
    tests = []
    for rule in ON_RATES:
        views = list(SCENES[rule.name]().trouble)
        step = int(views[-1].snapshot.interval_seconds or 0)
        ours = [fires(rule, view) for view in views]
        first = next(place for place, found in enumerate(ours) if found)
        # Prometheus extrapolates from samples to the ends of a window, so a few polls around ours are left out.
        times = [place for place in range(len(views)) if abs(place - first) > 6]
        assert times[-1] > first
        checks = [
            {
                "eval_time": f"{place * step}s",
                "alertname": rule.name,
                "exp_alerts": [{"exp_labels": each} for each in ours[place]],
            }
            for place in times
        ]
        tests.append({"interval": f"{step}s", "input_series": counters_of(views), "alert_rule_test": checks})
    run_tests(tmp_path / "rules.yml", tests, interval="10s")


def test_objectives_are_exported_for_sloth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(
        "contexts:\n  - name: Shop 1\n    bootstrap_servers: [a:1]\n    slos:\n"
        "      - {groups: [pay-.*, billing], time_lag: 5m}\n      - {groups: .*, time_lag: 1h, objective: 99}\n"
        "  - name: other\n    bootstrap_servers: [b:1]\n"
    )
    assert cli.main(["rules", "export", "--sloth", "--config", str(path)]) == 0
    (document,) = yaml.safe_load_all(capsys.readouterr().out)
    assert (document["version"], document["service"], document["labels"]) == (
        "prometheus/v1",
        "kafka-shop-1",
        {"cluster": "Shop 1"},
    )
    one, two = document["slos"]
    assert (one["name"], one["objective"], two["objective"]) == ("freshness-1", 99.9, 99)
    labels = 'cluster="Shop 1",group=~".*",group!~"pay-.*|billing"'
    total = f"sum(rate(kmon_group_observed_seconds_total{{{labels}}}[{{{{.window}}}}]))"
    fresh = f"sum(rate(kmon_group_fresh_seconds_total{{{labels}}}[{{{{.window}}}}]))"
    assert two["sli"] == {"events": {"error_query": f"{total} - {fresh}", "total_query": total}}
    assert one.keys() == {"name", "objective", "description", "sli", "alerting"}


def test_without_objectives_there_is_nothing_for_sloth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text("contexts:\n  - bootstrap_servers: [a:1]\n")
    assert cli.main(["rules", "export", "--sloth", "--config", str(path)]) == 1
    assert "no objectives: see contexts[].slos" in capsys.readouterr().err


@pytest.mark.prometheus
def test_promtool_takes_what_the_command_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "export", "--prometheus"]) == 0
    told = capsys.readouterr()
    (tmp_path / "rules.yml").write_text(told.out)
    promtool("check", "rules", "--lint-fatal", tmp_path / "rules.yml")
    assert told.err == ""
    plain = yaml.safe_load(told.out)
    assert cli.main(["rules", "export", "--kubernetes"]) == 0
    manifest = yaml.safe_load(capsys.readouterr().out)
    assert (manifest["apiVersion"], manifest["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert manifest["spec"] == plain


def test_every_alert_that_is_on_by_default_is_exported() -> None:
    assert not {rule.name for rule in catalogue() if rule.enabled} & exported(catalogue()).left_out.keys()


def test_what_is_left_out_is_counted_and_in_comments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.yaml").write_text("groups: [{name: g, rules: [{alert: A, on: group, where: lag is unknown}]}]")
    (tmp_path / "kmon.yaml").write_text(f"alerts: {{rule_files: [{tmp_path}/mine.yaml]}}\n")
    assert cli.main(["rules", "export", "--config", str(tmp_path / "kmon.yaml")]) == 0
    told = capsys.readouterr()
    assert "# Not exported: A: no metric shows whether lag is unknown" in told.out
    assert told.err == "not exported, see the comments: 1 rule\n"


def test_each_rule_is_exported_or_left_out_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "groups:\n  - name: g\n    rules:\n"
        "      - {alert: Late, on: group, where: lag_seconds > 10m, labels: {team: a},"
        " annotations: {summary: '{{ group }} {{ lag_seconds }}', more: '{{ why }}'}}\n"
        "      - {alert: Named, on: group, where: 'group ~ \"a.*\" and lag > 10'}\n"
        "      - {alert: Either, on: group, where: lag > 10 or members == 0}\n"
        "      - {alert: Tried, on: group, where: lag > 10, mode: observe}\n"
    )
    rules: list[AnyRule] = [
        *read_rules([path]),
        RuleSettings(name="Lag", lag_above=1000, group="pay.*", for_seconds=60),
        RuleSettings(name="OnTopic", lag_above=1000, topic="pay.*"),
        UnreachableSettings(),
        WatchdogSettings(),
    ]
    found = exported(rules)
    assert list(found.left_out) == ["Tried", "OnTopic"]
    (late, named, either), (lag, unreachable, watchdog) = found.groups.values()
    assert late["labels"] == {"severity": "ticket", "team": "a"}
    assert late["annotations"]["summary"] == "{{ $labels.group }} {{ $value | humanizeDuration }}"
    assert "more" not in late["annotations"]
    place = "cluster {{ $labels.cluster }}, group {{ $labels.group }}"
    assert named["annotations"]["summary"] == f"Named: {place}, lag {{{{ $value }}}}"
    assert either["annotations"]["summary"] == f"Either: {place}", "the value is one of two columns"
    assert lag["expr"] == 'max by (cluster, group) (kmon_group_lag_at_least{group=~"pay.*"}) > 1000'
    assert (lag["for"], lag["labels"]) == ("1m", {"severity": "warning"})
    assert unreachable["expr"] == "max by (cluster) (kmon_cluster_up) == 0"
    assert watchdog["expr"] == "max by (cluster) (kmon_cluster_up) >= 0"
