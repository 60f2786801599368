"""The metrics page: rendered once a poll on the poll's thread, handed to every scrape as bytes that are ready."""

import platform
import threading
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version

import numpy as np
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

from exporters.exposition import CONTENT_TYPE, Lines, Piece, filled
from exporters.families import ALERTING_FAMILIES, CLUSTER_FAMILIES, PROCESS_FAMILIES
from exporters.family import Family
from exporters.readings import Labels, Readings
from monitor.model.alert_counters import AlertCounters
from monitor.model.view import View
from monitor.poll.source import Source

SMALL_BYTES = 65536
"""Families smaller than this are joined, so that a page of many is still few pieces to send."""


@cache
def head(family: Family) -> bytes:
    """The lines above those of a family: what it means, and its type."""
    return f"# HELP {family.name} {family.meaning}\n# TYPE {family.name} {family.type}\n".encode()


@dataclass(frozen=True)
class Process:
    """The running kmon. `web_open`: it is served beyond loopback without TLS and a password."""

    web_open: bool = False
    version: str = field(default_factory=lambda: version("kmon-kafka"))
    python: str = field(default_factory=platform.python_version)


class Rendered:
    """One rendering of the page, in pieces that are only handed on, and its gzip form, made when first asked for."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = _joined(pieces)
        self._gzip: tuple[bytes, ...] | None = None
        self._lock = threading.Lock()

    def gzip(self) -> tuple[bytes, ...]:
        with self._lock:
            if self._gzip is None:
                packer = zlib.compressobj(1, wbits=31)
                self._gzip = (*(packer.compress(filled(piece)) for piece in self.pieces), packer.flush())
        return self._gzip


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    joined: list[Piece] = []
    small: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, bytes) and len(piece) < SMALL_BYTES:
            small.append(piece)
        else:
            joined += [b"".join(small), piece]
            small = []
    return tuple(piece for piece in (*joined, b"".join(small)) if piece)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header allows gzip."""
    for coding in accept_encoding.lower().split(","):
        name, _, quality = coding.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


class MetricsPage:
    """The page of these sources. It subscribes to each and renders its every View once; `close` ends that.

    `alerting` gives the counters of alerting as they are; without it the page has nothing of them. `families` are those
    of the clusters. Raises ValueError when two sources have the same cluster name, for then they would have the same
    series.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        process: Process | None = None,
        alerting: Callable[[], AlertCounters] | None = None,
        families: Sequence[Family] = CLUSTER_FAMILIES,
    ) -> None:
        names = [source.cluster for source in sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two clusters have the same name: {', '.join(sorted(names))}")
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._sources = tuple(sources)
        self._families = tuple(families)
        self._clusters = [self._cluster(name) for name in names]
        self._own = _of_all(PROCESS_FAMILIES, process or Process())
        self._alerting = alerting
        self._rendered = self._assemble()
        # The newest gzip form that is ready, and whether the last page was scraped as gzip.
        self._packed: tuple[bytes, ...] | None = None
        self._gzip_scraped = False
        self._ends = [source.subscribe(partial(self._show, place)) for place, source in enumerate(sources)]
        for place, source in enumerate(sources):
            view = source.latest()
            if view is not None:
                self._show(place, view, unless_shown=True)

    def close(self) -> None:
        """End the subscriptions; the page stays as it is."""
        for end in self._ends:
            end()

    def answer(self, accept_encoding: str = "") -> tuple[tuple[Piece, ...], dict[str, str]]:
        """The body in pieces, and its headers.

        While a page is being rendered, a scraper that takes gzip gets the page before, if that is there as gzip; any
        other waits.
        """
        headers = {"Content-Type": CONTENT_TYPE, "Vary": "Accept-Encoding"}
        if not accepts_gzip(accept_encoding):
            with self._lock:
                return self._rendered.pieces, headers
        self._gzip_scraped = True
        return self._packed or self._pack(), {**headers, "Content-Encoding": "gzip"}

    def ready(self, accept_encoding: str = "") -> bool:
        """Whether an answer is at hand, so that nobody would wait for it."""
        return self._packed is not None if accepts_gzip(accept_encoding) else not self._lock.locked()

    def _pack(self) -> tuple[bytes, ...]:
        """The gzip form of the newest page."""
        with self._lock:
            rendered = self._rendered
        packed = rendered.gzip()
        with self._lock:
            if self._rendered is rendered:
                self._packed = packed
        return packed

    def body(self, accept_encoding: str = "") -> tuple[bytes, dict[str, str]]:
        """The body as one, and its headers."""
        pieces, headers = self.answer(accept_encoding)
        return b"".join(map(filled, pieces)), headers

    def _show(self, place: int, view: View, *, unless_shown: bool = False) -> None:
        with self._lock:
            cluster, name = self._clusters[place], self._sources[place].cluster
            if cluster.shown and unless_shown:
                return
            if cluster.name != name:  # without a name in the settings it becomes the cluster's id, once
                self._clusters[place] = cluster = self._cluster(name)
            scraped, self._gzip_scraped = self._gzip_scraped, False
            if not scraped:
                self._packed = None
            # Let go of the last page first: its pieces are freed as they are replaced, so there are never two pages.
            self._rendered = Rendered(())
            try:
                cluster.render(view)
            finally:
                self._rendered = self._assemble()
        # Where each page is scraped, no scrape should wait for gzip; where few are, few are compressed.
        if scraped:
            self._pack()

    def _assemble(self) -> Rendered:
        pieces = list(self._own)
        if self._alerting is not None:
            pieces += _of_all(ALERTING_FAMILIES, self._alerting())
        for family in self._families:
            texts = [piece for each in self._clusters for piece in each.texts.get(family.name, ())]
            if texts:
                pieces += [head(family), *texts]
        return Rendered([*pieces, generate_latest(self._registry)])

    def _cluster(self, name: str) -> "_Cluster":
        return _Cluster(name, self._families, len(self._sources))


class _Cluster:
    """What the page has of one cluster: its families' text, which of most there is none before the first View.

    `clusters` is how many the page has.
    """

    def __init__(self, name: str, families: Sequence[Family], clusters: int) -> None:
        self.name = name
        self._families = families
        self.shown = False
        self._labels: Labels = {}
        self._lines = {each.name: _lines(each, *each.of_cluster(name, clusters)) for each in families}
        self.texts: dict[str, Sequence[Piece]] = {
            each.name: self._lines[each.name].render((), np.array([each.unknown])) for each in families if not each.keys
        }

    def render(self, view: View) -> None:
        self.shown = True
        readings = Readings(view, self._labels)
        for family in self._families:
            shown = view.up or family.always
            self.texts[family.name] = self._lines[family.name].render(*family.lines(readings)) if shown else ()
        self._labels = readings.columns


def _of_all(families: Sequence[Family], told: Process | AlertCounters) -> list[Piece]:
    """The text of families that are not of one cluster."""
    readings = Readings(told)
    return [piece for each in families for piece in (head(each), *_lines(each).render(*each.lines(readings)))]


def _lines(family: Family, *fixed: tuple[str, str]) -> Lines:
    return Lines(family.name, fixed, family.label_names, whole=family.whole)
