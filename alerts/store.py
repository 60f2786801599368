"""The file of alerting, in SQLite: alerts, silences, acknowledgements, fresh time, and what waits for receivers.

What is offered together is written in one transaction, and nothing is sent before. A file that cannot be used costs
that, and nothing else: kmon goes on from memory, reports it and tries again.
"""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from alerts.state_directory import take_lock, take_over_receivers
from monitor.model.text import visible
from monitor.poll.log_pace import Pace
from monitor.poll.worker import Worker, log_failure

log = logging.getLogger(__name__)

FILE = "state.sqlite"
VERSION = 2
"""1 had the queues of receivers only."""
TABLES = (
    "CREATE TABLE IF NOT EXISTS groups (receiver TEXT, key TEXT, body TEXT, PRIMARY KEY (receiver, key))",
    "CREATE TABLE IF NOT EXISTS waiting (receiver TEXT, number INTEGER, body TEXT, PRIMARY KEY (receiver, number))",
    "CREATE TABLE IF NOT EXISTS alerts (source TEXT PRIMARY KEY, body TEXT)",
    "CREATE TABLE IF NOT EXISTS silences (id TEXT PRIMARY KEY, body TEXT)",
    "CREATE TABLE IF NOT EXISTS acknowledgements (labels TEXT PRIMARY KEY, body TEXT)",
    """CREATE TABLE IF NOT EXISTS freshness
    (source TEXT, number INTEGER, began REAL NOT NULL, ended REAL NOT NULL, body BLOB, PRIMARY KEY (source, number))""",
)
BUSY_SECONDS = 5.0
RETRY_SECONDS = 10.0
PATIENCE_SECONDS = 10.0
"""How long a receiver waits for the disk before it goes on from memory."""

Write = Callable[[sqlite3.Connection], Callable[[], None]]
"""Writes the newest value of a part in the transaction that is open; what it answers is called once that is done."""


class NewerFileError(Exception):
    """The file was written by a newer kmon: it must not be changed, and without it alerts would be sent again."""


class Store:
    """The file. Only one process uses it at a time; `close` lets another one have it.

    `generation` counts how often the file was opened: what was written before may be missing in a later one.
    """

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises NewerFileError."""
        self.path = directory / FILE
        self.sources: set[str] = set()
        self.generation = 0
        self.failures = 0
        self.trouble = ""
        """Why nothing is kept at the moment; empty while all is."""
        self._monotonic = monotonic
        self._pace = Pace()
        self._lock: int | None = None
        self._database: sqlite3.Connection | None = None
        self._using = threading.Lock()  # the database
        self._changed = threading.Condition()  # what follows
        self._pending: dict[str, Write] = {}
        self._offered = self._settled = self._held = 0
        self._writing_since: float | None = None
        self._closed = False
        try:
            self._open()
        except BlockingIOError:
            self._closed = True
            self._fail("another kmon uses it: set a separate alerts.state_directory")
        except (sqlite3.Error, OSError) as error:
            self._fail(error)
        self._worker = Worker("state of alerts", self._run)
        if not self._closed:
            self._worker.start()

    # ------------------------------------------------------------------------------------------- what is to be kept

    def offer(self, part: str, write: Write) -> None:
        """Have a part written, in place of what was offered for it before; never waits."""
        with self._changed:
            if not self._closed:
                self._pending[part] = write
                self._offered += 1
                self._changed.notify_all()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is offered while the context lasts is written in one transaction."""
        with self._changed:
            self._held += 1
        try:
            yield
        finally:
            with self._changed:
                self._held -= 1
                self._changed.notify_all()

    def flush(self) -> bool:
        """Wait until what was offered is written, or cannot be; whether it is. For PATIENCE_SECONDS at most."""
        with self._changed:
            goal = self._offered
            since = self._writing_since
            if since is not None and self._monotonic() - since > PATIENCE_SECONDS:
                return False
            done = self._changed.wait_for(lambda: self._settled >= goal or self._closed, PATIENCE_SECONDS)
            return done and not self.trouble and not self._closed

    def read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """The rows of a query; none where the file cannot be read, which is logged."""
        with self._using:
            if self._database is None:
                return []
            try:
                return list(self._database.execute(query, values))
            except sqlite3.Error as error:
                _warn(f"cannot read the alerts of the last run: {self.path}: {error}")
                return []

    def keep_only(self, receivers: list[str]) -> None:
        """Remove what is kept of other receivers than these."""

        def write(database: sqlite3.Connection) -> Callable[[], None]:
            places = ",".join("?" * len(receivers))
            for table in ("groups", "waiting"):
                database.execute(f"DELETE FROM {table} WHERE receiver NOT IN ({places})", receivers)  # noqa: S608
            return lambda: None

        self.offer("receivers", write)

    def close(self, within_seconds: float = 3.0) -> None:
        """Write what was offered, but for no longer than this, and let another process have the file."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._worker.end()
        if self._worker.join(within_seconds):
            self._let_go()

    # --------------------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._is_due, RETRY_SECONDS)
                closed = self._closed
            self._write_pending()
            if closed:
                return

    def _is_due(self) -> bool:
        return (self._offered > self._settled and not self._held) or self._closed

    def _write_pending(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._held)
            pending, self._pending = self._pending, {}
            goal, self._writing_since = self._offered, self._monotonic()
        written = not pending
        try:
            if pending:
                written = self._attempt(pending)
        finally:
            with self._changed:
                if not written:
                    self._pending = {**pending, **self._pending}
                self._settled, self._writing_since = goal, None
                self._changed.notify_all()

    def _attempt(self, pending: dict[str, Write]) -> bool:
        try:
            with self._using:
                database = self._database or self._open()
                with database:
                    done = [write(database) for write in pending.values()]
            for each in done:
                each()
        except Exception as error:  # noqa: BLE001 - whatever it is, alerts go on
            if not isinstance(error, sqlite3.Error | OSError | NewerFileError):
                log_failure(log, "the state of alerts cannot be written")
            self._fail(error)
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_FULL:
                self._let_go(lock=False)  # a file that was moved, or is damaged, is opened anew
            return False
        self.trouble = ""
        if self._pace.over():
            log.info("alerts are kept over a restart again: %s", visible(str(self.path)))
        return True

    def _fail(self, error: object) -> None:
        self.failures += 1
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self.trouble = f"cannot keep alerts over a restart: {self.path}: {reason}"
        if line := self._pace.line(self.trouble, self._monotonic()):
            _warn(line)

    # ----------------------------------------------------------------------------------------------------- the file

    def _open(self) -> sqlite3.Connection:
        """Raises NewerFileError, BlockingIOError, sqlite3.Error or OSError."""
        if self._lock is None:
            self._lock = take_lock(self.path)
        try:
            take_over_receivers(self.path)
            try:
                self._database = _prepared(self.path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                self._move_aside(error)
                self._database = _prepared(self.path)
        except BaseException:
            self._let_go()
            raise
        self.generation += 1
        return self._database

    def _move_aside(self, error: Exception) -> None:
        aside = self.path.with_name(f"{FILE}.broken")
        _warn(f"cannot read {self.path}: {error}; it is moved to {aside.name}, and kmon starts without it")
        self.path.replace(aside)
        for end in ("-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    def _let_go(self, *, lock: bool = True) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()
        if lock and self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _prepared(path: Path) -> sqlite3.Connection:
    """The file with its tables. Raises NewerFileError, OSError, and sqlite3.DatabaseError for one that is damaged."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        _check(database, path)
        for table in TABLES:
            database.execute(table)
        database.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NewerFileError(f"{path} was written by a newer kmon (version {version}, this one reads {VERSION})")
    database.execute("PRAGMA journal_mode = WAL")
    # What was written survives a loss of power.
    database.execute("PRAGMA synchronous = FULL")
    if database.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise sqlite3.DatabaseError("is damaged")


def _warn(text: str) -> None:
    log.warning("%s", visible(text))
