"""Sends mails, one for each notification about a group of alerts, in plain text."""

import hashlib
import smtplib
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from alerts.message import text, title
from alerts.notice import Delivered, GiveUp, GroupNotice, Outcome, Retry
from alerts.notifiers.http import Tls, tls_reason
from alerts.samples import Labels
from monitor.model.text import plural, visible
from monitor.settings.errors import SettingsError
from monitor.settings.receivers import ReceiverSettings
from monitor.settings.security import text_of
from monitor.settings.values import split_address


class Smtp:
    """Raises SettingsError when a file of the settings cannot be used."""

    def __init__(self, settings: ReceiverSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        assert settings.server is not None
        self._settings, self._clock = settings, clock
        self._host, self._port = split_address(settings.server)
        self._tls = Tls(settings)

    def notify(self, group: GroupNotice) -> Outcome:
        message = mail(group, self._settings, self._clock())
        try:
            with self._connected() as server:
                refused = server.send_message(message)
        except SettingsError as error:
            return Retry(str(error))
        except OSError as error:  # smtplib's own errors too
            return _failure(error)
        if refused:
            (code, said), *_ = refused.values()
            return GiveUp(f"SMTP {code}: {plural(len(refused), 'recipient')} refused: {_said(said)}")
        return Delivered()

    def _connected(self) -> smtplib.SMTP:
        """A connection that is logged in."""
        settings, seconds = self._settings, self._settings.timeout_seconds
        if settings.encryption == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=seconds, context=self._tls.context()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=seconds)
        try:
            if settings.encryption == "starttls":
                server.starttls(context=self._tls.context())
            if settings.username is not None and settings.password is not None:
                server.login(settings.username, text_of(settings.password))
        except BaseException:
            server.close()
            raise
        return server


def mail(group: GroupNotice, settings: ReceiverSettings, now: datetime) -> EmailMessage:
    """The mail about a group. Those about the same group name one thread, so that mail programs show them together."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _encodable(title(group))
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = format_datetime(now)
    domain = (settings.sender or "").rpartition("@")[2].rstrip(">") or socket.gethostname()
    message["Message-ID"] = make_msgid(domain=domain)
    message["References"] = message["In-Reply-To"] = f"<{thread_of(group.labels)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_encodable(f"{text(group)}\n\nReason for this mail: {group.reason}\n"))
    return message


def thread_of(labels: Labels) -> str:
    return "kmon." + hashlib.sha256(repr(sorted(labels)).encode()).hexdigest()[:32]


def _encodable(written: str) -> str:
    """The text with lone surrogates, which no mail can carry, as escapes."""
    return written.encode("utf-8", "backslashreplace").decode()


def _failure(error: OSError) -> Outcome:
    """What an error of smtplib, of the connection or of TLS means."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        # The same mail may be taken later where one of the refusals was for the time being.
        return _outcome(*max(error.recipients.values(), key=lambda each: each[0] < 500))
    if isinstance(error, smtplib.SMTPResponseException):
        return _outcome(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPException):
        return Retry(visible(str(error), 200))
    return Retry(tls_reason(error) or f"{type(error).__name__}: {error}")


def _outcome(code: int, said: bytes | str) -> Outcome:
    """A code from 500 is a refusal; below it the same mail may be taken later."""
    reason = f"SMTP {code}: {_said(said)}"
    return GiveUp(reason) if code >= 500 else Retry(reason)


def _said(said: bytes | str) -> str:
    return visible(said.decode("utf-8", "replace") if isinstance(said, bytes) else said, 200)
