"""docs/rules.md says what the code does: its tables of fields, annotations and receivers are held to it."""

import re
from dataclasses import replace
from pathlib import Path

from alert_fixtures import rule_of, view_of
from views import NOW, shop_view

from alerts.annotations import summarise
from alerts.parts import PARTS
from alerts.rules import CONDITIONS, OVER, samples
from alerts.state import step
from monitor.model.reasons import Kind, Reason
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, AlertSettings, RuleSettings, UnreachableSettings
from monitor.settings.schema import keys_of

PAGE = (Path(__file__).parents[2] / "docs/rules.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading whose first cell is one name in backticks."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows}


def test_every_key_of_a_rule_is_documented_with_its_default() -> None:
    documented = table("A rule")
    keys = keys_of(RuleSettings)
    assert {name: cells[-1] for name, cells in documented.items()} == {key.name: key.default for key in keys.values()}
    for word in OVER:
        assert f"`{word}`:" in documented["over"][0]


def test_every_annotation_is_documented() -> None:
    assert {name: cells[0] for name, cells in table("Annotations").items()} == {
        name: part.meaning for name, part in PARTS.items()
    }


def test_the_summary_shown_is_one_that_kmon_writes() -> None:
    rule = rule_of("Lag", 1_000, group="clicks.*")
    state, _ = step({}, rule, samples(rule, shop_view()), NOW, 0.0)
    (alert,) = state.values()
    assert f"\n    {summarise(rule, alert)}\n" in PAGE


def test_the_summary_of_an_unreachable_cluster_is_one_that_kmon_writes() -> None:
    view = view_of("!")
    errors = (Reason(Kind.UNREACHABLE, detail="broker:9092"),)
    snapshot = replace(view.snapshot, cluster="shop", errors=errors)
    view = replace(view, snapshot=snapshot, last_good=shop_view(time=NOW - 10))
    rule = UnreachableSettings(for_seconds=0)
    state, _ = step({}, rule, samples(rule, view), NOW, 0.0)
    (alert,) = state.values()
    assert f"\n    {summarise(rule, alert)}\n" in PAGE


def test_the_alerts_of_kmon_itself_are_documented_with_their_defaults() -> None:
    documented = table("Built-in alerts")
    settings = AlertSettings()
    assert list(documented) == list(CONDITIONS)
    for name, each in ((UNREACHABLE, settings.unreachable), (WATCHDOG, settings.watchdog)):
        defaults = documented[name][-1]
        assert defaults.startswith("on" if each.enabled else "off")
        assert f"severity `{each.severity}`" in defaults
    assert f"after {settings.unreachable.for_seconds / 60:g} minutes" in documented[UNREACHABLE][-1]


def test_the_labels_of_an_alert_are_documented() -> None:
    for over in OVER:
        sample = samples(rule_of("Lag", 0, over=over), shop_view()).true[0]
        for name, _ in sample.labels:
            assert f"`{name}`" in PAGE.split("An alert is identified")[1].split("\n\n")[0]
