"""promtool, Prometheus's own tool with its real engine, and series as its unit tests write them."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from requirements import require_program

from kmon.promql import quoted

LARGEST = 1e14
"""Stands for infinity, which the notation does not have."""


def promtool(*args: str | Path) -> str:
    """What promtool prints; fails where it finds something wrong."""
    require_program("promtool")
    done = subprocess.run([shutil.which("promtool") or "", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_tests(rules: Path, tests: list[dict[str, Any]], interval: str = "1m") -> None:
    """Run these tests on a file of rules; the file of tests is written beside it."""
    whole = {"rule_files": [str(rules)], "evaluation_interval": interval, "tests": tests}
    path = rules.with_name("tests.yml")
    path.write_text(yaml.safe_dump(whole, allow_unicode=True))
    promtool("test", "rules", path)


def series(name: str, labels: Mapping[str, str]) -> str:
    return f"{name}{{{','.join(f'{each}={quoted(text)}' for each, text in labels.items())}}}"


def values(numbers: Iterable[float | None]) -> str:
    """Values, one a sample; None where the series is stale. Equal ones are written once, with their number."""
    parts: list[str] = []
    for number, equal in groupby(numbers):
        count = len(list(equal))
        if number is None:
            parts += ["stale"] * count
        else:
            text = f"{max(-LARGEST, min(number, LARGEST)):.15g}"
            parts.append(f"{text}x{count - 1}" if count > 1 else text)
    return " ".join(parts)
