"""Where the file of alerting is, the lock that keeps it to one process, and the files that it has replaced."""

import fcntl
import hashlib
import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

from alerts.saved import Saved, from_json

FORMER = "receivers.sqlite"
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


def take_lock(path: Path) -> int:
    """The descriptor that holds a file's lock until it is closed.

    Raises BlockingIOError while another process has it, OSError where it cannot be had.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(lock)
        raise
    return lock


# --------------------------------------------------------------- files of earlier versions, taken over once


def take_over_receivers(path: Path) -> None:
    """Give the file of an earlier kmon, which had only the queues of receivers, this name. Raises OSError."""
    former = path.with_name(FORMER)
    if path.exists() or not former.exists():
        return
    try:
        lock = take_lock(former)
    except BlockingIOError:
        return
    try:
        # The log beside it does not take part in the renaming; a damaged file is found out under its new name.
        with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(former)) as database:
            database.execute("PRAGMA journal_mode = DELETE")
        former.replace(path)
        former.with_name(f"{FORMER}.lock").unlink(missing_ok=True)
    finally:
        os.close(lock)


def former_file(directory: Path, source: str) -> Path:
    """The file in which an earlier kmon kept the alerts of a cluster."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", source)[:64]
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return directory / f"alerts-{readable}-{digest}.json"


def former_alerts(path: Path) -> Saved | None:
    """What such a file has, None where there is none. Raises OSError or ValueError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return from_json(file.read(MOST_BYTES).decode())  # one that is cut off here is no JSON
    except FileNotFoundError:
        return None
