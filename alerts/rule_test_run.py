"""Runs tests of rules: the engine on scripted Views, and where what fires is not what was expected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import cast

from alerts.annotations import annotate
from alerts.rule_tests import Check, Expected, RuleTest, Tests
from alerts.scripted import scripted, view_at
from alerts.state import FIRING, State, step, watched
from alerts.subject_rules import SubjectRule, subject_samples
from monitor.model.text import visible
from monitor.model.units import format_duration
from monitor.model.view import View


@dataclass(frozen=True)
class Fires:
    """An alert that fires: all its labels but the name, and its annotations."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def failures(tests: Tests) -> list[str]:
    """What is not as the tests expect, each with FILE:LINE:COLUMN; empty where everything is."""
    return [line for test in tests.tests for line in _failures(test, tests.rules)]


def _failures(test: RuleTest, rules: tuple[SubjectRule, ...]) -> Iterator[str]:
    asked = {rule.name: replace(rule, subject=scripted(rule.subject)) for rule in rules}
    asked = {name: rule for name, rule in asked.items() if any(check.alert == name for check in test.checks)}
    states: dict[str, State] = {name: {} for name in asked}
    last = max((check.at_seconds for check in test.checks), default=0.0)
    checks, number = sorted(test.checks, key=lambda each: each.at_seconds), 0
    for evaluation in range(int(last / test.interval_seconds) + 1):
        now = evaluation * test.interval_seconds
        up = bool(test.up[min(evaluation, len(test.up) - 1)]) if test.up else True
        view = cast(View, view_at(evaluation, test.cluster, test.rows, up=up))
        for name, rule in asked.items():
            found = subject_samples(rule, view, watched(states[name]))
            states[name], _ = step(states[name], rule, found, now, now)
        while number < len(checks) and checks[number].at_seconds < now + test.interval_seconds:
            check = checks[number]
            yield from _compared(test, check, _firing(asked[check.alert], states[check.alert]))
            number += 1


def _firing(rule: SubjectRule, state: State) -> list[Fires]:
    found = [each for each in state.values() if each.phase == FIRING]
    return [Fires(_labels(dict(each.labels)), dict(annotate(rule, each))) for each in found]


def _labels(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in labels.items() if name != "alertname"}


def _compared(test: RuleTest, check: Check, found: list[Fires]) -> Iterator[str]:
    """How what fires differs from what was expected: by labels first, then by the annotations that were given."""
    begins = f"{check.place}: {visible(test.name)}: {check.alert} after {format_duration(check.at_seconds)}"
    rest = list(found)
    for wanted in check.expected:
        mine = next((each for each in rest if each.labels == {"cluster": test.cluster, **wanted.labels}), None)
        if mine is None:
            yield f"{begins}: {_written(wanted.labels)} does not fire; {_fire(found)}"
            continue
        rest.remove(mine)
        yield from (f"{begins}: {text}" for text in _texts(wanted, mine))
    for each in rest:
        yield f"{begins}: {_written(each.labels)} fires but is not expected"


def _texts(wanted: Expected, found: Fires) -> Iterator[str]:
    for name, text in wanted.annotations.items():
        said = found.annotations.get(name)
        if said != text:
            has = "is missing" if said is None else f"is {visible(said)!r}"
            yield f"annotation {name} {has}, expected {visible(text)!r}"


def _fire(found: list[Fires]) -> str:
    return f"firing: {'; '.join(_written(each.labels) for each in found)}" if found else "firing: nothing"


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f'{name}="{visible(text)}"' for name, text in sorted(labels.items())) + "}"
