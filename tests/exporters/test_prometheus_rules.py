"""The rules of deploy/prometheus in Prometheus's own hands: they hold on kmon's pages."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from metric_samples import samples
from requirements import require
from views import FixtureSource, Group, Topic, snapshot_of

from exporters.families import FAMILIES
from exporters.family import StateSet
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.levels import OF_STATUS
from monitor.model.limits import DISK_CRITICAL, DISK_DEGRADED, QUORUM_BEHIND_SECONDS
from monitor.model.view import View

ROOT = Path(__file__).parents[2]
DEPLOYED = ROOT / "deploy" / "prometheus"
PAGE = (ROOT / "docs" / "prometheus.md").read_text()
RECORDED = re.compile(r"\b\w+:kmon_\w+:\w+")


def rules_of(name: str, key: str) -> dict[str, Any]:
    groups = yaml.safe_load((DEPLOYED / name).read_text())["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len({rule[key] for rule in found}) == len(found)
    return {rule[key]: rule for rule in found}


def rules() -> dict[str, Any]:
    return rules_of("alerting_rules.yml", "alert")


def recorded() -> dict[str, Any]:
    return rules_of("recording_rules.yml", "record")


def shipped() -> list[Path]:
    """Everything in the repository that a user may copy a rule from."""
    kinds = ("*.md", "*.yml", "*.yaml")
    return [
        path for kind in kinds for path in ROOT.rglob(kind) if "tests" not in path.parts and ".venv" not in path.parts
    ]


def promtool(*args: str) -> None:
    found = shutil.which("promtool")
    if found is None:
        require("prometheus", "promtool is not installed")
    done = subprocess.run([found, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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
        for name, matched in re.findall(r'(kmon_\w+)\{(?:status|state)=~?"([^"]+)"', rule["expr"]):
            assert set(matched.split("|")) <= words[name]
            found += 1
    assert found > 8


def test_a_rule_on_a_status_is_as_severe_as_the_status() -> None:
    severity = {"critical": "critical", "degraded": "warning"}
    found = 0
    for rule in rules().values():
        for matched in re.findall(r'^max by [^=]*kmon_group_status\{status=~?"([^"]+)"\}\) == 1$', rule["expr"]):
            assert {severity[OF_STATUS[word]] for word in matched.split("|")} == {rule["labels"]["severity"]}
            found += 1
    assert found == 3


def test_the_limits_of_the_rules_are_those_of_kmon() -> None:
    assert f"< {DISK_CRITICAL:g}" in rules()["KafkaDiskFull"]["expr"]
    assert (
        f"(default: {DISK_DEGRADED:.0%})".replace("%", " %")
        in rules()["KafkaDiskNearlyFull"]["annotations"]["description"]
    )
    for name in ("KafkaQuorumMinority", "KafkaQuorumBehind"):
        assert re.search(rf"> {QUORUM_BEHIND_SECONDS:g}\b", rules()[name]["expr"])


def test_each_alert_has_what_a_reader_of_it_needs() -> None:
    for name, rule in rules().items():
        assert rule["labels"].keys() == {"severity"}
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        assert rule["annotations"]["runbook_url"] == f"docs/prometheus.md#{name.lower()}"
    sections = re.findall(
        r"^### (\w+)\n\n- \*\*Means\*\*: .*?\n- \*\*Check\*\*: .*?\n- \*\*Do\*\*: ", PAGE, re.MULTILINE | re.DOTALL
    )
    assert sections == re.findall(r"^### (\w+)", PAGE, re.MULTILINE)
    assert sections == list(rules())


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
    promtool(
        "check",
        "rules",
        "--lint-fatal",
        *(str(DEPLOYED / name) for name in ("recording_rules.yml", "alerting_rules.yml")),
    )
    promtool("check", "config", "--syntax-only", str(DEPLOYED / "scrape.yml"))
    promtool("test", "rules", str(DEPLOYED / "tests.yml"))


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
    rule = rules()["KafkaGroupLag"]
    on_totals = {**rule, "alert": "OnTotals", "expr": rule["expr"].replace("kmon_group_lag_at_least", "kmon_group_lag")}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule, on_totals]}]}))

    def expected(minute: int, alert: str, value: str | None) -> dict[str, Any]:
        labels = {"cluster": "demo", "group": "slow", **rule["labels"]}
        texts = {**rule["annotations"], "summary": f"slow on demo is at least {value} records behind"}
        firing = [{"exp_labels": labels, "exp_annotations": texts}] if value else []
        return {"eval_time": f"{minute}m", "alertname": alert, "exp_alerts": firing}

    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series(22),
                "alert_rule_test": [
                    expected(4, rule["alert"], None),
                    expected(5, rule["alert"], "40000"),
                    expected(5, "OnTotals", None),  # what the rule on the total costs: its `for` starts over
                    expected(8, "OnTotals", None),
                    expected(9, "OnTotals", "40000"),
                    expected(20, rule["alert"], "40000"),  # kept while nothing is known
                ],
            }
        ],
    }
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(test))
    promtool("test", "rules", str(tmp_path / "tests.yml"))
