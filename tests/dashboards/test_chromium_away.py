"""A real Chromium while kmon or Kafka is away: nothing old passes for new, and all comes back by itself."""

import re
from typing import Any

import pytest
from chromium_page import Page, opened, served
from views import NOW, FixtureSource, shop_view

from dashboards.pages import brokers

pytestmark = pytest.mark.chromium

DIMMED = "(element) => Number(getComputedStyle(element).opacity) < 1"


def dimmed(page: Page, selector: str) -> bool:
    return bool(page.tab.eval_on_selector(selector, DIMMED))


def test_without_kmon_a_banner_says_so_and_the_page_that_was_followed_meanwhile_comes_when_it_is_back(
    browser: Any,
) -> None:
    context = browser.new_context()
    with served(FixtureSource(shop_view(), interval_seconds=1.0)) as base:
        page = Page(context.new_page(), base)
        page.open("/groups/payments-ledger")
        page.wait("#group-tiles dd")
        assert page.shows("#age").endswith(" s old")
        assert not page.shows("#last-known")
    page.tab.click("#nav-topics")
    page.wait("#last-known", "kmon has not responded since")
    page.wait("#last-known", "Everything below is last known. It is")
    assert dimmed(page, "main")
    assert dimmed(page, "#verdict")
    assert page.tab.title() == "kmon unreachable · payments-ledger · kmon"
    again = FixtureSource(shop_view(1, time=NOW + 1), interval_seconds=1.0)
    with served(again, port=int(base.rpartition(":")[2])):
        page.wait("#topics .ag-row")
        page.until("document.title === 'Topics · kmon'")
        assert not page.shows("#last-known")
        assert not dimmed(page, "main")
    context.close()


def test_without_kafka_what_is_old_is_dimmed_and_what_is_new_is_not(browser: Any) -> None:
    source = FixtureSource(shop_view(), interval_seconds=1.0)
    with opened(browser, source) as page:
        page.open("/")
        page.wait("#overview-worst td")
        source.show(shop_view(2, time=NOW + 2, error="refused", last_good=source.latest()))
        page.wait("#last-known", "Kafka is unreachable. The dimmed data is last known. It is")
        assert re.search(r"It is \d+ s old", page.shows("#last-known"))
        assert page.tab.title() == "Kafka unreachable · Overview · kmon"
        assert dimmed(page, "#overview-tiles")
        assert not dimmed(page, "#overview-problems")
        for path, grid in (("/groups", "#groups"), ("/groups/payments-ledger", "#partitions")):
            page.open(path)
            page.tab.locator(grid).scroll_into_view_if_needed()
            page.wait(f"{grid} .ag-row")
            page.wait("#last-known", "last known")
            frame = f"{'.card' if grid == '#partitions' else '.grid-frame'}:has({grid})"
            assert dimmed(page, frame)


def test_the_age_is_that_of_the_oldest_that_the_page_shows(browser: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FixtureSource(shop_view(0, time=NOW), interval_seconds=1.0)
    with opened(browser, source) as page:
        page.open("/brokers")
        page.wait("#brokers .ag-row")
        monkeypatch.setattr(brokers, "note", lambda _view: {1, 2})  # no JSON: the whole callback fails
        source.show(shop_view(1, time=NOW + 3))
        page.until("document.querySelector('#verdict').innerText.includes('offline')")
        page.until("parseInt(document.querySelector('#age').innerText) >= 4")
        page.complaints.clear()  # of the callback that failed
