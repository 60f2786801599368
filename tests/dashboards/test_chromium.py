"""The dashboard in a real Chromium: it lives, it navigates, names stay text, and nothing leaves the machine."""

import math
from pathlib import Path
from typing import Any

import pytest
from chromium_page import Page, opened
from hostile import HOSTILE as NAMES
from views import NOW, FixtureSource, Group, Topic, shop_view, snapshot_of

from dashboards.links import group_path
from monitor.analysis.view import make_view
from monitor.model.text import visible
from monitor.model.view import View
from monitor.subjects import kinds
from monitor.subjects.kinds import Kind

pytestmark = pytest.mark.chromium

HOSTILE = "<script>alert(1)</script>/../%2F =cmd\n\u202e"


def hostile_view() -> View:
    names = [HOSTILE, "=1+1", "..", "__proto__"]
    groups = [Group(name, {("t", 0): row}, [("<i>c</i>", "@host", [("t", 0)])]) for row, name in enumerate(names)]
    return make_view(snapshot_of([Topic("t", [(0, 100)])], groups))


def test_it_lives_and_navigates(browser: Any) -> None:
    source = FixtureSource(*(shop_view(step, time=NOW + step) for step in range(-5, 1)), interval_seconds=1.0)
    with opened(browser, source) as page:
        page.open("/")
        page.wait("#overview-worst td", "13,500")
        page.wait("#overview-chart .legendtext", "payments-ledger")
        page.wait("#verdict.verdict-critical", "1 partition offline")
        assert page.shows("#age").endswith("s old")
        assert page.tab.locator("html").get_attribute("lang") == "en"

        source.show(shop_view(1, time=NOW + 1))
        page.wait("#overview-worst td", "13,700")

        page.tab.click("#nav-groups")
        page.wait("#groups .ag-row .name", "payments-ledger")
        assert page.tab.title() == "Groups · kmon"
        source.show(shop_view(2, time=NOW + 2))
        page.wait("#groups .ag-cell[col-id=lag]", "13,900")

        page.tab.locator("#groups .name", has_text="payments-ledger").click()
        page.wait("#group-name", "payments-ledger")
        page.wait("#partitions .ag-cell[col-id=lost]", "400")
        source.show(shop_view(3, time=NOW + 3))
        page.wait("#group-tiles", "14,100")
        page.tab.go_back()
        page.wait("#groups .ag-row .name", "word-count")


def test_zoom_survives_a_live_update(browser: Any) -> None:
    source = FixtureSource(*(shop_view(step) for step in range(-20, 1)), interval_seconds=1.0)
    shown = "document.querySelector('#overview-chart .js-plotly-plot')._fullLayout.xaxis.range"
    with opened(browser, source) as page:
        page.open("/")
        page.wait("#overview-chart .legendtext", "payments-ledger")
        before = page.tab.evaluate(shown)
        page.tab.locator("#overview-chart").scroll_into_view_if_needed()
        box = page.tab.locator("#overview-chart .nsewdrag").first.bounding_box()
        y = box["y"] + box["height"] / 2
        page.tab.mouse.move(box["x"] + 100, y)
        page.tab.mouse.down()
        page.tab.mouse.move(box["x"] + 250, y, steps=8)
        page.tab.mouse.up()
        page.tab.locator(".zoombox").first.wait_for(state="detached")
        zoomed = page.tab.evaluate(shown)
        assert zoomed != before
        source.show(shop_view(1))
        page.wait("#overview-worst td", "13,700")
        assert page.tab.evaluate(shown) == zoomed


def test_the_view_is_in_the_url_and_survives_a_reload(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups?q=ledger&sort=members")
        page.wait("#groups-count", "1 of 7")
        assert page.tab.locator("#groups-q").input_value() == "ledger"
        page.tab.fill("#groups-q", "o")
        page.wait("#groups-count", " of 7")
        page.wait("#groups .ag-header-cell[col-id=members][aria-sort=ascending]")
        page.tab.click("#groups .ag-header-cell[col-id=status]")
        page.wait("#groups .ag-header-cell[col-id=status][aria-sort=descending]")
        page.tab.wait_for_url("**/groups?q=o&sort=-status")
        page.tab.reload()
        page.wait("#groups .ag-header-cell[col-id=status][aria-sort=descending]")
        assert page.tab.locator("#groups-q").input_value() == "o"


def test_hostile_names_are_text_and_their_pages_open(browser: Any) -> None:
    with opened(browser, FixtureSource(hostile_view()), viewport={"width": 2200, "height": 1000}) as page:
        page.open("/groups")
        link = page.wait("#groups .name", "<script>")
        assert link.inner_text() == "<script>alert(1)</script>/../%2F =cmd\\n\\u202e"
        assert link.get_attribute("href") == group_path(HOSTILE)
        link.click()
        page.wait("#group-name", "<script>alert(1)</script>")
        page.wait("#partitions .ag-cell[col-id=client]", "<i>c</i>")
        page.wait("#group-chart .scatterlayer .point")
        for name in ("..", "__proto__"):
            page.open(group_path(name))
            page.wait("#group-tiles dd")
            assert page.shows("#group-name") == name
        page.open("/")
        page.wait("#overview-chart .legendtext", "<script>")
        assert page.tab.locator("main script").count() == 0


def test_the_browser_makes_names_visible_as_the_server_does(browser: Any) -> None:
    names = [
        *NAMES,
        "e\u0301\u0302\u0303\u0304",
        "\u0928\u093e\u093f\u0940",
        "\u1100\u1161\u11a8\u11a8",
        "\u3164\u2800\ufe0f",
    ]
    names += [
        "\x7f\x9b\xa0\xad",
        "\ufeff\U000e0041\U000e0100",
        "a\u0301\n\u0301",
        "👍\U0001f3fb\U0001f3fb\U0001f3fb",
        "\ue000",
    ]
    with opened(browser, FixtureSource(hostile_view())) as page:
        page.open("/")
        page.wait("#verdict.verdict-attention")
        shown = page.tab.evaluate("names => names.map(window.kmon.visible)", names)
    assert shown == [visible(each) for each in names]


def test_the_browser_writes_numbers_as_the_server_does(browser: Any) -> None:
    """Every kind of number is written by a function of monitor/model/text.py, which the browser has under its name."""
    writers = {
        each.write.__name__: each.write for each in vars(kinds).values() if isinstance(each, Kind) and each.right
    }
    whole = [0, 1, 7, 59, 60, 90, 999, 1_023, 1_024, 3_599, 3_600, 86_399, 204_000, 12_345_678, 10**12]
    parts = [0.04, 0.95, 1.94, 9.94, 9.96, 10.5, 11.5, 59.96, 61.04, 999.4, 999.6, 5_430.2, 203_040.7]
    signed = [-0.0004, -0.004, -0.005, -0.126, -1.5]
    values: dict[str, list[float]] = {name: [*whole, *parts] for name in writers}
    values |= {
        "count": [*whole, math.inf],
        "number": [*whole],
        "size": [*whole],
        "throughput": [*whole],
        "change": [*whole, *parts, *signed],
        "moment": [NOW, *whole[:-1]],
    }
    values["share"] = [0, 0.5, 0.95, 0.99, 0.999, 0.9995, 0.99999, 1]
    values["latency"] = [0.0004, 0.0024, 0.0126, 0.25, 3.0]
    for name in ("duration", "time_left", "size"):
        values[name].append(math.inf)
    with opened(browser, FixtureSource(hostile_view())) as page:
        page.open("/groups")
        page.wait("#groups .ag-row")
        sent = {name: [str(each) if math.isinf(each) else each for each in some] for name, some in values.items()}
        write = "([name, some]) => some.map((value) => window.kmon.write[name](value === 'inf' ? Infinity : value))"
        shown = {name: page.tab.evaluate(write, [name, some]) for name, some in sent.items()}
    assert shown == {name: [write(each) for each in values[name]] for name, write in writers.items()}


def test_the_csv_holds_what_is_shown_and_no_formula(browser: Any) -> None:
    with opened(browser, FixtureSource(hostile_view())) as page:
        page.open("/groups?q=1")
        page.wait("#groups-count", "2 of 4")
        with page.tab.expect_download() as download:
            page.tab.click("#groups-csv")
        assert download.value.suggested_filename.startswith("demo-groups-filtered-")
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert text.startswith('"Group","Status","For (UTC)","Lag (records)"')
        assert '"\'=1+1"' in text
        assert "__proto__" not in text
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups")
        page.wait("#groups .ag-row")
        with page.tab.expect_download() as download:
            page.tab.click("#groups-csv")
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert '"unknown (at least 70000)"' in text
        assert '"secret-group","unknown","unknown","unknown","unknown","denied: Describe on the group"' in text


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_grid_chart_and_page_follow_the_scheme(browser: Any, scheme: str, dark: bool) -> None:
    def brightness(page: Page, selector: str, prop: str) -> float:
        colour = page.tab.eval_on_selector(selector, f"(element) => getComputedStyle(element)['{prop}']")
        return sum(float(each) for each in colour.partition("(")[2].rstrip(")").split(",")[:3]) / (3 * 255)

    with opened(browser, FixtureSource(shop_view(0), shop_view(1)), color_scheme=scheme) as page:
        page.open("/groups/payments-ledger")
        page.tab.locator("#partitions").scroll_into_view_if_needed()
        page.wait("#partitions .ag-row")
        page.wait("#group-chart .ytick text")
        for _ in range(2):
            for selector in ("body", ".card", "#partitions .ag-row", "#partitions .ag-header"):
                assert (brightness(page, selector, "backgroundColor") < 0.3) == dark
            assert (brightness(page, "#group-chart .ytick text", "fill") > 0.45) == dark
            page.tab.click("#scheme")
            dark = not dark
        page.tab.click("#scheme")
        page.tab.reload()
        page.wait("#partitions")
        assert (brightness(page, "body", "backgroundColor") < 0.3) == (not dark)


def test_a_phone_shows_it_without_scrolling_sideways(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view(0), shop_view(1)), viewport={"width": 390, "height": 844}) as page:
        for path in ("/", "/groups", "/groups/clicks-sessionizer"):
            page.open(path)
            page.tab.locator(".grid-frame, #overview-worst").scroll_into_view_if_needed()
            page.wait(".ag-row" if "groups" in path else "#overview-worst td")
            assert page.tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_keys_alone_reach_a_group(browser: Any) -> None:
    with opened(browser, FixtureSource(shop_view())) as page:
        page.open("/groups")
        page.wait("#groups .ag-row .name")
        page.tab.keyboard.press("Tab")
        assert page.tab.evaluate("document.activeElement.className") == "skip"
        page.tab.locator("#groups .ag-cell[col-id=status]").first.focus()
        page.tab.keyboard.press("Enter")
        page.wait("#group-name", "payments-ledger")
