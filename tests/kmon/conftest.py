"""Fixtures for the commands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from requirements import require_program
from terminal import Terminal

ROOT = Path(__file__).parents[2]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A real terminal in which kmon is found."""
    require_program("tmux")
    terminal = Terminal(tmp_path, {"PYTHONPATH": str(ROOT)})
    yield terminal
    terminal.end()
