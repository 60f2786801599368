"""Random clusters through our engine, and their pages through Prometheus's on the exported rules: each step agrees.

Prometheus has no unknown: see docs/rules.md. So its alerts are those of our engine to which unknown is false, and our
own those of a Prometheus that does not evaluate a row while kmon does not know it.
"""

import contextlib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from metric_samples import samples as on_page
from promtool import run_tests, series, values
from random_clusters import KNOWN_SERIES, LEFT, SERIES, STEP_SECONDS, Change, views_of
from requirements import require_program
from views import FixtureSource

from alerts.effective import rules_of
from alerts.rules import AnyRule, samples
from alerts.samples import Labels, Samples
from alerts.state import RESOLVED, State, identity, step
from exporters.family import LABELS
from exporters.prometheus import MetricsPage
from kmon import cli
from monitor.model.view import View
from monitor.settings.load import load

pytestmark = pytest.mark.prometheus

RULES = r"""
groups:
  - name: random
    labels: {team: streams}
    rules:
      - {alert: GroupLag, on: group, where: lag > 50, for: 2m, keep_firing_for: 3m}
      - {alert: GroupIdle, on: group, where: lag == 0, for: 1m}
      - {alert: GroupLate, on: group, where: lag_seconds > 2m or lag > 500, for: 3m, labels: {who: 'a "b" \ c'}}
      - {alert: GroupNotOk, on: group, where: status != "ok" and lag > 10, keep_firing_for: 1m}
      - {alert: GroupBad, on: group, where: 'status in ("stuck", "stopped", "growing", "unknown")', for: 1m}
      - {alert: GroupStates, on: group, where: 'not state in ("Stable", "Empty") and group ~ "[bg].*"', for: 2m}
      - {alert: PartitionLag, on: lag, where: lag > 50 or lag < 0, for: 1m, keep_firing_for: 2m, severity: page}
      - {alert: Offline, on: topic, where: offline_partitions > 0, for: 1m, keep_firing_for: 1m}
      - {alert: AtMinIsr, on: topic, where: status == "at min ISR", for: 2m}
      - {alert: UnderMinIsr, on: topic, where: under_min_isr_partitions > 0 and offline_partitions == 0}
      - {alert: PartitionOffline, on: partition, where: offline == true, keep_firing_for: 2m}
      - {alert: BrokerDown, on: broker, where: 'status in ("gone", "fenced") and replicas > 0', for: 2m}
      - {alert: Stands, on: group, where: 'status in ("stuck", "stopped") and (level == "degraded" or paced == true)'}
      - {alert: Rebalancing, on: group, where: rebalances > 1 or state == "PreparingRebalance", for: 1m}
      - {alert: AtLeast, on: group, where: lag_at_least > 100 and group_type != "share", keep_firing_for: 1m}
      - {alert: Records, on: topic, where: records > 0 and topic ~ "au.*", for: 1m}
      - {alert: Blind, on: kmon, where: 'status in ("incomplete", "unreachable")', for: 1m}
      - {alert: ClusterDown, on: cluster, where: up == false, for: 1m}
"""
SETTINGS = """
contexts: [{bootstrap_servers: [broker:9092], name: demo}]
alerts:
  catalogue: false
  rule_files: [FOLDER/rules.yaml]
  rules:
    - {name: Total, lag_above: 100, for: 2m, keep_firing_for: 2m, labels: {team: pay}}
    - {name: OfPartition, lag_above: 50, over: partition, topic: orders|x, for: 1m}
"""
Phases = list[dict[Labels, str]]
"""The alerts that are pending or firing after each evaluation."""


class Both:
    """The same rules for both: `ours` as kmon reads them, and the file that kmon exports for Prometheus."""

    def __init__(self, ours: Iterable[AnyRule], file: Path) -> None:
        self.ours, self.file = tuple(ours), file

    @property
    def read(self) -> set[str]:
        """The metrics that they read."""
        return set(re.findall(r"kmon_\w+", self.file.read_text()))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Both:
    require_program("promtool")
    folder = tmp_path_factory.mktemp("rules")
    (folder / "rules.yaml").write_text(RULES)
    (folder / "kmon.yaml").write_text(SETTINGS.replace("FOLDER", str(folder)))
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert cli.main(["rules", "export", "--config", str(folder / "kmon.yaml")]) == 0
    assert "Not exported" not in told.getvalue()
    (folder / "exported.yaml").write_text(told.getvalue())
    return Both(rules_of(load(str(folder / "kmon.yaml"), {}).settings.alerts), folder / "exported.yaml")


# -------------------------------------------------------------------- our engine


def evaluated(rule: AnyRule, views: list[View]) -> tuple[set[Labels], list[Samples]]:
    """The rows for which the rule is true in some View, and what each View says about all of them."""
    rows = {sample.labels for view in views for sample in samples(rule, view).true}
    return rows, [samples(rule, view, rows) for view in views]


def phases(rule: AnyRule, polls: Iterable[Samples]) -> Phases:
    """The life of the rule's alerts in our engine."""
    state: State = {}
    found = []
    for number, each in enumerate(polls):
        state, _ = step(state, rule, each, number * STEP_SECONDS, number * STEP_SECONDS)
        found.append({labels: alert.phase for labels, alert in state.items() if alert.phase != RESOLVED})
    return found


def is_true(found: Samples, row: Labels) -> bool:
    return any(sample.labels == row for sample in found.true)


def is_known(found: Samples, row: Labels) -> bool:
    return is_true(found, row) or row in found.false or row in found.gone


def nothing_unknown(rows: set[Labels], found: Samples) -> Samples:
    """What a View says if a row is either true or false: what is unknown or gone is false."""
    return Samples(found.true, frozenset(row for row in rows if not is_true(found, row)))


def nothing_gone(found: Samples) -> Samples:
    """The same, but a row that is gone is false, as for Prometheus."""
    return replace(found, false={*found.false, *found.gone}, gone=frozenset())


# -------------------------------------------------------------------- Prometheus's


Series = Mapping[tuple[str, Labels], list[float | None]]
"""The value of each series of a page at each poll, None where the page does not have it."""


def pages(views: list[View], names: set[str]) -> Series:
    """The series of these names on the pages of consecutive polls."""
    source = FixtureSource()
    page = MetricsPage([source])
    found: dict[tuple[str, Labels], list[float | None]] = {}
    for number, view in enumerate(views):
        source.show(view)
        for (name, labels), value in on_page(page).items():
            if name in names:
                found.setdefault((name, tuple(sorted(labels))), [None] * len(views))[number] = value
    return found


def in_prometheus(labels: Labels) -> dict[str, str]:
    return {LABELS.get(name, name): text for name, text in labels}


def entry(found: Series, expected: Phases, where: str = "") -> dict[str, Any]:
    """A test for promtool: after each evaluation ALERTS has just these. A series that a page lacks is stale."""

    def alerts(active: Mapping[Labels, str]) -> list[dict[str, Any]]:
        names = ((in_prometheus(labels) | {"alertstate": phase}) for labels, phase in active.items())
        return [{"labels": series("ALERTS", each), "value": 1} for each in names]

    return {
        "interval": f"{STEP_SECONDS}s",
        "input_series": [
            {"series": series(name, dict(labels)), "values": values(numbers)}
            for (name, labels), numbers in found.items()
        ],
        "promql_expr_test": [
            {"expr": f"ALERTS{{{where}}}", "eval_time": f"{number * STEP_SECONDS}s", "exp_samples": alerts(active)}
            for number, active in enumerate(expected)
        ],
    }


# -------------------------------------------------------------------- they agree


RANDOM = settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[each for each in Phase if each is not Phase.explain],
)


@RANDOM
@example(LEFT)
@given(st.one_of(KNOWN_SERIES, SERIES))
def test_prometheus_is_our_engine_to_which_unknown_is_false(rules: Both, changes: list[Change]) -> None:
    """So both have the same alert on a row that is never unknown nor gone while it has one."""
    views = views_of(changes)
    expected: Phases = [{} for _ in views]
    for rule in rules.ours:
        rows, polls = evaluated(rule, views)
        ours, theirs = phases(rule, polls), phases(rule, (nothing_unknown(rows, each) for each in polls))
        for row in rows:
            alert = identity(rule, row)
            mine, other = ([each.get(alert) for each in found] for found in (ours, theirs))
            held = any(phase and not is_known(found, row) for phase, found in zip(mine, polls, strict=True))
            assert not any(phase for phase, found in zip(mine, polls, strict=True) if row in found.gone)
            kept = rule.keep_firing_for_seconds and any(row in found.gone for found in polls)
            assert mine == other or held or kept
        for alerts, found in zip(expected, theirs, strict=True):
            alerts.update(found)
    run_tests(rules.file, [entry(pages(views, rules.read), expected)])


@RANDOM
@example(LEFT)
@given(SERIES)
def test_we_are_a_prometheus_that_does_not_evaluate_what_is_unknown(rules: Both, changes: list[Change]) -> None:
    """Of each row Prometheus gets the polls at which kmon knows whether the rule is true, the newest ones last."""
    views = views_of(changes)
    page = pages(views, rules.read)
    entries = []
    for rule in rules.ours:
        rows, polls = evaluated(rule, views)
        ours = phases(rule, map(nothing_gone, polls))
        shown: dict[tuple[str, Labels], list[float | None]] = {}
        expected: Phases = [{} for _ in views]
        for row in rows:
            known = [n for n, each in enumerate(polls) if is_known(each, row)]
            first = len(views) - len(known)
            alert = identity(rule, row)
            for place, number in enumerate(known, first):
                if alert in ours[number]:
                    expected[place][alert] = ours[number][alert]
            for unknown in sorted({*range(1, len(views))} - {*known}):
                assert ours[unknown].get(alert) == ours[unknown - 1].get(alert)
            for (name, labels), numbers in page.items():
                if all(in_prometheus(row).get(each, text) == text for each, text in labels):
                    shown[name, labels] = [*[None] * first, *(numbers[number] for number in known)]
        entries.append(entry(shown, expected, f'alertname="{rule.name}"'))
    run_tests(rules.file, entries)
