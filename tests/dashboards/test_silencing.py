"""The lists of what mutes alerts, and the buttons that change it: what they have, and that they are never old."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dash_client import DashClient, components, texts
from silencing_kmon import ID, LABELS, LATER, SilencingKmon
from views import NOW

from dashboards.silencing import READ_ONLY
from monitor.model.silences import Matcher


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[SilencingKmon]:
    running = SilencingKmon(tmp_path)
    yield running
    running.store.close()


class Browser:
    """What one browser has of the page, brought up to date as the script does it."""

    def __init__(self, kmon: SilencingKmon) -> None:
        self.client = DashClient(kmon.app)
        self.view: Any = None
        self.parts: dict[str, Any] = {"problems-alerts": {}}

    def look(self) -> None:
        news = self.client.call("view.data", view_data=self.view, tick_n_intervals=1)
        if news is not None:
            self.view = news["view"]["data"]
            made = self.parts["problems-alerts"].get("data-made")
            found = self.client.call("problems-alerts.children", view_data=self.view, problems_alerts_data_made=made)
            for name, props in (found or {}).items():
                self.parts.setdefault(name, {}).update(props)

    def shown(self, part: str) -> list[str]:
        self.look()
        return list(texts(self.parts[part]["children"]))

    def buttons(self, part: str) -> list[dict[str, Any]]:
        self.look()
        return [each["props"] for each in components(self.parts[part]["children"]) if each["type"] == "Button"]


def test_every_alert_has_the_buttons_that_fit_its_state(kmon: SilencingKmon) -> None:
    first, second, third = Browser(kmon).buttons("problems-alerts")
    assert (first["data-act"], first["data-id"], first["data-about"]) == ("acknowledge", ID, "Lag")
    assert (second["data-act"], third["data-act"]) == ("silence", "silence")
    for button, labels in ((second, LABELS), (third, LATER)):
        matchers = json.loads(button["data-matchers"])
        assert [(each.name, each.value) for each in map(Matcher.of, matchers)] == list(labels)
        assert all(each.isprintable() for each in matchers)


def test_a_change_is_seen_at_once_by_every_browser_with_the_same_view(kmon: SilencingKmon) -> None:
    browsers = [Browser(kmon), Browser(kmon)]
    assert ["No silences" in each.shown("problems-silences") for each in browsers] == [True, True]
    silence = kmon.mutes.add(
        ["group=b"], starts_at=None, ends_at=time.time() + 86_400, created_by="ben", comment="known <b>"
    )
    kmon.mutes.acknowledge(LABELS, "ana", "restarting")
    for each in (*browsers, Browser(kmon)):
        shown = each.shown("problems-silences")
        assert {"acknowledgement", "ana", "restarting", "the alert resolves", ID} <= set(shown)
        assert {"silence", 'group="b"', "active", "ben", "known <b>", silence.id} <= set(shown)
        assert {"firing, acknowledged by ana", "pending, silenced"} <= set(each.shown("problems-alerts"))
        ends = [(button["data-act"], button.get("data-id")) for button in each.buttons("problems-silences")]
        assert ends == [("silence", None), ("withdraw", ID), ("expire", silence.id)]
        assert "acknowledge" not in [button["data-act"] for button in each.buttons("problems-alerts")]
    kmon.mutes.expire(silence.id)
    kmon.mutes.withdraw(LABELS)
    assert ["No silences" in each.shown("problems-silences") for each in browsers] == [True, True]
    assert browsers[0].view["time"] == NOW


def test_without_a_token_the_page_says_how_to_allow_changes_and_has_no_buttons(tmp_path: Path) -> None:
    kmon = SilencingKmon(tmp_path, token="")
    kmon.mutes.add(["group=b"], starts_at=None, ends_at=time.time() + 86_400, created_by="ben", comment="known")
    browser = Browser(kmon)
    assert READ_ONLY in browser.shown("problems-silences")
    assert "ben" in browser.shown("problems-silences")
    assert browser.buttons("problems-silences") == browser.buttons("problems-alerts") == []
    kmon.store.close()
