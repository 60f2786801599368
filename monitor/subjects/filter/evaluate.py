"""Evaluation on columns, in Kleene's three-valued logic: of an unknown value nothing is true and nothing false."""

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from monitor.model.patterns import pattern_of
from monitor.model.table import Flags
from monitor.subjects.column import Columns, Names, Numbers
from monitor.subjects.filter.literals import Number
from monitor.subjects.filter.tree import Among, And, Compare, Expression, Known, Match, Not, Or, Value, conditions

SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Truth(NamedTuple):
    """Where a condition is true and where it is false, shape (rows,) each; it is unknown where it is neither."""

    true: Flags
    false: Flags

    @property
    def unknown(self) -> Flags:
        return ~(self.true | self.false)


def evaluate(expression: Expression, columns: Columns, undecided: Flags | None = None) -> Truth:
    """The truth of a checked expression for every row; only that of the `undecided` rows counts, of all without."""
    if isinstance(expression, Not):
        part = evaluate(expression.part, columns, undecided)
        return Truth(part.false, part.true)
    if isinstance(expression, And | Or):
        return _joined(expression, columns, undecided)
    column = columns[expression.column]
    if isinstance(column, Numbers):
        return _of_numbers(expression, column)
    assert isinstance(column, Names)
    return _of_names(expression, column, undecided)


def _joined(expression: And | Or, columns: Columns, undecided: Flags | None) -> Truth:
    """Numbers are compared first: then names are matched only where that has not decided."""
    first, *rest = sorted(expression.parts, key=_is_slow)
    true, false = evaluate(first, columns, undecided)
    for each in rest:
        left = ~false if isinstance(expression, And) else ~true
        part = evaluate(each, columns, left if undecided is None else left & undecided)
        if isinstance(expression, And):
            true, false = true & part.true, false | part.false
        else:
            true, false = true | part.true, false & part.false
    return Truth(true, false)


def _is_slow(expression: Expression) -> bool:
    return any(isinstance(each, Match) for each in conditions(expression))


def _of_numbers(condition: Compare | Match | Among | Known, column: Numbers) -> Truth:
    values = column.values
    unknown = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    if isinstance(condition, Known):
        return _unknown(condition, unknown)
    if isinstance(condition, Compare):
        # Of double precision, so that no narrower column rounds what it is compared with.
        exact = np.bool_ if values.dtype.kind == "b" else np.float64
        true = SIGNS[condition.sign](values, exact(_number(condition.literal.value)))
    else:
        assert isinstance(condition, Among)
        found = np.isin(values.astype(np.float64), [_number(each.value) for each in condition.literals])
        true = found != condition.negated
    return Truth(true & ~unknown, ~(true | unknown))


def _of_names(condition: Compare | Match | Among | Known, column: Names, undecided: Flags | None) -> Truth:
    """Every value of rows that are undecided is asked once, then the rows take its answer."""
    test = _test(condition)
    # 1 true, 0 false, -1 unknown; the last is what the code -1 finds.
    if undecided is None:
        answers = np.array([*(-1 if each is None else test(each) for each in column.values.tolist()), -1], np.int8)
    else:
        answers = np.full(len(column.values) + 1, -1, np.int8)
        for code in np.unique(column.codes[undecided]).tolist():
            if code >= 0 and (value := column.values[code]) is not None:
                answers[code] = test(value)
    rows = answers[column.codes]
    if isinstance(condition, Known):
        return _unknown(condition, rows == -1)
    return Truth(rows == 1, rows == 0)


def _test(condition: Compare | Match | Among | Known) -> Callable[[str], bool]:
    if isinstance(condition, Match):
        matches = pattern_of(str(condition.pattern.value)).matches
        return (lambda text: not matches(text)) if condition.negated else matches
    if isinstance(condition, Among):
        wanted = {each.value for each in condition.literals}
        return (lambda text: text not in wanted) if condition.negated else wanted.__contains__
    if isinstance(condition, Compare):
        value, equal = condition.literal.value, condition.sign == "=="
        return lambda text: (text == value) == equal
    return lambda _: True


def _unknown(condition: Known, unknown: Flags) -> Truth:
    return Truth(~unknown, unknown) if condition.negated else Truth(unknown, ~unknown)


def _number(value: Value) -> float:
    return value.value if isinstance(value, Number) else float(value)
