"""Columns as people read them: every kind of value as one line, why one is unknown, and what rows are sorted by."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest
from details import detailed_view
from views import shop_view

from monitor.model.table import Ragged, objects
from monitor.model.text import UNKNOWN, count, duration, moment, percent, rate, size, visible
from monitor.model.view import View
from monitor.subjects import SUBJECTS
from monitor.subjects.column import INFINITY, Column, Lists, Names, Numbers, Rows, Subject, Values
from monitor.subjects.kinds import (
    BYTES,
    FLAG,
    LEFT,
    NODE,
    NODES,
    NUMBERS,
    RATE,
    RATIO,
    REASON,
    RECORDS,
    SECONDS,
    TEXT,
    TEXTS,
    UNIX,
    Kind,
)
from monitor.subjects.shown import UNREPORTED, Shown, shown, written


def numbers(*values: float) -> Numbers:
    return Numbers(np.array(values))


def names(*values: Any) -> Names:
    """One text, list or mapping a row; None is unknown."""
    return Names(objects(values), np.arange(len(values)))


def show(kind: Kind, values: Values, *, otherwise: str = "", **others: tuple[Kind, Values]) -> Shown:
    """A column with these values. `others` are the columns with its `reason`, `error` or known part (`at_least`)."""
    links: dict[str, Any] = {name: name for name in others}
    columns = [Column("main", kind, "", partial(_same, values), otherwise=otherwise, **links)]
    columns += [Column(name, its_kind, "", partial(_same, found)) for name, (its_kind, found) in others.items()]
    subject = Subject("test", "", (), lambda _: len(values), tuple(columns))
    return shown(subject.read(None), "main")


def _same(values: Values, _view: None, _rows: Rows) -> Values:
    return values


def texts(column: Shown) -> list[str]:
    return [column.text(row) for row in range(len(column))]


def reasons(column: Shown) -> list[str]:
    return [column.why(row) for row in range(len(column))]


# ---------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (RECORDS, 12_345, count(12_345)),
        (RATE, 3.21, rate(3.21)),
        (SECONDS, 90, duration(90)),
        (UNIX, 1_790_000_000, moment(1_790_000_000)),
        (BYTES, 1_500, size(1_500)),
        (RATIO, 0.5, percent(0.5)),
        (NODE, 1_001, "1001"),
        (FLAG, 1, "yes"),
        (FLAG, 0, "no"),
        (RECORDS, math.inf, "∞"),
        (LEFT, math.inf, "never"),
    ],
)
def test_a_number_is_written_by_its_kind(kind: Kind, value: float, expected: str) -> None:
    assert texts(show(kind, numbers(value, math.nan))) == [expected, UNKNOWN]


@pytest.mark.parametrize(("kind", "value"), [(RECORDS, INFINITY), (LEFT, INFINITY), (FLAG, True), (SECONDS, 90)])
def test_a_value_of_json_is_written_as_the_one_it_stands_for(kind: Kind, value: float | str) -> None:
    column = Column("main", kind, "", lambda _view, _rows: numbers())
    assert written(column, value) == written(column, float(value))
    assert written(column, None) == UNKNOWN


def test_texts_are_visible_and_none_is_unknown() -> None:
    assert texts(show(TEXT, names("orders", "a\x1bb", INFINITY, None))) == [
        "orders",
        visible("a\x1bb"),
        INFINITY,
        UNKNOWN,
    ]
    codes = Names(objects(["a", "b"]), np.array([1, -1, 0, 1]))
    assert texts(show(TEXT, codes)) == ["b", UNKNOWN, "a", "b"]


def test_lists_and_numbers_by_name_stand_in_one_line() -> None:
    nodes = Lists(Ragged.of([[1, 2, 1_001], []]), np.array([0, -1, 1]))
    assert texts(show(NODES, nodes)) == ["1, 2, 1001", UNKNOWN, ""]
    hostile = "b\n"
    assert texts(show(TEXTS, names(("a", hostile), None, ()))) == [f"a, {visible(hostile)}", UNKNOWN, ""]
    pairs = (("lag", 12_345.0), ("eta", math.inf), (hostile, math.nan))
    assert texts(show(NUMBERS, names(pairs))) == [f"lag {count(12_345)}, eta ∞, {visible(hostile)} {UNKNOWN}"]


def test_an_error_is_written_where_it_is_a_second_or_more() -> None:
    values = numbers(200, 200, 200, math.nan, math.inf)
    errors = numbers(12, 0.9, math.nan, 12, 12)
    known = duration(200)
    assert texts(show(SECONDS, values, error=(SECONDS, errors))) == [
        f"{known} ± {duration(12)}",
        known,
        known,
        UNKNOWN,
        "∞",
    ]


def test_a_number_that_is_not_known_whole_is_at_least_its_known_part() -> None:
    values, parts = numbers(5_000, math.nan, math.nan, math.nan), numbers(4_000, 1_234, 0, math.nan)
    column = show(RECORDS, values, at_least=(RECORDS, parts))
    assert texts(column) == [count(5_000), f"≥ {count(1_234)}", UNKNOWN, UNKNOWN]
    seconds = show(SECONDS, numbers(math.nan), at_least=(SECONDS, numbers(90)))
    assert texts(seconds) == [f"≥ {duration(90)}"]


def test_a_face_may_write_numbers_its_own_way() -> None:
    column = show(
        RECORDS, numbers(1_000, math.nan), at_least=(RECORDS, numbers(0, 7)), error=(RECORDS, numbers(2, math.nan))
    )
    assert [column.text(row, lambda value: f"<{value:.0f}>") for row in range(2)] == ["<1000> ± <2>", "≥ <7>"]


# ----------------------------------------------------------------- why and order


def test_what_is_unknown_has_the_reason_of_its_row_or_of_its_column_or_the_default() -> None:
    values = numbers(1, math.nan, math.nan, math.nan)
    told = (REASON, Names(objects(["", "denied"]), np.array([1, 1, 0, -1])))
    assert reasons(show(RECORDS, values, reason=told, otherwise="not dated")) == [
        "",
        "denied",
        "not dated",
        "not dated",
    ]
    assert reasons(show(RECORDS, values, reason=told)) == ["", "denied", UNREPORTED, UNREPORTED]
    assert reasons(show(RECORDS, values)) == ["", *[UNREPORTED] * 3]


def test_unknown_texts_and_lists_have_a_reason_and_empty_ones_are_known() -> None:
    assert reasons(show(TEXT, names("a", "", None))) == ["", "", UNREPORTED]
    assert reasons(show(NODES, Lists(Ragged.of([[]]), np.array([0, -1])))) == ["", UNREPORTED]
    assert reasons(show(FLAG, Numbers(np.array([True, False])))) == ["", ""]


def test_rows_are_sorted_by_their_values_or_known_parts() -> None:
    values, parts = numbers(3, math.nan, math.nan), numbers(2, 5, math.nan)
    assert np.array_equal(show(RECORDS, values).order, values.values, equal_nan=True)
    assert np.array_equal(show(RECORDS, values, at_least=(RECORDS, parts)).order, [3, 5, math.nan], equal_nan=True)
    assert show(TEXT, names("b", "a", None)).order.tolist() == ["b", "a", None]


# ----------------------------------------------------------------- every subject


@pytest.mark.parametrize("view", [shop_view(), detailed_view()], ids=["shop", "detailed"])
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_every_value_of_every_subject_is_one_visible_line_or_unknown_with_a_reason(
    subject: Subject, view: View
) -> None:
    reading = subject.read(view)
    for name, column in subject.schema.items():
        found, plain = shown(reading, name), column.plain(reading[name])
        assert len(found) == len(found.order) == subject.count(view), name
        for row, value in enumerate(plain):
            assert found.text(row).isprintable(), name
            assert found.is_known(row) == (found.why(row) == ""), name
            if column.kind is not REASON:
                assert found.is_known(row) == (value is not None), name
            if value is None and found.part is None and column.kind is not REASON:
                assert found.text(row) == UNKNOWN, name


def test_a_column_that_a_subject_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        shown(SUBJECTS["lag"].read(shop_view()), "colour")
