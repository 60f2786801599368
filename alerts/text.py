"""Records, spans and timestamps as alerts write them."""

from datetime import UTC, datetime


def records(value: float) -> str:
    """A number of records with thousands separated."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def seconds(value: float) -> str:
    """A span as Kafka's and Prometheus's settings are spoken of, such as "90 s"."""
    return f"{value:g} s"


def timestamp(unix: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds, as Alertmanager reads them."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
