"""Posts a group of alerts to a URL, as Alertmanager's webhook does (version 4), or by a template of the settings."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

from alerts.message import common, headline, summary, text, title
from alerts.notice import GroupNotice, Notice, Outcome, Retry, timestamp
from alerts.notifiers.http import Http, text_of_url
from alerts.template import Template, TemplateError
from monitor.model.fingerprint import fingerprint
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import text_of

SIGNATURE = "X-Kmon-Signature"

FIELDS: dict[str, Callable[[str, GroupNotice], str]] = {
    "receiver": lambda name, _: name,
    "status": lambda _, group: status_of(group),
    "reason": lambda _, group: group.reason,
    "title": lambda _, group: title(group),
    "text": lambda _, group: text(group),
    "headline": lambda _, group: headline(next(iter(group.news or group.notices))),
    "summary": lambda _, group: summary(next(iter(group.news or group.notices))),
    "group_key": lambda _, group: key_of(group),
    "alertname": lambda _, group: _label(group, "alertname"),
    "cluster": lambda _, group: _label(group, "cluster"),
    "severity": lambda _, group: _label(group, "severity"),
    "firing": lambda _, group: str(sum(not each.resolved for each in group.notices)),
    "resolved": lambda _, group: str(sum(each.resolved for each in group.notices)),
    "url": lambda _, group: next(iter(group.news or group.notices)).url,
}
"""What a template of the body can name. A label is empty where the alerts of the group differ in it."""


class Webhook:
    """Raises SettingsError when the template or a file of the settings cannot be used."""

    def __init__(self, settings: ReceiverSettings, clock: Callable[[], float] = time.time) -> None:
        self._settings, self._clock = settings, clock
        self._http = Http.of(settings)
        self._template = None if settings.body is None else template_of(settings.body)

    def notify(self, group: GroupNotice) -> Outcome:
        if self._template is None:
            body = json.dumps(message(self._settings.name, group), ensure_ascii=True)
        else:
            body = filled(self._template, self._settings.name, group)
        try:
            headers = {}
            if self._settings.signing_secret is not None:
                key = text_of(self._settings.signing_secret)
                headers = {SIGNATURE: signature(key, body.encode(), int(self._clock()))}
            url = text_of_url(self._settings.url)
        except SettingsError as error:
            return Retry(str(error))
        answer = self._http.post(url, body.encode(), headers)
        return answer if isinstance(answer, Retry) else answer.outcome


def signature(key: str, body: bytes, unix: int) -> str:
    """`t=UNIX,v1=HEX`: HMAC-SHA256 over the time, a dot and the body. The time lets a receiver refuse a replay."""
    digest = hmac.new(key.encode(), b"%d.%s" % (unix, body), hashlib.sha256).hexdigest()
    return f"t={unix},v1={digest}"


def template_of(body: str) -> Template:
    """Raises SettingsError for an unknown field, and for what is no JSON once it is filled."""
    try:
        template = Template.of(body, FIELDS, "field")
        json.loads(template.fill(lambda _: "x"))
    except TemplateError as error:
        raise SettingsError(f"body: {error}") from None
    except ValueError:
        raise SettingsError("body: is not JSON with its fields filled: write fields inside strings") from None
    return template


def filled(template: Template, receiver: str, group: GroupNotice) -> str:
    """The body, with each field written as the inside of a JSON string."""
    return template.fill(lambda name: json.dumps(FIELDS[name](receiver, group), ensure_ascii=True)[1:-1])


def message(receiver: str, group: GroupNotice) -> dict[str, Any]:
    """Alertmanager's webhook message, version 4."""
    return {
        "version": "4",
        "receiver": receiver,
        "status": status_of(group),
        "notification_reason": group.reason,
        "groupKey": key_of(group),
        "groupLabels": dict(group.labels),
        "commonLabels": common([each.labels for each in group.notices]),
        "commonAnnotations": common([each.annotations for each in group.notices]),
        "externalURL": "",
        "truncatedAlerts": 0,
        "alerts": [_alert(each) for each in group.notices],
    }


def status_of(group: GroupNotice) -> str:
    return "resolved" if group.resolved else "firing"


def key_of(group: GroupNotice) -> str:
    """The group in one text, as Alertmanager writes it."""
    return "{}:{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in group.labels) + "}"


def _alert(notice: Notice) -> dict[str, Any]:
    return {
        "status": "resolved" if notice.resolved else "firing",
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "startsAt": timestamp(notice.starts_at),
        "endsAt": timestamp(notice.ends_at) if notice.resolved else "0001-01-01T00:00:00Z",
        "generatorURL": notice.url,
        "fingerprint": fingerprint(notice.labels),
    }


def _label(group: GroupNotice, name: str) -> str:
    return common([each.labels for each in group.notices]).get(name, "")
