"""The feed: what a browser has, plus what it is sent, is always the table."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboards.feed import Cells, Feed

tables = st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=8)


def cells(table: dict[str, int]) -> Cells:
    return Cells(("id", "value"), list(table.items()))


def applied(before: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """What the script in the browser makes of it."""
    after = {} if sent["whole"] else {name: row for name, row in before.items() if name not in sent["gone"]}
    return after | {row[0]: row for row in sent["rows"]}


@given(st.lists(tables, max_size=8), st.integers(0, 3))
def test_differences_add_up_to_the_table(polls: list[dict[str, int]], forgotten: int) -> None:
    feed, base = Feed(keep=2), None
    have: dict[str, Any] = {}
    for time, poll in enumerate(polls):
        sent = feed.send(["demo"], float(time), cells(poll), base)
        have = applied(have, sent)
        assert have == {name: (name, value) for name, value in poll.items()}
        base = None if forgotten == time else [["demo"], float(time)]


def test_only_changes_travel() -> None:
    feed = Feed()
    first = feed.send(["demo"], 1.0, cells({"a": 1, "b": 1, "c": 1}), None)
    assert (first["fields"], first["whole"]) == (("id", "value"), True)
    sent = feed.send(["demo"], 2.0, cells({"a": 1, "b": 2, "d": 1}), [["demo"], 1.0])
    assert (sent["whole"], sent["rows"], sent["gone"]) == (False, [("b", 2), ("d", 1)], ["c"])


def test_only_texts_that_are_not_as_before_are_news() -> None:
    feed = Feed()
    assert feed.news(["demo"], 1.0, ["a", "b"], None) == [True, True]
    assert feed.news(["demo"], 2.0, ["a", "c"], [["demo"], 1.0]) == [False, True]
    assert feed.news(["other"], 2.0, ["a", "c"], [["demo"], 1.0]) == [True, True]


def test_an_unknown_base_or_one_of_something_else_brings_the_whole() -> None:
    feed = Feed(keep=2)
    feed.send(["demo"], 1.0, cells({"a": 1}), None)
    base: list[Any] = [["demo"], 1.0]
    assert feed.send(["other"], 2.0, cells({"z": 1}), base)["whole"]
    feed.send(["other"], 3.0, cells({"z": 1}), None)
    sent = feed.send(["demo"], 2.0, cells({"a": 1}), base)
    assert (sent["whole"], sent["rows"], sent["gone"]) == (True, [("a", 1)], [])
