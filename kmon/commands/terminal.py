"""The terminal that a command was started in: what it can do, columns of text for it, and the terminal UI on it."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from kmon.commands.signals import ending
from monitor.model.text import width

if TYPE_CHECKING:
    from textual.app import App

WITHOUT_ESCAPES = ("dumb", "unknown")
"""Values of TERM for terminals that show escape sequences as text."""


def moves_cursor(stream: TextIO) -> bool:
    """Whether this is a terminal that obeys escape sequences."""
    return stream.isatty() and os.environ.get("TERM") not in WITHOUT_ESCAPES


def lacking() -> str | None:
    """What the terminal UI would need and does not have, None where it can run."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "needs a terminal"
    if not moves_cursor(sys.stdout):
        return f"needs a terminal that can move the cursor, and TERM is {os.environ['TERM']}"
    return None


def run_app(app: "App[None]", seconds: float | None = None) -> None:
    """Run a terminal UI until it is quit, a signal ends it, or `seconds` have passed; it restores the terminal."""
    import asyncio  # noqa: PLC0415 - not for `kmon lag`

    async def run() -> None:
        loop = asyncio.get_running_loop()
        if seconds is not None:
            loop.call_later(seconds, app.exit)
        with ending(lambda: loop.call_soon_threadsafe(app.exit)):
            await app.run_async()

    asyncio.run(run())


def align(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Lines of the cells, each column as wide as its widest and two blanks apart; `right` aligns numbers."""
    widths = [max(width(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        blanks = [" " * (wide - width(cell)) for wide, cell in zip(widths, row, strict=True)]
        cells = [
            blank + cell if to_right else cell + blank for cell, blank, to_right in zip(row, blanks, right, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
