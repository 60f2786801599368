"""Reads the figures of a broker from Prometheus's text format. Whatever the text is, it is read in linear time."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from monitor.model.broker_metrics import DEPRECATED, OF_BROKERS, OF_REQUESTS, MetricName
from monitor.model.reasons import Kind, Reason

PIECE = 1 << 16
"""Bytes that are searched at once."""
MOST_SAMPLES = 10_000
"""Most samples that are used of one broker; Kafka has about a thousand."""
LARGEST = 9.2e18
"""No number of Kafka is larger: they have 64 bits. Faces write whole numbers with as many."""
MOST_TEXT = 255
"""Most characters of a label's value that are kept."""
BY_TOPIC = {"topic", "partition"}
"""Labels of samples that are only part of a broker's figure."""
COUNTERS = {"bytes_in", "bytes_out", "handler_idle_seconds", "requests", DEPRECATED}
"""Figures that are sums over samples, such as over versions of a request; of others the largest sample counts."""

LONGEST_LABELS = 4_096
"""A sample with longer labels is not read."""

_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]++|\\.)*+)"', re.ASCII)
_LABELS = r'(?:[^"\n}]++|"(?:[^"\\\n]++|\\.)*+")*+'
"""Possessive, as all repetitions here: no text makes the expression go back."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SOFTWARE = re.compile(
    r"(?:request_(?P<request>\w+?)_version_(?P<version>\d+)_)?clientSoftwareName", re.ASCII | re.IGNORECASE
)
"""The label with the name of the client software. jmx_exporter's examples have rules for two keys of an MBean, and of
one with four they make a label of the first three."""

DeprecatedKey = tuple[str, str, str, str]
"""Request, version, client software and its version."""


@dataclass
class Figures:
    """What one broker reports, by the names in FIGURES: of the broker, of each type of request, and deprecated ones."""

    broker: dict[str, float] = field(default_factory=dict)
    requests: dict[str, dict[str, float]] = field(default_factory=dict)
    deprecated: dict[DeprecatedKey, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.broker or self.requests or self.deprecated)


class Reader:
    """Reads texts for these names."""

    def __init__(self, names: Iterable[MetricName]) -> None:
        self._names: dict[str, list[MetricName]] = {}
        for each in names:
            self._names.setdefault(each.metric.lower(), []).append(each)
        any_of = "|".join(map(re.escape, sorted(self._names, key=len, reverse=True)))
        self._sample = re.compile(
            rf"^({any_of})(?:\{{({_LABELS})\}})?[ \t]++(\S{{1,64}}+)(?:\s|\Z)",
            re.MULTILINE | re.IGNORECASE | re.ASCII,
        )

    def read(self, data: bytes) -> Figures | Reason:
        """The figures in a text, or why there are none."""
        figures, samples = Figures(), 0
        seen: set[tuple[str, str]] = set()
        for match in self._matches(data):
            value = _number(match[3])
            text = match[2] or ""
            series = match[1].lower(), text
            if value is None or len(text) > LONGEST_LABELS or series in seen:
                continue
            labels = dict(_labels(text))
            for name in self._names[match[1].lower()]:
                if _fits(name, labels) and value * name.scale <= LARGEST:
                    samples += 1
                    seen.add(series)  # one that is there twice counts once
                    _take(figures, name.figure, labels, value * name.scale)
            if samples > MOST_SAMPLES:
                return Reason(Kind.TOO_MANY_SAMPLES, detail=f"{MOST_SAMPLES:,}")
        return figures or Reason(Kind.NO_KNOWN_METRICS)

    def _matches(self, data: bytes) -> Iterator[re.Match[str]]:
        """The samples of a text, which is searched in pieces: no other thread runs while one is."""
        for piece in pieces_of(data):
            yield from self._sample.finditer(piece)


def pieces_of(data: bytes) -> Iterator[str]:
    """The lines of a text, many at once. A line that is longer than a piece is left out."""
    start = 0
    while start < len(data):
        end = len(data) if len(data) - start <= PIECE else data.rfind(b"\n", start, start + PIECE) + 1
        if end:
            yield data[start:end].decode("utf-8", "replace")
        start = end or data.find(b"\n", start + PIECE) + 1 or len(data)


def _number(text: str) -> float | None:
    """A known number: of Kafka's none is negative, and a gauge without a value is NaN."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= LARGEST else None


def _labels(text: str) -> Iterator[tuple[str, str]]:
    """The labels with their names in lower case, but for the one whose name may have the name of a request."""
    for name, value in _LABEL.findall(text):
        plain = _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], value) if "\\" in value else value
        yield name if _SOFTWARE.fullmatch(name) else name.lower(), plain[:MOST_TEXT]


def _fits(name: MetricName, labels: Mapping[str, str]) -> bool:
    if not all(labels.get(label.lower(), "").lower() == value.lower() for label, value in name.labels):
        return False
    wanted = {label.lower() for label, _ in name.labels}
    return not (name.figure in OF_BROKERS and (BY_TOPIC & labels.keys()) - wanted)


def _take(figures: Figures, figure: str, labels: Mapping[str, str], value: float) -> None:
    if figure == DEPRECATED:
        if key := _deprecated(labels):
            figures.deprecated[key] = figures.deprecated.get(key, 0.0) + value
        return
    if figure in OF_REQUESTS:
        if not (request := labels.get("request")):
            return
        of = figures.requests.setdefault(request, {})
    else:
        of = figures.broker
    before = of.get(figure, 0.0)
    of[figure] = before + value if figure in COUNTERS else max(before, value)


def _deprecated(labels: Mapping[str, str]) -> DeprecatedKey | None:
    """Who sends what, None where the labels do not tell."""
    named = next(((match, value) for name, value in labels.items() if (match := _SOFTWARE.fullmatch(name))), None)
    if named is None:
        return None
    match, software = named
    request, version = labels.get("request") or match["request"], labels.get("version") or match["version"]
    return request or "", version or "", software, labels.get("clientsoftwareversion", "")
