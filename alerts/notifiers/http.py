"""Posts to receivers over HTTP: certificates, logins, what an answer means, and never a redirect."""

import math
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from pydantic import SecretStr

from alerts.notice import Delivered, GiveUp, Outcome, Retry
from monitor.model.text import visible
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import SecuritySettings, text_of
from monitor.settings.tls import make_context

BUSY = (408, 425, 429)
"""Status codes below 500 that ask to try again."""

MOST_BYTES = 65_536
"""So much of an answer is read."""


@dataclass(frozen=True)
class Answer:
    """What the other side responded: `body` is its beginning, `after_seconds` how long it asks to wait."""

    status: int
    phrase: str
    body: bytes
    location: str
    after_seconds: float

    @property
    def outcome(self) -> Outcome:
        """What the status means: 2xx delivered, busy and 5xx tried again, everything else given up."""
        if 200 <= self.status < 300:
            return Delivered()
        if self.location:
            return GiveUp(
                f"HTTP {self.status}: redirects to {visible(self.location, 200)}, which kmon does not follow: "
                "give that address"
            )
        reason = (
            f"HTTP {self.status}: {visible(self.body[:400].decode('utf-8', 'replace').strip(), 200) or self.phrase}"
        )
        if self.status >= 500 or self.status in BUSY:
            return Retry(reason, self.after_seconds)
        return GiveUp(reason)


class Http:
    """A client for one receiver. Proxies and passwords of the environment are not used.

    `tls` gives the context of a connection, `headers` those of each request with secrets as they are now.
    """

    def __init__(
        self,
        timeout_seconds: float = 10.0,
        tls: Callable[[], ssl.SSLContext] | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
        auth: Callable[[], httpx.Auth | None] = lambda: None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        context = httpx.create_ssl_context() if tls is None else None
        self._tls = tls or (lambda: context or httpx.create_ssl_context())
        self._headers, self._auth = headers, auth

    @classmethod
    def of(cls, settings: ReceiverSettings) -> "Http":
        """Raises SettingsError when a file of the settings cannot be used."""

        def headers() -> Mapping[str, str]:
            token = settings.bearer_token
            return {} if token is None else {"Authorization": f"Bearer {text_of(token)}"}

        def auth() -> httpx.Auth | None:
            if settings.username is None or settings.password is None:
                return None
            return httpx.BasicAuth(settings.username, text_of(settings.password))

        return cls(settings.timeout_seconds, Tls(settings).context, headers, auth)

    def post(self, url: str | httpx.URL, body: bytes, headers: Mapping[str, str] | None = None) -> Answer | Retry:
        """What the other side responds to the JSON, or why it did not."""
        return self.request("POST", url, body, {"Content-Type": "application/json", **(headers or {})})

    def request(
        self, method: str, url: str | httpx.URL, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer | Retry:
        """What the other side responds, or why it did not."""
        try:
            with (
                httpx.Client(
                    verify=self._tls(), timeout=self._timeout_seconds, auth=self._auth(), trust_env=False
                ) as client,
                client.stream(method, url, content=body, headers={**self._headers(), **(headers or {})}) as response,
            ):
                return _answer(response)
        except SettingsError as error:
            return Retry(str(error))
        except httpx.TransportError as error:
            return Retry(_reason(error))


class Tls:
    """The TLS context of a receiver's settings, made again when one of its files has changed."""

    def __init__(self, settings: ReceiverSettings) -> None:
        """Raises SettingsError that names the file and why it cannot be used."""
        self._security = SecuritySettings(
            protocol="SSL",
            ssl_cafile=settings.ssl_cafile,
            ssl_certfile=settings.ssl_certfile,
            ssl_keyfile=settings.ssl_keyfile,
            ssl_key_password=settings.ssl_key_password,
            check_hostname=settings.check_hostname,
        )
        self._stamp, self._context = self._security.stamp(), make_context(self._security)

    def context(self) -> ssl.SSLContext:
        """Raises SettingsError as above."""
        stamp = self._security.stamp()
        if stamp != self._stamp:
            self._context = make_context(self._security)
            self._stamp = stamp
        return self._context


def text_of_url(url: SecretStr | None) -> str:
    """A receiver's URL as it is now. Raises SettingsError when its file cannot be read."""
    return "" if url is None else text_of(url).strip()


def retry_after_seconds(text: str | None, now: datetime) -> float:
    """What a Retry-After header asks for: seconds or a date; 0 for what is neither."""
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return 0.0
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def tls_reason(error: BaseException | None) -> str:
    """Why TLS failed, in words, where that is what an exception comes from; empty where it is not."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"TLS: the receiver's certificate is not accepted: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"TLS: {str(error.reason or error).replace('_', ' ').lower()}"
        error = error.__cause__ or error.__context__
    return ""


def _reason(error: httpx.TransportError) -> str:
    if tls := tls_reason(error):
        return tls
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _answer(response: httpx.Response) -> Answer:
    body = b""
    for chunk in response.iter_bytes(MOST_BYTES):
        body += chunk
        if len(body) >= MOST_BYTES:
            break
    return Answer(
        response.status_code,
        response.reason_phrase,
        body,
        response.headers["location"] if response.has_redirect_location else "",
        retry_after_seconds(response.headers.get("retry-after"), datetime.now(UTC)),
    )
