"""DescribeConfigs: requests for many resources, and answers, most of which hold the same bytes over and over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from monitor.kafka.client.apis import DESCRIBE_CONFIGS
from monitor.kafka.decode.cursor import Cursor, count, text

TOPIC, BROKER = 2, 4
"""Kafka's types of resources."""

KEPT = 16
"""How many different sets of configs of one type are remembered."""

Made = TypeVar("Made")


class Config(NamedTuple):
    """One config; the value of a sensitive one is never read."""

    name: str
    value: str | None
    sensitive: bool


@dataclass(frozen=True)
class Described(Generic[Made]):
    """One resource of an answer; `error` is Kafka's error code, `configs` what was made of its configs."""

    kind: int
    name: str
    error: int
    configs: Made


class _Entry(NamedTuple):
    """A config with its bytes, which are empty where they must not be kept."""

    raw: bytes
    config: Config


def encode_describe_configs(resources: Sequence[tuple[int, str]], version: int) -> bytes:
    """The body of a request (versions 1 to 4) for all configs of each (type, name), without what explains them."""
    flexible = DESCRIBE_CONFIGS.is_flexible(version)
    end = b"\0\0" if flexible else b"\xff\xff\xff\xff"  # configuration_keys: null for all
    parts = [bytes([kind]) + text(name, flexible=flexible) + end for kind, name in resources]
    options = b"\0" + (b"\0" if version >= 3 else b"") + (b"\0" if flexible else b"")
    return count(len(resources), flexible=flexible) + b"".join(parts) + options


class ConfigReader(Generic[Made]):
    """Reads answers (versions 1 to 4), and has `make` make something of each resource's type and configs.

    Most topics have the very same configs, and others differ in few: bytes that were met before are not decoded again,
    and what was made of them is the same object.
    """

    def __init__(self, make: Callable[[int, Sequence[Config]], Made]) -> None:
        self._make = make
        self._recent: dict[tuple[int, int], list[tuple[bytes, Made]]] = {}
        self._last: dict[tuple[int, int], list[_Entry]] = {}

    def read(self, body: bytes, version: int) -> list[Described[Made]]:
        """The resources in the order of the answer. Raises MalformedAnswerError when the bytes are not an answer."""
        cursor = Cursor.of(DESCRIBE_CONFIGS, body, version)
        described = []
        for _ in range(cursor.count()):
            error, _message = cursor.int16(), cursor.text()
            kind, name = cursor.int8(), cursor.name()
            described.append(Described(kind, name, error, self._configs(cursor, version, kind)))
        cursor.tags()
        cursor.end()
        return described

    def _configs(self, cursor: Cursor, version: int, kind: int) -> Made:
        """What is made of the configs and tagged fields that come next."""
        body, start = cursor.body, cursor.at
        recent = self._recent.setdefault((version, kind), [])
        for place, (known, made) in enumerate(recent):
            if body.startswith(known, start):
                cursor.at += len(known)
                recent.insert(0, recent.pop(place))
                return made
        entries = self._entries(cursor, version, kind)
        cursor.tags()
        made = self._make(kind, [entry.config for entry in entries])
        if all(entry.raw for entry in entries):
            recent.insert(0, (body[start : cursor.at], made))
            del recent[KEPT:]
        return made

    def _entries(self, cursor: Cursor, version: int, kind: int) -> list[_Entry]:
        """The configs that come next; brokers tell those of one type in the same order."""
        before = self._last.get((version, kind), [])
        entries = []
        for place in range(cursor.count()):
            known = before[place] if place < len(before) else None
            if known and known.raw and cursor.body.startswith(known.raw, cursor.at):
                cursor.at += len(known.raw)
                entries.append(known)
            else:
                entries.append(_entry(cursor, version))
        self._last[version, kind] = entries
        return entries


def _entry(cursor: Cursor, version: int) -> _Entry:
    start = cursor.at
    name, value = cursor.name(), cursor.text()
    cursor.skip(2)  # read_only, config_source
    sensitive = cursor.int8() != 0
    for _ in range(cursor.count()):  # synonyms, which are not asked for
        cursor.name()
        cursor.text()
        cursor.skip(1)
        cursor.tags()
    if version >= 3:
        cursor.skip(1)  # config_type
        cursor.text()  # documentation
    cursor.tags()
    secret = sensitive and value is not None
    return _Entry(
        b"" if secret else cursor.body[start : cursor.at], Config(name, None if sensitive else value, sensitive)
    )
