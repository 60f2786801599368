"""Words decide nothing: with every sentence replaced, kmon decides the same of the same Views."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
import rewording

from monitor.model.reasons import Kind, Reason, written


def told(*arguments: str) -> Any:
    path = os.pathsep.join((str(rewording.ROOT), str(rewording.ROOT / "tests/support")))
    run = subprocess.run(
        [sys.executable, rewording.__file__, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def both() -> tuple[dict[str, Any], dict[str, Any]]:
    return told(), told("reworded")


def test_no_word_decides_anything(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    plain, reworded = (each["decided"] for each in both)
    assert plain.keys() == reworded.keys()
    for name in plain:
        assert reworded[name] == plain[name], name


def test_all_words_were_replaced(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    plain, reworded = (each["said"] for each in both)
    assert len(plain) == len(reworded) > len(Kind)
    assert [one for one, other in zip(plain, reworded, strict=True) if one == other] == []


def test_an_offline_log_dir_and_a_silent_broker_explain_what_they_cost_and_no_more(
    both: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    found = {}
    for name in ("broker", "another", "dir", "dirs"):
        problems = both[0]["decided"][f"lost to {name}"]["view"]["problems"]
        row = problems["cause"][problems["kind"].index("no_full_answer")]
        found[name] = problems["kind"][row] if row >= 0 else None
    dirs = {"dir": "log_dir_offline", "dirs": "log_dir_offline"}
    assert found == {"broker": "broker_silent", "another": None, **dirs}


def test_a_reason_is_its_values_and_not_its_words() -> None:
    one, eleven = (Reason(Kind.TIMEOUT, node, detail="after 3.0 s") for node in (1, 11))
    assert (str(one), one.what) == ("broker 1: timed out after 3.0 s", "timed out after 3.0 s")
    assert one != eleven
    assert written((one, eleven, one)) == f"{one}; {eleven}"
    assert str(Reason(Kind.TIMEOUT)) == "timed out"
    assert str(Reason(Kind.CONNECT, "b:1", detail="{refused}")) == "b:1: cannot connect: {refused}"
    assert not Reason()
