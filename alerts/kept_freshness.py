"""What the file of alerting has of one cluster's objectives: for how long its groups were fresh and were observed.

A row is a span of time with the seconds of every group. Rows are added at a slow pace, and old ones are merged, so that
a file has a few hundred of them, and a write is small beside what the file holds.
"""

import json
import logging
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from alerts.store import Store
from monitor.analysis.earlier_polls.freshness import Counters
from monitor.analysis.earlier_polls.observed_spans import (
    LONGEST_SECONDS,
    Span,
    alike,
    merged,
    resumed,
    span_since,
    spans_of,
)
from monitor.model.table import objects
from monitor.model.text import plural, visible

log = logging.getLogger(__name__)

WRITE_SECONDS = 60.0
"""How much observed time is lost at most when kmon is killed; when it ends by itself, none is."""

UNREADABLE = (KeyError, TypeError, ValueError, zlib.error, RecursionError)


class KeptFreshness:
    """The part of one cluster, by what the settings call it: `source`."""

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._key = json.dumps(source, ensure_ascii=True)  # as SQLite can hold it, whatever characters it has
        self._generation = store.generation
        self._newest: tuple[Counters, float] | None = None
        self._offered_at = 0.0
        self._written = Counters()
        """What the file has of this run."""

    def load(self, unix: float, monotonic: float) -> Counters:
        """The counters with which polls go on: those that were offered last, or else what an earlier run left."""
        if self._newest is not None:
            return self._newest[0]
        spans, wrong = [], 0
        query = "SELECT began, ended, body FROM freshness WHERE source = ? ORDER BY number"
        for began, ended, body in self._store.read(query, self._key):
            try:
                span = _span(began, ended, body)
            except UNREADABLE:
                wrong += 1
            else:
                spans += [span] if unix - span.ended <= LONGEST_SECONDS else []
        if wrong:
            text = f"{plural(wrong, 'row')} of {self._store.path} cannot be read: burn rates lack that time"
            log.warning("%s", visible(text))
        return resumed(spans, unix - monotonic, monotonic)

    def offer(self, counters: Counters, offset: float) -> None:
        """Have the newest counters written when it is time to; never waits. `offset` makes monotonic time unix time."""
        if not counters.points:
            return
        now = counters.points[-1].time
        if self._newest is None:
            self._written, self._offered_at = counters, now
        self._newest = counters, offset
        if now - self._offered_at >= WRITE_SECONDS:
            self.save()

    def save(self) -> None:
        """Have them written now; never waits."""
        if self._newest is not None:
            counters, offset = self._newest
            self._offered_at = counters.points[-1].time
            self._store.offer(f"freshness of {self._key}", partial(self._write, counters, offset))

    def _write(self, counters: Counters, offset: float, database: sqlite3.Connection) -> Callable[[], None]:
        generation, now = self._store.generation, counters.points[-1].time + offset
        if generation == self._generation:
            spans = [span_since(self._written, counters, offset)]
        else:  # nobody knows what this file has of the time that is remembered
            spans = spans_of(counters, offset)
            began = counters.points[0].time + offset
            database.execute("DELETE FROM freshness WHERE source = ? AND ended > ?", (self._key, began))
        database.execute("DELETE FROM freshness WHERE ended < ?", (now - LONGEST_SECONDS,))
        query = "SELECT number, began, ended FROM freshness WHERE source = ? ORDER BY number"
        rows = database.execute(query, (self._key,)).fetchall()
        first = rows[-1][0] + 1 if rows else 0
        rows += [(number, span.began, span.ended) for number, span in enumerate(spans, first)]
        new = dict(enumerate(spans, first))
        for places in alike([(began, ended) for _, began, ended in rows], now, WRITE_SECONDS):
            numbers = [rows[place][0] for place in places]
            if len(numbers) > 1 or numbers[0] in new:
                self._replace(database, numbers, new)
        return partial(self._done, generation, counters)

    def _replace(self, database: sqlite3.Connection, numbers: list[int], new: dict[int, Span]) -> None:
        """Write these rows as one: those of the file, and `new` ones."""
        query = "SELECT began, ended, body FROM freshness WHERE source = ? AND number BETWEEN ? AND ?"
        old = database.execute(f"{query} ORDER BY number", (self._key, numbers[0], numbers[-1])).fetchall()
        spans = [*_readable(old), *(new[number] for number in numbers if number in new)]
        database.executemany(
            "DELETE FROM freshness WHERE source = ? AND number = ?", [(self._key, number) for number in numbers]
        )
        if any(len(each.names) for each in spans):
            one = merged(spans)
            row = (self._key, numbers[-1], one.began, one.ended, _body(one))
            database.execute("INSERT INTO freshness VALUES (?, ?, ?, ?, ?)", row)

    def _done(self, generation: int, counters: Counters) -> None:
        self._generation, self._written = generation, counters


def _readable(rows: Iterable[tuple[Any, Any, Any]]) -> Iterable[Span]:
    for row in rows:
        try:
            yield _span(*row)
        except UNREADABLE:
            continue


def _body(span: Span) -> bytes:
    """Groups by their numbers, which most have in common."""
    same: dict[tuple[float, float, float], list[str]] = {}
    numbers = zip(span.limits.tolist(), span.fresh.round(3).tolist(), span.observed.round(3).tolist(), strict=True)
    for name, each in zip(span.names.tolist(), numbers, strict=True):
        same.setdefault(each, []).append(name)
    return zlib.compress(json.dumps([[*each, names] for each, names in same.items()], ensure_ascii=True).encode(), 1)


def _span(began: object, ended: object, body: bytes) -> Span:
    """Raises one of UNREADABLE for what is not a row of this table."""
    names: list[str] = []
    numbers: list[tuple[float, float, float]] = []
    for limit, fresh, observed, groups in json.loads(zlib.decompress(body)):
        names += map(str, groups)
        numbers += [(limit, fresh, observed)] * len(groups)
    columns = np.array(numbers, np.float64).reshape(-1, 3)
    times = np.array([began, ended], np.float64)
    if not (np.isfinite(columns).all() and np.isfinite(times).all() and (columns >= 0).all()):
        raise ValueError("is not a number of seconds")
    return Span(float(times[0]), float(times[1]), objects(names), *columns.T)
