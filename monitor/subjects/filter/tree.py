"""Filter expressions as data: conditions on columns, joined by and, or, not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.subjects.filter.literals import Number

Value = Number | str | bool
Span = tuple[int, int]
"""Begin and end of a part in the text of the filter."""

NOWHERE: Span = (0, 0)


@dataclass(frozen=True)
class Literal:
    """A value as it stands in the text."""

    value: Value
    at: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True)
class Condition:
    """What is asked of one column; `at` is where its name stands, `sign_at` what is behind it."""

    column: str
    at: Span = field(default=NOWHERE, compare=False, kw_only=True)
    sign_at: Span = field(default=NOWHERE, compare=False, kw_only=True)


@dataclass(frozen=True)
class Compare(Condition):
    """`sign` is ==, !=, <, <=, > or >=."""

    sign: str
    literal: Literal


@dataclass(frozen=True)
class Match(Condition):
    """Whether a regular expression matches the whole text."""

    pattern: Literal
    negated: bool = False


@dataclass(frozen=True)
class Among(Condition):
    """Whether the value is one of the literals."""

    literals: tuple[Literal, ...]
    negated: bool = False


@dataclass(frozen=True)
class Known(Condition):
    """Whether the value is unknown, or with `negated` whether it is known."""

    negated: bool = False


@dataclass(frozen=True)
class Not:
    part: "Expression"


@dataclass(frozen=True)
class And:
    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Or:
    parts: tuple["Expression", ...]


Expression = Compare | Match | Among | Known | Not | And | Or


def conditions(expression: Expression) -> Iterator[Compare | Match | Among | Known]:
    """Every condition of an expression, from left to right."""
    if isinstance(expression, Not):
        yield from conditions(expression.part)
    elif isinstance(expression, And | Or):
        for part in expression.parts:
            yield from conditions(part)
    else:
        yield expression
