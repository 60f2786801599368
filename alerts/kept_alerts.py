"""What the file of alerting has of one cluster: its alerts, as `alerts.saved` writes them."""

import json
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from alerts.saved import KEPT_SECONDS, Saved, from_json, to_json
from alerts.state_directory import former_alerts, former_file
from alerts.store import Store
from monitor.model.text import duration, plural, visible

log = logging.getLogger(__name__)


class KeptAlerts:
    """The part of one cluster, by what the settings call it: `source`."""

    def __init__(self, store: Store, source: str) -> None:
        self._store, self._source = store, source
        self._key = _key(source)
        self._obsolete: set[str] = set()
        self._written: tuple[int, Saved] | None = None
        store.sources.add(self._key)

    def load(self, now: float) -> Saved | None:
        """What an earlier run left, None when there is nothing to go by. State that is too old has no alerts."""
        for (body,) in self._store.read("SELECT body FROM alerts WHERE source = ?", self._key):
            return self._usable(partial(from_json, body), now)
        if not self._store.generation:
            return None
        former = former_file(self._store.path.parent, self._source)
        return self._usable(partial(former_alerts, former), now)

    def adopt(self, cluster_id: str, now: float) -> Saved | None:
        """What an earlier run left of the cluster of this id under another name, which is then gone from there."""
        for key, body in self._store.read("SELECT source, body FROM alerts ORDER BY source"):
            if key in self._store.sources:
                continue
            saved = self._usable(partial(from_json, body), now, quiet=True)
            if saved is not None and saved.cluster_id == cluster_id and saved.alerts:
                self._store.sources.add(key)
                self._obsolete.add(key)
                return saved
        return None

    def offer(self, saved: Saved) -> None:
        """Have this written; never waits, and only the newest is kept."""
        self._store.offer(f"alerts of {self._key}", partial(self._write, saved))

    def _write(self, saved: Saved, database: sqlite3.Connection) -> Callable[[], None]:
        if not self._is_new(saved):
            return _nothing
        database.execute("INSERT OR REPLACE INTO alerts VALUES (?, ?)", (self._key, to_json(saved)))
        database.executemany("DELETE FROM alerts WHERE source = ?", [(key,) for key in self._obsolete])
        return partial(self._done, saved)

    def _is_new(self, saved: Saved) -> bool:
        """Whether there is anything to write: not where there are still no alerts, of the same cluster."""
        if self._written is None or self._written[0] != self._store.generation:
            return True
        return bool(saved.alerts) or replace(saved, saved_at=0.0) != replace(self._written[1], saved_at=0.0)

    def _done(self, saved: Saved) -> None:
        self._written = (self._store.generation, saved)
        self._obsolete.clear()
        former = former_file(self._store.path.parent, self._source)
        for path in (former, former.with_name(f"{former.name}.lock")):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                _warn(f"cannot remove {path}: {error.strerror}")

    def _usable(self, read: Callable[[], Saved | None], now: float, *, quiet: bool = False) -> Saved | None:
        try:
            saved = read()
        except (OSError, ValueError) as error:
            if not quiet:
                _warn(f"cannot read the alerts of the last run: {self._store.path}: {error}; kmon starts without them")
            return None
        if saved is None:
            return None
        age = now - saved.saved_at
        if saved.alerts and not -KEPT_SECONDS <= age <= KEPT_SECONDS:
            number = plural(sum(map(len, saved.alerts.values())), "alert")
            log.info("not restored: %s of the last run, %s ago", number, duration(abs(age)))
            return replace(saved, alerts={})
        return saved


def _key(source: str) -> str:
    """A name as SQLite can hold it, whatever characters it has."""
    return json.dumps(source, ensure_ascii=True)


def _nothing() -> None:
    pass


def _warn(text: str) -> None:
    log.warning("%s", visible(text))
