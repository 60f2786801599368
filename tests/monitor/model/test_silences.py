"""Matchers and silences as values: Alertmanager's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.silences import InvalidSilenceError, Matcher, silence_of

NOW = 1_000.0
LABELS = {"group": "payments", "severity": "page"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("group=payments", True),
        ('group="payments"', True),
        ("group=pay", False),
        ("group!=pay", True),
        ('group =~ "pay.*"', True),
        ("group=~pay", False),  # the whole value
        ("group!~pay.*", False),
        ("team=", True),  # a label that is missing is empty
        ("team!=", False),
        ("group=~.*=.*", False),
        ('group="pay\\nments"', False),
    ],
)
def test_a_matcher_is_alertmanagers(text: str, matches: bool) -> None:
    assert Matcher.of(text).matches(LABELS) is matches


@given(st.sampled_from(["=", "!=", "=~", "!~"]), st.text())
def test_a_matcher_is_read_as_it_is_written(operator: str, value: str) -> None:
    matcher = Matcher("group", operator, value)
    try:
        assert Matcher.of(str(matcher)) == matcher
    except ValueError as error:
        assert "RE2" in str(error)  # noqa: PT017 - only an expression may be refused


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("group", "is not a matcher"),
        ("a-b=c", "is not a matcher"),
        ("=x", "is not a matcher"),
        ('group="x', "unbalanced quote"),
        ("group=~(", "RE2"),
    ],
)
def test_what_is_no_matcher_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Matcher.of(text)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": ["a=b"] * 51}, "matchers"),
        ({"matchers": ["a"]}, "matchers"),
        ({"matchers": ["group=~.*", "team="]}, "matchers"),  # all alerts there are
        ({"ends_at": NOW}, "ends_at"),
        ({"starts_at": NOW + 20}, "ends_at"),
        ({"ends_at": NOW + 1e10}, "ends_at"),
        ({"ends_at": float("nan")}, "ends_at"),
        ({"created_by": " "}, "created_by"),
        ({"comment": ""}, "comment"),
        ({"comment": "x" * 1_001}, "comment"),
    ],
)
def test_a_silence_that_makes_no_sense_names_what_is_wrong(change: dict[str, object], field: str) -> None:
    good = {"matchers": ["group=a"], "starts_at": NOW, "ends_at": NOW + 10, "created_by": "me", "comment": "x"}
    silence_of("1", now=NOW, **good)  # type: ignore[arg-type]
    with pytest.raises(InvalidSilenceError) as failure:
        silence_of("1", now=NOW, **{**good, **change})  # type: ignore[arg-type]
    assert failure.value.field == field


def test_a_silence_is_pending_active_and_expired() -> None:
    silence = silence_of(
        "1", ["a=b"], now=NOW, starts_at=NOW + 10, ends_at=NOW + 20, created_by="me", comment="maintenance"
    )
    assert [silence.state(at) for at in (NOW, NOW + 10, NOW + 19.9, NOW + 20)] == [
        "pending",
        "active",
        "active",
        "expired",
    ]
    assert silence.ended(NOW + 5).state(NOW + 5) == "expired"
