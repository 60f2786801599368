"""Tells an Alertmanager over its API v2."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from alerts.notice import Delivered, GiveUp, Notice, Outcome, Retry, timestamp
from monitor.model.text import visible

BUSY = (408, 425, 429)
"""Status codes below 500 that ask to try again."""


class Alertmanager:
    """One Alertmanager, by its base URL with or without a path, user and password: `https://me:secret@host:9093/am`.

    Every one of a cluster is told by itself, never through a load balancer. Redirects are not followed: they could
    carry the alerts and the password elsewhere. Proxies and passwords of the environment are not used.
    Raises ValueError for what is no http or https URL; the message does not repeat it.
    """

    def __init__(self, url: str, timeout_seconds: float = 10.0) -> None:
        try:
            base = httpx.URL(url)
        except httpx.InvalidURL:
            raise ValueError("the Alertmanager's address is not a URL") from None
        if base.scheme not in ("http", "https") or not base.host:
            raise ValueError("the Alertmanager's address is not an http or https URL")
        self._auth = httpx.BasicAuth(base.username, base.password) if base.userinfo else None
        self._url = base.copy_with(
            userinfo=b"", path=base.path.rstrip("/") + "/api/v2/alerts", query=None, fragment=None
        )
        self._timeout_seconds = timeout_seconds
        self._tls = httpx.create_ssl_context()

    @property
    def url(self) -> str:
        """Where alerts are posted, without user and password."""
        return str(self._url)

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        # Escapes stand for what JSON's UTF-8 could not carry, such as lone surrogates in a group id.
        body = json.dumps([posted(notice) for notice in notices], ensure_ascii=True).encode()
        try:
            with (
                httpx.Client(
                    verify=self._tls, timeout=self._timeout_seconds, auth=self._auth, trust_env=False
                ) as client,
                client.stream(
                    "POST", self._url, content=body, headers={"Content-Type": "application/json"}
                ) as response,
            ):
                return _outcome(response)
        except httpx.TransportError as error:
            return Retry(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


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


def _outcome(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Delivered()
    if response.has_redirect_location:
        place = visible(response.headers["location"], 200)
        return GiveUp(
            f"HTTP {response.status_code}: redirects to {place}, which kmon does not follow: give that address"
        )
    reason = f"HTTP {response.status_code}: {_said(response)}"
    return Retry(reason) if response.status_code >= 500 or response.status_code in BUSY else GiveUp(reason)


def _said(response: httpx.Response) -> str:
    """The beginning of the answer's text."""
    start = next(response.iter_bytes(400), b"")
    return visible(start.decode("utf-8", "replace").strip(), 200) or response.reason_phrase
