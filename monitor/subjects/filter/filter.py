"""A filter as its users have it: an expression, checked against the columns of a subject, that picks rows."""

from dataclasses import dataclass
from difflib import get_close_matches

from monitor.model.patterns import pattern_of
from monitor.model.table import Flags
from monitor.model.text import visible
from monitor.subjects.column import Column, Columns, Schema
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.evaluate import Truth, evaluate
from monitor.subjects.filter.literals import BYTES, SECONDS, Number, print_text
from monitor.subjects.filter.parse import parse
from monitor.subjects.filter.tree import Among, Compare, Expression, Known, Literal, Match, conditions
from monitor.subjects.kinds import Type

NAME = 60
"""Most characters of a name in a message."""
DIMENSIONS = {SECONDS: "a duration", BYTES: "a size"}


@dataclass(frozen=True)
class Filter:
    """An expression that fits a row set. Equal when the expressions are."""

    expression: Expression

    @classmethod
    def of(cls, text: str, schema: Schema) -> "Filter":
        """Raises FilterError, which points at what is wrong in the text."""
        expression = parse(text)
        check(text, expression, schema)
        return cls(expression)

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that it asks."""
        return frozenset(each.column for each in conditions(self.expression))

    def truth(self, columns: Columns) -> Truth:
        """For each row whether the filter is true, false, or unknown because a value is."""
        return evaluate(self.expression, columns)

    def rows(self, columns: Columns) -> Flags:
        """The rows for which it is true, shape (rows,)."""
        return self.truth(columns).true


def check(text: str, expression: Expression, schema: Schema) -> None:
    """Raise FilterError, with its place in `text`, for the first condition that does not fit its column."""
    for each in conditions(expression):
        column = schema.get(each.column)
        if column is None:
            raise FilterError(_no_column(each.column, schema), text, *each.at)
        if column.type is Type.LIST:
            raise FilterError(f"{_is(column)}: a filter cannot use lists", text, *each.at)
        if isinstance(each, Match):
            _check_match(text, each, column)
        elif isinstance(each, Known):
            if "unknown" in column.words:
                problem = f'{column.name} is always known: for the text "unknown", write {column.name} == "unknown"'
                raise FilterError(problem, text, *each.sign_at)
        else:
            _check_values(text, each, column)


def _no_column(name: str, schema: Schema) -> str:
    near = get_close_matches(name[:NAME].lower(), schema, 1)
    advice = f"did you mean {near[0]}?" if near else f"columns are {', '.join(schema)}"
    return f"unknown column {visible(name, NAME)}: {advice}"


def _check_match(text: str, match: Match, column: Column) -> None:
    if column.type is not Type.TEXT:
        raise FilterError(f"{_is(column)}: ~ and !~ match text columns only", text, *match.sign_at)
    try:
        pattern_of(str(match.pattern.value))
    except ValueError as error:
        raise FilterError(str(error), text, *match.pattern.at) from None


def _check_values(text: str, condition: Compare | Among, column: Column) -> None:
    literals = condition.literals if isinstance(condition, Among) else (condition.literal,)
    for literal in literals:
        if problem := _mismatch(column, literal, text[slice(*literal.at)]):
            raise FilterError(problem, text, *literal.at)
    if isinstance(condition, Compare) and condition.sign not in ("==", "!=") and column.type is not Type.NUMBER:
        raise FilterError(f"{_is(column)}, which has no order: use == or !=", text, *condition.sign_at)


def _mismatch(column: Column, literal: Literal, text: str) -> str:
    """What is wrong with comparing the column to this value, written as `text`; empty when nothing is."""
    value, problem = literal.value, ""
    if column.type is Type.TEXT:
        if not isinstance(value, str):
            problem = f"{_is(column)}: put the value in quotes: {print_text(text)}"
        elif column.words and value not in column.words:
            problem = f"{column.name} must be one of {', '.join(map(print_text, column.words))}"
    elif column.type is Type.FLAG:
        if not isinstance(value, bool):
            problem = f"{_is(column)}: write {column.name} == true"
    elif not isinstance(value, Number):
        problem = f"{_is(column)}: compare it with a number" + (", without quotes" if isinstance(value, str) else "")
    elif value.unit and value.unit != column.unit:
        problem = (
            f"{_is(column)}, not {DIMENSIONS[value.unit]}: write the number without a unit, or with k or M (million)"
        )
    return problem


def _is(column: Column) -> str:
    """What type the column has, in words."""
    return f"{column.name} is {column.type.value}{f' of {column.unit}' if column.unit else ''}"
