"""SIGINT and SIGTERM as an orderly end: a flag that a command waits on."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def ending() -> Iterator[threading.Event]:
    """An event that either signal sets while the context lasts; a second signal is left to end the process at once."""
    end = threading.Event()
    before: dict[signal.Signals, Any] = {}

    def stop(_number: int, _frame: FrameType | None) -> None:
        end.set()
        for number in before:
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, stop)
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
