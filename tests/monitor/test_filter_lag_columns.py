"""The row set of lag for the filter language: every column against the tables of a View, and its page."""

import re
from pathlib import Path

import numpy as np
import pytest
from details import detailed_view
from views import Group, Topic, shop_view, snapshot_of

from monitor.derive.view import make_view
from monitor.filter.columns import Kind, Names
from monitor.filter.filter import Filter
from monitor.filter.lag_columns import LAG, lag_columns
from monitor.model.lag import METHODS
from monitor.model.view import View

DOC = Path(__file__).parents[2] / "docs" / "filter.md"


def texts(view: View, name: str) -> list[str | None]:
    column = lag_columns(view)[name]
    assert isinstance(column, Names)
    return [column.values[code] if code >= 0 else None for code in column.codes]


def picked(view: View, text: str) -> list[tuple[str, str, int]]:
    """Group, topic and partition of the rows that fit."""
    rows = np.flatnonzero(Filter.of(text, LAG).rows(lag_columns(view)))
    groups, topics = view.snapshot.groups.group, view.snapshot.topics.topic
    return [
        (str(groups[view.lag.group[row]]), str(topics[view.lag.topic[row]]), int(view.lag.partition[row]))
        for row in rows
    ]


@pytest.mark.parametrize("view", [shop_view(), detailed_view(), make_view(snapshot_of([], []))])
def test_every_column_has_a_value_for_every_row(view: View) -> None:
    columns = lag_columns(view)
    assert list(columns) == list(LAG)
    for name, column in columns.items():
        assert len(column) == len(view.lag), name
        assert isinstance(column, Names) == (LAG[name].kind is Kind.TEXT), name
        if isinstance(column, Names):
            assert ((column.codes >= -1) & (column.codes < max(1, len(column.values)))).all(), name


def test_numbers_are_those_of_the_tables() -> None:
    view = shop_view()
    columns = lag_columns(view)
    for name in ("partition", "committed_offset", "start_offset", "end_offset", "lag", "lost", "stable_lag"):
        np.testing.assert_array_equal(columns[name].values, getattr(view.lag, name))
    for name in ("lag_seconds", "lag_seconds_error", "produce_rate", "eta_seconds", "headroom_seconds"):
        np.testing.assert_array_equal(columns[name].values, getattr(view.lag_times, name))


def test_texts_are_those_of_group_topic_and_member() -> None:
    view = shop_view()
    rows = list(zip(texts(view, "group"), texts(view, "topic"), texts(view, "client_id"), strict=True))
    assert ("orders-fulfilment", "orders", "fulfil-1") in rows
    assert ("payments-ledger", "payments", None) in rows
    assert set(texts(view, "cluster")) == {"demo"}
    assert set(texts(view, "lag_method")) == {None, METHODS[1]}
    assert set(texts(view, "status")) == {"ok", "behind", "lost", "unknown"}


def test_a_shop_is_filtered() -> None:
    view = shop_view()
    assert picked(view, 'lag > 1000 and topic ~ "pay.*" and state == "Empty"') == [
        ("payments-ledger", "payments", 0),
        ("payments-ledger", "payments", 1),
    ]
    assert picked(view, 'status == "lost"') == [("payments-ledger", "payments", 0)]
    assert picked(view, 'reason == "no commit"') == [("audit-archiver", "audit", 0)]
    assert picked(view, 'group_type in ("share", "streams")') == [
        ("inventory-sync", "orders", 0),
        ("word-count", "orders", 1),
    ]
    assert picked(view, "member_id is unknown and lag < 5k") == [
        ("inventory-sync", "orders", 0),
        ("payments-ledger", "payments", 1),
    ]
    assert picked(view, "lag_seconds == 0 and eta_seconds == 0 and headroom_seconds == inf") == picked(view, "lag == 0")


def test_a_reason_is_that_of_lag_or_else_of_its_age() -> None:
    view = make_view(
        snapshot_of([Topic("t", [(0, 100)])], [Group("a", {("t", 0): 1}), Group("b", {("t", 0): "denied"})])
    )
    assert texts(view, "reason") == ["the next record is not dated yet", "denied"]
    done = make_view(snapshot_of([Topic("t", [(0, 100)])], [Group("a", {("t", 0): 100})]))
    assert texts(done, "reason") == [""]


def test_the_page_tells_of_every_column() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| (.*) \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    expected = [(each.name, each.unit or each.kind.name.lower(), each.meaning) for each in LAG.values()]
    assert rows == expected


def test_examples_of_the_page_are_filters() -> None:
    text = DOC.read_text(encoding="utf-8")
    examples = [
        line.strip() for block in re.findall(r"```filter\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]
    assert len(examples) > 5
    for example in examples:
        Filter.of(example, LAG)
