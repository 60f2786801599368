"""The metrics page: rendered once a poll on the poll's thread, handed to every scrape as bytes that are ready."""

import platform
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector

from exporters.cluster_text import ClusterText, lines_of
from exporters.exposition import Piece, filled
from exporters.families import AGE_FAMILIES, ALERTING_FAMILIES, BUDGET_FAMILIES, PROCESS_FAMILIES
from exporters.formats import FORMATS, Format, head, negotiated
from exporters.names import families_of
from monitor.model.alert_counters import AlertCounters
from monitor.model.view import View
from monitor.poll.source import Source
from monitor.settings.metrics import MetricsSettings

SMALL_BYTES = 65536
"""Families smaller than this are joined, so that a page of many is still few pieces to send."""

MISSED_POLLS = 3
"""After so many intervals without a poll the numbers of a cluster are withheld: Prometheus would take them for new."""


@dataclass(frozen=True)
class Process:
    """The running kmon. `web_open`: it is served beyond loopback without TLS and a password."""

    web_open: bool = False
    version: str = field(default_factory=lambda: version("kmon-kafka"))
    python: str = field(default_factory=platform.python_version)


class Packed:
    """The page that was the `number`th, as gzip, but for its end, which each scrape has its own of."""

    def __init__(self, number: int, pieces: Sequence[Piece]) -> None:
        self.number = number
        packer = zlib.compressobj(1, wbits=31)
        self._chunks = tuple(packer.compress(filled(piece)) for piece in pieces)
        self._packer = packer
        self._lock = threading.Lock()

    def ended(self, end: bytes) -> tuple[bytes, ...]:
        """All of it in pieces, with this end."""
        with self._lock:
            packer = self._packer.copy()
        return (*self._chunks, packer.compress(end) + packer.flush())


@dataclass
class _Form:
    """What there is of the page in one format, without its end: the newest, made when first asked for, and as gzip.

    `rest` is what is behind the numbers of the moment of a scrape.
    """

    pieces: tuple[Piece, ...] | None = None
    rest: bytes = b""
    packed: Packed | None = None
    gzip_scraped: bool = False
    packing: threading.Lock = field(default_factory=threading.Lock)

    def let_go(self) -> None:
        """Before a new page: of the last its pieces are freed as they are replaced, so there are never two pages.

        The gzip of it stays, to be handed out until there is a new one, if it was asked for.
        """
        self.pieces = None
        if not self.gzip_scraped:
            self.packed = None
        self.gzip_scraped = False


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

    `alerting` gives the counters of alerting as they are; without it the page has nothing of them. `settings` choose
    the series. Raises ValueError when two sources have the same cluster name, for then they would have the same series.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        process: Process | None = None,
        alerting: Callable[[], AlertCounters] | None = None,
        settings: MetricsSettings | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        names = [source.cluster for source in sources]
        if len(set(names)) < len(names):
            raise ValueError(f"two clusters have the same name: {', '.join(sorted(names))}")
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._sources = tuple(sources)
        self._settings = settings or MetricsSettings()
        self._clusters = [ClusterText(name, self._settings, len(self._sources)) for name in names]
        self._monotonic, self._clock = monotonic, clock
        self._shown_at = [monotonic()] * len(names)
        self._process = process or Process()
        self._alerting = alerting
        self._forms = {form: _Form() for form in FORMATS}
        self._number = 0
        self._ends = [source.subscribe(partial(self._show, place)) for place, source in enumerate(sources)]
        for place, source in enumerate(sources):
            view = source.latest()
            if view is not None:
                self._show(place, view, unless_shown=True)

    def close(self) -> None:
        """End the subscriptions; the page stays as it is."""
        for end in self._ends:
            end()

    def answer(self, accept_encoding: str = "", accept: str = "") -> tuple[tuple[Piece, ...], dict[str, str]]:
        """The body in pieces, and its headers, as a scraper's Accept-Encoding and Accept headers want it.

        While a page is being rendered, a scraper that takes gzip gets the page before, if that is there as gzip; any
        other waits.
        """
        form, content_type = negotiated(accept)
        headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
        self._withhold()
        if not accepts_gzip(accept_encoding):
            with self._lock:
                pieces = self._pieces(form)
            return (*pieces, self._end(form)), headers
        kept = self._forms[form]
        kept.gzip_scraped = True
        packed = kept.packed or self._pack(form)
        return packed.ended(self._end(form)), {**headers, "Content-Encoding": "gzip"}

    def ready(self, accept_encoding: str = "", accept: str = "") -> bool:
        """Whether an answer is at hand, so that nobody would wait for it."""
        if not accepts_gzip(accept_encoding):
            return not self._lock.locked()
        return self._forms[negotiated(accept)[0]].packed is not None

    def body(self, accept_encoding: str = "", accept: str = "") -> tuple[bytes, dict[str, str]]:
        """The body as one, and its headers."""
        pieces, headers = self.answer(accept_encoding, accept)
        return b"".join(map(filled, pieces)), headers

    def _pieces(self, form: Format) -> tuple[Piece, ...]:
        """The newest page in this format, without its end; only with the lock."""
        kept = self._forms[form]
        if kept.pieces is None:
            kept.pieces = self._assemble(form)
            kept.rest = form.rest(self._registry)
        return kept.pieces

    def _pack(self, form: Format) -> Packed:
        """The newest page in this format as gzip, made once for all who ask for it at a time."""
        kept = self._forms[form]
        with kept.packing:
            with self._lock:
                number, pieces = self._number, self._pieces(form)
                if kept.packed is not None and kept.packed.number == number:
                    return kept.packed
            packed = Packed(number, pieces)
            with self._lock:
                if number == self._number:
                    kept.packed = packed
            return packed

    def _show(self, place: int, view: View, *, unless_shown: bool = False) -> None:
        with self._lock:
            cluster, name = self._clusters[place], self._sources[place].cluster
            if cluster.shown and unless_shown:
                return
            if cluster.name != name:  # without a name in the settings it becomes the cluster's id, once
                self._clusters[place] = cluster = ClusterText(name, self._settings, len(self._sources))
            scraped = [form for form, kept in self._forms.items() if kept.gzip_scraped]
            self._let_go()
            cluster.render(view)
            self._shown_at[place] = self._monotonic()
        # Where each page is scraped, no scrape should wait for gzip; where few are, few are compressed.
        for form in scraped:
            self._pack(form)

    def _withhold(self) -> None:
        """Take the numbers of clusters away of which there was no poll for long."""
        now = self._monotonic()
        late = [
            cluster
            for cluster, source, shown_at in zip(self._clusters, self._sources, self._shown_at, strict=True)
            if cluster.shown and not cluster.stale and now - shown_at > MISSED_POLLS * source.interval_seconds
        ]
        if not late or not self._lock.acquire(blocking=False):  # a page is being made: there is a poll
            return
        try:
            for cluster in late:
                cluster.withhold()
            self._let_go()
            for kept in self._forms.values():
                kept.packed = None
        finally:
            self._lock.release()

    def _let_go(self) -> None:
        self._number += 1
        for kept in self._forms.values():
            kept.let_go()

    def _assemble(self, form: Format) -> tuple[Piece, ...]:
        pieces = lines_of(PROCESS_FAMILIES, self._process, form)
        if self._alerting is not None:
            pieces += lines_of(ALERTING_FAMILIES, self._alerting(), form)
        for family in (*families_of(self._settings.names), *BUDGET_FAMILIES):
            texts = [piece for each in self._clusters for piece in each.texts.get(family.name, ())]
            if texts:
                pieces += [head(form, family), *texts]
        return _joined(pieces)

    def _end(self, form: Format) -> bytes:
        """The end of the page, with the numbers of this moment."""
        ages = {
            each.name: max(0.0, self._clock() - each.data_time) for each in self._clusters if each.data_time is not None
        }
        lines = map(filled, lines_of(AGE_FAMILIES, ages, form)) if ages else ()
        return b"".join(lines) + self._forms[form].rest
