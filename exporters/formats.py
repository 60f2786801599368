"""The formats that the page of metrics is served in, and which of them a scraper asks for.

All have the same lines of samples. What differs are the lines that describe a family, and the end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from exporters.family import Family


@dataclass(frozen=True)
class Format:
    """One form of the page. `head` are the lines before those of a family, `rest` what prometheus_client exports, which
    is last and ends the page. `versions` are those that are served, the newest first.
    """

    media_type: str
    versions: tuple[str, ...]
    head: Callable[[Family], bytes]
    rest: Callable[[CollectorRegistry], bytes]


@cache
def head(form: Format, family: Family) -> bytes:
    """The lines before those of a family."""
    return form.head(family)


def _text_head(family: Family) -> bytes:
    kind = "gauge" if family.type == "info" else family.type
    return f"# HELP {family.name} {_escaped(family.meaning)}\n# TYPE {family.name} {kind}\n".encode()


def _openmetrics_head(family: Family) -> bytes:
    """In OpenMetrics a family is called as its samples are, without the suffix that its type gives them."""
    kind = family.type
    if kind == "counter" and not family.name.endswith("_total"):  # as another exporter calls it
        kind = "unknown"
    name = family.name.removesuffix({"counter": "_total", "info": "_info"}.get(kind, ""))
    lines = [f"# HELP {name} " + _escaped(family.meaning).replace('"', r"\""), f"# TYPE {name} {kind}"]
    if family.unit and name.endswith(f"_{family.unit}"):
        lines.append(f"# UNIT {name} {family.unit}")
    return "".join(f"{line}\n" for line in lines).encode()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


TEXT = Format("text/plain", ("1.0.0", "0.0.4"), _text_head, generate_latest)
OPENMETRICS = Format("application/openmetrics-text", ("1.0.0", "0.0.1"), _openmetrics_head, openmetrics.generate_latest)
FORMATS = (TEXT, OPENMETRICS)

PLAIN = f"{TEXT.media_type}; version=0.0.4; charset=utf-8"
"""The type of an answer to whoever asks for nothing that is served: each Prometheus reads it."""

ESCAPINGS = ("allow-utf-8", "underscores", "dots", "values")
"""Ways to write names that are not ASCII, of which kmon's metrics have none, so that each is the same."""


def negotiated(accept: str) -> tuple[Format, str]:
    """The format that an Accept header wants most, and the Content-Type of the answer."""
    offers = sorted((_offer(each) for each in accept.split(",")), key=lambda offer: -offer[1])
    for (media_type, parameters), quality in offers:
        for form in FORMATS:
            # Whoever names no version gets the oldest.
            version = parameters.get("version", form.versions[-1])
            if quality > 0 and media_type == form.media_type and version in form.versions:
                escaping = parameters.get("escaping", "")
                told = f"; escaping={escaping}" if escaping in ESCAPINGS and version == form.versions[0] else ""
                return form, f"{form.media_type}; version={version}; charset=utf-8{told}"
    return TEXT, PLAIN


def _offer(text: str) -> tuple[tuple[str, dict[str, str]], float]:
    """A media type with its parameters, and how much it is wanted, from 0 to 1."""
    media_type, *rest = (part.strip().lower() for part in text.split(";"))
    parameters = {name.strip(): value.strip(' "') for name, _, value in (each.partition("=") for each in rest)}
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 0.0
    return (media_type, parameters), quality
