"""The filter language: what it means, what it refuses, and where its errors point."""

import numpy as np
import pytest
from printed import printed

from monitor.model.patterns import Pattern
from monitor.model.table import objects
from monitor.subjects.column import Column, Names, Numbers, columns_of, schema_of
from monitor.subjects.filter.errors import FilterError
from monitor.subjects.filter.filter import Filter
from monitor.subjects.filter.parse import MAX_CHARACTERS, MAX_DEPTH, parse
from monitor.subjects.kinds import BYTES as SIZE
from monitor.subjects.kinds import FLAG, RECORDS, TEXT, WORD
from monitor.subjects.kinds import SECONDS as DURATION


def no_view(view: object, rows: object) -> Numbers:
    """What these columns would be read from; here their values are written out."""
    raise NotImplementedError


SCHEMA = schema_of(
    Column("lag", RECORDS, "", no_view),
    Column("lag_seconds", DURATION, "", no_view),
    Column("size_bytes", SIZE, "", no_view),
    Column("topic", TEXT, "", no_view),
    Column("status", WORD, "", no_view, words=("ok", "lost", "unknown")),
    Column("internal", FLAG, "", no_view),
)


def row(**values: str | float | bool | None) -> dict[str, str | float | bool | None]:
    return {**dict.fromkeys(SCHEMA), "status": "ok", **values}


def picks(text: str, *rows: dict[str, str | float | bool | None]) -> list[bool]:
    kept: list[bool] = Filter.of(text, SCHEMA).rows(columns_of(SCHEMA, rows)).tolist()
    return kept


def keeps(text: str, **values: str | float | bool | None) -> bool:
    return picks(text, row(**values)) == [True]


# -------------------------------------------------------------------- meaning


@pytest.mark.parametrize(
    ("sign", "kept"),
    [
        ("==", [0, 1, 0]),
        ("=", [0, 1, 0]),
        ("!=", [1, 0, 1]),
        ("<", [1, 0, 0]),
        ("<=", [1, 1, 0]),
        (">", [0, 0, 1]),
        (">=", [0, 1, 1]),
    ],
)
def test_numbers_compare(sign: str, kept: list[int]) -> None:
    assert picks(f"lag {sign} 5", row(lag=4), row(lag=5), row(lag=6), row()) == [*map(bool, kept), False]


@pytest.mark.parametrize(
    ("column", "written", "value"),
    [
        ("lag", "10k", 10_000),
        ("lag", "1.5M", 1_500_000),
        ("lag", "-2", -2),
        ("lag", "+2", 2),
        ("lag", "1e3", 1000),
        ("lag", "2.5e-1", 0.25),
        ("lag", ".5", 0.5),
        ("lag", "inf", np.inf),
        ("lag_seconds", "90", 90),
        ("lag_seconds", "5m", 300),
        ("lag_seconds", "1h30m", 5400),
        ("lag_seconds", "-1d", -86_400),
        ("lag_seconds", "250ms", 0.25),
        ("size_bytes", "10MiB", 10 * 2**20),
        ("size_bytes", "1.5kB", 1500),
        ("size_bytes", "2TiB", 2 * 2**40),
        ("size_bytes", "3k", 3000),
    ],
)
def test_numbers_have_units(column: str, written: str, value: float) -> None:
    assert keeps(f"{column} == {written}", **{column: value})
    assert not keeps(f"{column} != {written}", **{column: value})


def test_texts_are_compared_matched_whole_and_listed() -> None:
    topics = [row(topic=name) for name in ("pay", "payments", "repay", "pay\nments", None)]
    assert picks('topic == "pay"', *topics) == [True, False, False, False, False]
    assert picks('topic != "pay"', *topics) == [False, True, True, True, False]
    assert picks('topic ~ "pay.*"', *topics) == [True, True, False, True, False]
    assert picks('topic !~ "pay.*"', *topics) == [False, False, True, False, False]
    assert picks("topic in ('pay', \"repay\")", *topics) == [True, False, True, False, False]
    assert picks('topic not in ("pay", "repay")', *topics) == [False, True, False, True, False]


def test_flags_and_lists_of_numbers() -> None:
    flags = [row(internal=True), row(internal=False), row()]
    assert picks("internal == true", *flags) == [True, False, False]
    assert picks("internal != true", *flags) == [False, True, False]
    assert picks("internal in (true, false)", *flags) == [True, True, False]
    assert picks("lag in (1, 2k)", row(lag=1), row(lag=2000), row(lag=3), row()) == [True, True, False, False]
    assert picks("lag not in (1, 2k)", row(lag=1), row(lag=2000), row(lag=3), row()) == [False, False, True, False]


def test_of_an_unknown_value_nothing_is_true_and_nothing_false() -> None:
    unknown = row(topic="t")
    for text in ("lag > 5", "not lag > 5", "lag != 5", "lag in (5)", "lag not in (5)", "lag > 5 or lag <= 5"):
        assert not keeps(text, topic="t")
    assert keeps('lag > 5 or topic == "t"', topic="t")
    assert keeps('not (lag > 5 and topic == "x")', topic="t")
    assert keeps("lag is unknown", topic="t")
    assert not keeps("lag is not unknown", topic="t")
    assert picks("topic is unknown", unknown, row()) == [False, True]
    assert picks("not topic is unknown", unknown, row()) == [True, False]
    truth = Filter.of("lag > 5", SCHEMA).truth(columns_of(SCHEMA, [unknown, row(lag=1), row(lag=6)]))
    assert (truth.true.tolist(), truth.false.tolist()) == ([False, False, True], [False, True, False])
    assert truth.unknown.tolist() == [True, False, False]


def test_and_binds_before_or_and_not_before_both() -> None:
    assert printed(parse("a = 1 or b = 2 and not c = 3")) == "a == 1 or b == 2 and not c == 3"
    assert parse("a = 1 or b = 2 and not c = 3") == parse("(a = 1) or (b = 2 and (not (c = 3)))")
    assert parse("(a = 1 or b = 2) and c = 3") != parse("a = 1 or b = 2 and c = 3")


def test_names_are_asked_once_each_and_rows_take_the_answer() -> None:
    topics = Names(objects(["a", None, "b"]), np.array([2, 2, 0, 1, -1, 0]))
    columns: dict[str, Names | Numbers] = {"topic": topics, "lag": Numbers(np.array([1, 2, 3, 4, 5, 6]))}
    assert Filter.of('topic == "b"', SCHEMA).rows(columns).tolist() == [True, True, False, False, False, False]
    assert Filter.of("topic is unknown", SCHEMA).rows(columns).tolist() == [False] * 3 + [True, True, False]
    assert Filter.of('topic ~ "[ab]" and lag > 1', SCHEMA).rows(columns).tolist() == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]


def test_no_rows_are_no_rows() -> None:
    assert picks('lag > 5 and topic ~ "x" or status in ("ok")') == []


def test_narrow_columns_are_not_compared_in_their_narrow_precision() -> None:
    columns = {"lag": Numbers(np.array([16_777_216], np.float32))}
    assert Filter.of("lag < 16777217", SCHEMA).rows(columns).tolist() == [True]
    assert Filter.of("lag < 1e300", SCHEMA).rows(columns).tolist() == [True]


def test_escapes() -> None:
    assert keeps(r'topic == "a\"b\\c\n\té\U0001f600"', topic='a"b\\c\n\té\U0001f600')
    assert keeps(r"topic == 'a\'b\"'", topic="a'b\"")
    assert keeps(r'topic ~ "pay\.v\d+"', topic="pay.v12")
    assert keeps(r'topic ~ "pay\\.v\\d+"', topic="pay.v12")
    assert not keeps(r'topic ~ "pay\.v\d+"', topic="payxv12")


def test_a_filter_knows_its_columns() -> None:
    made = Filter.of("lag>5k and (topic ~ 'a' or lag_seconds = 300s)", SCHEMA)
    assert made.columns == {"lag", "topic", "lag_seconds"}
    assert printed(made.expression) == 'lag > 5000 and (topic ~ "a" or lag_seconds == 5m)'
    assert Filter.of(printed(made.expression), SCHEMA) == made


# -------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("text", "problem", "place"),
    [
        ("", "the filter is empty", ""),
        (" \n", "the filter is empty", " "),
        ("lag", "the filter is incomplete: expected a comparison", ""),
        ("lag >", "the filter is incomplete: expected a number, a text in quotes", ""),
        ("lag > 5 and", "the filter is incomplete: expected a column", ""),
        ("(lag > 5", "the filter is incomplete: expected )", ""),
        ("lag > 5)", "expected the end of the filter, not )", ")"),
        ("lag 5", "expected a comparison", "5"),
        ("5 > lag", "expected a column, not 5", "5"),
        ("lag > 5 lag < 9", "expected and or or, not lag", "lag"),
        ("lag in 5", "expected a list in parentheses, not 5", "5"),
        ("lag in ()", "expected a number", ")"),
        ("topic ~ 5", "expected a regular expression in quotes, not 5", "5"),
        ("status == ok", 'put a text in quotes: "ok"', "ok"),
        ("lag == unknown", "unknown is not a value", "unknown"),
        ("lag > 5 AND lag < 9", "write and in lower case", "AND"),
        ("lag > 5 && lag < 9", "unexpected character &: write and", "&"),
        ('topic == "pay', "the closing quote is missing", '"pay'),
        ("lag > 5Mb", "unknown unit Mb: units are ms, s, m", "5Mb"),
        ("lag > 1e999", "the number is too large", "1e999"),
        ("lag > 1m5", "1m5 is not a number", "1m5"),
        (r'topic == "\ud800"', r"\\ud800 is not a valid character", r'"\ud800"'),
        (r'topic == "\U00110000"', r"\\U00110000 is not a valid character", r'"\U00110000"'),
        ("topic == '\udc80'", "invalid UTF-8", "\udc80"),
        ("lagg > 5", "unknown column lagg: did you mean lag?", "lagg"),
        ("lag > 5 and LAG_SECONDS > 5", "did you mean lag_seconds?", "LAG_SECONDS"),
        ("xyzzy > 5", "columns are lag, lag_seconds, size_bytes, topic, status, internal", "xyzzy"),
        ('lag > "5"', "lag is a number of records: compare it with a number, without quotes", '"5"'),
        ("topic == 5m", 'topic is a text: put the value in quotes: "5m"', "5m"),
        ("topic in ('a', 5)", 'topic is a text: put the value in quotes: "5"', "5"),
        ('topic < "a"', "topic is a text, which has no order", '< "a"'),
        ("internal > true", "internal is true or false, which has no order", "> true"),
        ("internal == 1", "internal is true or false: write internal == true", "1"),
        ("lag == true", "lag is a number of records: compare it with a number", "true"),
        ("lag > 5m", "lag is a number of records, not a duration: write the number without a unit", "5m"),
        ("lag_seconds > 5MiB", "lag_seconds is a number of seconds, not a size", "5MiB"),
        ('lag ~ "5"', "lag is a number of records: ~ and !~ match text", '~ "5"'),
        ('status == "los"', 'status must be one of "ok", "lost", "unknown"', '"los"'),
        ("status is unknown", 'for the text "unknown", write status == "unknown"', "is unknown"),
        (r'topic ~ "(a)\1"', r"is not a regular expression that RE2 accepts: invalid escape sequence: \\1", r'"(a)\1"'),
        ('topic ~ "(?=a)"', "invalid perl operator: (?=", '"(?=a)"'),
        ('topic !~ "("', "missing ): (", '"("'),
        ('topic ~ "((a{999}){999}){999}"', "invalid repetition size", '"((a{999}){999}){999}"'),
    ],
)
def test_errors_say_what_is_wrong_and_point_at_it(text: str, problem: str, place: str) -> None:
    with pytest.raises(FilterError) as caught:
        Filter.of(text, SCHEMA)
    error = caught.value
    assert problem.replace("\\\\", "\\") in error.problem
    assert text[error.position : error.end] == place
    if not place:
        assert error.position in (0, len(text))


def test_the_caret_stands_below_the_place() -> None:
    with pytest.raises(FilterError) as caught:
        Filter.of('lag > 5 and\t漢字 == "x"', SCHEMA)
    assert caught.value.shown == (r'  lag > 5 and\t漢字 == "x"', " " * 15 + "^^")
    with pytest.raises(FilterError) as caught:
        Filter.of('topic == "漢字" and lagg > 5', SCHEMA)
    assert caught.value.shown == ('  topic == "漢字" and lagg > 5', " " * 22 + "^^^^")
    assert str(caught.value) == "\n".join((caught.value.problem, *caught.value.shown))


def test_of_a_long_text_the_part_around_the_place_is_shown() -> None:
    text = "lag > 1 and " * 50 + "lagg > 5" + " and lag > 1" * 50
    with pytest.raises(FilterError) as caught:
        Filter.of(text, SCHEMA)
    shown, carets = caught.value.shown
    assert len(shown) < 100
    assert shown.strip().startswith("…")
    assert shown.endswith("…")
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "lagg"


def test_errors_hold_nothing_that_a_terminal_obeys() -> None:
    with pytest.raises(FilterError) as caught:
        Filter.of('topic == "\x1b[2J" and \x1b[31m', SCHEMA)
    assert "\x1b" not in str(caught.value)
    assert str(caught.value).count("\n") == 2


def test_length_and_nesting_are_limited() -> None:
    longest = "lag > 1" + " " * (MAX_CHARACTERS - 7)
    Filter.of(longest, SCHEMA)
    with pytest.raises(FilterError, match=f"{MAX_CHARACTERS + 1:,} characters"):
        Filter.of(longest + " ", SCHEMA)
    Filter.of("not " * MAX_DEPTH + "lag > 1", SCHEMA)
    for text in ("not " * (MAX_DEPTH + 1) + "lag > 1", "not " * 1020 + "lag > 1"):
        with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH}"):
            Filter.of(text, SCHEMA)
    deep = "lag > 1"
    for _ in range(MAX_DEPTH):
        deep = f"(({deep} and lag < 9) or lag == 5)"
    with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH}"):
        Filter.of(deep, SCHEMA)
    Filter.of("(" * 2000 + "lag > 1" + ")" * 2000, SCHEMA)
    Filter.of(" or ".join(["lag > 1"] * 300), SCHEMA)


def test_patterns_that_blow_up_elsewhere_take_linear_time() -> None:
    assert not Pattern("(a+)+b").matches("a" * 100_000)
    assert not Pattern("(.*)*(.*)*(.*)*x").matches("a" * 10_000)
    assert not Pattern("x").matches("\udc80")


def test_a_pattern_remembers_so_many_answers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.model.patterns.REMEMBERED", 3)
    pattern = Pattern("a.*")
    for _ in range(2):
        assert [pattern.matches(f"{letter}{number}") for number in range(5) for letter in "ab"] == [True, False] * 5
    assert len(pattern._answers) <= 3
