"""The types of settings: durations, sizes, addresses, lists and others, and the base of every settings model."""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasGenerator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from monitor.model.patterns import Pattern
from monitor.model.units import format_duration, format_size, parse_duration, parse_size


class Frozen(BaseModel):
    """A settings model: immutable, without unknown keys, and with errors that never repeat a value.

    A key is the name of its attribute, without the unit: `interval_seconds` is `interval`, written with a unit.
    `hints` say what to do about keys that other software has and kmon does not.
    """

    hints: ClassVar[Mapping[str, str]] = {}

    @property
    def unused(self) -> frozenset[str]:
        """Attributes that this section does not take, because of what another of its keys is set to."""
        return frozenset()

    model_config = ConfigDict(
        alias_generator=AliasGenerator(validation_alias=lambda name: name.removesuffix("_seconds")),
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        hide_input_in_errors=True,
    )


@dataclass(frozen=True)
class Notation:
    """How a settings file writes a value: what documentation calls it, and the text of a value."""

    takes: str
    text: Callable[[Any], str] = str


def split_list(value: Any) -> Any:
    """The items of a comma-separated text; what is not a text is a list already."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def split_address(text: str, example: int = 9092) -> tuple[str, int]:
    """Host and port of "host:port" or "[IPv6]:port", the brackets removed; `example` is the port that an error shows.

    Raises ValueError that says what is missing or wrong.
    """
    if "://" in text:
        raise ValueError(f"{text!r} has a scheme: write host:port alone, and the protocol under security.protocol")
    bracketed = re.fullmatch(r"\[([^\[\]]*)\](?::(.*))?", text, re.DOTALL)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
        _check_ipv6(text, host)
    elif text.count(":") > 1:
        raise ValueError(f"{text!r}: write an IPv6 address in brackets, e.g. [::1]:{example}")
    else:
        host, colon, rest = text.partition(":")
        port = rest if colon else None
        if not host:
            raise ValueError(f"{text!r} has no host: write host:port (0.0.0.0 means every address)")
        if not re.fullmatch(r"[\w.%-]+", host):
            raise ValueError(f"{text!r}: {host!r} is not a host name")
    if host.isdecimal():
        hint = "write host:port, e.g. 127.0.0.1"
        if port:
            raise ValueError(f"{text!r} is a mapping of ports, which only a container's runtime takes: {hint}:{port}")
        raise ValueError(f"{text!r} has no host: {hint}:{host}")
    if not port:
        raise ValueError(f"{text!r} has no port: write host:port, e.g. {text.rstrip(':')}:{example}")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f"{text!r}: the port must be a number from 0 to 65535")
    return host, int(port)


def _check_ipv6(text: str, host: str) -> None:
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        raise ValueError(f"{text!r}: {host!r} is not an IPv6 address") from None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on `host`; of names only localhost is trusted."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_url(text: str) -> bool:
    """Whether this is an http or https URL of a place: without query, fragment and blanks."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return good and not (parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", text))


def check_external(url: str) -> str:
    """The URL without a slash at its end. Raises ValueError."""
    if not is_url(url) or "@" in url:
        raise ValueError("is not a URL without user and password, e.g. https://kmon.example.com")
    return url.rstrip("/")


def check_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    for host in hosts:
        if not re.fullmatch(r"(\*\.)?[\w.-]+|\[[0-9a-fA-F:]+\]", host):
            raise ValueError(f"{host!r} is not a host name without a port, e.g. kmon.example.com or *.example.com")
    return hosts


def check_unique(kind: str, names: Iterable[str]) -> None:
    """Raise ValueError for a name that several of a kind have."""
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{count} {kind} are named {name!r}: names must be unique")


def check_servers(servers: tuple[str, ...]) -> tuple[str, ...]:
    if not servers:
        raise ValueError("is empty: name at least one broker as host:port")
    for server in servers:
        if split_address(server)[1] == 0:
            raise ValueError(f"{server!r}: cannot connect to port 0")
    return servers


def check_listen(text: str) -> str:
    split_address(text, example=9308)
    return text


def check_regex(text: str) -> str:
    """The pattern itself, once it compiles. Raises ValueError with what RE2 has against it."""
    Pattern(text)
    return text


WRONG_KEY = "wrong_key"
"""Type of an error of a whole section that is about one key: its context has `key` and `problem`."""

PATH = Notation("path")

Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(min_length=1, max_length=255)]
Secret = Annotated[SecretStr, Field(min_length=1)]
FilePath = Annotated[str, Field(min_length=1), PATH]
Duration = Annotated[float, BeforeValidator(parse_duration), Notation("duration", format_duration)]
Size = Annotated[int, BeforeValidator(parse_size), Notation("size", format_size)]
Servers = Annotated[tuple[str, ...], BeforeValidator(split_list), AfterValidator(check_servers)]
Listen = Annotated[str, AfterValidator(check_listen), Notation("address")]
ExternalUrl = Annotated[str, AfterValidator(check_external), Notation("URL")]
Hosts = Annotated[tuple[str, ...], BeforeValidator(split_list), AfterValidator(check_hosts)]
Regex = Annotated[str, AfterValidator(check_regex), Notation("expression")]
Regexes = Annotated[tuple[Regex, ...], BeforeValidator(split_list)]
