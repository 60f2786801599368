"""Tells an Alertmanager over its API v2."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from alerts.notice import Notice, Outcome, Retry, timestamp
from alerts.notifiers.http import Http, text_of_url
from monitor.settings.receivers import ReceiverSettings


class Alertmanager:
    """One Alertmanager, by its base URL with or without a path, user and password: `https://me:secret@host:9093/am`.

    Every one of a cluster is told by itself, never through a load balancer. Redirects are not followed: they could
    carry the alerts and the password elsewhere. Proxies and passwords of the environment are not used.
    Raises ValueError for what is no http or https URL; the message does not repeat it.
    """

    def __init__(self, url: str, timeout_seconds: float = 10.0, http: Http | None = None) -> None:
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL:
            raise ValueError("the Alertmanager's address is not a URL") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise ValueError("the Alertmanager's address is not an http or https URL")
        auth = httpx.BasicAuth(base.username, base.password) if base.userinfo else None
        self._url = base.copy_with(
            userinfo=b"", path=base.path.rstrip("/") + "/api/v2/alerts", query=None, fragment=None
        )
        self._http = http or Http(timeout_seconds, auth=lambda: auth)

    @classmethod
    def of(cls, settings: ReceiverSettings) -> "Alertmanager":
        """Raises SettingsError when a file of the settings cannot be used."""
        return cls(text_of_url(settings.url), http=Http.of(settings))

    @property
    def url(self) -> str:
        """Where alerts are posted, without user and password."""
        return str(self._url)

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        # Escapes stand for what JSON's UTF-8 could not carry, such as lone surrogates in a group id.
        body = json.dumps([posted(notice) for notice in notices], ensure_ascii=True).encode()
        answer = self._http.post(self._url, body)
        return answer if isinstance(answer, Retry) else answer.outcome


def posted(notice: Notice) -> Mapping[str, Any]:
    """One notice as an element of the array that Alertmanager's `POST /api/v2/alerts` takes."""
    element: dict[str, Any] = {
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "startsAt": timestamp(notice.starts_at),
        "endsAt": timestamp(notice.ends_at),
    }
    if notice.url:
        element["generatorURL"] = notice.url
    return element
