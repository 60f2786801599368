"""Owners and teams of groups and topics, by patterns of the settings."""

from dataclasses import replace
from pathlib import Path

import pytest
from metric_samples import samples
from views import FixtureSource, Group, Topic, shop_view, snapshot_of

from exporters.prometheus import MetricsPage
from monitor.analysis.derive.owners import derive_owners
from monitor.analysis.view import make_view
from monitor.model.view import View
from monitor.settings import load
from monitor.settings.errors import SettingsError
from monitor.settings.owners import owner_rules
from monitor.subjects import SUBJECTS
from monitor.subjects.filter.filter import Filter

FILE = """\
contexts:
  - name: shop
    bootstrap_servers: [a:1]
    owners:
      - {groups: "pay-.*", topics: [payments], owner: anna, team: money}
      - {groups: ".*", team: platform}
"""


@pytest.fixture
def view(tmp_path: Path) -> View:
    (tmp_path / "kmon.yaml").write_text(FILE)
    settings = load(tmp_path / "kmon.yaml", {}).settings
    snapshot = snapshot_of(
        [Topic("orders", [(0, 9)]), Topic("payments", [(0, 9)])],
        [Group("pay-1", {("orders", 0): 5}), Group("repay-1", {("payments", 0): 5})],
    )
    return replace(make_view(snapshot), owners=derive_owners(snapshot, owner_rules(settings.cluster.owners)))


def rows(view: View, subject: str, *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in SUBJECTS[subject].plain(view)]


def test_the_first_rule_that_names_a_group_or_a_topic_counts(view: View) -> None:
    assert rows(view, "group", "group", "owner", "team") == [("pay-1", "anna", "money"), ("repay-1", None, "platform")]
    assert rows(view, "topic", "topic", "owner", "team") == [("orders", None, None), ("payments", "anna", "money")]
    assert rows(view, "lag", "group", "owner", "team") == [("pay-1", "anna", "money"), ("repay-1", None, "platform")]


def test_a_filter_asks_for_owners(view: View) -> None:
    subject = SUBJECTS["group"]
    assert Filter.of('team == "money"', subject.schema).rows(subject.read(view)).tolist() == [True, False]


def test_an_info_metric_has_them_for_joins(view: View) -> None:
    found = {(name, *sorted(labels)) for name, labels in samples(MetricsPage([FixtureSource(view)])) if "owner" in name}
    cluster = ("cluster", "demo")
    assert found == {
        ("kmon_group_owner_info", cluster, ("group", "pay-1"), ("owner", "anna"), ("team", "money")),
        ("kmon_group_owner_info", cluster, ("group", "repay-1"), ("owner", ""), ("team", "platform")),
        ("kmon_topic_owner_info", cluster, ("owner", "anna"), ("team", "money"), ("topic", "payments")),
    }


def test_without_the_setting_there_are_none() -> None:
    assert {owner for _, owner in rows(shop_view(), "lag", "group", "owner")} == {None}
    assert not [name for name, _ in samples(MetricsPage([FixtureSource(shop_view())])) if "owner" in name]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{owner: anna}", "needs groups or topics"),
        ("{groups: a}", "needs owner or team"),
        ("{groups: '(', team: a}", "regular expression"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(tmp_path: Path, entry: str, problem: str) -> None:
    path = tmp_path / "kmon.yaml"
    path.write_text(f"contexts:\n  - name: shop\n    bootstrap_servers: [a:1]\n    owners:\n      - {entry}\n")
    with pytest.raises(SettingsError, match=problem) as refused:
        load(path, {})
    assert str(refused.value).startswith(f"{path}:5: ")
