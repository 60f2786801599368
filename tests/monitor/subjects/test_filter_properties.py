"""The filter language on anything: printed and parsed again, against a plain evaluator row by row, on broken texts."""

import math
import operator
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from printed import printed

from monitor.model.table import objects
from monitor.subjects.column import Column, Names, Numbers, columns_of, schema_of
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.evaluate import evaluate
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.literals import BYTES, SECONDS, Number
from monitor.subjects.filter.parse import parse
from monitor.subjects.filter.tree import Among, And, Compare, Expression, Known, Literal, Match, Not, Or
from monitor.subjects.kinds import BYTES as SIZE
from monitor.subjects.kinds import FLAG, RECORDS, TEXT
from monitor.subjects.kinds import SECONDS as DURATION


def no_view(view: object, rows: object) -> Numbers:
    """What these columns would be read from; here their values are written out."""
    raise NotImplementedError


SCHEMA = schema_of(
    Column("a", RECORDS, "", no_view),
    Column("b_seconds", DURATION, "", no_view),
    Column("c_bytes", SIZE, "", no_view),
    Column("t", TEXT, "", no_view),
    Column("u", TEXT, "", no_view),
    Column("f", FLAG, "", no_view),
)
UNITS = {"a": ("",), "b_seconds": ("", SECONDS), "c_bytes": ("", BYTES)}
NUMBERS, TEXTS = tuple(UNITS), ("t", "u")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
few_texts = st.sampled_from(["", "a", "ab", "b", "\n", "ä\\", '"'])
few_numbers = st.sampled_from([0.0, -1.0, 1.0, 2.5, 60.0, math.inf])
patterns = st.sampled_from(["a.*", ".*", "", "[ab]+", r"\\", "(?i)AB", "a|b", "[^a]"])


def number_of(value: float, unit: str) -> Number:
    return Number(value, "" if math.isinf(value) else unit)


def expressions(numbers: st.SearchStrategy[float], names: st.SearchStrategy[str]) -> st.SearchStrategy[Expression]:
    """Expressions that SCHEMA takes."""

    def number(column: str) -> st.SearchStrategy[Literal]:
        return st.builds(number_of, numbers, st.sampled_from(UNITS[column])).map(Literal)

    text, flag = st.builds(Literal, names), st.builds(Literal, st.booleans())
    ordered, equal = st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.sampled_from(["==", "!="])
    of_numbers = [
        each
        for name in NUMBERS
        for each in (
            st.builds(Compare, st.just(name), ordered, number(name)),
            st.builds(Among, st.just(name), st.lists(number(name), min_size=1, max_size=3).map(tuple), st.booleans()),
        )
    ]
    text_names = st.sampled_from(TEXTS)
    leaves = st.one_of(
        *of_numbers,
        st.builds(Compare, text_names, equal, text),
        st.builds(Among, text_names, st.lists(text, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(Match, text_names, st.builds(Literal, patterns), st.booleans()),
        st.builds(Compare, st.just("f"), equal, flag),
        st.builds(Known, st.sampled_from(sorted(SCHEMA)), st.booleans()),
    )

    def joined(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(parts, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(Not, parts), st.builds(And, several), st.builds(Or, several))

    leaf: st.SearchStrategy[Expression] = leaves
    return st.recursive(leaf, joined, max_leaves=8)


every_number = st.one_of(few_numbers, st.floats(allow_nan=False, allow_infinity=False))


@given(expressions(few_numbers, texts))
def test_what_is_printed_is_parsed_to_the_same(expression: Expression) -> None:
    made = Filter.of(printed(expression), SCHEMA)
    assert made.expression == expression


@given(every_number, st.sampled_from(["", SECONDS, BYTES]))
def test_numbers_are_printed_exactly(value: float, unit: str) -> None:
    number = number_of(value, unit)
    assert parse(printed(Compare("a", ">", Literal(number)))) == Compare("a", ">", Literal(number))


# -------------------------------------------------------------------- the plain evaluator

SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def whole(pattern: str, text: str) -> bool:
    import re

    return re.fullmatch(pattern, text, re.DOTALL) is not None


def plain(expression: Expression, row: dict[str, Any]) -> bool | None:
    """Kleene's logic of one row, as one would write it down."""
    if isinstance(expression, Not):
        part = plain(expression.part, row)
        return None if part is None else not part
    if isinstance(expression, And | Or):
        parts = [plain(each, row) for each in expression.parts]
        decides = isinstance(expression, Or)
        return decides if decides in parts else None if None in parts else not decides
    value = row[expression.column]
    if isinstance(expression, Known):
        return (value is not None) if expression.negated else (value is None)
    if value is None:
        return None
    if isinstance(expression, Compare):
        return bool(SIGNS[expression.sign](value, of(expression.literal)))
    if isinstance(expression, Match):
        return whole(str(expression.pattern.value), value) != expression.negated
    return (value in [of(each) for each in expression.literals]) != expression.negated


def of(literal: Literal) -> Any:
    return literal.value.value if isinstance(literal.value, Number) else literal.value


rows = st.lists(
    st.fixed_dictionaries(
        {
            **{name: st.none() | few_numbers for name in NUMBERS},
            **{name: st.none() | few_texts for name in TEXTS},
            "f": st.none() | st.booleans(),
        }
    ),
    max_size=12,
)


@given(expressions(few_numbers, few_texts), rows)
def test_columns_give_what_rows_give(expression: Expression, rows: list[dict[str, Any]]) -> None:
    truth = evaluate(expression, columns_of(SCHEMA, rows))
    told = [None if unknown else bool(true) for true, unknown in zip(truth.true, truth.unknown, strict=True)]
    assert told == [plain(expression, row) for row in rows]
    assert not (truth.true & truth.false).any()


@given(
    expressions(few_numbers, few_texts),
    st.lists(st.integers(-1, 3), max_size=10),
    st.lists(few_texts | st.none(), min_size=4, max_size=4),
)
def test_codes_give_what_their_names_give(expression: Expression, codes: list[int], names: list[str | None]) -> None:
    spelled = [{**dict.fromkeys(SCHEMA), "t": names[code] if code >= 0 else None} for code in codes]
    columns = columns_of(SCHEMA, spelled)
    coded = {**columns, "t": Names(objects(names), np.array(codes, np.int32))}
    for one, other in zip(evaluate(expression, columns), evaluate(expression, coded), strict=True):
        assert one.tolist() == other.tolist()


def test_the_plain_evaluator_knows_numbers_that_numpy_has() -> None:
    columns = {"a": Numbers(np.array([1.0, np.nan]))}
    assert evaluate(parse("a != 2"), columns).true.tolist() == [True, False]


# -------------------------------------------------------------------- any text

WORDS = "a b_seconds t f zz and or not in is unknown true inf AND"
SIGNS_AND_VALUES = """( ) , == = != < >= ~ !~ 5 5m -1.5k 1x "a.*" 'b' "( & ä"""
words = st.sampled_from([*WORDS.split(), *SIGNS_AND_VALUES.split(), "\\", " ", "\n"])
nearly = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(), max_size=30),
    st.lists(words, max_size=12).map(" ".join),
    st.lists(words, max_size=12).map("".join),
)


def said_of(text: str) -> Filter | FilterError:
    try:
        return Filter.of(text, SCHEMA)
    except FilterError as error:
        return error


def check_said(text: str) -> None:
    said = said_of(text)
    if isinstance(said, Filter):
        assert said_of(printed(said.expression)) == said
        assert said.rows(columns_of(SCHEMA, [])).tolist() == []
    else:
        assert said.text == text
        assert 0 <= said.position <= said.end <= len(text)
        assert said.problem.isprintable()
        assert all(line.isprintable() for line in said.shown)
        assert "^" in said.shown[1]


@given(nearly)
def test_any_text_is_a_filter_or_an_error_with_its_place(text: str) -> None:
    check_said(text)


@given(expressions(few_numbers, texts), st.data())
def test_a_text_with_a_letter_missing_or_changed_breaks_nothing(expression: Expression, data: st.DataObject) -> None:
    text = printed(expression)
    place = data.draw(st.integers(0, len(text)))
    check_said(text[:place] + data.draw(st.sampled_from(["", '"', "(", "\\", "5", "x", " "])) + text[place + 1 :])
