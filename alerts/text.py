"""Hostile names, numbers and times as one plain line of text."""

from datetime import UTC, datetime


def visible(text: str, limit: int | None = None) -> str:
    """The text with every control, direction-changing or undecodable character as its escape, cut to `limit`."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def records(value: float) -> str:
    """A number of records with thousands separated."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def seconds(value: float) -> str:
    """A span as Kafka's and Prometheus's settings are spoken of, such as "90 s"."""
    return f"{value:g} s"


def timestamp(unix: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds, as Alertmanager reads them."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(unix: float) -> str:
    """Unix seconds as people read them, in UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
