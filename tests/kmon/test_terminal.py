"""Commands in a real terminal: the terminal UI draws on it and nowhere else, and only where escapes are obeyed."""

from pathlib import Path

import pytest
from real_kmon import command
from terminal import Terminal

pytestmark = pytest.mark.tmux

REFUSED = "127.0.0.1:1"
TUI = " ".join(command("tui", "-b", REFUSED))
FOR_A_WHILE = " ".join(command("lag", "-b", REFUSED, "--for", "1s", "--timeout", "1s"))


def test_the_terminal_ui_draws_on_the_terminal_while_errors_go_to_a_file(terminal: Terminal, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    terminal.type(f"{TUI} 2>{errors}; echo left with $((0+$?))", "Enter")
    terminal.wait_for("is unreachable")
    terminal.type("2")
    terminal.wait_for("polled every 10 s")
    terminal.type("q")
    terminal.wait_for("left with 0")
    assert errors.read_text() == ""


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_shows_escapes_is_refused(terminal: Terminal, term: str, tmp_path: Path) -> None:
    terminal.ask("pipe-pane", f"cat > {tmp_path / 'written'}")
    terminal.type(f"TERM={term} {TUI}; echo left with $((0+$?))", "Enter")
    screen = terminal.wait_for("left with 2")
    assert f"TERM is {term}; --once prints the overview as plain text" in "".join(screen.split("\n"))
    assert "\x1b[?1049h" not in (tmp_path / "written").read_text()


def test_progress_is_drawn_only_where_escapes_are_obeyed(terminal: Terminal, tmp_path: Path) -> None:
    written = tmp_path / "written"
    terminal.ask("pipe-pane", f"cat > {written}")
    terminal.type(f"TERM=dumb {FOR_A_WHILE}; echo left with $((0+$?))", "Enter")
    terminal.wait_for("left with 2")
    assert "\x1b[K" not in written.read_text()
    terminal.type(f"{FOR_A_WHILE}; echo then left with $((0+$?))", "Enter")
    terminal.wait_for("then left with 2")
    assert "\x1b[K" in written.read_text()
