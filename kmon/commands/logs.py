"""Log lines: how they are written and where they go, set up once for every command."""

import copy
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from monitor.model.text import visible
from monitor.poll.log_pace import Pace

CHATTY = ("kafka", "httpx", "httpcore", "asyncio", "uvicorn.access", "botocore")
"""Libraries that log what is no news, and at error level what kmon tells better itself."""
ROOMS = ("alerts", "dashboards", "exporters", "kmon", "monitor", "tui")
"""Loggers whose lines have a pace of their own."""
EVERY_SECONDS = 60.0


class Formatter(logging.Formatter):
    """One line a record, with the time in UTC; names from Kafka cannot forge another.

    An exception is its last line and the places in the code, the innermost first; with `verbose` its traceback follows.
    """

    def __init__(self, *, verbose: bool) -> None:
        super().__init__()
        self._verbose = verbose

    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage().rstrip()
        if client := getattr(record, "client", ""):
            text += f" (client {client})"
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not self._verbose:
            frames = reversed(traceback.extract_tb(error.__traceback__))
            places = " < ".join(f"{Path(each.filename).name}:{each.lineno}" for each in frames)
            text += f": {type(error).__name__}: {error} ({places})"
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = visible(f"{when} {record.levelname.lower()} {record.name}: {text}")
        if error is None or not self._verbose:
            return head
        return "\n".join([head, *map(visible, "".join(traceback.format_exception(error)).splitlines())])


class Handler(logging.StreamHandler[TextIO]):
    """Writes lines to stderr; of an exception or a library's line that repeats, only one in EVERY_SECONDS.

    With `verbose` all of them.
    """

    def __init__(self, *, verbose: bool) -> None:
        super().__init__(sys.stderr)
        self._pace = Pace(0.0 if verbose else EVERY_SECONDS)

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.name.partition(".")[0] not in ROOMS:
            text, kind = record.getMessage().rstrip(), record.exc_info and record.exc_info[0]
            line = self._pace.line(text, record.created, (record.name, text, kind))
            if line is None:
                return
            record = copy.copy(record)
            record.msg, record.args = line, ()
        super().emit(record)


def set_up(command: str, *, verbose: bool) -> None:
    """Log to stderr: what a command that stays tells, only warnings of one that ends, nothing over a terminal UI."""
    handler: logging.Handler = Handler(verbose=verbose)
    if command == "tui" and sys.stderr.isatty():
        handler = logging.NullHandler()
    handler.setFormatter(Formatter(verbose=verbose))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    usual = logging.INFO if command in ("serve", "demo") else logging.WARNING
    root.setLevel(logging.DEBUG if verbose else usual)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.CRITICAL)
