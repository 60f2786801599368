"""Words for names and numbers: a name cannot hide or do anything, unknown is a dash, a part of a total says so."""

import math
import re
import unicodedata

import pytest
from hostile import HOSTILE
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.model.text import (
    MOST_MARKS,
    age,
    at_least,
    count,
    duration,
    name_of,
    percent,
    plural,
    rate,
    size,
    visible,
)

anything = (
    st.text()
    | st.text(st.sampled_from("e\u0301\u093e\u1161\u0489\U0001f3fb\n\\ \u202e\ufe0f\u3164🐘漢"))
    | st.sampled_from(HOSTILE)
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("orders", "orders"),
        ("", ""),
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("two\nlines\r\tand\0nul", r"two\nlines\r\tand\x00nul"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("a\u200bb\xa0c\u2028\ufeff", r"a\u200bb\xa0c\u2028\ufeff"),
        ("a\u3164b\u2800c\u034f", r"a\u3164b\u2800c\u034f"),
        ("\u2764\ufe0f", "\u2764\\ufe0f"),
        ("\U000e0041\U000e0100", r"\U000e0041\U000e0100"),
        ("[/x] [red]b[/red] <b>&amp;", "[/x] [red]b[/red] <b>&amp;"),
        ("e\u0301\u0302\u0303", "e\u0301\u0302\\u0303"),
        ("\u0928\u093e\u093f\u0940", "\u0928\u093e\u093f\\u0940"),
        ("\u1100\u1161\u11a8\u11a8", "\u1100\u1161\u11a8\\u11a8"),
        ("Grüße 漢字 🦜", "Grüße 漢字 🦜"),
        ("\ud800", r"\ud800"),
        (None, "–"),
    ],
)
def test_what_cannot_be_seen_stands_as_its_escape(name: str | None, shown: str) -> None:
    assert visible(name) == shown


@given(anything)
@example("e" + "\u0301" * 5_000)
def test_a_visible_name_is_one_printable_line_and_stays_as_it_is(name: str) -> None:
    shown = visible(name)
    assert shown.isprintable()
    assert visible(shown) == shown
    assert {unicodedata.category(each) for each in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()
    marks = "".join("m" if unicodedata.category(each).startswith("M") else " " for each in shown)
    assert "m" * (MOST_MARKS + 1) not in marks


@given(anything)
def test_nothing_of_a_name_is_lost(name: str) -> None:
    shown = visible(name.replace("\\", "/"))
    assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == name.replace("\\", "/")


@given(anything, st.integers(1, 40))
def test_a_name_is_cut_after_it_is_made_visible(name: str, limit: int) -> None:
    whole, cut = visible(name), visible(name, limit)
    assert cut == (whole if len(whole) <= limit else whole[: limit - 1] + "…")


def test_a_nameless_thing_is_seen() -> None:
    assert name_of("") == '""'
    assert name_of("x" * 99, 3) == "xx…"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (" ", '" "'),
        ("orders ", '"orders "'),
        ('""', '""""'),
        ('say "hi"', 'say "hi"'),
        ("two\nlines", r"two\nlines"),
        (r"two\nlines", r"two\\nlines"),
        (r"DOMAIN\user", r"DOMAIN\user"),
        ("\u202eC:\\", r"\u202eC:\\"),
        (r"\x1b[0m", r"\\x1b[0m"),
        (r"a\\b", r"a\\\\b"),
    ],
)
def test_a_name_that_could_be_taken_for_another_is_marked(name: str, shown: str) -> None:
    assert name_of(name) == shown
    assert visible(name_of(name)) == shown


confusable = st.text(st.sampled_from('\\ntx1bu2028" \n\t\x1b\u2028é'), max_size=12)


@given(confusable | anything, confusable | anything)
def test_no_two_names_look_alike(one: str, other: str) -> None:
    assert (name_of(one) == name_of(other)) == (one == other)


@given(confusable)
def test_a_name_is_read_back_from_how_it_looks(name: str) -> None:
    """So that no two look alike: there is one way to read each."""
    shown = name_of(name)
    bare = shown[1:-1] if len(shown) > 1 and shown[0] == shown[-1] == '"' else shown
    escapes = re.findall(r"\\(?:[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})", bare)
    assert (bare.encode("latin-1", "backslashreplace").decode("unicode_escape") if escapes else bare) == name


def test_an_unknown_count_is_a_dash_and_never_zero() -> None:
    assert count(None) == count(math.nan) == "–"
    assert [count(each) for each in (0.0, 999, 1_234.4, math.inf, -math.inf)] == ["0", "999", "1,234", "∞", "-∞"]


@pytest.mark.parametrize(
    ("total", "known", "shown"),
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
def test_a_total_is_known_whole_or_in_part_or_not(total: float | None, known: float | None, shown: str) -> None:
    assert at_least(total, known) == shown
    assert at_least(total, known, lambda _: "n") == shown.replace("1,234", "n").replace("0", "n").replace("5", "n")


def test_spans_and_plurals() -> None:
    spans = (-3, 0, 6.4, 59, 60, 3_599, 7_300, 200_000)
    assert [duration(each) for each in spans] == ["0 s", "0 s", "6 s", "59 s", "1 min", "59.9 min", "2 h", "2.3 d"]
    assert [plural(each, "group") for each in (0, 1, 1_200)] == ["0 groups", "1 group", "1,200 groups"]


def test_ages_have_their_error_and_rates_their_unit() -> None:
    ages = ((200, 0), (200, 0.4), (200, 12), (7_300, 90), (math.nan, math.nan), (math.inf, 0))
    assert [age(*each) for each in ages] == ["3.3 min", "3.3 min", "3.3 min ± 12 s", "2 h ± 1.5 min", "–", "∞"]
    assert [rate(each) for each in (0, 3.21, 9.96, 1_234, math.nan)] == ["0.0/s", "3.2/s", "10/s", "1,234/s", "–"]


def test_limits_sizes_and_shares_say_unknown_and_infinite() -> None:
    assert [duration(each) for each in (0, 90, 3_600, 129_600, 604_800)] == ["0 s", "1.5 min", "1 h", "1.5 d", "7 d"]
    assert [size(each) for each in (0, 999, 1_500, 12 * 2**30)] == ["0 B", "999 B", "1.46 KiB", "12.0 GiB"]
    assert [percent(each) for each in (0, 0.5, 0.999, 1)] == ["0 %", "50 %", "99 %", "100 %"]
    assert [percent(each, sign=True) for each in (0.12, -0.001, -0.5)] == ["+12 %", "+0 %", "-50 %"]
    for write in (duration, size, percent):
        assert [write(each) for each in (None, math.nan, math.inf)] == ["–", "–", "∞"]
