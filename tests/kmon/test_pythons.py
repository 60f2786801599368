"""What is promised of Pythons: pyproject.toml and the README name the same versions, and CI finds them."""

import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import pythons
from pythons import Python, oldest_promised

ROOT = Path(__file__).parents[2]
PREFIX = "Programming Language :: Python :: "


def promised() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [each.removeprefix(PREFIX) for each in project["classifiers"] if each.startswith(PREFIX)]


def test_the_oldest_classifier_is_the_oldest_that_may_be_installed_on() -> None:
    assert promised()[0] == "{}.{}".format(*oldest_promised())


def test_the_readme_names_the_same_versions() -> None:
    *before, last = promised()
    assert f"kmon is tested on Python {', '.join(before)} and {last}:" in (ROOT / "README.md").read_text()


def test_this_python_is_found_and_each_version_once_and_in_order() -> None:
    found = pythons.pythons()
    assert sys.version_info[:2] in [each.version[:2] for each in found]
    assert all(one.version[:2] < other.version[:2] for one, other in pairwise(found))


def test_of_each_version_the_newest_that_starts_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = {
        "old/python3.12": "echo 3 12 1 final /old",
        "new/python3.12": "echo 3 12 9 final /new",
        "shims/python3.13": "exit 127",
        "next/python3.14": "echo 3 14 0 beta /next",
        "past/python3.10": "echo 3 10 4 final /past",
    }
    for name, script in scripts.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", ":".join(str(tmp_path / name.split("/")[0]) for name in scripts))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "no-pyenv"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "no-uv"))
    assert pythons.pythons() == [Python((3, 12, 9), "/new")]
