import pytest
from hostile import HOSTILE

from tui.match import matching

NAMES = ["pay-in", "pay-out", "orders", "a[b", "Pay", "\x1bred"]


def found(pattern: str) -> list[str]:
    rows, _ = matching(pattern, NAMES)
    return [name for name, each in zip(NAMES, rows, strict=True) if each]


def test_a_regular_expression_matches_anywhere_in_the_name() -> None:
    assert found("^pay-(in|out)$") == ["pay-in", "pay-out"]
    assert found("er") == ["orders"]


def test_case_counts_only_when_the_pattern_has_an_upper_case_letter() -> None:
    assert found("^pay") == ["pay-in", "pay-out", "Pay"]
    assert found("^Pay") == ["Pay"]


def test_names_are_matched_as_they_are_shown() -> None:
    assert found(r"\\x1b") == ["\x1bred"]


def test_what_is_no_regular_expression_is_looked_for_as_text() -> None:
    rows, problem = matching("a[b", NAMES)
    assert [name for name, each in zip(NAMES, rows, strict=True) if each] == ["a[b"]
    assert problem == "is not a regular expression that RE2 accepts: missing ]: [b"


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a?a)*b", "a?" * 45 + "b", ".*.*.*.*x", "(.*)*", "((a|b)*c)*", "(?:a+){30}b"]
)
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    matching(pattern, ["a" * 5_000] * 50)


@pytest.mark.parametrize("pattern", ["(a{1,100}){1,100}b", "^(?!pay)", r"(a)\1"])
def test_what_re2_cannot_bound_is_looked_for_as_text(pattern: str) -> None:
    rows, problem = matching(pattern, [*NAMES, f"x{pattern}x"])
    assert problem.startswith("is not a regular expression that RE2 accepts: ")
    assert rows.tolist() == [False] * len(NAMES) + [True]


@pytest.mark.parametrize("pattern", ["(pay|orders)-?in", "[a-z]+-(in|out)", "p{1,3}", "(?i)PAY", r"\bpay\b", "^pay$"])
def test_everyday_patterns_are_regular_expressions(pattern: str) -> None:
    assert matching(pattern, NAMES)[1] == ""


def test_a_long_name_is_matched_to_its_end_by_a_pattern_of_any_length() -> None:
    name = "x" * 5_000
    for pattern in ("tail$", f"{name}tail"):
        rows, problem = matching(pattern, [f"{name}tail", name])
        assert (rows.tolist(), problem) == ([True, False], "")


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_as_a_pattern_is_answered(name: str) -> None:
    rows, _ = matching(name, [*NAMES, *HOSTILE])
    assert len(rows) == len(NAMES) + len(HOSTILE)
