"""What the verdict says leads to the problem that it is about, alerts that fire among them."""

from typing import Any

import pytest
from chromium_page import opened
from dash_client import DashClient, components, texts
from views import NOW, FixtureSource, shop_view

from dashboards.app import create_app
from monitor.model.view import AlertRow, View


def alert(rule: str, state: str, since: float, **labels: str) -> AlertRow:
    fired = NOW - since if state == "firing" else None
    return AlertRow(rule, state, "critical", tuple(labels.items()), f"{rule} says so", 1.0, NOW - since, fired)


def alerting() -> View:
    return shop_view(
        alerts=(
            alert("Later", "pending", 30, group="word-count"),
            alert("Sooner", "pending", 60, group="word-count"),
            alert("Ledger", "firing", 90, group="payments-ledger"),
            alert("Everything", "firing", 120),
        )
    )


def test_every_clause_of_the_verdict_leads_to_its_problem_in_the_list() -> None:
    view = alerting()
    client = DashClient(create_app([FixtureSource(view)]).server)
    news = client.call("verdict.children")
    page = client.call("problems-list.children", view_data={"cluster": "demo", "time": NOW})
    assert news is not None
    assert page is not None
    links = {
        each["props"]["children"]: each["props"]["href"]
        for each in components(news["verdict"]["children"])
        if each["type"] == "Link"
    }
    assert links == {each.text: f"/problems#problem-{each.rank}" for each in view.verdict.clauses if each.rank}
    assert any("alert Ledger" in each for each in links)
    assert "".join(texts(news["verdict"]["children"][1])) == view.verdict.sentence
    there = {each["props"].get("id") for each in components(page["problems-list"]["children"])}
    assert {each.partition("#")[2] for each in links.values()} <= there


def test_alerts_that_fire_are_problems_and_the_others_are_pending_the_oldest_first() -> None:
    client = DashClient(create_app([FixtureSource(alerting())]).server)
    page = client.call("overview-alerts.children", view_data={"cluster": "demo", "time": NOW})
    assert page is not None
    rules = [each for each in texts(page["overview-alerts"]["children"]) if each in {"Later", "Sooner", "Ledger"}]
    assert rules == ["Sooner", "Later"]
    assert "Everything" in " ".join(texts(page["overview-problems"]["children"]))


@pytest.mark.chromium
def test_a_clause_is_followed_to_the_row_of_its_problem(browser: Any) -> None:
    view = alerting()
    last = [each for each in view.verdict.clauses if each.rank][-1]
    with opened(browser, FixtureSource(view), viewport={"width": 1000, "height": 360}) as page:
        page.open("/groups")
        page.wait("#verdict a", last.text).click()
        page.wait("tr.reached", str(view.problems.sentence[last.rank - 1]))
        assert page.tab.evaluate("location.pathname + location.hash") == f"/problems#problem-{last.rank}"
        box = page.tab.locator("tr.reached").bounding_box()
        assert 0 <= box["y"] < 360
