"""Apprise, where it is installed: what reaches a real server through it, and what is refused."""

import pytest
from alert_fixtures import notice_of
from http_receiver import HttpReceiver
from receiver_fixtures import group_of, receiver_settings, resolved, send

from alerts.notice import Delivered, Retry
from alerts.notifiers import notifier_of
from monitor.settings.errors import SettingsError

SECRET = "hunter2s3cr3t"


def test_a_group_is_sent_through_apprise(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("apprise")
    with HttpReceiver(200, 200, 500) as server:
        settings = receiver_settings(type="apprise", url=server.url.replace("http:", "json:") + f"/{SECRET}")
        group = group_of(notice_of("a"))
        assert send(settings, group, group_of(resolved("a")), group) == [
            Delivered(),
            Delivered(),
            Retry("Apprise could not deliver"),
        ]
    assert [(post["title"], post["type"]) for post in server.posts[:2]] == [
        ("[FIRING 1] Lag: group a is behind", "failure"),
        ("[RESOLVED 1] Lag: group a is behind", "success"),
    ]
    assert server.posts[0]["message"].startswith("FIRING warning Lag since ")


def test_a_url_that_apprise_does_not_know_is_refused_without_repeating_it() -> None:
    pytest.importorskip("apprise")
    with pytest.raises(SettingsError) as failure:
        notifier_of(receiver_settings(type="apprise", url=f"pigeon://{SECRET}"))
    assert failure.value.problems[0].startswith("url: is not a URL that Apprise knows")
    assert SECRET not in str(failure.value)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("alerts.notifiers.apprise.importlib.import_module", missing)
    with pytest.raises(SettingsError) as failure:
        notifier_of(receiver_settings(type="apprise", url="json://x"))
    assert failure.value.problems == ("type: type apprise needs a package: pip install 'kmon-kafka[apprise]'",)
