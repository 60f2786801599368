"""Receivers as a settings file declares them, and groups of alerts to send to them."""

import ssl
import textwrap
from pathlib import Path

from alert_fixtures import notice_of
from certificates import Certificate
from views import NOW

from alerts.notice import GroupNotice, Notice, Outcome
from alerts.notifiers import notifier_of
from monitor.settings import load
from monitor.settings.receivers import ReceiverSettings

HOSTILE = 'pay"<b>\n\x1b[2J\u202e\x00é\udcff'
"""A name that a text must carry without harm."""
BEGINNING = 'contexts: [{bootstrap_servers: "kafka:9092"}]\nalerts:\n  receivers:\n'


def receivers_of(folder: Path, text: str, env: dict[str, str] | None = None) -> tuple[ReceiverSettings, ...]:
    """The receivers that a settings file with this list has."""
    path = folder / "kmon.yaml"
    path.write_text(BEGINNING + textwrap.indent(textwrap.dedent(text).strip() + "\n", "    "))
    path.chmod(0o600)
    return load(path, env or {}).settings.alerts.receivers


def receiver_settings(**settings: object) -> ReceiverSettings:
    """One receiver, by the keys of the settings file."""
    return ReceiverSettings.model_validate({"name": "r", **settings})


def group_of(
    *notices: Notice, reason: str = "first notification", changed: tuple[Notice, ...] | None = None
) -> GroupNotice:
    """A notification about notices, all of them news unless only some have `changed`."""
    labels = (("alertname", "Lag"),)
    return GroupNotice(labels, notices, frozenset(each.labels for each in changed or notices), reason)


def send(settings: ReceiverSettings, *groups: GroupNotice) -> list[Outcome]:
    """The outcomes of some groups with one notifier."""
    notifier = notifier_of(settings)
    return [notifier.notify(group) for group in groups]  # type: ignore[arg-type] # all but Alertmanager take groups


def context_of(certificate: Certificate, folder: Path) -> ssl.SSLContext:
    """What a TLS server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate.write(folder, "server"))
    return context


def resolved(name: str, after_seconds: float = 9.0) -> Notice:
    return notice_of(name, resolved=True, ends_at=NOW + after_seconds)
