"""The Pythons on this machine that kmon promises to run on. As a script: `VERSION PATH` a line, oldest first."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PROBE = "import sys, venv, ensurepip; print(*sys.version_info[:3], sys.version_info.releaselevel, sys.executable)"


class Python(NamedTuple):
    """An interpreter that can make virtual environments."""

    version: tuple[int, int, int]
    path: str

    @property
    def minor(self) -> str:
        """Its version without the patch level, such as `3.13`."""
        return "{}.{}".format(*self.version)


def oldest_promised() -> tuple[int, int]:
    """The lowest version that pyproject.toml allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    major, minor = project["requires-python"].removeprefix(">=").split(".")
    return int(major), int(minor)


def pythons() -> list[Python]:
    """The newest patch level found of each version that is promised, oldest first."""
    found: dict[tuple[int, int], Python] = {}
    for path in _candidates():
        python = _probe(path)
        if python and python.version[:2] >= oldest_promised():
            known = found.get(python.version[:2])
            if known is None or known.version < python.version:
                found[python.version[:2]] = python
    return [found[version] for version in sorted(found)]


def _candidates() -> Iterator[Path]:
    """Interpreters on PATH, and those of pyenv and uv, which need not be on it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    uv = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "uv/python"
    folders = [Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each]
    for folder in (*folders, *sorted(pyenv.glob("versions/*/bin")), *sorted(uv.glob("*/bin"))):
        yield from sorted(each for each in folder.glob("python3.*") if re.fullmatch(r"python3\.\d+", each.name))


def _probe(path: Path) -> Python | None:
    """None for one that does not start (a shim of a version that is not chosen), lacks venv, or is a pre-release."""
    try:
        done = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return None
    if done.returncode:
        return None
    major, minor, patch, level, executable = done.stdout.rstrip("\n").split(" ", 4)
    return Python((int(major), int(minor), int(patch)), executable) if level == "final" else None


if __name__ == "__main__":
    found = pythons()
    if not found or found[0].version[:2] != oldest_promised():
        sys.exit("Python {}.{}, the oldest that is promised, was not found".format(*oldest_promised()))
    for python in found:
        print(python.minor, python.path)
