"""Reads rule files, in the layout of Prometheus's: groups of rules, each over a subject and with a filter.

Every error has its FILE:LINE:COLUMN, and all of a file are told at once.
"""

import re
from collections.abc import Iterable, Mapping
from glob import glob
from pathlib import Path
from typing import Any

import yaml

from alerts.subject_rules import SubjectRule
from alerts.template import Template, TemplateError
from monitor.model.text import visible
from monitor.model.units import parse_duration
from monitor.settings.document import read_bytes
from monitor.settings.errors import SettingsError
from monitor.settings.raw_values import nearest
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

MODES = {"send": "alerts are sent", "observe": "alerts are shown and never sent"}

HINTS = {
    "expr": "kmon does not evaluate PromQL: write on and where, or give the rule to Prometheus",
    "record": "kmon records nothing: give the rule to Prometheus",
    "interval": "rules are evaluated on every poll",
    "name": "an alert is named by alert",
    "limit": "there is no limit of alerts",
}

LONGEST_SECONDS = 31_536_000.0


class _Problems:
    """What is wrong with a file, each with its place."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[tuple[int, int, str]] = []

    def add(self, node: yaml.Node, text: str, offset: int = 0) -> None:
        """A problem at a node, `offset` characters into its text where that is of one line."""
        mark = node.start_mark
        if isinstance(node, yaml.ScalarNode) and node.start_mark.line == node.end_mark.line:
            offset += node.style in ("'", '"')
        else:
            offset = 0
        self.found.append((mark.line + 1, mark.column + 1 + offset, visible(text)))

    @property
    def lines(self) -> list[str]:
        return [f"{self.path}:{line}:{column}: {text}" for line, column, text in sorted(self.found)]


def files_of(patterns: Iterable[str]) -> list[Path]:
    """The files of these patterns, sorted. Raises SettingsError for one that names no file."""
    files: dict[Path, None] = {}
    for pattern in patterns:
        found = sorted(glob(pattern, recursive=True))  # noqa: PTH207 - patterns may begin anywhere
        if not found:
            raise SettingsError(f"alerts.rule_files: no file is named by {visible(pattern)}")
        files |= dict.fromkeys(map(Path, found))
    return list(files)


def read_rules(paths: Iterable[Path | str]) -> tuple[SubjectRule, ...]:
    """The rules of these files. Raises SettingsError with everything that is wrong in any of them, one line each."""
    rules: list[SubjectRule] = []
    problems: list[str] = []
    for path in paths:
        try:
            rules += _read(Path(path))
        except SettingsError as error:
            problems += error.problems
    places: dict[str, str] = {}
    for rule in rules:
        if rule.name in places:
            problems.append(f"{rule.place}: alert {rule.name} is also at {places[rule.name]}: names must be unique")
        places.setdefault(rule.name, rule.place)
    if problems:
        raise SettingsError(*problems)
    return tuple(rules)


def _read(path: Path) -> list[SubjectRule]:
    data = read_bytes(path)
    try:
        root = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 (byte 0x{data[error.start]:02x})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SettingsError(f"{path}{place}: is not valid YAML: {visible(str(error.problem))}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise SettingsError(f"{path}: is not valid YAML") from None
    problems = _Problems(str(path))
    rules = _groups(root, problems) if root is not None else []
    if problems.found:
        raise SettingsError(*problems.lines)
    return rules


def _groups(root: yaml.Node, problems: _Problems) -> list[SubjectRule]:
    rules: list[SubjectRule] = []
    names: set[str] = set()
    for group in _items(_mapping(root, ("groups",), problems).get("groups"), problems):
        keys = _mapping(group, ("name", "labels", "rules"), problems, needed=("name", "rules"))
        name = _text(keys.get("name"), problems) or ""
        if name in names:
            problems.add(keys["name"], f"group {name} is there twice")
        names.add(name)
        shared = _labels(keys.get("labels"), problems)
        for each in _items(keys.get("rules"), problems):
            rule = _rule(each, name, shared, problems)
            if rule is not None:
                rules.append(rule)
    return rules


KEYS = ("alert", "on", "where", "for", "keep_firing_for", "severity", "labels", "annotations", "mode")


def _rule(node: yaml.Node, group: str, shared: Mapping[str, str], problems: _Problems) -> SubjectRule | None:
    """The rule of a node, None where it cannot be made."""
    before = len(problems.found)
    keys = _mapping(node, KEYS, problems, needed=("alert", "on", "where"))
    name = _text(keys.get("alert"), problems)
    subject = _subject(keys.get("on"), problems)
    text = _text(keys.get("where"), problems)
    labels = _labels(keys.get("labels"), problems)
    severity = _word(keys.get("severity"), SEVERITIES, problems) or labels.get("severity") or "ticket"
    if "severity" in labels and severity not in SEVERITIES:
        problems.add(keys["labels"], _not_one_of("severity", severity, SEVERITIES))
    mode = _word(keys.get("mode"), MODES, problems)
    held, kept = (_duration(keys.get(each), problems) for each in ("for", "keep_firing_for"))
    where = _where(keys.get("where"), subject, problems)
    templates = _templates(keys.get("annotations"), subject, problems)
    if subject is not None:
        for taken in {*subject.key, "alertname", "cluster"} & labels.keys():
            problems.add(keys["labels"], f"{taken!r} is a label that kmon sets")
    if len(problems.found) > before or subject is None or where is None:
        return None
    return SubjectRule(
        name=name or "",
        subject=subject,
        where=where,
        text=text or "",
        for_seconds=held,
        keep_firing_for_seconds=kept,
        severity=severity,
        labels={key: value for key, value in {**shared, **labels}.items() if key != "severity"},
        annotations=templates,
        observe=mode == "observe",
        group=group,
        place=f"{problems.path}:{node.start_mark.line + 1}",
    )


def _subject(node: yaml.Node | None, problems: _Problems) -> Subject | None:
    word = _word(node, dict.fromkeys(ON, ""), problems)
    return SUBJECTS[word] if word else None


def _where(node: yaml.Node | None, subject: Subject | None, problems: _Problems) -> Filter | None:
    text = _text(node, problems)
    if text is None or subject is None or node is None:
        return None
    try:
        return Filter.of(text, subject.schema)
    except FilterError as error:
        problems.add(node, error.problem, error.position)
        return None


def _templates(node: yaml.Node | None, subject: Subject | None, problems: _Problems) -> dict[str, Template]:
    templates = {}
    for name, value in _pairs(node, problems):
        text = _text(value, problems)
        if text is not None and subject is not None:
            try:
                templates[name] = Template.of(text, subject.schema)
            except TemplateError as error:
                problems.add(value, str(error), error.position)
    return templates


def _labels(node: yaml.Node | None, problems: _Problems) -> dict[str, str]:
    labels = {}
    for name, value in _pairs(node, problems):
        text = _text(value, problems)
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            problems.add(value, f"{name!r} is not a label name: letters, digits and _, not starting with a digit")
        elif text is not None:
            labels[name] = text
    return labels


def _duration(node: yaml.Node | None, problems: _Problems) -> float:
    text = _text(node, problems)
    if node is None or text is None:
        return 0.0
    try:
        seconds = float(parse_duration(text))
    except ValueError as error:
        problems.add(node, str(error))
        return 0.0
    if seconds > LONGEST_SECONDS:
        problems.add(node, "is longer than a year")
    return seconds


def _word(node: yaml.Node | None, words: Mapping[str, Any], problems: _Problems) -> str | None:
    """One of these words; None where there is none, or another."""
    text = _text(node, problems)
    if text is None or node is None:
        return None
    if text not in words:
        problems.add(node, _not_one_of("", text, words))
        return None
    return text


def _not_one_of(what: str, text: str, words: Iterable[str]) -> str:
    return f"{what} {text!r} is not one of {', '.join(words)}: {nearest(text, words)}".strip()


# ------------------------------------------------------------------------------------------- nodes of YAML


def _text(node: yaml.Node | None, problems: _Problems) -> str | None:
    """The text of a scalar; None where there is none, or no text."""
    if node is None:
        return None
    if not isinstance(node, yaml.ScalarNode) or node.tag.endswith(":null") or not node.value:
        problems.add(node, "must be a text")
        return None
    return str(node.value)


def _items(node: yaml.Node | None, problems: _Problems) -> list[yaml.Node]:
    if node is None:
        return []
    if not isinstance(node, yaml.SequenceNode):
        problems.add(node, "must be a list")
        return []
    return list(node.value)


def _pairs(node: yaml.Node | None, problems: _Problems) -> list[tuple[str, yaml.Node]]:
    """The keys of a mapping with their values; a key that is there twice is told."""
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        problems.add(node, "must be a mapping")
        return []
    pairs: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if name in pairs:
            problems.add(key, f"{name} is set twice")
        pairs[name] = value
    return list(pairs.items())


def _mapping(
    node: yaml.Node, known: tuple[str, ...], problems: _Problems, needed: tuple[str, ...] = ()
) -> dict[str, yaml.Node]:
    """The values of the known keys of a mapping. Other keys, and those that are needed and missing, are told."""
    keys = dict(_pairs(node, problems))
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            name = str(getattr(key, "value", ""))
            if name not in known:
                problems.add(key, f"unknown key {name}: {HINTS.get(name) or nearest(name, known)}")
        for name in needed:
            if name not in keys:
                problems.add(node, f"lacks {name}")
    return {name: value for name, value in keys.items() if name in known}
