from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.facts import Fact, flow, joined, titled
from tui.widgets.lines import Line, Part


def said(line: Line) -> str:
    return "".join(part.text for part in line.left)


def test_facts_flow_into_as_many_lines_as_they_need() -> None:
    facts = [Fact("rack", "r1"), Fact("leads", "18", "strong"), Fact("replicas", "53")]
    assert [said(line) for line in flow(facts, 80)] == [" rack r1  leads 18  replicas 53 "]
    assert [said(line) for line in flow(facts, 20)] == [" rack r1  leads 18 ", " replicas 53 "]
    assert flow([], 80) == []
    assert flow(facts, 80)[0].left[3] == Part("18 ", "strong")


@given(st.lists(st.tuples(st.text("ab漢", max_size=9), st.text("xy字", max_size=30))), st.integers(5, 90))
def test_no_line_is_wider_than_it_may_be_unless_of_one_fact(texts: list[tuple[str, str]], width: int) -> None:
    lines = flow([Fact(name, text) for name, text in texts], width)
    assert all(cell_len(said(line)) <= width or len(line.left) == 2 for line in lines)
    assert "".join(map(said, lines)) == "".join(f" {name} {text} " for name, text in texts)


def test_clauses_stand_behind_their_title() -> None:
    line = titled("Quorum", joined([Part("leader 1"), Part("3 voters")]), width=8)
    assert said(line) == " Quorum  leader 1 · 3 voters"
