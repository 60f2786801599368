"""Filters as text in a normal form, which parses to the same filter again."""

from decimal import Decimal

from monitor.model.units import DURATION_UNITS
from monitor.subjects.filter.literals import BYTES, SIZES, Number, print_text
from monitor.subjects.filter.tree import Among, And, Compare, Expression, Known, Match, Not, Or, Value


def printed(part: Expression) -> str:
    """An expression as a text."""
    if isinstance(part, Not):
        return f"not {_inside(part.part)}"
    if isinstance(part, And):
        return " and ".join(map(_inside, part.parts))
    if isinstance(part, Or):
        return " or ".join(f"({printed(each)})" if isinstance(each, Or) else printed(each) for each in part.parts)
    if isinstance(part, Compare):
        return f"{part.column} {part.sign} {_value(part.literal.value)}"
    if isinstance(part, Match):
        return f"{part.column} {'!~' if part.negated else '~'} {_value(part.pattern.value)}"
    if isinstance(part, Among):
        values = ", ".join(_value(each.value) for each in part.literals)
        return f"{part.column} {'not in' if part.negated else 'in'} ({values})"
    assert isinstance(part, Known)
    return f"{part.column} is {'not ' if part.negated else ''}unknown"


def _inside(part: Expression) -> str:
    return f"({printed(part)})" if isinstance(part, And | Or) else printed(part)


def _value(value: Value) -> str:
    if isinstance(value, Number):
        return _number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return print_text(value)


def _number(number: Number) -> str:
    value, unit = number.value, number.unit
    if not unit:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if unit == BYTES:
        step = next((each for each in ("TiB", "GiB", "MiB", "KiB") if value and value % SIZES[each] == 0), "B")
        return _decimal(value / SIZES[step]) + step
    if not value.is_integer() or not 0 < abs(value) < 1e15:
        return _decimal(value) + "s"
    rest, parts = abs(int(value)), []
    for each in ("d", "h", "m", "s"):
        count, rest = divmod(rest, int(DURATION_UNITS[each]))
        parts += [f"{count}{each}"] if count else []
    return ("-" if value < 0 else "") + "".join(parts)


def _decimal(value: float) -> str:
    """Every digit of a number, without an exponent."""
    return f"{Decimal(repr(value)):f}".removesuffix(".0")
