"""Tables are frozen, of one length, and have an empty form."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.lag import Lag
from monitor.model.snapshot import Partitions, Topics
from monitor.model.table import Floats, Ragged, Table, Texts, column, objects


@dataclass(frozen=True, eq=False)
class Fruits(Table):
    name: Texts = column("O", "name")
    weight: Floats = column("f8", "weight", "grams")
    seeds: Ragged = column("i4", "rows of its seeds")


def fruits() -> Fruits:
    return Fruits(objects(["fig", "plum"]), np.array([20.0, 50.0]), Ragged.of([[1, 2, 3], []]))


def test_columns_cannot_be_written() -> None:
    table = fruits()
    with pytest.raises(ValueError, match="read-only"):
        table.weight[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        table.name[0] = "pear"
    with pytest.raises(ValueError, match="read-only"):
        table.seeds.values[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        table.seeds.starts[0] = 9


def test_columns_cannot_be_replaced() -> None:
    with pytest.raises(AttributeError):
        fruits().weight = np.zeros(2)  # type: ignore[misc]  # that it cannot is the test


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Fruits: columns of different lengths \[1, 2\]"):
        Fruits(objects(["fig"]), np.array([20.0, 50.0]), Ragged.of([[]]))
    with pytest.raises(ValueError, match="different lengths"):
        Fruits(objects(["fig"]), np.array([20.0]), Ragged.of([[], []]))


def test_lists_become_arrays_of_the_declared_type() -> None:
    table = Fruits(objects(["fig"]), [20], Ragged.of([[7]]))  # type: ignore[arg-type]  # plain lists, as a fixture may
    assert table.weight.dtype == np.float64
    assert len(table) == 1


def test_a_table_is_made_of_rows() -> None:
    table = Fruits.of_rows(iter([("fig", 20, (1, 2)), (None, None, [])]))
    assert table.name.tolist() == ["fig", None]
    assert table.weight[0] == 20
    assert np.isnan(table.weight[1])
    assert (table.seeds.row(0), table.seeds.row(1)) == ([1, 2], [])
    assert len(Fruits.of_rows([])) == 0


def test_rows_that_lack_a_column_are_refused() -> None:
    whole: tuple[object, ...] = ("fig", 20, [])
    for fig in (whole, whole[:2]):
        with pytest.raises(ValueError, match="shorter"):
            Fruits.of_rows([fig, ("plum",)])
        with pytest.raises(ValueError, match="shorter"):
            Fruits.of_rows([fig[:2]])


@dataclass(frozen=True, eq=False)
class Nuts(Table):
    name: Texts = column("O", "name")
    weight: Floats = column("f8", "weight", "grams")


def test_a_table_may_grow() -> None:
    nuts = Nuts.of_rows([("almond", 1)])
    grown = nuts.with_rows([("acorn", None)])
    assert grown.name.tolist() == ["almond", "acorn"]
    assert np.isnan(grown.weight).tolist() == [False, True]
    assert len(nuts) == len(nuts.with_rows([])) == 1


@pytest.mark.parametrize("kind", [Fruits, Partitions, Topics])
def test_an_empty_table_has_every_column(kind: type[Table]) -> None:
    table = kind.empty()
    assert len(table) == 0
    assert [len(getattr(table, each.name)) for each in kind.schema()] == [0] * len(kind.schema())


def test_the_schema_tells_type_meaning_and_unit() -> None:
    weight = Fruits.schema()[1]
    assert (weight.name, weight.metadata["unit"], weight.metadata["meaning"]) == ("weight", "grams", "weight")


def test_a_ragged_column_gives_its_rows_and_their_counts() -> None:
    ragged = Ragged.of([[1, 2], [], [3]])
    assert [ragged.row(each) for each in range(len(ragged))] == [[1, 2], [], [3]]
    assert ragged.counts.tolist() == [2, 0, 1]


def test_objects_are_never_two_dimensional() -> None:
    assert objects([("a", 1), ("b", 2)]).shape == (2,)
    assert objects(each for each in "ab").tolist() == ["a", "b"]


@given(st.lists(st.integers(0, 9), max_size=30))
def test_the_rows_of_a_group_are_together(groups: list[int]) -> None:
    count = len(groups)
    columns = {each.name: np.zeros(count, each.metadata["dtype"]) for each in Lag.schema()}
    lag = Lag(**{**columns, "group": np.array(sorted(groups), np.int32)})
    for group in range(12):
        assert [*lag.of_group(group)] == np.flatnonzero(lag.group == group).tolist()
