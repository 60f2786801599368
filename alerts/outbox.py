"""The queue of a receiver in the file of alerting: what waits for it, and what it was told of."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from alerts.grouping import Group, Groups, Told
from alerts.notice import GroupNotice, Notice
from alerts.samples import Labels
from alerts.store import Store
from monitor.model.text import plural, visible

log = logging.getLogger(__name__)

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Kept:
    """What an earlier run left of a receiver: its groups, and the notifications that wait by their numbers."""

    groups: Groups = field(default_factory=dict)
    waiting: Mapping[int, GroupNotice] = field(default_factory=dict)


class Box:
    """What is kept of one receiver."""

    def __init__(self, store: Store, receiver: str) -> None:
        self._store, self._receiver = store, receiver
        self._generation = store.generation
        self._groups: dict[Labels, Group] = {}
        self._waiting: dict[int, GroupNotice] = {}

    @property
    def lasting(self) -> bool:
        """Whether what the last run told is known."""
        return self._generation > 0

    def load(self, now: float, unix: float) -> Kept:
        """What an earlier run left, with its times on the monotonic clock. Rows that cannot be read are left out."""
        wrong, name = 0, self._receiver
        for key, body in self._store.read("SELECT key, body FROM groups WHERE receiver = ?", name):
            try:
                self._groups[_labels(json.loads(key))] = _group(json.loads(body), now - unix, now)
            except UNREADABLE:
                wrong += 1
        for number, body in self._store.read(
            "SELECT number, body FROM waiting WHERE receiver = ? ORDER BY number", name
        ):
            try:
                self._waiting[int(number)] = _group_notice(json.loads(body))
            except UNREADABLE:
                wrong += 1
        if wrong:
            log.warning("%s", visible(f"alerts to {name}: {plural(wrong, 'row')} of {self._store.path} cannot be read"))
        return Kept(dict(self._groups), dict(self._waiting))

    def offer(self, groups: Groups, waiting: Mapping[int, GroupNotice], now: float, unix: float) -> None:
        """Have this written; never waits."""
        write = partial(self._write, groups, dict(waiting), unix - now)
        self._store.offer(f"receiver {self._receiver}", write)

    def flush(self) -> bool:
        """Wait until what was offered is written, or cannot be; whether it is."""
        return self._store.flush()

    def _write(
        self, groups: Groups, waiting: Mapping[int, GroupNotice], offset: float, database: sqlite3.Connection
    ) -> Callable[[], None]:
        """Write what has changed. `offset` is what makes a monotonic time one of the clock."""
        name, generation = self._receiver, self._store.generation
        before, queued = (self._groups, self._waiting) if generation == self._generation else ({}, {})
        if generation != self._generation:  # nobody knows what this file has
            for table in ("groups", "waiting"):
                database.execute(f"DELETE FROM {table} WHERE receiver = ?", (name,))  # noqa: S608
        changed = [(key, each) for key, each in groups.items() if (old := before.get(key)) is not each and old != each]
        database.executemany(
            "INSERT OR REPLACE INTO groups VALUES (?, ?, ?)",
            [(name, _text(key), _text(_plain_group(each, offset))) for key, each in changed],
        )
        database.executemany(
            "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)",
            [
                (name, number, _text(_plain_notice_of_group(each)))
                for number, each in waiting.items()
                if number not in queued
            ],
        )
        gone = [(name, _text(key)) for key in before if key not in groups]
        sent = [(name, number) for number in queued if number not in waiting]
        database.executemany("DELETE FROM groups WHERE receiver = ? AND key = ?", gone)
        database.executemany("DELETE FROM waiting WHERE receiver = ? AND number = ?", sent)
        return partial(self._written, generation, groups, waiting)

    def _written(self, generation: int, groups: Groups, waiting: Mapping[int, GroupNotice]) -> None:
        self._generation, self._groups, self._waiting = generation, dict(groups), dict(waiting)


# ------------------------------------------------------------------------------------ as JSON and back


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True)


def _plain_group(group: Group, offset: float) -> dict[str, Any]:
    """`offset` is what makes a monotonic time one of the clock."""
    return {
        "notices": [_plain_notice(each) for each in group.notices.values()],
        "told": [[labels, *each] for labels, each in group.told.items()],
        "news_at": None if group.news_at is None else group.news_at + offset,
        "told_at": None if group.told_at is None else group.told_at + offset,
        "sequence": group.sequence,
    }


def _plain_notice(notice: Notice) -> dict[str, Any]:
    return {name: getattr(notice, name) for name in Notice.__dataclass_fields__}


def _plain_notice_of_group(group: GroupNotice) -> dict[str, Any]:
    return {
        "labels": group.labels,
        "notices": [_plain_notice(each) for each in group.notices],
        "changed": sorted(group.changed),
        "reason": group.reason,
        "sequence": group.sequence,
    }


def _group(plain: dict[str, Any], offset: float, now: float) -> Group:
    notices = [_notice(each) for each in plain["notices"]]

    def moment(name: str) -> float | None:
        # A clock that was set back meanwhile does not delay anything.
        return None if plain[name] is None else min(float(plain[name]) + offset, now)

    return Group(
        {each.labels: each for each in notices},
        {_labels(labels): Told(float(starts_at), bool(over)) for labels, starts_at, over in plain["told"]},
        moment("news_at"),
        moment("told_at"),
        int(plain["sequence"]),
    )


def _notice(plain: dict[str, Any]) -> Notice:
    return Notice(
        resolved=bool(plain["resolved"]),
        labels=_labels(plain["labels"]),
        annotations=_labels(plain["annotations"]),
        starts_at=float(plain["starts_at"]),
        ends_at=float(plain["ends_at"]),
        again=bool(plain["again"]),
        url=str(plain["url"]),
    )


def _group_notice(plain: dict[str, Any]) -> GroupNotice:
    return GroupNotice(
        _labels(plain["labels"]),
        tuple(_notice(each) for each in plain["notices"]),
        frozenset(_labels(each) for each in plain["changed"]),
        str(plain["reason"]),
        int(plain["sequence"]),
    )


def _labels(plain: Iterable[tuple[str, str]]) -> Labels:
    return tuple((str(name), str(text)) for name, text in plain)
