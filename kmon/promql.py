"""Filters of rules as PromQL over kmon's metrics, where the metrics have what a filter asks for."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import re2  # type: ignore[import-untyped]  # it ships no types

from exporters.families import FAMILIES
from exporters.family import LABELS, Family, StateSet
from monitor.model.slos import WINDOWS
from monitor.subjects.column import Subject
from monitor.subjects.filter.evaluate import SIGNS
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.literals import Number
from monitor.subjects.filter.tree import Among, And, Compare, Expression, Known, Match, Not, Or, Value
from monitor.subjects.kinds import Type

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

RECORDED: Mapping[tuple[str, str], str] = {
    ("group", f"burn_rate_{window}_at_least"): f"kmon:group_burn_rate_at_least:{window}" for window in WINDOWS
}
"""Columns of subjects that no metric has, and the recording rule that computes each from metrics."""

Condition = Compare | Match | Among | Known


class NotInMetricsError(ValueError):
    """No metric has what a filter asks for."""


def promql(subject: Subject, expression: Expression) -> str:
    """The filter as PromQL: a series, labelled with the key, for each row that matches. Raises NotInMetricsError."""
    plain = _without_not(expression)
    parts = plain.parts if isinstance(plain, And) else (plain,)
    matchers = [_matcher(part) for part in parts if is_on_key(subject, part)]
    rest = [part for part in parts if not is_on_key(subject, part)]
    if not rest:
        raise NotInMetricsError("it has conditions on labels only")
    return " and ".join(_written(subject, part, matchers, inner=len(rest) > 1) for part in rest)


def labels_of(subject: Subject) -> tuple[str, ...]:
    """The labels of a row of a subject in kmon's metrics."""
    return ("cluster", *(LABELS.get(name, name) for name in subject.key if name != "cluster"))


def _without_not(expression: Expression) -> Expression:
    """The same with every `not` taken into the conditions: of an unknown value both are unknown."""
    if isinstance(expression, Not):
        return _opposite(expression.part)
    if isinstance(expression, And | Or):
        return replace(expression, parts=tuple(map(_without_not, expression.parts)))
    return expression


def _opposite(expression: Expression) -> Expression:
    if isinstance(expression, Not):
        return _without_not(expression.part)
    if isinstance(expression, And | Or):
        parts = tuple(map(_opposite, expression.parts))
        return Or(parts) if isinstance(expression, And) else And(parts)
    if isinstance(expression, Compare):
        return replace(expression, sign=OPPOSITE[expression.sign])
    return replace(expression, negated=not expression.negated)


# -------------------------------------------------------------------- names, which are labels


def is_on_key(subject: Subject, expression: Expression) -> bool:
    """Whether it is a condition on a name of the rows, which is a label of all their series."""
    return (
        isinstance(expression, Compare | Match | Among)
        and expression.column in ("cluster", *subject.key)
        and subject.schema[expression.column].type is Type.TEXT
    )


def _matcher(expression: Expression) -> str:
    """A condition on a label."""
    assert isinstance(expression, Compare | Match | Among)
    label = _label(expression.column)
    if isinstance(expression, Compare):
        return f"{label}{'=' if expression.sign == '==' else '!='}{quoted(str(expression.literal.value))}"
    sign = "!~" if expression.negated else "=~"
    if isinstance(expression, Match):
        return f"{label}{sign}{quoted(str(expression.pattern.value))}"
    return f"{label}{sign}{quoted(_either(str(each.value) for each in expression.literals))}"


def _label(column: str) -> str:
    return LABELS.get(column, column)


def _either(words: Iterable[str]) -> str:
    return "|".join(re2.escape(word).replace("\\ ", " ").replace("\\-", "-") for word in words)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# -------------------------------------------------------------------- numbers and states


def _written(subject: Subject, expression: Expression, matchers: list[str], *, inner: bool) -> str:
    if isinstance(expression, And | Or):
        word = " and " if isinstance(expression, And) else " or "
        text = word.join(map(partial(_written, subject, matchers=matchers, inner=True), expression.parts))
        return f"({text})" if inner else text
    assert not isinstance(expression, Not)
    if is_on_key(subject, expression):
        raise NotInMetricsError(f"{expression.column} is a label, which PromQL cannot join with or")
    return _condition(subject, expression, matchers)


def _condition(subject: Subject, condition: Condition, matchers: list[str]) -> str:
    """One condition: the largest number over all kmon that watch the cluster, compared."""
    column = subject.schema[condition.column]
    recorded = RECORDED.get((subject.name, condition.column))
    if recorded is not None and isinstance(condition, Compare):
        return f"{_largest(subject, recorded, matchers)} {condition.sign} {_number(_value(condition))}"
    family = _family(subject, condition)
    if column.type is Type.TEXT:
        if isinstance(condition, Known):
            raise NotInMetricsError(f"no metric shows whether {condition.column} is unknown")
        known = [] if isinstance(family, StateSet) or words_of(condition) else [f'{_label(condition.column)}!=""']
        return f"{_largest(subject, family.name, [*matchers, _matcher(condition), *known])} == 1"
    found = _largest(subject, family.name, matchers)
    if isinstance(condition, Compare):
        return f"{found} {condition.sign} {_number(_value(condition))}"
    if isinstance(condition, Known) and condition.negated:
        return found
    raise NotInMetricsError(f"no metric shows whether {condition.column} is unknown or one of several numbers")


def _largest(subject: Subject, name: str, matchers: list[str]) -> str:
    selector = f"{{{','.join(matchers)}}}" if matchers else ""
    return f"max by ({', '.join(labels_of(subject))}) ({name}{selector})"


def _number(number: float) -> str:
    return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, f"{number:.15g}")


def _value(condition: Compare) -> float:
    """The number that a condition compares with."""
    value = condition.literal.value
    return value.value if isinstance(value, Number) else float(value)


def _family(subject: Subject, condition: Condition) -> Family:
    """The metric that has a series for every row that can match a condition. Raises NotInMetricsError."""
    keys = {name for name in subject.key if name != "cluster"}
    for family in FAMILIES:
        if (
            family.subject is subject
            and keys <= set(family.keys)
            and not family.switched_by
            and _shows(family, condition)
        ):
            if _holds(condition, family.unknown):
                raise NotInMetricsError(f"{family.name} is {family.unknown:g} where {condition.column} is unknown")
            if _has_all(subject, family, condition):
                return family
    raise NotInMetricsError(f"no metric has the column {condition.column} for every {subject.name.replace('_', ' ')}")


def _shows(family: Family, condition: Condition) -> bool:
    """Whether its numbers are the column's, or its labels the texts of the column."""
    if family.subject.schema[condition.column].type is not Type.TEXT:
        return family.column == condition.column
    return family.column == condition.column if isinstance(family, StateSet) else condition.column in family.keys


def _holds(condition: Condition, unknown: float) -> bool:
    """Whether a condition can be true of the number that stands for an unknown one."""
    if math.isnan(unknown):
        return False
    return not isinstance(condition, Compare) or bool(SIGNS[condition.sign](unknown, _value(condition)))


def _has_all(subject: Subject, family: Family, condition: Condition) -> bool:
    """Whether the family has a series for every row that can match the condition."""
    if not family.where:
        return True
    if not isinstance(family.where, str):
        return False
    only = Filter.of(family.where, subject.schema).expression
    if only == condition or _above(condition, only):
        return True
    left_out = only.literal.value if isinstance(only, Compare) and only.sign == "!=" else None
    wanted = words_of(condition)
    return left_out is not None and bool(wanted) and left_out not in wanted


def _above(condition: Condition, only: Expression) -> bool:
    """Whether a condition is true only of numbers above the one above which rows have a series."""
    if not isinstance(condition, Compare) or not isinstance(only, Compare) or condition.column != only.column:
        return False
    return condition.sign in (">", ">=") and only.sign == ">" and _value(condition) > _value(only)


def words_of(condition: Expression) -> tuple[Value, ...]:
    """The values that a condition on a text asks for; empty where others match it too."""
    if isinstance(condition, Compare) and condition.sign == "==":
        return (condition.literal.value,)
    if isinstance(condition, Among) and not condition.negated:
        return tuple(each.value for each in condition.literals)
    return ()
