"""Words for numbers: unknown is a dash, a part of a total is said to be one, and a name cannot hide anything."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from views import shop_view

from dashboards.text import count, duration, failure, failures, plural, printable, total


@pytest.mark.parametrize(
    ("value", "at_least", "shown"),
    [
        (1_234.0, 1_234.0, "1,234"),
        (0.0, 0.0, "0"),
        (math.nan, 1_234.0, "≥ 1,234"),
        (None, 5.0, "≥ 5"),
        (math.nan, math.nan, "–"),
        (None, 0.0, "–"),
        (None, None, "–"),
    ],
)
def test_a_total_is_known_whole_or_in_part_or_not(value: float | None, at_least: float | None, shown: str) -> None:
    assert total(value, at_least) == shown


def test_an_unknown_count_is_a_dash_and_never_zero() -> None:
    assert count(None) == count(math.nan) == "–"
    assert count(0.0) == "0"


def test_spans_and_plurals() -> None:
    assert [duration(each) for each in (-3, 0, 59, 60, 7_300, 200_000)] == ["0 s", "0 s", "59 s", "1 min", "2 h", "2 d"]
    assert [plural(each, "group") for each in (0, 1, 1_200)] == ["0 groups", "1 group", "1,200 groups"]


@given(st.text())
def test_nothing_in_a_shown_name_is_invisible(name: str) -> None:
    shown = printable(name)
    assert len(shown) == len(name)
    assert not {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_a_name_shows_its_controls() -> None:
    assert printable("a\nb\x1b[0m\u202ec") == "a␊b␛[0m\N{REPLACEMENT CHARACTER}c"
    assert printable("ünïcödé 🐘") == "ünïcödé 🐘"


def test_failures_name_the_collector_and_the_reason() -> None:
    partial = shop_view(failed={"commits": "broker 2: timed out"})
    assert failures(partial) == [("commits", "broker 2: timed out")]
    assert failure(partial, "commits", "groups") == "broker 2: timed out"
    assert failure(partial, "topics") == ""
    down = shop_view(error="connection refused", failed={"groups": "connection refused", "topics": "too slow"})
    assert failures(down) == [("all", "connection refused"), ("topics", "too slow")]
    assert failure(down, "topics") == "connection refused"
