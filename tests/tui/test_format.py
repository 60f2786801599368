import math

import pytest
from hostile import HOSTILE, any_text
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.model.text import visible
from monitor.subjects.members import ranges
from tui.format import at_least, bars, count, fit, spark


@given(any_text, st.integers(0, 60), st.booleans())
def test_fit_takes_exactly_its_cells(name: str, width: int, right: bool) -> None:
    assert cell_len(fit(visible(name), width, right=right)) == width


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_too_wide_is_cut_with_an_ellipsis(name: str) -> None:
    shown = fit(visible(name), 6)
    assert cell_len(shown) == 6
    assert ("…" in shown) == (cell_len(visible(name)) > 6)


def test_wide_glyphs_are_never_cut_in_half() -> None:
    assert fit("漢字漢字", 4) == "漢… "
    assert fit("漢字漢字", 5) == "漢字…"
    assert fit("漢字漢字", 8) == "漢字漢字"


@pytest.mark.parametrize(
    ("value", "text", "human"),
    [
        (0, "0", "0"),
        (999, "999", "999"),
        (1234, "1,234", "1.2k"),
        (12_345, "12,345", "12.3k"),
        (999_949, "999,949", "1000k"),
        (999_950, "999,950", "1.0M"),
        (4_500_000, "4,500,000", "4.5M"),
        (123_456_789, "123,456,789", "123M"),
        (7.2e9, "7,200,000,000", "7.2G"),
        (math.inf, "∞", "∞"),
        (math.nan, "–", "–"),
        (None, "–", "–"),
    ],
)
def test_counts(value: float | None, text: str, human: str) -> None:
    assert (count(value), count(value, human=True)) == (text, human)


def test_a_total_that_is_unknown_shows_what_is_known_of_it() -> None:
    assert at_least(1234, 1234) == "1,234"
    assert at_least(math.nan, 1234) == "≥ 1,234"
    assert at_least(None, 1234, human=True) == "≥ 1.2k"
    assert at_least(math.nan, math.nan) == "–"
    assert at_least(math.nan, 0) == "–"


def test_runs_of_numbers() -> None:
    assert [ranges(each) for each in ([], [4], [2, 0, 1], [5, 1, 2, 2, 7])] == ["–", "4", "0-2", "1-2 5 7"]


def test_spark_goes_from_zero_and_marks_the_unknown() -> None:
    assert spark([0, 50, None, 100]) == "▁▅·█"
    assert spark([0, 0]) == "▁▁"
    assert spark([]) == ""


def test_bars_leave_the_unknown_empty_and_show_zero_as_a_line() -> None:
    assert bars([None, 0, 8, 16], 2) == ["   █", " ▁██"]
    assert bars([0, None], 1) == ["▁ "]
