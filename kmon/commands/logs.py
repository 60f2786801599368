"""Where log lines go, set up once for every command."""

import logging
import sys

from monitor.model.text import visible

CHATTY = ("kafka", "httpx", "httpcore", "asyncio", "uvicorn.access", "botocore")
"""Libraries that log what is no news, and at error level what kmon tells better itself."""


class _Formatter(logging.Formatter):
    """One line a record; names from Kafka cannot forge another. Tracebacks keep their lines."""

    def format(self, record: logging.LogRecord) -> str:
        head = visible(f"{self.formatTime(record)} {record.levelname.lower()} {record.name}: {record.getMessage()}")
        if not record.exc_info:
            return head
        return "\n".join([head, *map(visible, self.formatException(record.exc_info).splitlines())])


def set_up(command: str, *, verbose: bool) -> None:
    """Log to stderr: what a command that stays tells, only warnings of one that ends, nothing over a terminal UI."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if command == "tui" and sys.stderr.isatty():
        handler = logging.NullHandler()
    handler.setFormatter(_Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    usual = logging.INFO if command in ("serve", "demo") else logging.WARNING
    root.setLevel(logging.DEBUG if verbose else usual)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.CRITICAL)
