"""The catalogue: each alert fires after its time on a cluster with its trouble, resolves, and fires on no other."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from alert_fixtures import FakeClock
from catalogue_page import PAGE, ROWS, rows
from catalogue_scenes import INTERVAL_SECONDS, SCENES, Scene, healthy_snapshot, healthy_view
from views import COLLECTOR_NAMES, snapshot_of

from alerts.catalogue import RUNBOOK, anchor, catalogue
from alerts.effective import rules_of
from alerts.evaluator import Evaluator
from alerts.rules import samples
from alerts.subject_rules import SubjectRule
from monitor.analysis.view import make_view
from monitor.model.cluster_tables import LogDirs, Quorum, TopicConfigs
from monitor.settings.alerts import AlertSettings
from monitor.settings.errors import SettingsError

RULES = {rule.name: rule for rule in catalogue()}
RUNBOOKS = (Path(__file__).parents[2] / "docs/runbooks.md").read_text()
MOST_PAGES = 10


@cache
def scene_of(name: str) -> Scene:
    return SCENES[name]()


def names_of(alerts: AlertSettings) -> list[str]:
    return [rule.name for rule in rules_of(alerts) if isinstance(rule, SubjectRule)]


def test_every_alert_has_a_scene() -> None:
    assert SCENES.keys() == RULES.keys()


@pytest.mark.parametrize("name", RULES)
def test_it_fires_after_its_time_and_resolves(name: str) -> None:
    rule, clock = RULES[name], FakeClock()
    evaluator = Evaluator([rule], clock=clock)
    assert evaluator.observe(healthy_view()) == ()
    scene, active, fired = scene_of(name), None, None
    for troubled, view in scene.play(max(rule.for_seconds, rule.keep_firing_for_seconds)):
        step = view.snapshot.interval_seconds or INTERVAL_SECONDS
        clock.move(step)
        shown = evaluator.observe(view)
        if troubled and shown and active is None:
            active = clock.mono
        if troubled and fired is None and any(row.state == "firing" for row in shown):
            fired = clock.mono
            assert active is not None
            assert rule.for_seconds <= fired - active <= rule.for_seconds + step
            assert rule.severity != "page" or "unknown" not in shown[0].summary
    assert fired is not None
    assert shown == ()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_none_is_true_of_a_healthy_cluster(rule: SubjectRule) -> None:
    assert samples(rule, healthy_view()).true == ()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_what_cannot_be_seen_starts_and_ends_nothing(rule: SubjectRule) -> None:
    trouble = scene_of(rule.name).trouble[-1]
    watched = [sample.labels for sample in samples(rule, trouble).true]
    assert watched
    down = make_view(snapshot_of([], [], brokers=0, error="no broker responded"), last_good=trouble)
    found = samples(rule, down, watched)
    assert found.true == ()
    if rule.subject.name != "kmon":  # of itself kmon knows: it is unreachable, which has an alert of its own
        assert not {*found.false, *found.gone} & {*watched}


@pytest.mark.parametrize("collector", COLLECTOR_NAMES)
def test_nothing_pages_because_a_collector_failed(collector: str) -> None:
    emptied: dict[str, dict[str, Any]] = {
        "quorum": {"quorum": Quorum.empty()},
        "configs": {"topic_configs": TopicConfigs.empty()},
        "log_dirs": {"log_dirs": LogDirs.empty()},
    }
    snapshot = healthy_snapshot(failed={collector: "broker 2: timed out after 3.3 s"})
    view = make_view(replace(snapshot, **emptied.get(collector, {})))
    assert [rule.name for rule in catalogue() if rule.severity == "page" and samples(rule, view).true] == []


def test_at_most_ten_kinds_page() -> None:
    pages = [rule.name for rule in catalogue() if rule.severity == "page"]
    assert len(pages) + 1 <= MOST_PAGES, "KmonClusterUnreachable is one too"


def test_every_alert_has_a_runbook_that_says_what_it_means_how_to_check_and_what_to_do() -> None:
    sections = re.split(r"^### ", RUNBOOKS, flags=re.MULTILINE)[1:]
    found = {section.partition("\n")[0]: section for section in sections}
    assert set(found) == {*RULES, "KmonClusterUnreachable", "KmonWatchdog"}
    for section in found.values():
        assert re.findall(r"^- \*\*(\w+)\*\*:", section, re.MULTILINE) == ["Means", "Check", "Do"]
    for rule in rules_of(AlertSettings(runbooks="https://docs/runbooks")):
        if isinstance(rule, SubjectRule):
            assert rule.annotations[RUNBOOK].fill(str) == f"https://docs/runbooks#{anchor(rule.name)}"


def test_the_table_of_the_documentation_is_that_of_the_catalogue() -> None:
    found = ROWS.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[0] == rows(), "write it: python tests/support/catalogue_page.py"


def test_what_is_on_and_off() -> None:
    usual = names_of(AlertSettings())
    assert usual == [rule.name for rule in catalogue() if rule.enabled]
    assert names_of(AlertSettings(catalogue=False)) == []
    changed = names_of(AlertSettings(enable=("KafkaGroupTimeLag",), disable=("KafkaGroupStopped",)))
    assert set(usual) ^ set(changed) == {"KafkaGroupTimeLag", "KafkaGroupStopped"}


def test_a_name_that_the_catalogue_has_not_is_told_with_the_nearest() -> None:
    with pytest.raises(SettingsError) as refused:
        rules_of(AlertSettings(enable=("KafkaGroupTimelag",), disable=("KafkaGroupStoped", "KafkaGroupStopped")))
    assert refused.value.problems == (
        "alerts.enable: the catalogue has no alert KafkaGroupTimelag: did you mean KafkaGroupTimeLag?",
        "alerts.disable: the catalogue has no alert KafkaGroupStoped: did you mean KafkaGroupStopped?",
    )
    with pytest.raises(SettingsError, match=r"alerts.disable: KafkaGroupStuck is also in alerts\.enable"):
        rules_of(AlertSettings(enable=("KafkaGroupStuck",), disable=("KafkaGroupStuck",)))


def test_a_rule_of_ones_own_replaces_that_of_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "groups:\n  - name: g\n    rules:\n"
        "      - {alert: KafkaGroupStuck, on: group, where: lag > 5}\n"
        "      - {alert: Later, on: group, where: lag > 5, enabled: false}\n"
    )
    rules = {rule.name: rule for rule in rules_of(AlertSettings(rule_files=(str(path),)))}
    mine = rules["KafkaGroupStuck"]
    assert isinstance(mine, SubjectRule)
    assert mine.text == "lag > 5"
    assert "Later" not in rules
