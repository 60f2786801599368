"""Exchanging rules while kmon runs: what stays, what goes on, what ends, and what is told of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from alert_fixtures import FakeClock, rule_of, view_of

from alerts.catalogue import catalogue
from alerts.evaluator import Evaluator
from alerts.rules import AnyRule
from alerts.subject_rules import SubjectRule
from alerts.swap import carried_over, changes
from monitor.subjects import SUBJECTS
from monitor.subjects.filter.filter import Filter

GROUP = SUBJECTS["group"]


def rule(name: str, where: str = "lag > 50", **more: Any) -> SubjectRule:
    found = SubjectRule(name, GROUP, Filter.of(where, GROUP.schema), where)
    return replace(found, **more)


class Sent(list[Any]):
    name = "r"

    def offer(self, notices: Sequence[Any], valid_seconds: float) -> None:
        for each in notices:
            resolution = dict(each.annotations).get("resolution", "")
            self.append((dict(each.labels)["alertname"], resolution or "firing", each.again))


class Watched:
    """An evaluator, its clock and what it sent."""

    def __init__(self, *rules: AnyRule) -> None:
        self.sent, self.clock = Sent(), FakeClock()
        self.evaluator = Evaluator(rules, [self.sent], clock=self.clock)  # type: ignore[list-item]

    def see(self, word: str = "70") -> dict[str, str]:
        """The states of the alerts on group pay after the next poll."""
        rows = self.evaluator.observe(view_of(word))
        self.clock.move(10.0)
        return {row.rule: row.state for row in rows if dict(row.labels).get("group") == "pay"}

    def told(self) -> list[Any]:
        found = [each for each in self.sent if not each[2]]
        self.sent.clear()
        return found


def test_what_differs_between_two_sets() -> None:
    before: list[AnyRule] = [rule("A"), rule("B"), rule("C", place="x:1"), rule_of("Old", 5)]
    after: list[AnyRule] = [rule("B", "lag > 60"), rule("C", place="x:9"), rule("D"), rule_of("Old", 5)]
    found = changes(before, after)
    assert found.line == "1 added (D), 1 changed (B), 1 removed (A), 2 unchanged"
    assert found
    same = changes(catalogue(), catalogue())
    assert (bool(same), same.line) == (False, f"{len(catalogue())} unchanged")
    assert changes([], [rule(name) for name in "ABCDEFG"]).line == "7 added (A, B, C, D, E, …), 0 unchanged"


def test_the_time_of_an_unchanged_rule_goes_on() -> None:
    watched = Watched(rule("Slow", for_seconds=20.0))
    assert watched.see() == {"Slow": "pending"}
    assert watched.see() == {"Slow": "pending"}
    watched.evaluator.swap([rule("New", "lag > 1000"), rule("Slow", for_seconds=20.0, place="elsewhere:3")])
    assert watched.see() == {"Slow": "firing"}
    assert watched.told() == [("Slow", "firing", False)]


def test_an_alert_that_fires_is_not_told_twice_where_its_rule_changed() -> None:
    watched = Watched(rule("Late"))
    watched.see()
    assert watched.told() == [("Late", "firing", False)]
    watched.evaluator.swap([rule("Late", "lag > 60", for_seconds=600.0)])
    assert watched.see() == {"Late": "firing"}
    assert watched.told() == []
    assert watched.see("0") == {}
    assert watched.told() == [("Late", "below", False)]


def test_the_alerts_of_a_removed_rule_end() -> None:
    watched = Watched(rule("Late"), rule("Tried", observe=True))
    watched.see()
    watched.told()
    watched.evaluator.swap([])
    assert watched.see() == {}
    assert watched.told() == [("Late", "removed", False)]
    watched.see()
    assert watched.told() == []


def test_a_rule_that_changes_its_severity_ends_under_the_old_one() -> None:
    watched = Watched(rule("Late"))
    watched.see()
    watched.told()
    watched.evaluator.swap([rule("Late", severity="page")])
    watched.see()
    assert watched.told() == [("Late", "renamed", False), ("Late", "firing", False)]


def test_a_rule_that_goes_on_probation_and_comes_off_it() -> None:
    watched = Watched(rule("Late"))
    watched.see()
    watched.told()
    watched.evaluator.swap([rule("Late", observe=True)])
    assert watched.see() == {"Late": "firing"}
    assert watched.told() == [("Late", "removed", False)]
    watched.evaluator.swap([rule("Late")])
    assert watched.see() == {"Late": "firing"}
    assert watched.told() == [("Late", "firing", False)]


def test_two_rules_of_one_name_are_refused_and_nothing_changes() -> None:
    watched = Watched(rule("Late"))
    with pytest.raises(ValueError, match="two rules have the same name"):
        watched.evaluator.swap([rule("A"), rule("A")])
    assert watched.see() == {"Late": "firing"}


def test_a_fault_on_one_cluster_leaves_the_rules_of_all_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(rule("A"))
    watched.see()
    watched.evaluator.observe(view_of("70"), "other")
    clusters = []

    def faulty(*args: Any, **more: Any) -> Any:
        clusters.append(args)
        if len(clusters) == 2:
            raise RuntimeError("a fault")
        return carried_over(*args, **more)

    monkeypatch.setattr("alerts.evaluator.carried_over", faulty)
    watched.told()
    with pytest.raises(RuntimeError):
        watched.evaluator.swap([rule("B")])
    assert len(clusters) == 2
    assert watched.see() == {"A": "firing"}
    assert watched.told() == []
