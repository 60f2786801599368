"""The text format: what is written is read back by prometheus_client's parser, whatever names and numbers there are."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hostile import any_text
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporters.exposition import LabelColumn, Lines, escape, escape_all, filled
from exporters.readings import Labels, Readings
from monitor.model.table import Floats, objects

offsets = st.integers(0, 2**53).map(float)


def rendered(lines: Lines, columns: Sequence[LabelColumn], values: Floats) -> bytes:
    return b"".join(map(filled, lines.render(tuple(columns), values)))


def read(text: bytes) -> dict[tuple[tuple[str, str], ...], float]:
    """Samples by their labels; fails on a series that stands there twice."""
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = tuple(sample.labels.items())
            assert key not in found, f"twice: {key}"
            found[key] = sample.value
    return found


@given(st.dictionaries(any_text, offsets | st.just(math.nan), max_size=8), any_text)
def test_names_and_offsets_are_read_back(lags: dict[str, float], cluster: str) -> None:
    lines = Lines("kmon_group_lag", [("cluster", cluster)], ["group"], whole=True)
    text = rendered(lines, [(objects(lags), None)], np.array(list(lags.values()), float))
    known = {(("cluster", cluster), ("group", name)): lag for name, lag in lags.items() if not math.isnan(lag)}
    assert read(text) == known


@given(st.lists(st.floats(allow_nan=False), max_size=8))
def test_floats_are_read_back(values: list[float]) -> None:
    lines = Lines("kmon_poll_duration_seconds", [], ["row"], whole=False)
    text = rendered(lines, [(np.arange(len(values)), None)], np.array(values, float))
    assert list(read(text).values()) == values


@given(st.lists(st.text(max_size=6) | st.text("\udcff\\udcf", max_size=8), unique=True, max_size=12))
@example(["\udcff", "\\udcff", "\\udcff\\"])
@example(["\\udcff\\", "\udcff", "\\udcff"])
def test_different_names_stay_different_and_utf8(names: list[str]) -> None:
    escaped = escape_all(names)
    assert len(set(escaped)) == len(names)
    for name, text in zip(names, escaped, strict=True):
        text.decode()
        if not any("\ud800" <= each <= "\udfff" for each in name):
            assert text == escape(name)


def test_an_invalid_byte_is_written_as_python_writes_it() -> None:
    name = b"bad\xff".decode("utf-8", "surrogateescape")
    assert escape(name) == rb"bad\\udcff"


@pytest.mark.parametrize("value", [0, 1, 999_999_999_999_999, 2**53 - 1, 2**53])
def test_offsets_have_no_point_and_no_exponent(value: int) -> None:
    assert rendered(Lines("n", [], [], whole=True), [], np.array([float(value)])) == b"n %d\n" % value


def test_unknown_has_no_line() -> None:
    lines = Lines("n", [], ["p"], whole=True)
    columns = [(np.arange(3), None)]
    assert rendered(lines, columns, np.array([5, math.nan, 0])) == b'n{p="0"} 5\nn{p="2"} 0\n'
    assert rendered(lines, columns, np.array([math.nan, 7, 0])) == b'n{p="1"} 7\nn{p="2"} 0\n'
    assert rendered(lines, columns, np.full(3, math.nan)) == b""


def test_infinity_is_written_as_prometheus_writes_it() -> None:
    columns: list[LabelColumn] = [(objects([" inf", " inf\n", "-inf"]), None)]
    text = rendered(Lines("n", [], ["name"], whole=False), columns, np.array([math.inf, 0.5, -math.inf]))
    assert text == b'n{name=" inf"} +Inf\nn{name=" inf\\n"} 0.5\nn{name="-inf"} -Inf\n'
    assert rendered(Lines("n", [], ["name"], whole=True), columns, np.full(3, math.inf)) == b""


def test_a_label_that_is_none_is_empty() -> None:
    assert rendered(Lines("n", [], ["rack"], whole=True), [(objects([None]), None)], np.ones(1)) == b'n{rack=""} 1\n'


tables = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), unique=True, max_size=5),
        st.permutations(["a", "b", "c"]),
        st.lists(st.sampled_from([0.0, 1.0, math.nan]), min_size=5, max_size=5),
    ),
    min_size=2,
    max_size=6,
)


@given(tables, st.sampled_from([1, 2, 4096]), st.sampled_from([0, 100]))
def test_remembered_lines_are_those_made_afresh(
    polls: list[tuple[list[tuple[int, int]], list[str], list[float]]], piece_lines: int, large_lines: int
) -> None:
    """Whatever changes from poll to poll (names of equal number, rows, numbers, what is known), no old label stays."""
    kept = Lines(
        "n", [("cluster", "c")], ["group", "partition"], whole=True, piece_lines=piece_lines, large_lines=large_lines
    )
    readings = Readings(None)
    for rows, names, numbers in polls:
        codes = np.array([row for row, _ in rows], np.int32)
        partitions = np.array([partition for _, partition in rows], np.int32)
        readings = Readings(None, readings.columns)
        columns = readings.kept("n", ((objects(names), codes), (partitions, None)))
        values = np.array(numbers[: len(rows)])
        fresh = Lines("n", [("cluster", "c")], ["group", "partition"], whole=True)
        expected = {
            (("cluster", "c"), ("group", names[row]), ("partition", str(partition))): number
            for (row, partition), number in zip(rows, numbers, strict=False)
            if not math.isnan(number)
        }
        text = rendered(kept, columns, values)
        assert text == rendered(fresh, columns, values)
        assert read(text) == expected


def test_rows_that_belong_to_another_name() -> None:
    lines = Lines("n", [], ["group"], whole=True)
    names, values = objects(["a", "b", "c"]), np.ones(2)
    assert rendered(lines, [(names, np.array([0, 1]))], values) == b'n{group="a"} 1\nn{group="b"} 1\n'
    assert rendered(lines, [(names, np.array([0, 2]))], values) == b'n{group="a"} 1\nn{group="c"} 1\n'


def test_only_pieces_with_changed_numbers_are_made_anew() -> None:
    lines = Lines("n", [], ["p"], whole=True, piece_lines=2)
    columns: tuple[LabelColumn, ...] = ((np.arange(5), None),)
    first = list(lines.render(columns, np.arange(5.0)))
    second = list(lines.render(columns, np.array([0.0, 1, 2, 7, 4])))
    assert len(first) == 3
    assert first[0] is second[0]
    assert first[2] is second[2]
    assert filled(second[1]) == b'n{p="2"} 2\nn{p="3"} 7\n'


def test_the_text_of_a_piece_is_kept_for_the_next_scrape_unless_the_family_is_large() -> None:
    columns: tuple[LabelColumn, ...] = ((np.arange(5), None),)
    for large_lines, kept in ((5, True), (4, False)):
        lines = Lines("n", [], ["p"], whole=True, piece_lines=2, large_lines=large_lines)
        (piece, *_) = lines.render(columns, np.arange(5.0))
        assert filled(piece) is not filled(piece), "who does not ask for it to be kept leaves nothing"
        assert (filled(piece, keep=True) is filled(piece, keep=True)) == kept
        assert filled(piece) == b'n{p="0"} 0\nn{p="1"} 1\n'


def test_labels_stay_the_same_objects_while_they_are_equal() -> None:
    def columns(*names: str) -> tuple[LabelColumn, ...]:
        return (objects(names), np.arange(2)), (np.arange(2), None)

    first = Readings(None).kept("n", columns("a", "b"))
    before: Labels = {"n": first}
    assert Readings(None, before).kept("n", columns("a", "b")) is first
    assert Readings(None, before).kept("n", columns("a", "c")) is not first
    assert Readings(None, before).kept("n", first[:1]) is not first
