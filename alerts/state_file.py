"""Keeps the alerts of one cluster in a file over a restart. A file that cannot be used costs that, and nothing else."""

import fcntl
import hashlib
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from alerts.saved import KEPT_SECONDS, Saved, from_json, to_json
from monitor.model.text import duration, plural, visible
from monitor.poll.log_pace import Pace
from monitor.poll.worker import Worker

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 2**20


def state_directory(given: str | None, env: Mapping[str, str]) -> Path:
    """Where state is kept: as given, or $STATE_DIRECTORY of systemd, $XDG_STATE_HOME/kmon, ~/.local/state/kmon.

    Raises RuntimeError when there is no home directory.
    """
    if given:
        return Path(given)
    if systemd := env.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(systemd)
    if xdg := env.get("XDG_STATE_HOME", ""):
        return Path(xdg) / "kmon"
    return Path.home() / ".local/state/kmon"


def file_name(cluster: str) -> str:
    """The name of a cluster's file; different clusters have different ones."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", cluster)[:64]
    digest = hashlib.sha256(cluster.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"alerts-{readable}-{digest}.json"


class StateFile:
    """The file of one cluster, written by a thread of its own so that a slow disk delays no poll; `close` ends it.

    Only one process uses a file at a time: two kmons on one cluster would restore the alerts of one another.
    """

    def __init__(self, directory: Path, cluster: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.path = directory / file_name(cluster)
        self._monotonic = monotonic
        self._pace = Pace(3_600.0)
        self._changed = threading.Condition()
        self._next: Saved | None = None
        self._written: Saved | None = None
        self._closed = False
        self._worker: Worker | None = None
        self._lock = take_lock(self.path, "cannot keep alerts over a restart")

    @property
    def usable(self) -> bool:
        """Whether the file is ours to read and write; the log has why it is not."""
        return self._lock is not None

    def load(self, now: float) -> Saved | None:
        """What an earlier run left, None when there is nothing to go by. One that is too old has no alerts."""
        return self._read(self.path, now) if self.usable else None

    def adopt(self, cluster_id: str, now: float) -> Saved | None:
        """What an earlier run left of the cluster of this id under another name, which is then gone from there."""
        if not self.usable:
            return None
        for path in sorted(self.path.parent.glob("alerts-*.json")):
            lock = None if path == self.path else take_lock(path)
            if lock is None:
                continue
            try:
                saved = self._read(path, now, quiet=True)
                if saved is not None and saved.cluster_id == cluster_id and saved.alerts:
                    path.unlink(missing_ok=True)
                    return saved
            except OSError as error:
                _warn(f"cannot take over {path}: {error.strerror}")
            finally:
                os.close(lock)
        return None

    def _read(self, path: Path, now: float, *, quiet: bool = False) -> Saved | None:
        try:
            with path.open("rb") as file:
                # One that is cut off here is no JSON.
                saved = from_json(file.read(MOST_BYTES).decode())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            if not quiet:
                _warn(f"cannot read the alerts of the last run: {path}: {error}; kmon starts without them")
            return None
        age = now - saved.saved_at
        if saved.alerts and not -KEPT_SECONDS <= age <= KEPT_SECONDS:
            number = plural(sum(map(len, saved.alerts.values())), "alert")
            log.info("not restored from %s: %s of the last run, %s ago", path, number, duration(abs(age)))
            return replace(saved, alerts={})
        return saved

    def offer(self, saved: Saved) -> None:
        """Have this written; never waits, and only the newest is kept."""
        if not self.usable or self._closed:
            return
        with self._changed:
            if self._worker is None:
                self._worker = Worker(f"state in {self.path.name}", self._run)
                self._worker.start()
            self._next = saved
            self._changed.notify_all()

    def close(self, within_seconds: float) -> None:
        """Write what was offered last, but for no longer than this, and let another process have the file."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        ended = True
        if self._worker is not None:
            self._worker.end()
            ended = self._worker.join(within_seconds)
        if self._lock is not None and ended:
            os.close(self._lock)
            self._lock = None

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed)
            if not self._write_next():
                return

    def _write_next(self) -> bool:
        """Write what waits; whether anything did."""
        with self._changed:
            saved, self._next = self._next, None
        if saved is None:
            return False
        if _same(saved, self._written):
            return True
        try:
            write(self.path, to_json(saved))
            self._written = saved
        except OSError as error:
            text = f"cannot keep alerts over a restart: {self.path}: {error.strerror or error}"
            if line := self._pace.line(text, self._monotonic()):
                _warn(line)
        else:
            if self._pace.over():
                log.info("alerts are kept over a restart again: %s", self.path)
        return True


def take_lock(path: Path, complaint: str = "") -> int | None:
    """The descriptor that holds a file's lock until it is closed, None where it cannot be had.

    The reason is logged after a `complaint`.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if complaint:
            _warn(f"{complaint}: {path.parent}: {error.strerror}")
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if complaint:
            busy = "another kmon uses it: set a separate alerts.state_directory"
            _warn(f"{complaint}: {path}: {busy if isinstance(error, BlockingIOError) else error.strerror}")
        return None
    return lock


def _same(one: Saved, other: Saved | None) -> bool:
    """Whether there is nothing new to write: still no alerts, of the same cluster."""
    return other is not None and not one.alerts and one == replace(other, saved_at=one.saved_at)


def write(path: Path, text: str) -> None:
    """Replace a file's text so that a reader finds the old or the new one whole. Raises OSError."""
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _warn(text: str) -> None:
    log.warning("%s", visible(text))
