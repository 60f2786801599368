"""A kmon with alerts, whose API and dashboard silence and acknowledge them, over fixtures."""

from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr
from views import NOW, FixtureSource, shop_view

from alerts.mutes import Mutes
from alerts.store import Store
from dashboards.app import attach
from exporters.prometheus import MetricsPage
from exporters.server import create_server
from exporters.silencing_api import SilencingApi
from exporters.writes import Writes
from monitor.analysis.view import with_alerts
from monitor.model.fingerprint import fingerprint
from monitor.model.view import AlertRow, RuleRow

TOKEN = "0123456789abcdef"
HOSTILE = "pay\x1b[2J<b>\n\u202e"
LABELS = (("alertname", "Lag"), ("cluster", "demo"), ("group", HOSTILE), ("severity", "page"))
LATER = (("alertname", "Late"), ("cluster", "demo"), ("group", "b"), ("severity", "ticket"))
ID = fingerprint(LABELS)
RULE = RuleRow("Lag", "group", 'group ~ "<b>"', 60.0, "page", "send", "rules.yaml:4:9", 1)


class SilencingKmon:
    """One alert fires and one is pending; `app` answers as `kmon serve` does, read-only without a token."""

    def __init__(self, directory: Path, *, token: str = TOKEN) -> None:
        self.store = Store(directory)
        self.mutes = Mutes(self.store)
        self.source = FixtureSource(shop_view(), interval_seconds=600.0)
        self.show()
        writes = Writes(SecretStr(token) if token else None)
        api = SilencingApi([self.source], self.mutes, writes)
        self.app: FastAPI = create_server([self.source], MetricsPage([self.source]), silencing=api)
        attach(self.app, [self.source], muting=self.mutes, change=writes.possible)

    def show(self) -> None:
        """A View with the alerts as they are muted now."""
        acknowledged = self.mutes.acknowledged(LABELS)
        alert = AlertRow(
            "Lag",
            "firing",
            "page",
            LABELS,
            f"{HOSTILE} is behind",
            70.0,
            NOW - 60,
            NOW,
            silenced_by=self.mutes.silenced_by(LABELS),
            acknowledged_by=acknowledged.created_by if acknowledged else "",
        )
        pending = AlertRow("Late", "pending", "ticket", LATER, "b is late", 7.0, NOW)
        self.source.show(with_alerts(shop_view(), (alert, pending), rules=(RULE,)))
