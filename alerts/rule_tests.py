"""Reads tests of rules, in the layout of promtool's: rows over time, and the alerts that fire at some times."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from alerts.catalogue import PLACE, catalogue
from alerts.rule_files import ON, rules_in
from alerts.scripted import NotationError, ScriptedRow, Value, values_of
from alerts.subject_rules import SubjectRule
from alerts.yaml_nodes import Problems, duration_of, items_of, mapping_of, pairs_of, read_file, text_of
from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import nearest
from monitor.subjects import SUBJECTS
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.column import Subject
from monitor.subjects.kinds import Type

INTERVAL_SECONDS = 60.0

MOST_EVALUATIONS = 100_000
"""Most evaluations up to the time of an expectation."""

HINTS = {
    "group_eval_order": "kmon evaluates every rule after every poll",
    "promql_expr_test": "kmon does not evaluate PromQL, run this test with promtool",
    "external_labels": "kmon has no external labels",
    "input_series": "write input_rows, with a row and its columns",
    "series": 'write row, such as group{group="orders"}, and the values of its columns under columns',
    "values": "write columns, with the values of each",
}

_ROW = re.compile(r"(?P<subject>\w+)(?:\{(?P<key>.*)\})?", re.DOTALL)
_LABEL = re.compile(r'\s*(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')


@dataclass(frozen=True)
class Expected:
    """An alert that is to fire: all its labels but the name, and those of its annotations that count."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Check:
    """The alerts of one rule that are to fire at a time. `place` is FILE:LINE:COLUMN."""

    at_seconds: float
    alert: str
    expected: tuple[Expected, ...]
    place: str


@dataclass(frozen=True)
class RuleTest:
    """Rows of one cluster, evaluated every `interval_seconds`; it is unreachable where `up` is 0."""

    name: str
    cluster: str
    interval_seconds: float
    rows: tuple[ScriptedRow, ...]
    up: tuple[Value, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Tests:
    """The tests of a file, and the rules that they are about."""

    rules: tuple[SubjectRule, ...]
    tests: tuple[RuleTest, ...]


def read_tests(path: Path) -> Tests:
    """The tests of a file. Raises SettingsError with everything that is wrong in it or in its rule files."""
    return read_file(path, _tests, Tests((), ()))


TOP, TEST = (
    ("rule_files", "evaluation_interval", "tests"),
    ("name", "cluster", "interval", "up", "input_rows", "alert_rule_test"),
)


def _tests(root: yaml.Node, problems: Problems) -> Tests:
    keys = mapping_of(root, TOP, problems, needed=("rule_files", "tests"), hints=HINTS)
    rules = tuple(rule for node in items_of(keys.get("rule_files"), problems) for rule in _rules(node, problems))
    usual = duration_of(keys.get("evaluation_interval"), problems) or INTERVAL_SECONDS
    names = [rule.name for rule in rules]
    tests = [
        _test(node, number, usual, names, problems)
        for number, node in enumerate(items_of(keys.get("tests"), problems), 1)
    ]
    return Tests(rules, tuple(tests))


def _rules(node: yaml.Node, problems: Problems) -> tuple[SubjectRule, ...]:
    """The rules of a file, whose path is relative to that of the tests, or those of the catalogue."""
    text = text_of(node, problems)
    if text is None:
        return ()
    if text == PLACE:
        return catalogue()
    try:
        return rules_in([str(Path(problems.path).parent / text)], "")
    except SettingsError as error:
        for each in error.problems:
            problems.add(node, each)
        return ()


def _test(node: yaml.Node, number: int, usual: float, names: list[str], problems: Problems) -> RuleTest:
    keys = mapping_of(node, TEST, problems, needed=("input_rows", "alert_rule_test"), hints=HINTS)
    interval = duration_of(keys.get("interval"), problems) or usual
    return RuleTest(
        name=text_of(keys.get("name"), problems) or f"test {number}",
        cluster=text_of(keys.get("cluster"), problems) or "test",
        interval_seconds=interval,
        rows=_rows(keys.get("input_rows"), problems),
        up=_up(keys["up"], problems) if "up" in keys else (1.0,),
        checks=tuple(
            _check(each, names, interval, problems) for each in items_of(keys.get("alert_rule_test"), problems)
        ),
    )


# -------------------------------------------------------------------- rows


def _rows(node: yaml.Node | None, problems: Problems) -> tuple[ScriptedRow, ...]:
    rows: list[ScriptedRow] = []
    named: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for each in items_of(node, problems):
        row = _row(each, problems)
        if row is None:
            continue
        name = row.subject.name, frozenset(row.key.items())
        if name in named:
            problems.add(each, "this row is there twice")
        named.add(name)
        rows.append(row)
    return tuple(rows)


def _row(node: yaml.Node, problems: Problems) -> ScriptedRow | None:
    keys = mapping_of(node, ("row", "columns"), problems, needed=("row",), hints=HINTS)
    text = text_of(keys.get("row"), problems)
    if text is None:
        return None
    subject = _subject(keys["row"], text, problems)
    if subject is None:
        return None
    columns = {}
    for name, value in pairs_of(keys.get("columns"), problems):
        if name in {*subject.key, "cluster"}:
            place = "as cluster of the test" if name == "cluster" else "in row"
            problems.add(value, f"{name} is part of the name of the row: write it {place}")
        columns[name] = _values(value, subject, name, problems)
    return ScriptedRow(subject, _key(keys["row"], text, subject, problems), columns)


def _subject(node: yaml.Node, text: str, problems: Problems) -> Subject | None:
    found = _ROW.fullmatch(text)
    if found is None:
        problems.add(node, f'{text!r} is not a row, such as group{{group="orders"}}')
        return None
    if found["subject"] not in ON:
        problems.add(node, f"{found['subject']!r} is not a subject of rules: {nearest(found['subject'], ON)}")
        return None
    return SUBJECTS[found["subject"]]


def _key(node: yaml.Node, text: str, subject: Subject, problems: Problems) -> dict[str, str]:
    """What is in the braces of a row: the columns that name it, but the cluster."""
    wanted = tuple(name for name in subject.key if name != "cluster")
    start = text.find("{") + 1
    inside = text[start:-1] if start else ""
    key, at = {}, 0
    while at < len(inside):
        label = _LABEL.match(inside, at)
        if label is None:
            problems.add(node, 'write labels as name="text", name="text"', start + at)
            break
        if label[1] not in wanted:
            where = start + label.start(1)
            problems.add(node, f"{label[1]} does not name a {subject.name}: {nearest(label[1], wanted)}", where)
        elif label[1] in key:
            problems.add(node, f"{label[1]} is there twice", start + label.start(1))
        key[label[1]] = re.sub(r"\\(.)", r"\1", label[2])
        if label[1] in wanted and subject.schema[label[1]].type is Type.NUMBER and not key[label[1]].isdecimal():
            problems.add(node, f"{label[1]} is a number, not {key[label[1]]!r}", start + label.start(2))
        at = label.end()
    for name in wanted:
        if name not in key:
            problems.add(node, f"lacks {name}, which names a {subject.name}")
    return key


def _up(node: yaml.Node, problems: Problems) -> tuple[Value, ...]:
    values = _values(node, CLUSTER, "up", problems)
    if not all(isinstance(each, float) for each in values):
        problems.add(node, "up is 1 or 0 at every evaluation")
    return values


def _values(node: yaml.Node | None, subject: Subject, name: str, problems: Problems) -> tuple[Value, ...]:
    text = text_of(node, problems)
    if node is None or text is None:
        return ()
    if name not in subject.schema:
        problems.add(node, f"unknown column {name}: {nearest(name, subject.schema)}")
        return ()
    try:
        return values_of(text, subject.schema[name])
    except NotationError as error:
        problems.add(node, str(error), error.position)
        return ()


# -------------------------------------------------------------------- what is to fire


def _check(node: yaml.Node, names: list[str], interval: float, problems: Problems) -> Check:
    known, needed = ("eval_time", "alertname", "exp_alerts"), ("eval_time", "alertname")
    keys = mapping_of(node, known, problems, needed=needed, hints=HINTS)
    name = text_of(keys.get("alertname"), problems) or ""
    if name and name not in names:
        problems.add(keys["alertname"], f"no rule is named {name}: {nearest(name, names)}")
    expected = []
    for each in items_of(keys.get("exp_alerts"), problems):
        parts = mapping_of(each, ("exp_labels", "exp_annotations"), problems)
        labels, texts = (
            {key: text_of(value, problems) or "" for key, value in pairs_of(parts.get(part), problems)}
            for part in ("exp_labels", "exp_annotations")
        )
        expected.append(Expected(labels, texts))
    at = duration_of(keys.get("eval_time"), problems)
    if at / interval > MOST_EVALUATIONS:
        problems.add(keys["eval_time"], f"comes after more than {MOST_EVALUATIONS:,} evaluations")
    return Check(at, name, tuple(expected), problems.place(node))
