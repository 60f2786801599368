"""Alerts are acknowledged and silenced in a real Chromium, through the API with its token."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium_page import Page, opened
from silencing_kmon import LABELS, TOKEN, SilencingKmon

pytestmark = pytest.mark.chromium


@pytest.fixture
def kmon(tmp_path: Path) -> Iterator[SilencingKmon]:
    running = SilencingKmon(tmp_path)
    yield running
    running.store.close()


def press(page: Page, act: str) -> None:
    page.wait(f"[data-act={act}]").click()
    page.wait("dialog form")


def test_an_alert_is_acknowledged_and_silenced_and_both_are_ended(browser: Any, kmon: SilencingKmon) -> None:
    with opened(browser, app=kmon.app) as page:
        page.open("/problems")
        press(page, "acknowledge")
        assert page.shows("dialog h2") == "Acknowledge Lag"
        page.tab.fill("[name=comment]", "restarting <b>")
        page.tab.fill("[name=name]", "ana")
        page.tab.fill("[name=token]", "wrong-wrong-wrong")
        page.tab.press("[name=token]", "Enter")
        page.wait("dialog [role=alert]", "kmon does not accept this token")
        assert kmon.mutes.acknowledgements() == ()
        assert "401" in page.complaints.pop()
        page.tab.fill("[name=token]", TOKEN)
        page.tab.press("[name=token]", "Enter")
        page.wait("#problems-alerts td", "firing, acknowledged by ana")
        page.wait("#problems-silences td", "restarting <b>")
        assert page.shows("#silencing-said") == "Acknowledged Lag"
        (known,) = kmon.mutes.acknowledgements()
        assert (known.labels, known.created_by, known.comment) == (LABELS, "ana", "restarting <b>")

        page.tab.reload()  # the tab keeps the token and the name
        press(page, "silence")
        assert page.tab.locator("[name=token]").count() == 0
        assert page.tab.input_value("[name=name]") == "ana"
        page.tab.fill("[name=comment]", "broker 3")
        page.tab.fill("[name=matchers]", "group")
        page.tab.click("dialog .strong")
        page.wait("dialog [role=alert]", "is not a matcher")
        assert "400" in page.complaints.pop()
        page.tab.click("dialog button:has-text('Cancel')")
        press(page, "silence")
        page.tab.select_option("[name=duration]", label="4 h")
        page.tab.fill("[name=comment]", "broker 3")
        page.tab.click("dialog .strong")
        page.wait("#problems-alerts td", "firing, silenced, acknowledged by ana")
        (silence,) = kmon.mutes.silences()
        assert [(each.name, each.value) for each in silence.matchers] == list(LABELS)
        assert silence.ends_at - silence.starts_at == pytest.approx(4 * 3_600, abs=30)

        press(page, "expire")
        page.tab.click("dialog .strong")
        press(page, "withdraw")
        page.tab.click("dialog .strong")
        page.wait("#problems-silences", "No alert is silenced or acknowledged")
        assert kmon.mutes.acknowledgements() == ()
        assert TOKEN not in page.tab.content()
        assert TOKEN not in page.tab.url
        assert page.tab.evaluate("document.cookie + JSON.stringify(localStorage)").count(TOKEN) == 0


def test_what_does_not_survive_a_restart_or_does_not_arrive_is_said(browser: Any, kmon: SilencingKmon) -> None:
    kmon.store.close()
    with opened(browser, app=kmon.app) as page:
        page.open("/problems")
        press(page, "acknowledge")
        page.tab.fill("[name=name]", "ana")
        page.tab.fill("[name=token]", TOKEN)
        page.tab.click("dialog .strong")
        page.wait("#silencing-said", "a restart of kmon loses it")
        page.tab.route("**/api/v1/**", lambda route: route.abort())
        press(page, "withdraw")
        page.tab.click("dialog .strong")
        page.wait("dialog [role=alert]", "kmon did not respond")
        page.tab.keyboard.press("Escape")
        page.tab.locator("dialog").wait_for(state="detached")
        assert len(kmon.mutes.acknowledgements()) == 1
        assert "ERR_FAILED" in page.complaints.pop()


def test_without_a_token_in_the_settings_there_are_no_buttons(browser: Any, tmp_path: Path) -> None:
    kmon = SilencingKmon(tmp_path, token="")
    with opened(browser, app=kmon.app) as page:
        page.open("/problems")
        page.wait("#problems-silences", "set api.token_file in kmon's settings")
        page.wait("#problems-alerts td", "Lag")
        assert page.tab.locator("[data-act]").count() == 0
    kmon.store.close()
