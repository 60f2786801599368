"""The rules of deploy/prometheus in Prometheus's own hands: they hold on kmon's pages."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployed_rules import DEPLOYED, RULES, TESTS, text_of_tests
from metric_samples import samples
from promtool import promtool, run_tests
from views import FixtureSource, Group, Topic, snapshot_of

from alerts.catalogue import catalogue
from alerts.effective import rules_of as rules_of_settings
from exporters.families import FAMILIES
from exporters.family import StateSet
from exporters.prometheus import MetricsPage
from kmon import cli
from kmon.prometheus_rules import exported
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings.alerts import UNREACHABLE, AlertSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "prometheus.md").read_text()
LAG = "KafkaGroupLag"
WRITE_THEM = "write them: python tests/support/deployed_rules.py"
RECORDED = re.compile(r"\b\w+:kmon_\w+:\w+")


def rules_of(name: str, key: str) -> dict[str, Any]:
    groups = yaml.safe_load((DEPLOYED / name).read_text())["groups"]
    found = [rule for group in groups for rule in group["rules"] if key in rule]
    assert len({rule[key] for rule in found}) == len(found)
    return {rule[key]: rule for rule in found}


def written_by_hand() -> dict[str, Any]:
    return rules_of("self_monitoring_rules.yml", "alert")


def rules() -> dict[str, Any]:
    exported, by_hand = rules_of("alerting_rules.yml", "alert"), written_by_hand()
    assert not exported.keys() & by_hand.keys()
    return exported | by_hand


def recorded() -> dict[str, Any]:
    return rules_of("recording_rules.yml", "record")


def shipped() -> list[Path]:
    """Everything in the repository that a user may copy a rule from."""
    kinds = ("*.md", "*.yml", "*.yaml")
    return [
        path for kind in kinds for path in ROOT.rglob(kind) if "tests" not in path.parts and ".venv" not in path.parts
    ]


def test_the_alerting_rules_are_what_kmon_exports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["rules", "export"]) == 0
    told = capsys.readouterr()
    assert RULES.read_text(encoding="utf-8") == told.out, WRITE_THEM
    assert "Not exported" not in told.out


def test_the_settings_of_the_page_add_the_alerts_that_they_name() -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    alerts = AlertSettings.model_validate(yaml.safe_load(example)["alerts"])
    found = exported(rules_of_settings(alerts))
    names = {rule["alert"] for group in found.groups.values() for rule in group if "alert" in rule}
    assert names - rules_of("alerting_rules.yml", "alert").keys() == {*alerts.enable}
    assert len(alerts.enable) == 4


def test_their_tests_are_those_of_the_scenes_of_the_catalogue() -> None:
    assert TESTS.read_text(encoding="utf-8") == text_of_tests(), WRITE_THEM


def test_the_rules_name_families_that_there_are() -> None:
    names = {family.name for family in FAMILIES}
    for rule in (*rules().values(), *recorded().values()):
        assert set(re.findall(r"\bkmon_\w+", rule["expr"])) <= names


def test_no_rule_reads_a_recorded_one() -> None:
    """Groups of rules are evaluated in no fixed order, so its numbers would be those of now or of one interval ago."""
    for rule in (*rules().values(), *recorded().values()):
        assert not RECORDED.search(rule["expr"])
    assert all(RECORDED.fullmatch(name) for name in recorded())


def test_the_rules_name_statuses_that_there_are() -> None:
    words = {
        family.name: {*(family.states or family.subject.schema[family.column].words)}
        for family in FAMILIES
        if isinstance(family, StateSet)
    }
    found = 0
    for rule in rules().values():
        for name, matched in re.findall(r'(kmon_\w+)\{(?:status|state|level)=~?"([^"]+)"', rule["expr"]):
            assert set(matched.split("|")) <= words[name]
            found += 1
    assert found > 8


def test_each_alert_has_what_a_reader_of_it_needs() -> None:
    for name, rule in rules().items():
        page = "docs/prometheus.md" if name in written_by_hand() else "docs/runbooks.md"
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in {"page", "ticket", "info"} or name == UNREACHABLE
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"{page}#{name.lower()}"
        assert f"\n### {name}\n" in (ROOT / page).read_text()
    sections = re.findall(
        r"^### (\w+)\n\n- \*\*Means\*\*: .*?\n- \*\*Check\*\*: .*?\n- \*\*Do\*\*: ", PAGE, re.MULTILINE | re.DOTALL
    )
    assert sections == re.findall(r"^### (\w+)", PAGE, re.MULTILINE)
    assert sections == list(written_by_hand())


def test_every_file_of_rules_is_loaded_and_tested() -> None:
    files = sorted(path.name for path in DEPLOYED.glob("*_rules.yml"))
    assert sorted(yaml.safe_load((DEPLOYED / "scrape.yml").read_text())["rule_files"]) == files
    assert sorted(yaml.safe_load(TESTS.read_text())["rule_files"]) == files
    mixin = (ROOT / "deploy/mixin.libsonnet").read_text()
    assert sorted(re.findall(r"importstr 'prometheus/(\w+\.yml)'", mixin)) == files


def test_each_alert_is_tested_before_it_fires_while_it_does_and_after() -> None:
    fired = set()
    for test in yaml.safe_load((DEPLOYED / "tests.yml").read_text())["tests"]:
        alerts = [bool(each["exp_alerts"]) for each in test["alert_rule_test"]]
        (name,) = {each["alertname"] for each in test["alert_rule_test"]}
        assert alerts == [False, True, False], name
        fired.add(name)
    assert fired == rules().keys()


@pytest.mark.prometheus
def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    promtool("check", "rules", "--lint-fatal", *DEPLOYED.glob("*_rules.yml"))
    promtool("check", "config", "--syntax-only", DEPLOYED / "scrape.yml")
    promtool("test", "rules", TESTS)


def test_no_rule_of_ours_alerts_on_a_total_that_one_unknown_partition_takes_away() -> None:
    assert ROOT / "README.md" in shipped()
    compared = re.compile(r"kmon_(?:group|cluster)_lag\b(\{[^}]*\})?(\[\w+\]\))?\s*[<>=!]")
    assert compared.search("kmon_group_lag > 5")
    for path in shipped():
        assert not compared.search(path.read_text()), path


def view(minute: int) -> View:
    """A group 20,000 behind on two partitions; from minutes 2 to 3 one of them has no leader, and at 20 none has."""
    known = 0 if minute == 20 else 1 if minute in {2, 3} else 2
    offsets: list[tuple[float | None, float | None]] = [
        (0, 20_000) if row < known else (None, None) for row in range(2)
    ]
    return make_view(snapshot_of([Topic("t", offsets)], [Group("slow", {("t", 0): 0, ("t", 1): 0})]))


def series(minutes: int) -> list[dict[str, str]]:
    """What promtool's tests want of the page of each minute; a series without a line is stale."""
    found: dict[str, list[str]] = {}
    for minute in range(minutes):
        for (name, labels), number in samples(MetricsPage([FixtureSource(view(minute))])).items():
            if name in {"kmon_group_lag", "kmon_group_lag_at_least"}:
                text = f"{name}{{{','.join(f'{key}={value!r}' for key, value in sorted(labels))}}}"
                found.setdefault(text, ["stale"] * minutes)[minute] = f"{number:g}"
    return [{"series": text.replace("'", '"'), "values": " ".join(values)} for text, values in found.items()]


@pytest.mark.prometheus
def test_an_unknown_partition_does_not_start_a_rule_over(tmp_path: Path) -> None:
    rule = next(rule for group in exported(catalogue()).groups.values() for rule in group if rule.get("alert") == LAG)
    rule["annotations"] = {}
    on_totals = {**rule, "alert": "OnTotals", "expr": rule["expr"].replace("kmon_group_lag_at_least", "kmon_group_lag")}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule, on_totals]}]}))

    def expected(minute: int, alert: str, *, fires: bool) -> dict[str, Any]:
        labels = {"cluster": "demo", "group": "slow", **rule["labels"]}
        firing = [{"exp_labels": labels}] if fires else []
        return {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": firing}

    checks = [
        expected(4, LAG, fires=False),
        expected(5, LAG, fires=True),
        expected(5, "OnTotals", fires=False),  # what the rule on the total costs: its `for` starts over
        expected(8, "OnTotals", fires=False),
        expected(9, "OnTotals", fires=True),
        expected(20, LAG, fires=True),  # kept while nothing is known
    ]
    tests = [{"interval": "1m", "input_series": series(22), "alert_rule_test": checks}]
    run_tests(tmp_path / "rules.yml", tests)
