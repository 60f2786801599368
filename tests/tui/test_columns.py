from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.table import objects
from tui.widgets.columns import ROOMY, WIDE, Cell, Column, in_sight, room, sort_rows, written


@dataclass
class Model:
    keys: list[str]


def column(name: str, width: int, **options: int) -> Column[Model]:
    return Column(name, name, width, lambda model, row: Cell(""), "", **options)  # type: ignore[arg-type]  # all are numbers


def test_unknown_is_last_in_both_directions() -> None:
    values = np.array([3.0, np.nan, 1.0, np.nan, 2.0])
    assert sort_rows([values], falling=False).tolist() == [2, 4, 0, 1, 3]
    assert sort_rows([values], falling=True).tolist() == [0, 4, 2, 1, 3]
    names = objects(["b", None, "a"])
    assert sort_rows([names], falling=False).tolist() == [2, 0, 1]
    assert sort_rows([names], falling=True).tolist() == [0, 2, 1]


def test_ties_go_by_the_next_column_then_stay_as_they_were() -> None:
    first, second = np.array([1, 2, 1, 1]), np.array([5.0, 0.0, 9.0, np.nan])
    assert sort_rows([first, second], falling=True).tolist() == [1, 2, 0, 3]
    assert sort_rows([np.zeros(3)], falling=True).tolist() == [0, 1, 2]


@given(st.lists(st.none() | st.text(max_size=3)), st.booleans())
def test_names_sort_as_python_sorts_them(names: list[str | None], falling: bool) -> None:
    order = sort_rows([objects(names)], falling=falling)
    known = [names[row] for row in order if names[row] is not None]
    assert known == sorted((each for each in names if each is not None), reverse=falling)
    assert sorted(order.tolist()) == list(range(len(names)))


COLUMNS = (
    column("a", 10, grow=1, most=15),
    column("b", 10, rank=2),
    column("c", 10, rank=1),
    column("d", 5, rank=WIDE),
    column("e", 5, grow=1),
)


@pytest.mark.parametrize(
    ("width", "shown"),
    [(200, "abce"), (38, "abce"), (37, "ace"), (27, "ace"), (26, "ae"), (3, "ae")],
)
def test_columns_go_by_rank_when_there_is_no_room(width: int, shown: str) -> None:
    assert "".join(each.name for each, _ in room(COLUMNS, width, gap=1, wide=False)) == shown


def test_what_one_column_cannot_take_goes_to_the_next() -> None:
    assert [size for _, size in room(COLUMNS, 68, gap=1, wide=False)] == [15, 10, 10, 30]


def test_what_rows_need_comes_before_what_columns_could_have() -> None:
    def one(name: str, width: int, grow: int = 0, most: int = 0) -> Column[Any]:
        return Column(name, name, width, lambda *_: Cell(""), "", grow=grow, most=most)

    columns = [one("subject", 10, grow=2, most=40), one("for", 5), one("event", 10, grow=4)]
    needs = {"subject": 12, "for": 9, "event": 30}
    found = room(columns, 55, gap=1, wide=False, need=lambda each: needs[each.name])
    assert [size for _, size in found] == [12, 9, 31]
    assert [size for _, size in room(columns, 55, gap=1, wide=False)] == [19, 5, 28]


def test_wide_shows_every_column_whatever_the_width() -> None:
    assert [(each.name, size) for each, size in room(COLUMNS, 20, gap=1, wide=True)] == [
        ("a", 15),
        ("b", 10),
        ("c", 10),
        ("d", 5),
        ("e", ROOMY),
    ]


def test_a_number_that_does_not_fit_takes_its_short_form() -> None:
    cell = Cell("12,345,678", short="12.3M")
    assert written(cell, 10, right=True) == "12,345,678"
    assert written(cell, 8, right=True) == "   12.3M"


@pytest.mark.parametrize(
    ("left", "width", "seen"),
    [
        (0, 100, [("a", 10), ("b", 10), ("c", 10), ("d", 20)]),
        (0, 51, [("a", 10), ("b", 10), ("c", 10), ("d", 18)]),
        (0, 48, [("a", 10), ("b", 10), ("c", 10), ("d", 15)]),
        (0, 41, [("a", 10), ("b", 10), ("c", 10), ("d", 8)]),
        (0, 40, [("a", 10), ("b", 10), ("c", 10)]),
        (0, 31, [("a", 10), ("b", 10)]),
        (1, 29, [("a", 10), ("c", 10)]),
        (2, 33, [("a", 10), ("d", 20)]),
        (0, 20, [("a", 9), ("b", 10)]),
        (0, 18, [("a", 8)]),
        (0, 0, [("a", 8)]),
    ],
)
def test_columns_leave_sideways_as_a_whole(left: int, width: int, seen: list[tuple[str, int]]) -> None:
    def one(name: str, width: int, grow: int = 0) -> Column[Any]:
        return Column(name, name, width, lambda *_: Cell(""), "", grow=grow)

    shown = [(one("a", 10, grow=1), 10), (one("b", 10), 10), (one("c", 10), 10), (one("d", 15, grow=1), 20)]
    found = in_sight(shown, 1, left, width, gap=1)
    assert [(each.name, size) for each, size in found] == seen
