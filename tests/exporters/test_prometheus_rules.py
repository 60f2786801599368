"""The rules of docs/metrics.md in Prometheus's own hands: they hold on kmon's pages."""

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
from exporters.prometheus import MetricsPage
from monitor.analysis.view import make_view
from monitor.model.view import View

ROOT = Path(__file__).parents[2]
RULES = re.search(r"```yaml\n(groups:\n.*?)```", (ROOT / "docs/metrics.md").read_text(), re.DOTALL)


def rules() -> dict[str, Any]:
    assert RULES is not None
    (group,) = yaml.safe_load(RULES[1])["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


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
    for rule in rules().values():
        assert set(re.findall(r"\bkmon_\w+", rule["expr"])) <= names


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
        labels = {"cluster": "demo", "group": "slow"}
        summary = f"slow on demo is at least {value} records behind"
        firing = [{"exp_labels": labels, "exp_annotations": {"summary": summary}}] if value else []
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
