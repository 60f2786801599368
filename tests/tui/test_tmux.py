"""The app in a real terminal: what a Pilot cannot see is how it starts, and what it leaves behind."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from requirements import require

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
PATIENCE_SECONDS = 60


class Terminal:
    """A tmux server of its own with one pane, in which a shell runs."""

    def __init__(self, folder: Path) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{SUPPORT}", "TERM": "xterm-256color"}
        environment.pop("NO_COLOR", None)
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", "100", "-y", "30", "sh"], check=True, env=environment, timeout=30
        )

    def ask(self, *command: str) -> str:
        return subprocess.run([*self._tmux, *command], check=True, capture_output=True, text=True, timeout=30).stdout

    def type(self, *keys: str) -> None:
        self.ask("send-keys", *keys)

    def screen(self) -> str:
        return self.ask("capture-pane", "-p")

    def state(self, name: str) -> str:
        return self.ask("display-message", "-p", f"#{{{name}}}").strip()

    def wait_for(self, words: str) -> str:
        end = time.monotonic() + PATIENCE_SECONDS
        while words not in (screen := self.screen()):
            assert time.monotonic() < end, f"{words!r} did not come:\n{screen}"
            time.sleep(0.1)
        return screen

    def end(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True, timeout=30)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        require("tmux", "tmux is not installed")
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.end()


@pytest.mark.tmux
@pytest.mark.parametrize("leave", ["q", "C-c"])
def test_a_person_starts_looks_around_and_leaves_a_clean_terminal(terminal: Terminal, leave: str) -> None:
    terminal.type("echo ready-$((40+2))", "Enter")
    terminal.wait_for("ready-42")
    modes = terminal.ask("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}")
    terminal.type(f"{sys.executable} {SUPPORT / 'fixture_app.py'}", "Enter")
    terminal.wait_for("payments-ledger")
    assert terminal.state("alternate_on") == "1"
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
    assert terminal.ask("display-message", "-p", "#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == modes
    terminal.type("echo typed-$((40+2))", "Enter")
    assert "echo typed-$((40+2))" in terminal.wait_for("typed-42")
