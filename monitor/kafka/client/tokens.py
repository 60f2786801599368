"""Tokens for SASL OAUTHBEARER: from a file, from a token endpoint, or signed for Amazon MSK; kept while they last."""

import base64
import http.client
import importlib
import json
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.oauth import AbstractTokenProvider

from monitor.model.text import visible

RENEW_AFTER = 0.8
"""The part of its life for which a token is used for new logins. Brokers have connections log in again after 0.85 of a
token's life at the earliest, so each such login is made with a new token."""

SECONDS = 10.0
"""How long fetching a token may take."""

LARGEST_BYTES = 1 << 16
"""Of a token, and of a token endpoint's answer."""


class TokenError(SaslAuthenticationFailedError):  # type: ignore[misc]  # kafka-python has no types
    """There is no token to log in with; its text says why and holds no secret."""


@dataclass(frozen=True)
class Token:
    """A bearer token and for how many seconds from now on it is good, 0 where that is not known."""

    text: str = field(repr=False)
    seconds: float = 0.0


Fetch = Callable[[], Token]
"""Gives a new token; may block for `SECONDS`. Raises TokenError."""


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # kafka-python has no types
    """What kafka-python asks for a token. `renew` comes first and may block; `token` and `extensions` never do."""

    def __init__(self, fetch: Fetch, extensions: Mapping[str, str] | None = None) -> None:
        self._fetch = fetch
        self._extensions = dict(extensions or {})
        self._lock = threading.Lock()
        self._text = ""
        self._renew_at = 0.0

    def renew(self) -> None:
        """Make sure of a token that is good for a login; any thread but the one of the connections. Raises TokenError.

        Logins that wait for the same token cause one fetch.
        """
        with self._lock:
            if time.monotonic() >= self._renew_at:
                token = self._fetch()
                self._text, self._renew_at = token.text, time.monotonic() + RENEW_AFTER * token.seconds

    def token(self) -> str:
        return self._text

    def extensions(self) -> dict[str, str]:
        return self._extensions

    def refused(self, error: Exception) -> TokenError:
        """The error for a token that a broker has refused, with what the token itself shows to be wrong."""
        why = " ".join(map(str, error.args)).removeprefix("SaslAuthenticationFailedError: ")
        why = re.sub(r'^.*\{"status": ?"(\w+)".*', r"\1", why, flags=re.DOTALL)
        ended = _ends_at(self._text)
        if ended is not None and 0 < ended < time.time():
            why += time.strftime(": it expired at %Y-%m-%d %H:%M:%S UTC", time.gmtime(ended))
        return TokenError(f"the broker rejected the token: {why}")


def _ends_at(token: str) -> float | None:
    """Unix time at which a JSON web token ends, None for any other token."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return float(claims["exp"])
    except (ValueError, TypeError, LookupError):
        return None


def checked(text: str, where: str) -> str:
    """A token as it may stand in a login. Raises TokenError when it is none: nothing else may get into the message."""
    if not text:
        raise TokenError(f"{where}: is empty")
    if not re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text, re.ASCII):
        raise TokenError(f"{where}: holds no bearer token")
    return text


@dataclass(frozen=True)
class FromFile:
    """Reads the token anew each time: what puts it there (Kubernetes, a sidecar) renews it."""

    path: Path

    def __call__(self) -> Token:
        try:
            with self.path.open("rb") as file:
                text = file.read(LARGEST_BYTES).decode("ascii", "replace").strip()
        except OSError as error:
            raise TokenError(f"{self.path}: cannot be read: {error.strerror}") from None
        return Token(checked(text, str(self.path)))


@dataclass(frozen=True)
class FromEndpoint:
    """Fetches a token for client credentials (RFC 6749, section 4.4). `tls` verifies the endpoint, None for http."""

    url: str
    client_id: str
    secret: str = field(repr=False)
    scope: str | None
    tls: ssl.SSLContext | None

    def __call__(self) -> Token:
        answer = self._answer()
        text, seconds = answer.get("access_token"), answer.get("expires_in")
        where = f"the access_token of {self._where}"
        if not isinstance(text, str):
            raise TokenError(f"{where}: is missing")
        try:
            return Token(checked(text, where), max(0.0, min(float(seconds or 0), 86400.0)))
        except (TypeError, ValueError):
            return Token(checked(text, where))

    @property
    def _where(self) -> str:
        return "token endpoint " + visible(self.url.partition("?")[0])

    def _answer(self) -> dict[str, Any]:
        try:
            with _opener(self.tls).open(self._request(), timeout=SECONDS) as response:
                answer = json.loads(_read(response))
        except urllib.error.HTTPError as error:
            with error:
                raise TokenError(f"{self._where}: HTTP {error.code}{self._reason(error)}") from None
        except TimeoutError:
            raise TokenError(f"{self._where}: no response within {SECONDS:.0f} s") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise TokenError(f"{self._where}: {visible(str(getattr(why, 'strerror', None) or why))}") from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TokenError(f"{self._where}: the response is not a JSON object")
        return answer

    def _request(self) -> urllib.request.Request:
        form = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        login = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}".encode()
        headers = {
            "Authorization": f"Basic {base64.b64encode(login).decode()}",
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return urllib.request.Request(self.url, urlencode(form).encode(), headers)  # noqa: S310 - settings check it

    def _reason(self, error: urllib.error.HTTPError) -> str:
        """The error code and words of a refusal, as RFC 6749 has them, empty where there are none."""
        try:
            said = json.loads(_read(error))
            parts = [said.get("error"), said.get("error_description")]
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return ""
        text = ": ".join(" ".join(part.split()) for part in parts if isinstance(part, str))
        return f" {visible(text[:200])}" if text and self.secret not in text else ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The secret goes to the endpoint that the settings name, and nowhere else."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


def _opener(tls: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    if tls is None:  # an endpoint on this machine, whose secret no proxy shall see
        return urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=tls))


def _read(response: Any) -> bytes:
    """An answer that comes slowly or does not end is cut; what is cut is no JSON."""
    until, data = time.monotonic() + SECONDS, b""
    while (
        len(data) < LARGEST_BYTES and time.monotonic() < until and (more := response.read1(LARGEST_BYTES - len(data)))
    ):
        data += more
    return data


def msk_signer(region: str) -> Fetch:
    """Signs a request to connect to MSK with AWS's own credentials of this process. Raises ImportError without the
    package aws-msk-iam-sasl-signer-python.
    """
    signer = importlib.import_module("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")

    def fetch() -> Token:
        try:
            text, expires_ms = signer.generate_auth_token(region)
        except Exception as error:  # noqa: BLE001 - botocore has dozens, and no credentials are an AttributeError
            why = "found none" if isinstance(error, AttributeError) else str(error)
            raise TokenError(f"AWS credentials: {visible(why[:200])}") from None
        return Token(checked(text, "the token signed for MSK"), expires_ms / 1000 - time.time())

    return fetch
