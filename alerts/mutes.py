"""The silences and acknowledgements in effect, and their part of the file of alerting."""

import json
import logging
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from alerts.notice import Notice
from alerts.samples import Labels
from alerts.store import Store
from monitor.model.silences import (
    ACTIVE,
    Acknowledgement,
    InvalidSilenceError,
    Silence,
    acknowledgement_from,
    acknowledgement_of,
    plain_acknowledgement,
    plain_silence,
    silence_from,
    silence_of,
)
from monitor.model.text import plural, visible

log = logging.getLogger(__name__)

MOST_SILENCES = 1_000
EXPIRED_SECONDS = 5 * 86_400.0
"""How long a silence that has ended is still listed, as in Alertmanager."""


class Wall(Protocol):
    def time(self) -> float: ...


class Mutes:
    """The silences and acknowledgements of all clusters; any thread may use them. See `Silencing`.

    An alert that is silenced or acknowledged is evaluated as any other. Its resolution is sent wherever it was sent
    that it fires.
    """

    def __init__(self, store: Store | None = None, clock: Wall = time) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._silences: dict[str, Silence] = {}
        self._acknowledgements: dict[Labels, Acknowledgement] = {}
        self._removed: set[tuple[str, str]] = set()
        self._changes = 0
        self._generation = store.generation if store is not None else 0
        if store is not None:
            self._load(store)

    # ----------------------------------------------------------------------------------------------- what they mute

    def silenced_by(self, labels: Labels) -> tuple[str, ...]:
        """The ids of the silences that match an alert now."""
        now, names = self._clock.time(), dict(labels)
        return tuple(
            each.id for each in [*self._silences.values()] if each.state(now) == ACTIVE and each.matches(names)
        )

    def acknowledged(self, labels: Labels) -> Acknowledgement | None:
        return self._acknowledgements.get(labels)

    def is_silenced(self, notice: Notice) -> bool:
        """Whether a silence holds back that an alert fires."""
        return not notice.resolved and bool(self.silenced_by(notice.labels))

    def is_muted(self, notice: Notice) -> bool:
        """Whether anything holds it back."""
        return self.is_silenced(notice) or self.is_acknowledged(notice)

    def is_acknowledged(self, notice: Notice) -> bool:
        return not notice.resolved and notice.labels in self._acknowledgements

    def settle(self, cluster: str, firing: Iterable[Labels]) -> None:
        """Forget the acknowledgements of a cluster's alerts that no longer fire, and silences that ended long ago."""
        alive, now = set(firing), self._clock.time()
        with self._lock:
            over = [
                labels
                for labels in self._acknowledgements
                if labels not in alive and dict(labels).get("cluster") == cluster
            ]
            old = [each.id for each in self._silences.values() if now - each.ends_at > EXPIRED_SECONDS]
            self._forget(over, old)
            if over or old or (self._store is not None and self._store.generation != self._generation):
                self._keep()

    # -------------------------------------------------------------------------------------------- what users change

    def silences(self) -> tuple[Silence, ...]:
        with self._lock:
            return tuple(sorted(self._silences.values(), key=lambda each: (-each.starts_at, each.id)))

    def acknowledgements(self) -> tuple[Acknowledgement, ...]:
        with self._lock:
            return tuple(sorted(self._acknowledgements.values(), key=lambda each: (-each.at, each.labels)))

    @property
    def changes(self) -> int:
        return self._changes

    def add(
        self, matchers: Iterable[str], *, starts_at: float | None, ends_at: float, created_by: str, comment: str
    ) -> Silence:
        now = self._clock.time()
        start = now if starts_at is None else starts_at
        silence = silence_of(
            secrets.token_hex(8),
            matchers,
            now=now,
            starts_at=start,
            ends_at=ends_at,
            created_by=created_by,
            comment=comment,
        )
        with self._lock:
            if len(self._silences) >= MOST_SILENCES:
                raise InvalidSilenceError("silence", f"there are {MOST_SILENCES:,} already: expire some")
            self._silences[silence.id] = silence
            self._keep()
        log.info(
            "silence %s by %s: %s", silence.id, visible(created_by), visible(", ".join(map(str, silence.matchers)))
        )
        return silence

    def expire(self, silence_id: str) -> Silence | None:
        with self._lock:
            silence = self._silences.get(silence_id)
            if silence is None:
                return None
            ended = self._silences[silence_id] = silence.ended(self._clock.time())
            self._keep()
        log.info("silence %s expired", silence_id)
        return ended

    def acknowledge(self, labels: Labels, created_by: str, comment: str) -> Acknowledgement:
        found = acknowledgement_of(labels, created_by, comment, now=self._clock.time())
        with self._lock:
            self._acknowledgements[labels] = found
            self._removed.discard(("acknowledgements", _text(labels)))
            self._keep()
        log.info("alert %s acknowledged by %s", visible(str(dict(labels))), visible(created_by))
        return found

    def withdraw(self, labels: Labels) -> bool:
        with self._lock:
            known = labels in self._acknowledgements
            if known:
                self._forget([labels], [])
                self._keep()
        return known

    def kept(self) -> bool:
        return self._store is not None and self._store.flush()

    # ----------------------------------------------------------------------------------------------------- the file

    def _forget(self, labels: Iterable[Labels], silences: Iterable[str]) -> None:
        for each in labels:
            del self._acknowledgements[each]
            self._removed.add(("acknowledgements", _text(each)))
        for name in silences:
            del self._silences[name]
            self._removed.add(("silences", name))

    def _keep(self) -> None:
        """Have all of them written: they are few."""
        self._changes += 1
        if self._store is None:
            return
        now = self._clock.time()
        silences = [(each.id, json.dumps(plain_silence(each, now))) for each in self._silences.values()]
        acknowledged = [
            (_text(each.labels), json.dumps(plain_acknowledgement(each))) for each in self._acknowledgements.values()
        ]
        write = partial(self._write, silences, acknowledged, frozenset(self._removed))
        self._store.offer("silences and acknowledgements", write)

    def _write(
        self,
        silences: list[tuple[str, str]],
        acknowledged: list[tuple[str, str]],
        removed: frozenset[tuple[str, str]],
        database: sqlite3.Connection,
    ) -> Callable[[], None]:
        for table, key in removed:
            column = {"silences": "id", "acknowledgements": "labels"}[table]
            database.execute(f"DELETE FROM {table} WHERE {column} = ?", (key,))  # noqa: S608
        database.executemany("INSERT OR REPLACE INTO silences VALUES (?, ?)", silences)
        database.executemany("INSERT OR REPLACE INTO acknowledgements VALUES (?, ?)", acknowledged)
        assert self._store is not None
        return partial(self._written, self._store.generation, removed)

    def _written(self, generation: int, removed: frozenset[tuple[str, str]]) -> None:
        with self._lock:
            self._generation = generation
            self._removed -= removed

    def _load(self, store: Store) -> None:
        wrong = 0
        for (body,) in store.read("SELECT body FROM silences"):
            try:
                silence = silence_from(json.loads(body))
            except (KeyError, TypeError, ValueError, AttributeError):
                wrong += 1
            else:
                self._silences[silence.id] = silence
        for labels, body in store.read("SELECT labels, body FROM acknowledgements"):
            try:
                acknowledgement = _acknowledgement(labels, body)
            except (KeyError, TypeError, ValueError, AttributeError):
                wrong += 1
            else:
                self._acknowledgements[acknowledgement.labels] = acknowledgement
        if wrong:
            text = f"{plural(wrong, 'silence')} or acknowledgements of {store.path} cannot be read"
            log.warning("%s", visible(text))


def _text(labels: Labels) -> str:
    return json.dumps(labels, ensure_ascii=True)


def _acknowledgement(labels: str, body: str) -> Acknowledgement:
    found = tuple((str(name), str(text)) for name, text in json.loads(labels))
    return acknowledgement_from(json.loads(body), found)
