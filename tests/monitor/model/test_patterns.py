"""The patterns that users write: RE2 everywhere, whatever a group is called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_fixtures import rule_of
from views import Group, Topic, snapshot_of

from alerts.rules import samples
from kmon.commands.lag_rows import lag_rows
from monitor.analysis.view import make_view
from monitor.model import patterns
from monitor.model.patterns import Pattern
from monitor.model.selection import Names
from monitor.model.view import View
from tui.match import matching

ROOT = Path(__file__).parents[3]
ROOMS = ("alerts", "dashboards", "exporters", "kmon", "monitor", "tui")
HOSTILE_PATTERN = "([a-z0-9]+-?)+"
HOSTILE_GROUP = "a" * 44 + "_x"
"""Python's `re` would take longer than the age of the universe to find that this group does not match."""
BROKEN = "two\nlines"


def view() -> View:
    groups = [Group(each, {("orders", 0): 1}) for each in (HOSTILE_GROUP, BROKEN)]
    return make_view(snapshot_of([Topic("orders", [(0, 5)])], groups))


def test_a_hostile_group_id_holds_up_nothing() -> None:
    pattern = Pattern(HOSTILE_PATTERN)
    assert lag_rows(view(), pattern) == []
    assert samples(rule_of("Lag", 0, group=pattern.text), view()).true == ()
    assert not Names.of([HOSTILE_PATTERN]).wants(HOSTILE_GROUP)
    assert not Names.of([], [HOSTILE_PATTERN]).wants("a-b")
    assert matching(f"^{HOSTILE_PATTERN}$", [HOSTILE_GROUP])[0].tolist() == [False]


def test_a_dot_matches_a_line_break_everywhere() -> None:
    pattern = Pattern("two.*")
    assert [row["group"] for row in lag_rows(view(), pattern)] == [BROKEN]
    assert [dict(each.labels)["group"] for each in samples(rule_of("Lag", 0, group=pattern.text), view()).true] == [
        BROKEN
    ]
    assert Names.of(["two.*"]).wants(BROKEN)
    assert not Names.of([], ["two.*"]).wants(BROKEN)


def test_patterns_of_one_text_are_equal_so_that_a_rule_read_again_is_the_same_rule() -> None:
    assert rule_of("Lag", 0, group="a").patterns == rule_of("Lag", 0, group="a").patterns
    assert len({Pattern("a"), Pattern("a"), Pattern("b"), Pattern("a", ignore_case=True)}) == 3


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", r"(a)\1", "(", "a{1,100000}"])
def test_what_re2_refuses_is_an_error_in_words(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^is not a regular expression that RE2 accepts: "):
        Pattern(pattern)


def test_what_an_expression_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "REMEMBERED", 3)
    pattern = Pattern("a.*")
    pattern._answers.update(dict.fromkeys("vwxyz", False))  # as two threads may leave it
    answers = [pattern.matches(each) for each in ("a", "ab", "b", "a" * 32_767, "b" * 32_767)]
    assert answers == [True, True, False, True, False]
    assert pattern._answers == {"a": True, "ab": True, "b": False}


def _compiled_by_re() -> Iterator[tuple[str, ast.expr]]:
    """The pattern of every call of a function of `re` in the rooms."""
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[0]


def test_no_pattern_of_a_user_goes_to_pythons_own_expressions() -> None:
    found = list(_compiled_by_re())
    assert len(found) > 20
    assert [where for where, each in found if not isinstance(each, (ast.Constant, ast.JoinedStr))] == []
