"""Where the demo cluster keeps what outlives it: fetched jars and the logs of its last runs."""

import errno
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from kmon.demo.errors import DemoError

KEPT_RUNS = 8


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/kmon`, by default `~/.cache/kmon`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kmon"


def logs_folder() -> Path:
    """Make a new folder for the logs of one run; of those of ended processes only the newest `KEPT_RUNS` stay."""
    runs = cache_folder() / "logs"
    made = make(runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 1000:03}")
    for old in sorted(runs.iterdir())[:-KEPT_RUNS]:
        ours = re.fullmatch(r"\d+-\d+-(\d+)-\d+", old.name)
        if ours and not _is_alive(int(ours[1])):
            shutil.rmtree(old, ignore_errors=True)
    return made


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make(folder: Path) -> Path:
    """Make a folder and those above it; a DemoError tells why it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise unwritable(folder, error) from error


def unwritable(folder: Path, error: OSError) -> DemoError:
    """The DemoError for an OSError met while writing below `folder`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DemoError(f"no space left in {folder}")
    return DemoError(f"cannot write to {folder}: {error.strerror or error}")


def need_space(folder: Path, need_bytes: int) -> None:
    """Raise a DemoError unless `folder`'s file system has `need_bytes` free."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < need_bytes:
        need_mb, free_mb = need_bytes // 1_000_000, free_bytes // 1_000_000
        raise DemoError(
            f"no space in {folder}: {free_mb} MB free, {need_mb} MB needed (set TMPDIR to use another folder)"
        )
