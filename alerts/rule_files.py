"""Reads rule files, in the layout of Prometheus's: groups of rules, each over a subject and with a filter.

Every error has its FILE:LINE:COLUMN, and all of a file are told at once.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from glob import glob
from pathlib import Path

import yaml

from alerts.subject_rules import SubjectRule
from alerts.template import Template, TemplateError
from alerts.yaml_nodes import (
    Problems,
    duration_of,
    items_of,
    mapping_of,
    not_one_of,
    pairs_of,
    read_data,
    text_of,
    word_of,
)
from monitor.model.text import name_of, visible
from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError
from monitor.subjects import SUBJECTS
from monitor.subjects.column import Subject
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter

ON = ("lag", "group", "topic", "partition", "broker", "log_dir", "transaction", "quorum", "cluster", "kmon")
"""The subjects that rules can be over."""

SEVERITIES = {
    "page": "wakes somebody",
    "ticket": "is for working hours",
    "info": "is shown and wakes nobody",
}
"""What each severity means, the most serious first."""

SWITCH = {"true": "the rule is evaluated", "false": "the rule is off until alerts.enable names it"}

MODES = {"send": "alerts are sent", "observe": "alerts are shown and never sent"}

HINTS = {
    "expr": "kmon does not evaluate PromQL: write on and where, or give the rule to Prometheus",
    "record": "kmon records nothing: give the rule to Prometheus",
    "interval": "rules are evaluated on every poll",
    "name": "an alert is named by alert",
    "limit": "there is no limit of alerts",
}


def rules_in(patterns: Iterable[str], key: str = "alerts.rule_files: ") -> tuple[SubjectRule, ...]:
    """The rules of the files that these patterns name, each file once and sorted.

    Raises SettingsError with everything that is wrong in any of them, and with each pattern that names no file. `key`
    says where the patterns stand.
    """
    problems: list[str] = []
    return read_rules(named(patterns, lambda pattern: problems.append(f"{key}no file is named by {pattern}")), problems)


def named(patterns: Iterable[str], unused: Callable[[str], None] = lambda _: None) -> tuple[str, ...]:
    """The paths that the patterns match, each once, sorted within a pattern; `unused` gets patterns without a match."""
    files: dict[str, None] = {}
    for pattern in patterns:
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - patterns may begin anywhere
        if not found:
            unused(name_of(pattern))
        files |= dict.fromkeys(found)
    return tuple(files)


def read_rules(paths: Iterable[Path | str], before: Iterable[str] = ()) -> tuple[SubjectRule, ...]:
    """The rules of these files. Raises SettingsError with everything that is wrong in any of them, one line each.

    `before` are problems that were found already.
    """
    documents: dict[str, bytes] = {}
    problems = list(before)
    for path in paths:
        try:
            documents[str(path)] = read_bytes(Path(path))
        except SettingsError as error:
            problems += error.problems
    return rules_of_documents(documents, problems)


def rules_of_documents(documents: Mapping[str, bytes], before: Iterable[str] = ()) -> tuple[SubjectRule, ...]:
    """The rules of the contents of files, by their paths; otherwise as `read_rules`."""
    rules: list[SubjectRule] = []
    problems = list(before)
    for path, data in documents.items():
        try:
            rules += read_data(path, data, _groups, [])
        except SettingsError as error:
            problems += error.problems
    places: dict[str, str] = {}
    for rule in rules:
        if rule.name in places:
            problems.append(
                f"{rule.place}: alert {visible(rule.name)} is also at {places[rule.name]}: names must be unique"
            )
        places.setdefault(rule.name, rule.place)
    if problems:
        raise SettingsError(*problems)
    return tuple(rules)


def _groups(root: yaml.Node, problems: Problems) -> list[SubjectRule]:
    rules: list[SubjectRule] = []
    names: set[str] = set()
    for group in items_of(mapping_of(root, ("groups",), problems, hints=HINTS).get("groups"), problems):
        keys = mapping_of(group, ("name", "labels", "rules"), problems, needed=("name", "rules"), hints=HINTS)
        name = text_of(keys.get("name"), problems) or ""
        if name and name in names:
            problems.add(keys["name"], f"group {name} is there twice")
        names.add(name)
        shared = _labels(keys.get("labels"), problems)
        _check_severity(shared, keys.get("labels"), problems)
        for each in items_of(keys.get("rules"), problems):
            rule = _rule(each, name, shared, keys.get("labels"), problems)
            if rule is not None:
                rules.append(rule)
    return rules


LONGEST_NAME = 255
"""Most characters of an alert's name."""

KEYS = (
    "alert",
    "on",
    "where",
    "for",
    "keep_firing_for",
    "severity",
    "labels",
    "annotations",
    "inhibited_by",
    "mode",
    "enabled",
)


def _rule(
    node: yaml.Node, group: str, shared: Mapping[str, str], shared_node: yaml.Node | None, problems: Problems
) -> SubjectRule | None:
    """The rule of a node, None where it cannot be made. `shared` are the labels of its group."""
    before = len(problems.found)
    keys = mapping_of(node, KEYS, problems, needed=("alert", "on", "where"), hints=HINTS)
    name = text_of(keys.get("alert"), problems)
    if len(name or "") > LONGEST_NAME:
        problems.add(keys["alert"], f"is longer than {LONGEST_NAME} characters")
    subject = _subject(keys.get("on"), problems)
    text = text_of(keys.get("where"), problems)
    labels = _labels(keys.get("labels"), problems)
    severity = word_of(keys.get("severity"), SEVERITIES, problems)
    _check_severity(labels, keys.get("labels"), problems)
    mode = word_of(keys.get("mode"), MODES, problems)
    enabled = word_of(keys.get("enabled"), SWITCH, problems)
    held, kept = (duration_of(keys.get(each), problems) for each in ("for", "keep_firing_for"))
    where = _where(keys.get("where"), subject, problems)
    templates = _templates(keys.get("annotations"), subject, problems)
    if subject is not None:
        for place, given in ((keys.get("labels"), labels), (shared_node, shared)):
            for taken in {*subject.key, "alertname", "cluster"} & given.keys():
                problems.add(place or node, f"{taken!r} is a label that kmon sets")
    inhibited_by = [text_of(each, problems) for each in items_of(keys.get("inhibited_by"), problems)]
    if len(problems.found) > before or subject is None or where is None:
        return None
    return SubjectRule(
        name=name or "",
        subject=subject,
        where=where,
        text=text or "",
        for_seconds=held,
        keep_firing_for_seconds=kept,
        severity=severity or {**shared, **labels}.get("severity", "ticket"),
        labels={key: value for key, value in {**shared, **labels}.items() if key != "severity"},
        annotations=templates,
        inhibited_by=tuple(filter(None, inhibited_by)),
        observe=mode == "observe",
        enabled=enabled != "false",
        group=group,
        place=problems.place(node),
    )


def _check_severity(labels: Mapping[str, str], node: yaml.Node | None, problems: Problems) -> None:
    severity = labels.get("severity", "ticket")
    if node is not None and severity not in SEVERITIES:
        problems.add(node, not_one_of("severity", severity, SEVERITIES))


def _subject(node: yaml.Node | None, problems: Problems) -> Subject | None:
    word = word_of(node, dict.fromkeys(ON, ""), problems)
    return SUBJECTS[word] if word else None


def _where(node: yaml.Node | None, subject: Subject | None, problems: Problems) -> Filter | None:
    text = text_of(node, problems)
    if text is None or subject is None or node is None:
        return None
    try:
        return Filter.of(text, subject.schema)
    except FilterError as error:
        problems.add(node, error.problem, error.position)
        return None


def _templates(node: yaml.Node | None, subject: Subject | None, problems: Problems) -> dict[str, Template]:
    templates = {}
    for name, value in pairs_of(node, problems):
        text = text_of(value, problems)
        if text is not None and subject is not None:
            try:
                templates[name] = Template.of(text, subject.schema)
            except TemplateError as error:
                problems.add(value, str(error), error.position)
    return templates


def _labels(node: yaml.Node | None, problems: Problems) -> dict[str, str]:
    labels = {}
    for name, value in pairs_of(node, problems):
        text = text_of(value, problems)
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            problems.add(value, f"{name!r} is not a label name: letters, digits and _, not starting with a digit")
        elif text is not None:
            labels[name] = text
    return labels
