"""Alerting rules of deploy/prometheus, which kmon exports, and their tests: this script writes both.

A test of an alert has the series of the cluster of its scene: two minutes without trouble, trouble until after its
time, and then none. Tests of alerts without a scene of that kind are written by hand, and stay as they are.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from catalogue_scenes import SCENES, Scene
from metric_samples import samples as page_samples
from promtool import series, values
from views import FixtureSource

from alerts.effective import rules_of
from alerts.rules import samples
from alerts.samples import Sample
from alerts.subject_rules import SubjectRule
from exporters.prometheus import MetricsPage
from kmon.prometheus_rules import exported, text_of
from kmon.promql import labels_of
from monitor.model.view import View
from monitor.settings.alerts import AlertSettings

DEPLOYED = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES, TESTS = DEPLOYED / "alerting_rules.yml", DEPLOYED / "tests.yml"
HEAD = "# `promtool test rules tests.yml`: each alert does not fire before its time, fires, and resolves.\n"
CALM, AFTER = 2, 2
"""Minutes before the trouble, and minutes more than an alert needs to fire and to resolve."""

Labels = Mapping[str, str]


def text_of_rules() -> str:
    """What `kmon rules export` prints with the default settings."""
    return text_of(exported(rules_of(AlertSettings())), kubernetes=False)


def text_of_tests() -> str:
    """The file of tests: those that are made here, and then those of all other alerts as they stand there."""
    made = [_test(rule, SCENES[rule.name]()) for rule in _with_scenes()]
    names = {each["alert_rule_test"][0]["alertname"] for each in made}
    document = yaml.safe_load(TESTS.read_text(encoding="utf-8"))
    rest = [each for each in document["tests"] if each["alert_rule_test"][0]["alertname"] not in names]
    return HEAD + yaml.safe_dump({**document, "tests": made + rest}, sort_keys=False, width=120, allow_unicode=True)


def _with_scenes() -> list[SubjectRule]:
    """The rules that numbers decide which stay as they are, as those of a View, and not counters over time."""
    found = (rule for rule in rules_of(AlertSettings()) if isinstance(rule, SubjectRule))
    return [rule for rule in found if "burn_rate" not in rule.text]


def _test(rule: SubjectRule, scene: Scene) -> dict[str, Any]:
    (found,) = (each for group in exported([rule]).groups.values() for each in group)
    trouble = next(view for view in reversed(scene.trouble) if samples(rule, view).true)
    sample = samples(rule, trouble).true[0]
    labels = dict(zip(labels_of(rule.subject), (text for _, text in sample.labels), strict=True))
    texts = {name: _rendered(text, labels, sample) for name, text in found["annotations"].items()}
    held, kept = (math.ceil(each / 60) for each in (rule.for_seconds, rule.keep_firing_for_seconds))
    polls = [scene.over[-1]] * CALM + [trouble] * (held + AFTER) + [scene.over[-1]] * (kept + AFTER)
    fires = [{"exp_labels": {**labels, **found["labels"]}, "exp_annotations": texts}]
    return {
        "name": f"{rule.name} fires and resolves",
        "interval": "1m",
        "input_series": _series(polls, set(re.findall(r"kmon_\w+", found["expr"])), labels),
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": rule.name, "exp_alerts": alerts}
            for minute, alerts in ((CALM + held - 1, []), (CALM + held, fires), (len(polls) - 1, []))
        ],
    }


def _series(polls: list[View], names: set[str], labels: Labels) -> list[dict[str, str]]:
    """The series of these names that are about the row with these labels, a sample for each View."""
    found: dict[str, list[float | None]] = {}
    pages = {id(view): page_samples(MetricsPage([FixtureSource(view)])) for view in polls}
    for minute, view in enumerate(polls):
        for (name, own), number in pages[id(view)].items():
            mine = dict(sorted(own))
            if name in names and all(labels.get(each, text) == text for each, text in mine.items()):
                found.setdefault(series(name, mine), [None] * len(polls))[minute] = number
    return [{"series": name, "values": values(numbers)} for name, numbers in found.items()]


def _rendered(text: str, labels: Labels, sample: Sample) -> str:
    """An annotation as Prometheus's templates render it."""
    number = sample.value
    days, rest = divmod(round(number), 86_400)
    written = {
        "$value": f"{number:.15g}",
        "$value | humanizePercentage": f"{100 * number:.4g}%",
        "$value | humanizeDuration": f"{days}d {rest // 3600}h {rest % 3600 // 60}m {rest % 60}s",
        **{f"$labels.{name}": each for name, each in labels.items()},
    }
    return re.sub(r"{{ (.*?) }}", lambda found: written[found[1]], text)


if __name__ == "__main__":
    RULES.write_text(text_of_rules(), encoding="utf-8")
    TESTS.write_text(text_of_tests(), encoding="utf-8")
