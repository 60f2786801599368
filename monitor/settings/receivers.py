"""Settings of receivers: where notifications go, which ones, when, and how each type of receiver is reached."""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from monitor.model.patterns import Pattern
from monitor.settings.values import (
    WRONG_KEY,
    Duration,
    FilePath,
    Frozen,
    Name,
    Notation,
    Secret,
    Text,
    check_unique,
    is_url,
    split_address,
    split_list,
)

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Type = Literal["alertmanager", "webhook", "pagerduty", "slack", "smtp", "apprise"]
Encryption = Literal["starttls", "tls", "none"]

PRINTED = "stdout"
"""The name of the receiver that `alerts.print` stands for."""

COMMON = ("name", "type", "match", "send_resolved", "timeout_seconds")
TLS = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_key_password", "check_hostname")
LOGIN = ("username", "password", "bearer_token")
GROUPS = ("group_by", "group_wait_seconds", "group_interval_seconds", "repeat_interval_seconds", "quiet")


class Uses(NamedTuple):
    """Which settings a type of receiver needs, and which it takes beside them and those in COMMON."""

    needs: tuple[str, ...]
    takes: tuple[str, ...]


USES: Mapping[Type, Uses] = {
    "alertmanager": Uses(("url",), (*LOGIN, *TLS)),
    "webhook": Uses(("url",), ("signing_secret", "body", *LOGIN, *TLS, *GROUPS)),
    "pagerduty": Uses(("routing_key",), ("url", *TLS, *GROUPS)),
    "slack": Uses((), ("url", "token", "channel", *TLS, *GROUPS)),
    "smtp": Uses(("server", "sender", "recipients"), ("encryption", "username", "password", *TLS, *GROUPS)),
    "apprise": Uses(("url",), GROUPS),
}


def check_time(text: str) -> str:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d|24:00", text, re.ASCII):
        raise ValueError('must be a time of day, e.g. "22:00"')
    return text


def check_days(days: tuple[str, ...]) -> tuple[str, ...]:
    for day in days:
        if day not in DAYS:
            raise ValueError(f"{day!r} is not a day: write {', '.join(DAYS)}")
    return days


def check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, an odd path, a folder
        raise ValueError("is not a time zone, e.g. Europe/Berlin") from None
    return name


def check_match(match: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in match.items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            raise ValueError(f"{name!r} is not a label name: letters, digits and _, not starting with a digit")
        if text.startswith("~"):
            Pattern(text[1:].strip())
    return match


def check_server(text: str) -> str:
    if split_address(text, example=587)[1] == 0:
        raise ValueError("cannot connect to port 0")
    return text


def check_address(text: str) -> str:
    if not re.fullmatch(r"[^\x00-\x1f\x7f]*[^\s@<>]@[^\s@<>]+>?", text):
        raise ValueError("is not a mail address, e.g. kmon@example.com")
    return text


Time = Annotated[str, AfterValidator(check_time), Notation("time of day")]
Zone = Annotated[str, AfterValidator(check_zone), Notation("time zone")]
Address = Annotated[str, AfterValidator(check_address), Notation("mail address")]
Texts = Annotated[tuple[Text, ...], BeforeValidator(split_list)]
Days = Annotated[tuple[str, ...], BeforeValidator(split_list), AfterValidator(check_days)]
Match = Annotated[Mapping[str, str], AfterValidator(check_match)]
Interval = Annotated[Duration, Field(ge=0, le=2_592_000)]


class QuietSettings(Frozen):
    """A time of day in which alerts of some severities are held back."""

    start: Time = Field(validation_alias="from", description='when it begins, e.g. "22:00"')
    end: Time = Field(
        validation_alias="to", description='when it ends, e.g. "07:00"; before `from`, it ends on the next day'
    )
    days: Days = Field(default=DAYS, description="days on which it begins, e.g. [sat, sun]")
    zone: Zone = Field(default="UTC", description="time zone of both, e.g. Europe/Berlin")
    severities: Texts = Field(
        default=("ticket", "info"), description="severities to hold back; their notifications are sent at its end"
    )

    @model_validator(mode="after")
    def _long(self) -> Self:
        if self.start == "24:00":
            raise wrong_key("from", "is not a time at which it can begin: write 00:00")
        if _minutes(self.start) == _minutes(self.end):
            raise wrong_key("to", "is the same time as from")
        return self

    @cached_property
    def minutes(self) -> tuple[int, int]:
        """Beginning and end, in minutes since midnight."""
        return _minutes(self.start), _minutes(self.end)


class ReceiverSettings(Frozen):
    """A receiver of notifications. Which keys it takes depends on its type: see USES and docs/receivers.md."""

    name: Name = Field(description="name of the receiver in metrics and log lines; must be unique")
    type: Type = Field(description="how notifications are sent")
    match: Match = Field(
        default_factory=dict,
        description="labels that an alert must have to be sent here; a value beginning with ~ is an expression (RE2) "
        "of the whole value, e.g. {severity: page, group: ~payments-.*} (default: all alerts)",
    )
    send_resolved: bool = Field(default=True, description="send a notification when an alert is resolved")
    timeout_seconds: Annotated[Duration, Field(ge=0.1, le=300)] = Field(
        default=10.0, description="longest time to wait for the receiver to respond"
    )
    url: Secret | None = Field(
        default=None,
        description="URL to send to: of the Alertmanager without /api/v2/alerts, of the webhook, of Slack's incoming "
        "webhook, or of a service of Apprise; a secret, because such URLs contain tokens",
    )
    username: Text | None = Field(default=None, description="user name for HTTP basic authentication or SMTP")
    password: Secret | None = Field(default=None, description="password of that user")
    bearer_token: Secret | None = Field(default=None, description="token to send as Authorization: Bearer")
    signing_secret: Secret | None = Field(
        default=None, description="key of the HMAC-SHA256 signature that a webhook is sent in X-Kmon-Signature"
    )
    body: Text | None = Field(
        default=None, description="JSON to send to a webhook, with fields as {{ title }} (default: Alertmanager's JSON)"
    )
    routing_key: Secret | None = Field(default=None, description="integration key of a PagerDuty service")
    token: Secret | None = Field(default=None, description="bot token of a Slack app with chat:write")
    channel: Text | None = Field(default=None, description="Slack channel id for the bot, e.g. C0123456789")
    server: Annotated[str, AfterValidator(check_server), Notation("address")] | None = Field(
        default=None, description="SMTP server, e.g. mail.example.com:587"
    )
    encryption: Encryption = Field(default="starttls", description="how the connection to the SMTP server is encrypted")
    sender: Address | None = Field(
        default=None, validation_alias="from", description="address that mails are sent from"
    )
    recipients: Annotated[tuple[Address, ...], BeforeValidator(split_list)] = Field(
        default=(), validation_alias="to", description="addresses that mails are sent to"
    )
    ssl_cafile: FilePath | None = Field(
        default=None, description="PEM file of the CAs that sign the receiver's certificate (default: the system's)"
    )
    ssl_certfile: FilePath | None = Field(
        default=None, description="PEM file of kmon's certificate chain, with or without its key"
    )
    ssl_keyfile: FilePath | None = Field(default=None, description="PEM file of the key of that certificate")
    ssl_key_password: Secret | None = Field(default=None, description="password of an encrypted key")
    check_hostname: bool = Field(
        default=True, description="check that the receiver's certificate names the host kmon connects to"
    )
    group_by: Texts = Field(
        default=("alertname", "cluster"),
        description="labels by which alerts are put together into one notification; ... stands for all labels",
    )
    group_wait_seconds: Interval = Field(
        default=30.0, description="how long to wait for more alerts of a group before its notification is sent"
    )
    group_interval_seconds: Interval = Field(
        default=300.0, description="shortest time between two notifications of a group"
    )
    repeat_interval_seconds: Interval = Field(
        default=14_400.0, description="time after which an unchanged group that fires is sent again"
    )
    quiet: tuple[QuietSettings, ...] = Field(default=(), description="times of day in which alerts are held back")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """A setting that would be ignored is refused, and one that is missing is named."""
        uses = USES[self.type]
        for attribute in type(self).model_fields:
            if attribute in self.model_fields_set & self.unused:
                raise wrong_key(self._key(attribute), f"is not used by type {self.type}")
        for attribute in uses.needs:
            if not getattr(self, attribute):
                raise wrong_key(self._key(attribute), f"is missing: type {self.type} needs it")
        self._check_url()
        self._check_pairs()
        return self

    def _check_url(self) -> None:
        # Apprise's are tgram://… and the like.
        if self.url is None or self.type == "apprise":
            return
        bare = self.url.get_secret_value().partition("?")[0]
        if not is_url(bare):
            raise wrong_key("url", "is not an http or https URL, e.g. https://example.com/hook")
        if "@" in bare.partition("://")[2].partition("/")[0]:
            raise wrong_key("url", "has a user name or password in it: set username and password")

    def _check_pairs(self) -> None:
        if (self.username is None) != (self.password is None):
            there, absent = ("username", "password") if self.password is None else ("password", "username")
            raise wrong_key(absent, f"is missing: {there} needs it")
        if self.bearer_token is not None and self.username is not None:
            raise wrong_key("bearer_token", "set username and password or bearer_token, not both")
        if self.ssl_keyfile is not None and self.ssl_certfile is None:
            raise wrong_key("ssl_certfile", "is missing: ssl_keyfile needs it")
        if self.encryption == "none" and self.password is not None:
            raise wrong_key("encryption", "none would send the password in clear text: set starttls or tls")
        if self.type == "slack":
            if self.url is None and self.token is None:
                raise wrong_key("url", "is missing: type slack needs url (an incoming webhook), or token and channel")
            if (self.token is None) != (self.channel is None):
                there, absent = ("token", "channel") if self.channel is None else ("channel", "token")
                raise wrong_key(absent, f"is missing: {there} needs it")

    def _key(self, attribute: str) -> str:
        return str(type(self).model_fields[attribute].validation_alias)

    @property
    def unused(self) -> frozenset[str]:
        return frozenset(type(self).model_fields).difference(COMMON, *USES[self.type])

    @cached_property
    def _matchers(self) -> tuple[tuple[str, str | Pattern], ...]:
        return tuple(
            (name, Pattern(text[1:].strip()) if text.startswith("~") else text) for name, text in self.match.items()
        )

    def wants(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is sent here. A label that it lacks is empty."""
        for name, wanted in self._matchers:
            text = labels.get(name, "")
            if not (wanted.matches(text) if isinstance(wanted, Pattern) else wanted == text):
                return False
        return True


def wrong_key(key: str, problem: str) -> PydanticCustomError:
    """An error about one key of the section that is being checked."""
    return PydanticCustomError(WRONG_KEY, "{problem}", {"key": key, "problem": problem})


def check_receivers(receivers: tuple[ReceiverSettings, ...]) -> tuple[ReceiverSettings, ...]:
    names = [each.name for each in receivers]
    check_unique("receivers", names)
    if PRINTED in names:
        raise ValueError(f"{PRINTED!r} is the name of the receiver that prints: choose another name")
    return receivers


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)
