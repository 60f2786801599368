"""What whoever is on call is sent: a webhook on loopback that writes down each notification of kmon."""

import time
from dataclasses import replace
from threading import Lock
from typing import Any

from http_receiver import HttpReceiver

from incidents.incident import NAMING_LABELS, Page

KMON = "kmon"


class Pager(HttpReceiver):
    """Receives from one kmon. A notification that is sent again while its alert fires is a page of its own."""

    def __init__(self) -> None:
        super().__init__(200)
        self._pages: list[tuple[tuple[tuple[str, str], ...], Page]] = []
        self._lock = Lock()

    @property
    def pages(self) -> tuple[Page, ...]:
        """All so far, tickets as well, in order."""
        with self._lock:
            return tuple(page for _, page in self._pages)

    def _take(self, handler: Any) -> None:
        before = len(self.posts)
        super()._take(handler)
        now = time.time()
        with self._lock:
            for post in self.posts[before : before + 1]:
                for alert in post["alerts"]:
                    self._note(alert, now)

    def _note(self, alert: dict[str, Any], now: float) -> None:
        labels: dict[str, str] = alert["labels"]
        key = tuple(sorted(labels.items()))
        if alert["status"] == "firing":
            line = alert["annotations"].get("summary", "")
            names = tuple(text for name, text in key if name in NAMING_LABELS)
            self._pages.append((key, Page(KMON, labels["alertname"], labels["severity"], names, now, line=line)))
            return
        for index, (other, page) in enumerate(self._pages):
            if other == key and page.resolved is None:
                self._pages[index] = key, replace(page, resolved=now)
