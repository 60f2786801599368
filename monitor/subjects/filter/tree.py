"""Filter expressions as data: conditions on columns, joined by and, or, not. Printed, they parse to themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.subjects.filter.literals import Number, print_value

Value = Number | str | bool
Span = tuple[int, int]
"""Begin and end of a part in the text of the filter."""

NOWHERE: Span = (0, 0)
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Literal:
    """A value as it stands in the text."""

    value: Value
    at: Span = field(default=NOWHERE, compare=False)

    def __str__(self) -> str:
        return print_value(self.value)


@dataclass(frozen=True)
class Condition:
    """What is asked of one column; `at` is where its name stands, `sign_at` what is behind it."""

    column: str
    at: Span = field(default=NOWHERE, compare=False, kw_only=True)
    sign_at: Span = field(default=NOWHERE, compare=False, kw_only=True)


@dataclass(frozen=True)
class Compare(Condition):
    """`sign` is one of COMPARISONS."""

    sign: str
    literal: Literal

    def __str__(self) -> str:
        return f"{self.column} {self.sign} {self.literal}"


@dataclass(frozen=True)
class Match(Condition):
    """Whether a regular expression matches the whole text."""

    pattern: Literal
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.column} {'!~' if self.negated else '~'} {self.pattern}"


@dataclass(frozen=True)
class Among(Condition):
    """Whether the value is one of the literals."""

    literals: tuple[Literal, ...]
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.column} {'not in' if self.negated else 'in'} ({', '.join(map(str, self.literals))})"


@dataclass(frozen=True)
class Known(Condition):
    """Whether the value is unknown, or with `negated` whether it is known."""

    negated: bool = False

    def __str__(self) -> str:
        return f"{self.column} is {'not ' if self.negated else ''}unknown"


@dataclass(frozen=True)
class Not:
    part: "Expression"

    def __str__(self) -> str:
        return f"not {_inside(self.part)}"


@dataclass(frozen=True)
class And:
    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " and ".join(map(_inside, self.parts))


@dataclass(frozen=True)
class Or:
    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


Expression = Compare | Match | Among | Known | Not | And | Or


def _inside(part: Expression) -> str:
    return f"({part})" if isinstance(part, And | Or) else str(part)


def conditions(expression: Expression) -> Iterator[Compare | Match | Among | Known]:
    """Every condition of an expression, from left to right."""
    if isinstance(expression, Not):
        yield from conditions(expression.part)
    elif isinstance(expression, And | Or):
        for part in expression.parts:
            yield from conditions(part)
    else:
        yield expression
