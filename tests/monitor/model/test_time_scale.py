"""KMON_TIME_SCALE makes every limit of time shorter by the same factor, and is refused where it is not one."""

import json
import os
import subprocess
import sys

import pytest

from monitor.model import limits
from monitor.model.time_scale import SCALE, VARIABLE, lasting, parse

READ = """
import json
from monitor.model import limits, slos
from monitor.analysis.earlier_polls import growing, ring, rows
from monitor.analysis.events import log
named = {name: value for name, value in vars(limits).items() if name.endswith("_SECONDS")}
print(json.dumps([named, list(ring.WINDOWS), growing.WINDOW_SECONDS, rows.KEPT_SECONDS, log.STORM_SECONDS,
    sorted(limits.HOLDS.items()), slos.WINDOWS]))
"""
LATENCIES = {"REQUEST_SLOW_SECONDS"}
"""Limits on how long a request takes, which a scorecard does not speed up."""


def read(scale: str) -> list[object]:
    done = subprocess.run(
        [sys.executable, "-c", READ], env={**os.environ, VARIABLE: scale}, capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


def test_without_it_limits_are_as_documented() -> None:
    assert SCALE == 1
    assert lasting(120.0) == limits.STUCK_SECONDS == 120.0


def test_every_limit_of_time_is_shorter_by_the_factor() -> None:
    usual, short = read(""), read("10")
    named, short_named = usual[0], short[0]
    assert isinstance(named, dict)
    assert isinstance(short_named, dict)
    assert short_named == {
        name: pytest.approx(value if name in LATENCIES else value / 10) for name, value in named.items()
    }
    assert short[1] == [6.0, 30.0, 90.0, 360.0]
    assert short[2:5] == [pytest.approx(each / 10) for each in usual[2:5]]  # type: ignore[operator]
    # Polls and shares of a row's own patience stay as they are.
    for (status, (enter, polls, leave, leave_polls)), (_, found) in zip(usual[5], short[5], strict=True):  # type: ignore[call-overload]
        share = enter if enter < 1 else enter / 10
        assert found == pytest.approx([share, polls, leave / 10, leave_polls]), status
    assert short[6] == {name: pytest.approx(seconds / 10) for name, seconds in usual[6].items()}  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["0", "0.5", "-10", "fast", "inf", "nan", "10000"])
def test_what_is_no_factor_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match=VARIABLE):
        parse(text)
