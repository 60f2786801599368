"""Triggers and resolves incidents of PagerDuty over its Events API v2, one event for each alert."""

import hashlib
import json
from typing import Any

from alerts.message import headline, links, parts
from alerts.notice import Delivered, GiveUp, GroupNotice, Notice, Outcome, Retry, timestamp
from alerts.notifiers.http import Http, text_of_url
from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import text_of

URL = "https://events.pagerduty.com/v2/enqueue"

SEVERITIES = {
    "page": "critical",
    "critical": "critical",
    "error": "error",
    "ticket": "warning",
    "warning": "warning",
    "info": "info",
    "none": "info",
}
"""PagerDuty's severity by kmon's; of any other word it is `error`."""

SUMMARY = 1_024
MOST_BYTES = 500_000
"""PagerDuty takes 512 kB."""


class PagerDuty:
    """An incident is identified by the labels of its alert, so repeated events and several kmons make one incident.

    Raises SettingsError when a file of the settings cannot be used.
    """

    def __init__(self, settings: ReceiverSettings) -> None:
        self._settings = settings
        self._http = Http.of(settings)

    def notify(self, group: GroupNotice) -> Outcome:
        """One event for each alert that is news. After a failure all are sent again: PagerDuty ignores what it has."""
        refused: list[str] = []
        try:
            assert self._settings.routing_key is not None
            key, url = text_of(self._settings.routing_key), text_of_url(self._settings.url) or URL
        except SettingsError as error:
            return Retry(str(error))
        for notice in group.news:
            answer = self._http.post(url, encoded(event(key, notice)))
            outcome = answer if isinstance(answer, Retry) else answer.outcome
            if isinstance(outcome, Retry):
                return outcome
            if isinstance(outcome, GiveUp):
                refused.append(outcome.reason)
        return GiveUp(refused[0]) if refused else Delivered()


def event(routing_key: str, notice: Notice) -> dict[str, Any]:
    """An alert as an event that triggers or resolves its incident."""
    action = {"routing_key": routing_key, "dedup_key": dedup_key(notice)}
    if notice.resolved:
        return {**action, "event_action": "resolve"}
    labels = dict(notice.labels)
    text = headline(notice) or visible(labels["alertname"])
    result: dict[str, Any] = {
        **action,
        "event_action": "trigger",
        "client": "kmon",
        "payload": {
            "summary": text if len(text) <= SUMMARY else f"{text[: SUMMARY - 1]}…",
            "source": visible(labels.get("cluster", "") or "kmon", 255),
            "severity": SEVERITIES.get(labels.get("severity", ""), "error"),
            "timestamp": timestamp(notice.starts_at),
            "component": visible(labels.get("group", "") or labels.get("topic", ""), 255),
            "class": labels["alertname"],
            "custom_details": {**dict(parts(notice)), "labels": labels},
        },
    }
    result["links"] = [{"href": address, "text": title} for title, address in links(notice)]
    if notice.url:
        result["client_url"] = notice.url
    return result


def dedup_key(notice: Notice) -> str:
    """What identifies the incident: a digest of the alert's labels, the same in every kmon and after a restart."""
    return hashlib.sha256(json.dumps(sorted(notice.labels)).encode()).hexdigest()


def encoded(each: dict[str, Any]) -> bytes:
    """The event as JSON, without its details where it would be too large for PagerDuty."""
    body = json.dumps(each, ensure_ascii=True).encode()
    if len(body) > MOST_BYTES:
        details = {"custom_details": {"removed": "too large for PagerDuty"}}
        body = json.dumps({**each, "payload": {**each["payload"], **details}}, ensure_ascii=True).encode()
    return body
