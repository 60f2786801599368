"""The pages' pure functions: rows and tiles say what the View says, and what is unknown stays unknown."""

from typing import Any

import numpy as np
import pytest
from dash_client import texts
from details import detailed_view
from views import FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.charts import window_figure
from dashboards.cluster_tables import gaps
from dashboards.feed import Cells
from dashboards.group_tables import members, tiles
from dashboards.pages import brokers, cluster, events, group, groups, overview, topic, topics
from monitor.analysis.view import make_view
from monitor.collect.collectors import COLLECTORS
from monitor.model.levels import SIGN_OF
from monitor.model.view import View
from monitor.subjects.members import MEMBER

EMPTY = snapshot_of([], [])


def row_of(view: View, name: str) -> dict[str, Any]:
    return next(row for row in named(groups.rows(view)) if row["id"] == name)


def named(cells: Cells) -> list[dict[str, Any]]:
    """The rows of a grid by field."""
    return [dict(zip(cells.fields, row, strict=True)) for row in cells.rows]


def said(tree: Any) -> str:
    return " ".join(texts(tree))


def test_a_row_of_every_group_with_its_numbers() -> None:
    view = shop_view()
    assert [row[0] for row in groups.rows(view).rows] == view.snapshot.groups.group.tolist()
    row = row_of(view, "payments-ledger")
    assert (row["lag"], row["max_lag"], row["lost"], row["status"]) == (13_500, 11_500, 400, "lost")
    assert (row["members"], row["state"], row["type"], row["partitions"]) == (0, "Empty", "classic", 2)
    assert row["why"] == "400 records lost; no members; lost on payments-0: 11,500 records"


def test_an_unknown_lag_is_null_with_its_reason_and_never_zero() -> None:
    view = shop_view()
    denied = row_of(view, "secret-group")
    assert (denied["lag"], denied["lag_at_least"], denied["members"]) == (None, None, None)
    assert (denied["lost"], denied["partitions"], denied["unknown"]) == (None, None, None)
    assert "Records lost – denied: Describe on the group" in said(tiles(view, view.group_rows["secret-group"]))
    assert denied["why"] == "denied: Describe on the group"
    partly = row_of(view, "clicks-sessionizer")
    assert (partly["lag"], partly["lag_at_least"], partly["unknown"]) == (None, 70_000, 1)
    behind = "behind on clicks-0 (client sess-a at 10.0.4.2): 70,000 records"
    assert partly["why"] == f"{behind}; 1 of 2 partitions unknown (broker 2: timed out after 3.3 s)"


def test_columns_and_fields_of_the_grids_belong_together() -> None:
    view = detailed_view()
    for page, cells in (
        (groups, groups.rows(view)),
        (group, group.rows(view, 0)),
        (brokers, brokers.rows(view)),
        (topics, topics.rows(view, None)),
        (topic, topic.rows(view, 0, np.arange(1))),
        (cluster, cluster.rows(view)),
        (events, events.rows(view, None, "")),
    ):
        every = cells if cells.all_columns is None else cells.all_columns()
        assert {each["field"] for each in page.GRID.definitions} <= set(every.fields)
        assert len(every.rows) == len(cells.rows)
        parts = {each.at_least for each in page.GRID.subject.columns}  # of numbers that are not known whole
        others = set(every.fields) - set(cells.fields) - parts
        assert (
            others
            == {each["field"] for each in page.GRID.definitions if each.get("hide")}
            <= set(cells.hidden or others)
        )
        assert not others & set(every.hidden or ())
        assert all("markdown" not in str(each) and "dangerously" not in str(each) for each in page.GRID.definitions)


def test_the_partitions_of_a_group_with_who_reads_them() -> None:
    view = shop_view()
    rows = named(group.rows(view, view.group_rows["orders-fulfilment"]))
    assert [(each["topic"], each["partition"], each["lag"]) for each in rows] == [
        ("orders", 0, 0),
        ("orders", 1, 2),
        ("orders", 2, 0),
    ]
    assert (rows[2]["client"], rows[2]["host"]) == ("fulfil-2", "/10.0.3.18")
    unread = named(group.rows(view, view.group_rows["audit-archiver"]))
    assert [(each["committed"], each["lag"], each["why"]) for each in unread] == [(None, None, "no commit")]


def test_worst_groups_come_first_and_those_at_rest_not_at_all() -> None:
    shown = said(overview.worst(shop_view(), ""))
    assert shown.index("payments-ledger") < shown.index("clicks-sessionizer") < shown.index("secret-group")
    assert "word-count" not in shown


def test_only_groups_with_a_known_lag_are_charted() -> None:
    assert overview.charted_groups(shop_view(), most=2) == ["payments-ledger", "inventory-sync"]


def test_tiles_of_a_whole_answer() -> None:
    shown = said(overview.tiles(shop_view()))
    assert "Brokers 3 nodes 1, 2, 3" in shown
    assert "Offline partitions 1 of 9 partitions" in shown
    assert "Total lag ≥ 83,602 incomplete: 3 groups unknown" in shown


def test_a_tile_has_its_level_as_a_sign_too() -> None:
    offline = next(each for each in overview.tiles(shop_view()) if "Offline partitions" in said(each))
    sign = offline.children[0].children[0]
    assert (sign.children, sign.title) == (SIGN_OF["critical"], "critical")


def test_tiles_of_what_failed_are_a_part_or_a_dash_and_never_zero() -> None:
    partial = said(overview.tiles(shop_view(failed={"groups": "broker 2 is gone"})))
    assert "≥ 3 ▲ behind" in partial
    assert "broker 2 is gone" in partial
    nothing = said(overview.tiles(make_view(snapshot_of([], [], brokers=0, error="refused"))))
    assert "0" not in nothing.replace("refused", "")
    assert "Total lag – refused" in nothing
    assert "Brokers – refused" in nothing


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (make_view(EMPTY), "No groups"),
        (make_view(snapshot_of([], [], failed={"groups": "denied"})), "Groups unknown denied"),
        (make_view(snapshot_of([], [], error="refused")), "Groups unknown refused"),
        (make_view(snapshot_of([Topic("t", [(0, 1)])], [Group("g", {("t", 0): 1})])), "All groups keep up"),
    ],
)
def test_an_empty_table_says_why(view: View, words: str) -> None:
    assert words in said(overview.worst(view, ""))


def test_the_groups_page_says_when_groups_may_be_missing() -> None:
    assert groups.note(shop_view()) is None
    assert "may be missing: broker 2" in said(groups.note(shop_view(failed={"groups": "broker 2"})))


def test_collectors_that_failed_are_named_with_their_reasons() -> None:
    assert "commits broker 2: timed out" in said(gaps(shop_view(failed={"commits": "broker 2: timed out"})))
    assert f"All {len(COLLECTORS)} collectors complete" in said(gaps(shop_view()))


def test_members_without_partitions_are_idle_and_unknown_ones_are_not_none() -> None:
    view = shop_view()
    assert f"inv ● ok /10.0.6.1 inv-4f2a – – – {MEMBER.schema['epoch'].otherwise} idle" in said(
        members(view, view.group_rows["inventory-sync"])
    )
    assert "sess-a ▲ behind" in said(members(view, view.group_rows["clicks-sessionizer"]))
    assert "No members" in said(members(view, view.group_rows["payments-ledger"]))
    assert "Members unknown denied" in said(members(view, view.group_rows["secret-group"]))


def test_the_chart_of_the_overview_ends_with_the_newest_poll() -> None:
    source = FixtureSource(*(shop_view(step) for step in range(5)))
    view = source.latest()
    assert view is not None
    figure = window_figure(source, view, overview.charted_groups(view), "15m", "")
    ledger = next(each for each in figure["data"] if each["name"] == "payments-ledger")
    assert len(ledger["y"]) == 5
    assert ledger["y"][-1] == row_of(view, "payments-ledger")["lag"]
