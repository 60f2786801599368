"""Skips a test whose outside program is missing, unless KMON_REQUIRE names it: then the test fails."""

import os
import shutil
from typing import NoReturn

import pytest


def required(name: str) -> bool:
    """Whether KMON_REQUIRE, a comma list such as `kafka,chromium`, names it."""
    return name in os.environ.get("KMON_REQUIRE", "").replace(" ", "").split(",")


def require(name: str, reason: str) -> NoReturn:
    """Say that `name` is missing and why: skips the test, or fails it when `name` is required."""
    if required(name):
        pytest.fail(f"KMON_REQUIRE names {name}, but {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


def require_program(name: str) -> None:
    """Skip or fail where a program of this name is not on PATH."""
    if shutil.which(name) is None:
        require(name, f"{name} is not installed")
