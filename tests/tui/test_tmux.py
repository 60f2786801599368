"""The app in a real terminal: what a Pilot cannot see is how it starts, and what it leaves behind."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from requirements import require_program
from terminal import Terminal

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    require_program("tmux")
    terminal = Terminal(tmp_path, {"PYTHONPATH": f"{ROOT}:{SUPPORT}"})
    yield terminal
    terminal.end()


@pytest.mark.tmux
@pytest.mark.parametrize("leave", ["q", "C-c"])
def test_a_person_starts_looks_around_and_leaves_a_clean_terminal(terminal: Terminal, leave: str) -> None:
    terminal.type("echo ready-$((40+2))", "Enter")
    terminal.wait_for("ready-42")
    modes = terminal.modes()
    terminal.type(f"{sys.executable} {SUPPORT / 'fixture_app.py'}", "Enter")
    terminal.wait_for("payments-ledger")
    assert terminal.modes() != modes
    terminal.type("2")
    terminal.wait_for("word-count")
    terminal.type("j", "Enter")
    terminal.wait_for("› clicks-sessionizer")
    terminal.type("Escape")
    terminal.wait_for("word-count")
    terminal.type("/", "o", "r", "d", "e")
    assert "secret-group" not in terminal.wait_for("1 of 7")
    terminal.type(leave if leave == "C-c" else "Enter")
    if leave != "C-c":
        terminal.type(leave)
    terminal.wait_for("left with 0")
    assert terminal.modes() == modes
    terminal.type("echo typed-$((40+2))", "Enter")
    assert "echo typed-$((40+2))" in terminal.wait_for("typed-42")
