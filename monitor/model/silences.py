"""What keeps alerts from being sent: silences, by labels for some time, and acknowledgements of one alert."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from monitor.model.patterns import pattern_of

Labels = tuple[tuple[str, str], ...]

PENDING, ACTIVE, EXPIRED = "pending", "active", "expired"
OPERATORS = ("=~", "!~", "!=", "=")
MOST_MATCHERS, MOST_CHARACTERS = 50, 1_000
LONGEST_SECONDS = 10 * 366 * 86_400.0


class InvalidSilenceError(ValueError):
    """A silence or acknowledgement that cannot be: `field` is the part that is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


@dataclass(frozen=True)
class Matcher:
    """A condition on one label, as Alertmanager has them: `=`, `!=`, `=~` and `!~`. A label that is missing is empty.

    An expression is RE2 and must match the whole value.
    """

    name: str
    operator: str
    value: str

    @classmethod
    def of(cls, text: str) -> "Matcher":
        """The matcher of a text such as `group=~"pay-.*"`; the quotes may be left out. Raises ValueError."""
        found = re.fullmatch(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", text, re.DOTALL | re.ASCII)
        if found is None:
            raise ValueError('is not a matcher: write label="value", or != or =~ or !~ in place of =')
        name, operator, value = found.groups()
        if value.startswith('"'):
            try:
                value = json.loads(value, strict=False)
            except ValueError:
                raise ValueError("has a value with an unbalanced quote") from None
        if operator.endswith("~"):
            pattern_of(value)
        return cls(name, operator, value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        text = labels.get(self.name, "")
        same = pattern_of(self.value).matches(text) if self.operator.endswith("~") else text == self.value
        return same is not self.operator.startswith("!")

    def __str__(self) -> str:
        """The text that `of` reads; characters that cannot be seen are escaped, as JSON does it."""
        quoted = json.dumps(self.value, ensure_ascii=False)
        seen = "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in quoted)
        return f"{self.name}{self.operator}{seen}"


@dataclass(frozen=True)
class Silence:
    """Alerts that match all matchers are not sent from `starts_at` until `ends_at`, unix seconds."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str

    def state(self, now: float) -> str:
        """PENDING, ACTIVE or EXPIRED."""
        return PENDING if now < self.starts_at else ACTIVE if now < self.ends_at else EXPIRED

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(each.matches(labels) for each in self.matchers)

    def ended(self, now: float) -> "Silence":
        """The silence as it is when it is expired at a time."""
        return replace(self, starts_at=min(self.starts_at, now), ends_at=min(self.ends_at, now))


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody works on the alert of these labels: it is not repeated until it resolves. `at` is unix seconds."""

    labels: Labels
    created_by: str
    comment: str
    at: float


class Silencing(Protocol):
    """Where silences and acknowledgements are, for the faces that change them. All raise InvalidSilenceError."""

    def silences(self) -> tuple[Silence, ...]:
        """All, also those that ended a short time ago; the newest first."""
        ...

    def acknowledgements(self) -> tuple[Acknowledgement, ...]: ...

    @property
    def changes(self) -> int:
        """How many changes there were since kmon started: while it is the same, so is everything else here."""
        ...

    def silenced_by(self, labels: Labels) -> tuple[str, ...]:
        """The ids of the silences that match an alert now."""
        ...

    def acknowledged(self, labels: Labels) -> Acknowledgement | None: ...

    def add(
        self, matchers: Iterable[str], *, starts_at: float | None, ends_at: float, created_by: str, comment: str
    ) -> Silence: ...

    def expire(self, silence_id: str) -> Silence | None:
        """The silence, which has ended now; None where there is no such silence."""
        ...

    def acknowledge(self, labels: Labels, created_by: str, comment: str) -> Acknowledgement: ...

    def withdraw(self, labels: Labels) -> bool:
        """Remove an acknowledgement; whether there was one."""
        ...

    def kept(self) -> bool:
        """Wait until changes are in the file; whether they survive a restart."""
        ...


def silence_of(
    silence_id: str,
    matchers: Iterable[str],
    *,
    now: float,
    starts_at: float,
    ends_at: float,
    created_by: str,
    comment: str,
) -> Silence:
    """A silence, checked. Raises InvalidSilenceError."""
    found = []
    for text in matchers:
        try:
            found.append(Matcher.of(text))
        except ValueError as error:
            raise InvalidSilenceError("matchers", f"{text!r} {error}") from None
    if not found or len(found) > MOST_MATCHERS:
        raise InvalidSilenceError("matchers", f"needs 1 to {MOST_MATCHERS} matchers")
    if all(each.matches({}) for each in found):
        raise InvalidSilenceError("matchers", 'would match alerts of all kinds: add one such as group="payments"')
    if not ends_at > max(starts_at, now):
        raise InvalidSilenceError("ends_at", "is in the past, or before the silence starts")
    if ends_at - now > LONGEST_SECONDS:
        raise InvalidSilenceError("ends_at", "is more than ten years ahead")
    return Silence(
        silence_id, tuple(found), starts_at, ends_at, _text("created_by", created_by), _text("comment", comment)
    )


def acknowledgement_of(labels: Labels, created_by: str, comment: str, *, now: float) -> Acknowledgement:
    """An acknowledgement, checked; it needs no comment. Raises InvalidSilenceError."""
    if len(comment) > MOST_CHARACTERS:
        raise InvalidSilenceError("comment", f"has more than {MOST_CHARACTERS:,} characters")
    return Acknowledgement(labels, _text("created_by", created_by), comment.strip(), now)


def plain_silence(silence: Silence, now: float) -> dict[str, Any]:
    """A silence as JSON has it."""
    return {**vars(silence), "matchers": [str(each) for each in silence.matchers], "state": silence.state(now)}


def silence_from(plain: Mapping[str, Any]) -> Silence:
    """The silence that JSON has. Raises KeyError, TypeError, ValueError or AttributeError where it is none."""
    return Silence(
        str(plain["id"]),
        tuple(Matcher.of(text) for text in plain["matchers"]),
        float(plain["starts_at"]),
        float(plain["ends_at"]),
        str(plain["created_by"]),
        str(plain["comment"]),
    )


def plain_acknowledgement(each: Acknowledgement) -> dict[str, Any]:
    return {**vars(each), "labels": dict(each.labels)}


def acknowledgement_from(plain: Mapping[str, Any], labels: Labels) -> Acknowledgement:
    """The acknowledgement of an alert that JSON has. Raises as above."""
    return Acknowledgement(labels, str(plain["created_by"]), str(plain["comment"]), float(plain["at"]))


def _text(field: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidSilenceError(field, "is empty")
    if len(text) > MOST_CHARACTERS:
        raise InvalidSilenceError(field, f"has more than {MOST_CHARACTERS:,} characters")
    return text
