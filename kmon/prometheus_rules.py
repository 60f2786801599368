"""kmon's alert rules as rules of Prometheus over kmon's metrics, and which of them metrics cannot express."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from alerts.rules import CONDITIONS, AnyRule
from alerts.subject_rules import SubjectRule
from alerts.template import Template
from kmon.prometheus_slos import RULES, reads_recorded, recording_rules
from kmon.promql import NotInMetricsError, is_on_key, labels_of, promql, quoted, words_of
from monitor.model.text import visible
from monitor.model.units import format_duration
from monitor.settings.alerts import RuleSettings, WatchdogSettings
from monitor.subjects.aside import STATUS, set_aside
from monitor.subjects.column import Column, Subject
from monitor.subjects.filter.tree import Among, And, Compare, Or, conditions
from monitor.subjects.groups import GROUP
from monitor.subjects.kinds import Type
from monitor.subjects.lag import LAG

HEAD = """\
# Written by `kmon rules export --prometheus`. A value that kmon does not know has no series: a firing alert resolves
# in Prometheus, while it keeps firing in kmon. An unreachable cluster has only the series about kmon itself.
"""

NAMELESS = "kmon"
"""The group of rules that stand in none."""


@dataclass(frozen=True)
class Exported:
    """Rules by group as Prometheus has them, and why each of the others is left out."""

    groups: Mapping[str, list[dict[str, Any]]]
    left_out: Mapping[str, str]


def exported(rules: Iterable[AnyRule]) -> Exported:
    groups: dict[str, list[dict[str, Any]]] = {}
    left_out = {}
    for rule in rules:
        try:
            name = f"kmon-{rule.group}" if isinstance(rule, SubjectRule) and rule.group else NAMELESS
            groups.setdefault(name, []).append(_rule(rule))
        except NotInMetricsError as error:
            left_out[rule.name] = str(error)
    found = {name: each for name, each in groups.items() if each}
    if reads_recorded(rule for each in found.values() for rule in each):
        found = {RULES: recording_rules(), **found}
    return Exported(found, left_out)


def text_of(found: Exported, *, kubernetes: bool) -> str:
    """The file of rules, or the PrometheusRule of the operator for Kubernetes; comments say what is left out."""
    lines = [f"# Not exported: {visible(name)}: {visible(why)}.\n" for name, why in found.left_out.items()]
    document: dict[str, Any] = {"groups": [{"name": name, "rules": rules} for name, rules in found.groups.items()]}
    if kubernetes:
        kind = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule"}
        document = {**kind, "metadata": {"name": "kmon"}, "spec": document}
    return HEAD + "".join(lines) + yaml.safe_dump(document, sort_keys=False, width=1_000, allow_unicode=True)


def _rule(rule: AnyRule) -> dict[str, Any]:
    """A rule as Prometheus has it. Raises NotInMetricsError where no metric has what it asks for."""
    if isinstance(rule, SubjectRule):
        if rule.observe:
            raise NotInMetricsError("it is on probation (mode: observe)")
        expr, annotations = _counted(rule, promql(rule.subject, rule.where.expression)), _annotations(rule)
    elif isinstance(rule, RuleSettings):
        expr, annotations = _lag(rule), dict(rule.annotations)
    else:
        condition, cluster = CONDITIONS[rule.name], {"cluster": "{{ $labels.cluster }}"}
        texts = {"summary": condition.fires.format_map(cluster), "description": condition.description}
        expr, annotations = _cluster(rule), {**texts, **rule.annotations}
    periods = {"for": rule.for_seconds, "keep_firing_for": rule.keep_firing_for_seconds}
    return {
        "alert": rule.name,
        "expr": expr,
        **{key: format_duration(seconds) for key, seconds in periods.items() if seconds},
        "labels": {"severity": rule.severity, **rule.labels},
        "annotations": annotations,
    }


NOT_LEFT: Mapping[Subject, str] = {
    LAG: " unless on (cluster, group, topic) max by (cluster, group, topic) (kmon_group_left_lag)",
    GROUP: ' unless on (cluster, group) max by (cluster, group) (kmon_group_status{status="left"}) == 1',
}
"""Without topics that their group has left, and groups that have left all: kmon counts them only for rules on left."""


def _counted(rule: SubjectRule, expr: str) -> str:
    expression = rule.where.expression
    needed = expression.parts if isinstance(expression, And) else (expression,)
    by_status = any(each.column == STATUS and words_of(each) for each in needed if isinstance(each, Compare | Among))
    if rule.subject not in NOT_LEFT or by_status or not set_aside(rule.where, rule.subject.schema):
        return expr
    return (f"({expr})" if isinstance(expression, Or) else expr) + NOT_LEFT[rule.subject]


def _cluster(rule: AnyRule) -> str:
    sign = ">= 0" if isinstance(rule, WatchdogSettings) else "== 0"
    return f"max by (cluster) (kmon_cluster_up) {sign}"


def _lag(rule: RuleSettings) -> str:
    if rule.over == "group" and rule.topic:
        raise NotInMetricsError("no metric has the lag of a group on some topics")
    texts = {"group": rule.group, "topic": rule.topic}
    matchers = ",".join(f"{name}=~{quoted(text)}" for name, text in texts.items() if text)
    selector = f"{{{matchers}}}" if matchers else ""
    name, by = (
        ("kmon_group_lag_at_least", "") if rule.over == "group" else ("kmon_group_partition_lag", ", topic, partition")
    )
    left = "" if rule.over == "group" else NOT_LEFT[LAG]
    return f"max by (cluster, group{by}) ({name}{selector}) > {rule.lag_above:.15g}{left}"


# -------------------------------------------------------------------- annotations


HUMANIZED = {"seconds": "humanizeDuration", "ratio": "humanizePercentage", "bytes": "humanize1024"}
"""The function with which Prometheus writes a number for people, by its unit."""


def _annotations(rule: SubjectRule) -> dict[str, str]:
    """Those whose columns are labels or the value; of others Prometheus does not know the columns."""
    known = {name: f"{{{{ $labels.{label} }}}}" for name, label in _labels(rule).items()}
    if value := _value(rule):
        known[value] = _written(rule.subject.schema[value])
    texts = {name: _filled(each, known) for name, each in rule.annotations.items() if known.keys() >= {*each.columns}}
    named = ", ".join(f"{name} {text}" for name, text in known.items())
    held = f" for {format_duration(rule.for_seconds)}" if rule.for_seconds else ""
    return {
        "summary": f"{_escaped(rule.name)}: {named}",
        "description": f"{rule.subject.name} where {_escaped(rule.text)}{held}",
        **texts,
    }


def _labels(rule: SubjectRule) -> dict[str, str]:
    """The label of each column that names a row."""
    return dict(zip(("cluster", *rule.keys), labels_of(rule.subject), strict=True))


def _value(rule: SubjectRule) -> str:
    """The column whose number is the value of the expression, that of its first part; empty where it may vary."""
    expression = rule.where.expression
    parts = expression.parts if isinstance(expression, And) else (expression,)
    first = next(part for part in parts if not is_on_key(rule.subject, part))
    found = {each.column: isinstance(each, Compare) for each in conditions(first)}
    column = next(iter(found))
    is_number = rule.subject.schema[column].type is Type.NUMBER and found[column]
    return column if is_number and len(found) == 1 and column not in rule.keys else ""


def _written(column: Column) -> str:
    """The value of the expression, as people read the numbers of a column."""
    function = HUMANIZED.get(column.unit, "" if column.kind.whole else "humanize")
    return f"{{{{ $value | {function} }}}}" if function else "{{ $value }}"


def _filled(template: Template, known: Mapping[str, str]) -> str:
    return "".join(known[part] if place % 2 else _escaped(part) for place, part in enumerate(template.parts))


def _escaped(text: str) -> str:
    """A text that Prometheus does not take for a template."""
    return text.replace("{{", '{{ "{{" }}')
