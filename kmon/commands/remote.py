"""A running kmon, asked over its JSON API."""

import argparse
import getpass
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import httpx

from kmon.commands.options import loaded_from
from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.model import Settings
from monitor.settings.security import text_of
from monitor.settings.values import check_external, split_address

TIMEOUT_SECONDS = 15.0
"""Longer than kmon waits for its disk."""
PREFIX = "/api/v1"
REFUSED = 2
"""Exit code when the other kmon is unreachable or did not do it."""


class RemoteError(Exception):
    """The other kmon did not do what it was asked: one line that says why."""


class Remote:
    """A kmon at a URL. The token is sent with changes only; redirects are not followed."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url, self._token = url, token
        # OpenSSL's own variables, such as SSL_CERT_FILE, name other authorities.
        self._client = httpx.Client(
            base_url=url, verify=ssl.create_default_context(), timeout=TIMEOUT_SECONDS, trust_env=False
        )

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Remote":
        """The kmon of --url, or else of the settings: external_url, or the address that it listens on here.

        Raises SettingsError.
        """
        return cls.at(args.url, loaded_from(args, need_cluster=False).settings)

    @classmethod
    def at(cls, url: str | None, settings: Settings) -> "Remote":
        """The kmon at a URL, or else that of the settings, with their token. Raises SettingsError."""
        try:
            url = address_of(settings) if url is None else check_external(url)
        except ValueError as error:
            raise SettingsError(f"--url: {error}") from None
        token = settings.api.token
        return cls(url, None if token is None else text_of(token).strip())

    def get(self, path: str, **query: str) -> Any:
        return self._request("GET", path, params=query)

    def ask(self, path: str, body: dict[str, Any], **query: str) -> Any:
        """What is asked with a body and changes nothing."""
        return self._request("POST", path, json=body, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._request("POST", path, json=body, headers=self._login())

    def delete(self, path: str, name: str) -> Any:
        return self._request("DELETE", f"{path}/{quote(name, safe='')}", headers=self._login())

    def close(self) -> None:
        self._client.close()

    def _login(self) -> dict[str, str]:
        if self._token is None:
            raise RemoteError("changes need a token: set KMON_API_TOKEN, or api.token_file in the settings")
        return {"Authorization": f"Bearer {self._token}"}

    def _request(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of the response. Raises RemoteError."""
        try:
            response = self._client.request(method, f"{PREFIX}/{path}", **options)
        except httpx.HTTPError as error:
            raise RemoteError(f"cannot reach kmon at {self.url}: {error or type(error).__name__}") from None
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not response.is_success or not isinstance(answer, dict):
            detail = answer.get("detail") if isinstance(answer, dict) else None
            raise RemoteError(f"kmon at {self.url}: HTTP {response.status_code}: {detail or response.reason_phrase}")
        return answer


def on_remote(command: str, args: argparse.Namespace, do: Callable[[Remote, argparse.Namespace], int]) -> int:
    """The exit code of what is done on the kmon that the arguments name: REFUSED, with a line on why, if it is not."""
    try:
        remote = Remote.of(args)
        try:
            return do(remote, args)
        finally:
            remote.close()
    except RemoteError as error:
        print(f"kmon {command}: {visible(str(error))}", file=sys.stderr)
        return REFUSED


def author(args: argparse.Namespace) -> str:
    """Who changes something: --created-by, or the name of the user."""
    if args.created_by:
        return str(args.created_by)
    with suppress(OSError, KeyError, ImportError):  # a user without a name
        return getpass.getuser()
    return "kmon"


def warn_if_lost(answer: dict[str, Any]) -> None:
    """Say that a change does not survive a restart."""
    if not answer["kept"]:
        print("kmon: not in the state file: a restart of kmon loses this (its log has the reason)", file=sys.stderr)


def address_of(settings: Settings) -> str:
    """Where a kmon with these settings is reached."""
    if settings.external_url is not None:
        return settings.external_url
    host, port = split_address(settings.listen)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nobody can connect to these
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
