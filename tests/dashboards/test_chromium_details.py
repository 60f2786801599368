"""The pages of brokers, topics, groups, what kmon sees and several clusters in a real Chromium."""

from dataclasses import replace
from typing import Any

import pytest
from chromium_page import opened
from details import DENIED, detailed_snapshot, detailed_view
from series import Series
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.links import topic_path
from monitor.analysis.view import make_view

pytestmark = pytest.mark.chromium

HOSTILE = "<img src=x onerror=alert(1)>/../%2F =cmd\n\u202e"


def cell(page: Any, grid: str, row: str, column: str) -> Any:
    return page.wait(f'#{grid} .ag-row[row-id="{row}"] .ag-cell[col-id={column}]')


def test_from_the_overview_to_a_topic_and_the_group_that_reads_it(browser: Any) -> None:
    source = FixtureSource(detailed_view(), interval_seconds=1.0)
    with opened(browser, source) as page:
        page.open("/")
        page.wait("#overview-tiles .tile", "node 4 is 6,000 records behind")
        page.wait("#overview-gaps td", "limits.partitions = 9")
        page.tab.locator("#overview-partitions a", has_text="payments").click()
        page.wait("#topic-name", "payments")
        assert page.tab.title() == "payments · kmon"
        assert page.tab.locator("#nav-topics").get_attribute("aria-current") == "page"
        assert cell(page, "replicas", "0", "moving").inner_text() == "+4 −3"
        assert page.tab.locator("#replicas .ag-header-cell[col-id=tiered]").count() == 0
        assert cell(page, "replicas", "0", "end").inner_text() == "12,000"
        source.show(detailed_view(1))
        page.wait('#replicas .ag-row[row-id="0"] .ag-cell[col-id=end]', "12,100")
        page.tab.locator("#topic-readers a", has_text="ledger").click()
        page.wait("#group-name", "ledger")
        page.tab.locator("#partitions .name", has_text="payments").first.click()
        page.wait("#topic-name", "payments")


def test_topics_filter_sort_and_choice_are_in_the_url_and_unknown_says_why(browser: Any) -> None:
    snapshot = detailed_snapshot()
    watched = snapshot.topics.watched.copy()
    watched[0] = False
    view = make_view(replace(snapshot, topics=replace(snapshot.topics, watched=watched)))
    with opened(browser, FixtureSource(view)) as page:
        page.open("/topics?sort=-records&q=ay")
        page.wait("#topics-count", "1 of 3")
        page.wait("#topics .ag-header-cell[col-id=records][aria-sort=descending]")
        page.tab.locator("#topics-show label", has_text="All").click()
        page.tab.wait_for_url("**/topics?sort=-records&q=ay&show=all")
        page.wait("#topics-count", "1 of 4")
        page.tab.fill("#topics-q", "")
        page.wait("#topics .name", "audit")
        page.tab.reload()
        page.wait("#topics .name", "audit")
        unknown = cell(page, "topics", "clicks", "min_isr")
        assert unknown.inner_text() == "–"
        unknown.hover()
        page.wait(".ag-tooltip", DENIED)
        assert cell(page, "topics", "orders", "size").inner_text() == "–"
        assert cell(page, "topics", "payments", "status").inner_text().endswith("under min ISR")


def test_all_columns_of_groups_are_a_choice_that_the_url_keeps(browser: Any) -> None:
    shown = "dash_ag_grid.getApi('groups')?.getAllDisplayedColumns().some((each) => each.getColId() === 'assignor')"
    sent = "dash_ag_grid.getApi('groups').getDisplayedRowAtIndex(0).data.assignor !== undefined"
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups")
        page.wait("#groups .name", "orders-fulfilment")
        assert not page.tab.evaluate(shown)
        assert not page.tab.evaluate(sent)
        page.tab.locator("#groups-columns label", has_text="All columns").click()
        page.tab.wait_for_url("**/groups?columns=all")
        page.until(f"{shown} && {sent}")
        page.tab.reload()
        page.wait("#groups .name", "orders-fulfilment")
        page.until(shown)
        page.tab.locator("#groups-columns label", has_text="Main columns").click()
        page.until(f"!({shown})")


def test_from_a_problem_to_its_group_and_events_of_a_kind_in_the_url(browser: Any) -> None:
    series = Series()
    for commit in (80, 20):
        read = Group("g", {("t", 0): commit, ("t", 1): None})
        view = series.poll([Topic("t", [(0, 90), (0, 90)])], [read], ages={("t", 0): 300.0})
    with opened(browser, FixtureSource(view), viewport={"width": 1700, "height": 1000}) as page:
        page.open("/problems")
        page.wait("#problems-diagnoses td", "offsets were rewound")
        page.tab.locator("#problems-list a", has_text="g").first.click()
        page.wait("#group-tiles .tile", "≥ 5 min")
        page.wait("#group-events td", "offsets reset")
        page.tab.click("#nav-groups")
        assert cell(page, "groups", "g", "age").inner_text() == "≥ 5 min"
        assert cell(page, "groups", "g", "since").inner_text() == "≥ 10 s"
        page.open("/events?kind=leader_moved&q=t-0")
        page.wait("#events-note", "No event of the kind leader moved")
        assert page.tab.locator("#events-q").input_value() == "t-0"
        page.tab.click("#events-kind")
        page.tab.locator("[role=option]", has_text="offsets reset").click()
        page.tab.wait_for_url("**/events?kind=offsets_reset&q=t-0")
        page.wait("#events .ag-cell[col-id=time]", "0 s ago")
        page.tab.locator("#events .name", has_text="g on t-0").click()
        page.wait("#group-name", "g")


def test_brokers_and_what_kmon_sees_are_drawn(browser: Any) -> None:
    with opened(browser, FixtureSource(detailed_view()), viewport={"width": 1700, "height": 1000}) as page:
        page.open("/brokers")
        page.wait("#brokers .ag-row .meter.level-degraded", "92 %")
        assert cell(page, "brokers", "1", "leader_skew").inner_text() == "+100 %"
        assert cell(page, "brokers", "4", "status").inner_text().endswith("fenced")
        page.wait("#brokers-quorum td", "10 min ago")
        page.wait("#brokers-drift .level-attention", "differs")
        page.tab.click("#nav-cluster")
        page.wait("#cluster-capabilities td", DENIED)
        page.tab.locator("#requests").scroll_into_view_if_needed()
        page.wait("#requests .ag-row", "ListOffsets")
        before = page.wait("#cluster-transactions-age", "asked").inner_text()
        page.until(f"document.querySelector('#cluster-transactions-age').innerText !== {before!r}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_every_new_page_without_scrolling_sideways(browser: Any, scheme: str) -> None:
    sources = [FixtureSource(detailed_view(), cluster=f"cluster-{number}-of-some-length") for number in range(4)]
    with opened(browser, *sources, viewport={"width": 390, "height": 844}, color_scheme=scheme) as page:
        for path, part in (
            ("/clusters", "#clusters-table td"),
            ("/events", "#events-note p"),
            ("/brokers", "#brokers .ag-row"),
            ("/topics", "#topics .ag-row"),
            ("/topics/payments", "#topic-configs td"),
            ("/groups/totals", "#group-streams td"),
            ("/cluster", "#cluster-collectors td"),
        ):
            page.open(path)
            page.wait(part)
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_clusters_are_chosen_by_hand_and_stay_chosen(browser: Any) -> None:
    east, west = (FixtureSource(shop_view(cluster=name), cluster=name) for name in ("east", "west & far"))
    west.show(shop_view(1, cluster="west & far", error="refused", last_good=west.latest()))
    with opened(browser, east, west) as page:
        page.open("/")
        page.wait("#verdict.verdict-unreachable", "2 clusters")
        page.wait("#clusters-table a", "east").click()
        page.wait("#overview-worst td", "payments-ledger")
        page.tab.click("#nav-groups")
        page.wait("#groups .name", "payments-ledger")
        page.tab.fill("#groups-q", "ledger")
        page.wait("#groups-count", "1 of 7")
        page.tab.locator("#clusters a", has_text="west").click()
        page.wait("#verdict", "refused")
        assert page.tab.evaluate("location.search") == "?cluster=west+%26+far&q=ledger"
        page.wait("#groups-count", "1 of 7")
        page.tab.locator("#groups .name").click()
        page.wait("#group-name", "payments-ledger")
        assert page.tab.evaluate("new URLSearchParams(location.search).get('cluster')") == "west & far"
        page.open("/topics")
        page.wait("#topics .name", "orders")
        page.tab.wait_for_url("**/topics?cluster=east")


def test_keys_alone_reach_a_topic_and_hostile_names_are_text(browser: Any) -> None:
    groups = [Group(HOSTILE, {(HOSTILE, 0): 4}, [(HOSTILE, HOSTILE, [(HOSTILE, 0)])])]
    view = make_view(snapshot_of([Topic(HOSTILE, [(0, 100)])], groups, time=NOW))
    with opened(browser, FixtureSource(view)) as page:
        page.open("/topics")
        page.wait("#topics .ag-row .name")
        page.tab.locator("#topics .ag-cell[col-id=status]").first.focus()
        page.tab.keyboard.press("Enter")
        page.wait("#topic-name", "<img src=x onerror=alert(1)>/../%2F =cmd\\n\\u202e")
        assert page.tab.evaluate("location.pathname") == topic_path(HOSTILE)
        page.wait("#topic-readers a", "<img src=x")
        assert page.tab.locator("main img").count() == 0
