"""The feed: what a browser has, plus what it is sent, is always the table."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboards.feed import Feed

tables = st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=8)


def applied(before: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """What the script in the browser makes of it."""
    after = {} if sent["whole"] else {name: row for name, row in before.items() if name not in sent["gone"]}
    return after | {row[0]: row for row in sent["rows"]}


@given(st.lists(tables, max_size=8), st.integers(0, 3))
def test_differences_add_up_to_the_table(polls: list[dict[str, int]], forgotten: int) -> None:
    feed, base = Feed(keep=2), None
    have: dict[str, Any] = {}
    for time, poll in enumerate(polls):
        rows = [[name, value] for name, value in poll.items()]
        sent = feed.send("demo", float(time), rows, base)
        have = applied(have, sent)
        assert have == {row[0]: row for row in rows}
        base = None if forgotten == time else float(time)


def test_only_changes_travel() -> None:
    feed = Feed()
    feed.send("demo", 1.0, [["a", 1], ["b", 1], ["c", 1]], None)
    sent = feed.send("demo", 2.0, [["a", 1], ["b", 2], ["d", 1]], 1.0)
    assert sent == {"whole": False, "rows": [["b", 2], ["d", 1]], "gone": ["c"]}


def test_an_unknown_base_brings_the_whole() -> None:
    feed = Feed(keep=1)
    feed.send("demo", 1.0, [["a", 1]], None)
    feed.send("other", 1.0, [["z", 1]], None)
    assert feed.send("demo", 2.0, [["a", 1]], 1.0) == {"whole": True, "rows": [["a", 1]], "gone": []}
