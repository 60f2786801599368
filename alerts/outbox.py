"""Keeps what waits for receivers in one SQLite file over a restart, and what each of them was told.

A file that cannot be used costs that, and nothing else: kmon goes on from memory and logs it.
"""

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alerts.grouping import Group, Groups, Told
from alerts.notice import GroupNotice, Notice
from alerts.samples import Labels
from alerts.state_file import take_lock
from monitor.model.text import plural, visible
from monitor.poll.log_pace import Pace

log = logging.getLogger(__name__)

FILE = "receivers.sqlite"
VERSION = 1
TABLES = (
    "CREATE TABLE IF NOT EXISTS groups (receiver TEXT, key TEXT, body TEXT, PRIMARY KEY (receiver, key))",
    "CREATE TABLE IF NOT EXISTS waiting (receiver TEXT, number INTEGER, body TEXT, PRIMARY KEY (receiver, number))",
)
BUSY_SECONDS = 5.0


@dataclass(frozen=True)
class Kept:
    """What an earlier run left of a receiver: its groups, and the notifications that wait by their numbers."""

    groups: Groups = field(default_factory=dict)
    waiting: Mapping[int, GroupNotice] = field(default_factory=dict)


class Outbox:
    """The file of all receivers. Only one process uses it at a time; `close` lets another one have it."""

    def __init__(self, directory: Path, receivers: Iterable[str]) -> None:
        """What is kept of others than these `receivers` is removed."""
        self.path = directory / FILE
        self._lock = take_lock(self.path, "cannot keep notifications over a restart")
        self._boxes: list[Box] = []
        if self._lock is not None and not self._prepare(list(receivers)):
            self.close()

    def box(self, receiver: str) -> "Box | None":
        """The part of one receiver, None where the file cannot be used."""
        if self._lock is None:
            return None
        try:
            self._boxes.append(Box(self.path, receiver))
        except sqlite3.Error as error:
            _warn(f"cannot keep notifications over a restart: {self.path}: {error}")
            return None
        return self._boxes[-1]

    def close(self) -> None:
        for each in self._boxes:
            each.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self, receivers: list[str]) -> bool:
        """Make the tables. A file that is no database is moved aside; one of a newer kmon is left alone."""
        try:
            return self._make(receivers)
        except sqlite3.OperationalError as error:  # a full disk, a folder without permission
            _warn(f"cannot keep notifications over a restart: {self.path}: {error}")
            return False
        except (sqlite3.DatabaseError, OSError) as error:
            aside = self.path.with_name(f"{FILE}.broken")
            _warn(f"cannot read {self.path}: {error}; it is moved to {aside.name}, what waited there is not sent")
        try:
            self.path.replace(aside)
            for end in ("-wal", "-shm"):
                Path(f"{self.path}{end}").unlink(missing_ok=True)
            return self._make(receivers)
        except (sqlite3.Error, OSError) as error:
            _warn(f"cannot keep notifications over a restart: {self.path}: {error}")
            return False

    def _make(self, receivers: list[str]) -> bool:
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(_connect(self.path)) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                _warn(f"cannot keep notifications over a restart: {self.path} is of a newer kmon")
                return False
            if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("is damaged")
            with database:
                for table in TABLES:
                    database.execute(table)
                places = ",".join("?" * len(receivers))
                for name in ("groups", "waiting"):
                    database.execute(f"DELETE FROM {name} WHERE receiver NOT IN ({places})", receivers)  # noqa: S608
                database.execute(f"PRAGMA user_version = {VERSION}")
        return True


class Box:
    """What is kept of one receiver. Not for more than one thread at once."""

    def __init__(self, path: Path, receiver: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises sqlite3.Error."""
        self._path, self._receiver, self._monotonic = path, receiver, monotonic
        self._database = _connect(path)
        self._pace = Pace()
        self._groups: dict[Labels, Group] = {}
        self._waiting: dict[int, GroupNotice] = {}

    def load(self, now: float, unix: float) -> Kept:
        """What an earlier run left, with its times on the monotonic clock. Rows that cannot be read are left out."""
        wrong = 0
        for key, body in self._rows("SELECT key, body FROM groups WHERE receiver = ?"):
            try:
                self._groups[_labels(json.loads(key))] = _group(json.loads(body), now - unix, now)
            except (KeyError, TypeError, ValueError, AttributeError):
                wrong += 1
        for number, body in self._rows("SELECT number, body FROM waiting WHERE receiver = ? ORDER BY number"):
            try:
                self._waiting[int(number)] = _group_notice(json.loads(body))
            except (KeyError, TypeError, ValueError, AttributeError):
                wrong += 1
        if wrong:
            _warn(f"alerts to {self._receiver}: {plural(wrong, 'row')} of {self._path} cannot be read")
        return Kept(dict(self._groups), dict(self._waiting))

    def save(self, groups: Groups, waiting: Mapping[int, GroupNotice], now: float, unix: float) -> None:
        """Write what has changed, in one transaction. Never raises: what cannot be written is tried the next time."""
        changed = {
            key: each for key, each in groups.items() if (old := self._groups.get(key)) is not each and old != each
        }
        added = {number: each for number, each in waiting.items() if number not in self._waiting}
        gone = [_text(key) for key in self._groups if key not in groups]
        sent = [number for number in self._waiting if number not in waiting]
        if not (changed or added or gone or sent):
            return
        name = self._receiver
        try:
            with self._database as database:
                database.executemany(
                    "INSERT OR REPLACE INTO groups VALUES (?, ?, ?)",
                    [(name, _text(key), _text(_plain_group(each, unix - now))) for key, each in changed.items()],
                )
                database.executemany(
                    "INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)",
                    [(name, number, _text(_plain_notice_of_group(each))) for number, each in added.items()],
                )
                database.executemany("DELETE FROM groups WHERE receiver = ? AND key = ?", [(name, key) for key in gone])
                database.executemany("DELETE FROM waiting WHERE receiver = ? AND number = ?", [(name, n) for n in sent])
        except sqlite3.Error as error:
            text = f"cannot keep notifications over a restart: {self._path}: {error}"
            if line := self._pace.line(text, self._monotonic()):
                _warn(line)
            return
        self._groups, self._waiting = dict(groups), dict(waiting)
        if self._pace.over():
            log.info("notifications are kept over a restart again: %s", self._path)

    def close(self) -> None:
        self._database.close()

    def _rows(self, query: str) -> list[tuple[Any, str]]:
        try:
            return list(self._database.execute(query, (self._receiver,)))
        except sqlite3.Error as error:
            _warn(f"cannot read the notifications of the last run: {self._path}: {error}")
            return []


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # What was written survives a loss of power.
        database.execute("PRAGMA synchronous = FULL")
    except BaseException:
        database.close()
        raise
    return database


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


def _warn(text: str) -> None:
    log.warning("%s", visible(text))
