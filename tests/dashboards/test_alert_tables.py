"""Alerts and silences on the web: what fires, what keeps it from being sent, and hostile texts as they are."""

from dataclasses import replace

from dash_client import DashClient, texts
from views import NOW, FixtureSource, shop_view

from dashboards.app import create_app
from monitor.analysis.view import with_alerts
from monitor.model.fingerprint import fingerprint
from monitor.model.silences import Matcher, Silence
from monitor.model.view import AlertRow, RuleRow, View

FIRING = AlertRow("Ledger", "firing", "page", (("group", "<b>"),), "it lags", 1.0, NOW - 90, NOW - 60)
KNOWN = replace(FIRING, labels=(("group", "b"),), silenced_by=("1",), acknowledged_by="<i>ana")
LATER = AlertRow("Later", "pending", "ticket", (("group", "c"),), "soon", 1.0, NOW - 30)


def silence(name: str, starts_at: float, ends_at: float) -> Silence:
    return Silence(name, (Matcher("group", "=~", "<b>.*"),), starts_at, ends_at, "ana", f"comment {name}")


def shown(view: View) -> dict[str, list[str]]:
    """The texts of the tables, and of the count that a screen reader reads."""
    client = DashClient(create_app([FixtureSource(view)]).server)
    page = client.call("problems-alerts.children", view_data={"cluster": "demo", "time": NOW})
    count = client.call("alert-count.children")
    assert page is not None
    assert count is not None
    found = {name: list(texts(page[f"problems-{name}"]["children"])) for name in ("alerts", "silences", "rules")}
    return {**found, "count": list(texts(count["alert-count"]["children"]))}


def test_alerts_are_listed_with_what_keeps_them_from_being_sent() -> None:
    found = shown(with_alerts(shop_view(), (FIRING, KNOWN, LATER)))
    states = [each for each in found["alerts"] if each.startswith(("firing", "pending"))]
    assert states == ["firing", "firing, silenced, acknowledged by <i>ana", "pending"]
    assert fingerprint(FIRING.labels) in found["alerts"]
    assert found["count"] == ["2 alerts firing, 1 of them silenced or acknowledged"]


def test_silences_that_are_over_are_not_listed() -> None:
    there = (silence("now", NOW - 9, NOW + 9), silence("later", NOW + 5, NOW + 9), silence("over", NOW - 9, NOW - 1))
    found = shown(with_alerts(shop_view(), (), there))
    assert [each for each in found["silences"] if each.startswith("comment")] == ["comment now", "comment later"]
    assert [each for each in found["silences"] if each in {"active", "pending", "expired"}] == ["active", "pending"]
    assert 'group=~"<b>.*"' in found["silences"]


def test_rules_are_listed_those_with_alerts_first() -> None:
    quiet = RuleRow("Quiet", "topic", 'topic ~ "<b>"', 0.0, "ticket", "observe", "rules.yaml:4:9")
    firing = RuleRow("Zuletzt", "group", "lag > 5", 90.0, "page", "send", "catalogue", 2, 1)
    found = shown(with_alerts(shop_view(), (), rules=(quiet, firing)))["rules"]
    first, second = found.index("Zuletzt"), found.index("Quiet")
    assert first < second
    assert {"firing", "page", "group", "lag > 5", "90s", "send", "2", "1", "catalogue"} <= set(found[first:second])
    assert {"inactive", "ticket", 'topic ~ "<b>"', "observe", "rules.yaml:4:9"} <= set(found[second:])


def test_where_there_is_none_the_page_says_so() -> None:
    found = shown(shop_view())
    assert "No alerts" in found["alerts"]
    assert "No silences" in found["silences"]
    assert "No rules" in found["rules"]
    assert found["count"] == ["0 alerts firing"]
