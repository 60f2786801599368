"""A real Chromium where pages end: unknown addresses, narrow windows, paper, and what a reload keeps."""

from pathlib import Path
from typing import Any

import pytest
from chromium_page import Page, opened
from views import NOW, FixtureSource, shop_view

pytestmark = pytest.mark.chromium


@pytest.mark.parametrize("path", ["/no/such", "/brokers/1", "/metricz"])
def test_an_unknown_address_is_a_page_with_navigation_and_status_404(browser: Any, path: str) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        answer = page.tab.goto(page.base + path)
        assert answer.status == 404
        page.wait("#content", "No page has this address.")
        page.tab.click("#nav-topics")
        page.wait("#topics .ag-row")
        page.complaints.clear()  # of the status


def test_a_group_that_is_not_there_has_no_empty_chart_and_no_empty_grid(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        for path, grid in (("/groups/nosuch", "#partitions"), ("/topics/nosuch", "#replicas")):
            page.open(path)
            page.wait(".absent", "No such")
            assert not page.tab.locator(grid).is_visible()
            assert not page.tab.locator(".chart, .halves").first.is_visible()


def test_the_axis_is_the_range_and_a_range_that_is_none_leaves_the_url(browser: Any) -> None:
    shown = "document.querySelector('#group-chart .js-plotly-plot')._fullLayout.xaxis.range"
    axis = f"{shown}.map((each) => Date.parse(each + 'Z'))"
    source = FixtureSource(*(shop_view(step, time=NOW + step) for step in range(-5, 1)), interval_seconds=1.0)
    with opened(browser, source) as page:
        page.open("/groups/payments-ledger?range=5m")
        page.wait("#group-chart .scatterlayer .point")
        page.tab.wait_for_url("**/groups/payments-ledger")
        start, end = page.tab.evaluate(axis)
        assert end - start == pytest.approx(3_600_000, rel=0.05)
        page.tab.locator("#group-range label", has_text="15m").click()
        page.tab.wait_for_url("**?range=15m")
        page.until(f"(({axis})[1] - ({axis})[0]) < 1000000")


def test_filters_of_columns_survive_a_reload_and_lead_to_the_same_rows(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups")
        page.wait("#groups .ag-row")
        page.tab.locator("#groups .ag-header-cell[col-id=lag]").hover()
        page.tab.locator("#groups .ag-header-cell[col-id=lag] .ag-header-cell-filter-button").click()
        page.tab.locator(".ag-filter .ag-picker-field-wrapper").first.click()
        page.tab.locator(".ag-select-list-item", has_text="Greater than").first.click()
        page.tab.locator(".ag-filter input[type=number]:visible").first.fill("1000")
        page.wait("#groups-count", " of 7")
        page.tab.wait_for_url("**filters=lag%3AgreaterThan%3A1000")
        shown, link = page.shows("#groups-count"), page.tab.url
        page.tab.reload()
        page.wait("#groups-count", shown)
        page.open("/topics")
        page.wait("#topics .ag-row")
        page.tab.goto(link)
        page.wait("#groups-count", shown)
        page.tab.click("#nav-topics")
        page.wait("#topics .ag-row")
        assert "filters" not in page.tab.url
        page.tab.go_back()
        page.wait("#groups-count", shown)
        page.tab.click("#nav-groups")
        page.until("document.querySelector('#groups-count').textContent === '7'")
        page.tab.go_back()
        page.wait("#groups-count", shown)
        assert page.tab.url == link


@pytest.mark.parametrize(
    ("asked", "kept", "count"),
    [
        ("garbage", "", "7"),
        ("__proto__:equals:1;constructor:equals:1;toString:blank", "", "7"),
        ("lag:contains:a;lag:greaterThan:x;lag:greaterThan:;lag:inRange:1;lag:blank|equals:1|equals:2", "", "7"),
        ('id:__proto__:x;id:equals:%25zz;id;{"lag":{"filterType":"number","type":"greaterThan","filter":1}}', "", "7"),
        ("nosuch:equals:1;lag:lessThan:0%26greaterThan:-1e3", "lag:lessThan:0&greaterThan:-1000", "0 of 7"),
        ("id:contains:%253A%253B%257C%2526%253Cb%253E", "id:contains:%3A%3B%7C%26%3Cb%3E", "0 of 7"),
    ],
)
def test_what_is_no_filter_of_a_column_leaves_the_url(browser: Any, asked: str, kept: str, count: str) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open(f"/groups?filters={asked}")
        page.until(f"document.querySelector('#groups-count')?.textContent === {count!r}")
        page.until(f"(new URLSearchParams(location.search).get('filters') || '') === {kept!r}")


def test_csv_has_units(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups")
        page.wait("#groups .ag-row")
        with page.tab.expect_download() as download:
            page.tab.click("#groups-csv")
        head = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()[0]
        assert head.startswith('"Group","Status","For (UTC)","Lag (records)","Time lag (seconds)"')


@pytest.mark.parametrize("width", [640, 700, 800, 960])
def test_a_zoomed_window_does_not_scroll_sideways(browser: Any, width: int) -> None:
    with opened(browser, FixtureSource(shop_view(0), shop_view(1)), viewport={"width": width, "height": 450}) as page:
        for path, part in (("/", "#overview-worst td"), ("/groups", "#groups .ag-row"), ("/cluster", ".listing td")):
            page.open(path)
            page.wait(part)
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
            for selector in ("#age", "#scheme"):
                box = page.tab.locator(selector).bounding_box()
                assert box["x"] + box["width"] <= width


def test_paper_has_every_row_of_a_table(browser: Any) -> None:
    def printed(page: Page) -> int:
        return int(page.tab.evaluate("document.querySelectorAll('#groups .ag-row').length"))

    with opened(browser, FixtureSource(shop_view()), viewport={"width": 1000, "height": 300}) as page:
        page.open("/groups")
        page.wait("#groups .ag-row .name")
        page.tab.emulate_media(media="print")
        page.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.until("document.querySelectorAll('#groups .ag-layout-print').length > 0")
        assert printed(page) >= 7
        box = page.tab.locator(".grid-frame").bounding_box()
        assert box["height"] > 7 * 36
        page.tab.evaluate("dispatchEvent(new Event('afterprint'))")
        page.until("document.querySelectorAll('#groups .ag-layout-print').length === 0")
