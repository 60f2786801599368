"""Sends through Apprise (extra `kmon-kafka[apprise]`), which knows over a hundred services by a URL each."""

import importlib
from typing import Any

from alerts.message import text, title
from alerts.notice import Delivered, GroupNotice, Outcome, Retry
from alerts.notifiers.http import text_of_url
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings

MOST_CHARACTERS = 1_900
"""Apprise cuts or splits what a service does not take; many take 2,000 characters, and few take less."""
MISSING = "type apprise needs a package: pip install 'kmon-kafka[apprise]'"


class Apprise:
    """Apprise reports only whether it delivered, so every failure is tried again.

    Raises SettingsError when the package is not installed or the URL is none of Apprise's; it does not repeat the URL.
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        try:
            self._apprise: Any = importlib.import_module("apprise")
        except ImportError:
            raise SettingsError(f"type: {MISSING}") from None
        self._settings = settings
        self._opened()

    def notify(self, group: GroupNotice) -> Outcome:
        kind = "success" if group.resolved else "failure"
        try:
            sender = self._opened()
        except SettingsError as error:
            return Retry(str(error))
        delivered = sender.notify(
            title=title(group), body=text(group, MOST_CHARACTERS), notify_type=kind, body_format="text"
        )
        return Delivered() if delivered else Retry("Apprise could not deliver")

    def _opened(self) -> Any:
        sender = self._apprise.Apprise()
        if not sender.add(text_of_url(self._settings.url)):
            raise SettingsError("url: is not a URL that Apprise knows: see https://appriseit.com/services/")
        return sender
