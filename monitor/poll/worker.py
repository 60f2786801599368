"""A thread that lasts: it begins its work again when an exception ends it, and reports when it is dead."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

log = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
"""How long a worker pauses before it begins anew."""


def log_failure(logger: logging.Logger, message: str, *args: object) -> None:
    """Log the exception that is being handled. Never raises: a full disk or too little memory costs the line only."""
    with suppress(Exception):
        logger.exception(message, *args)  # noqa: LOG004 - called by exception handlers


class Worker:
    """A daemon thread that does `work` until it returns; where `work` raises, it is done again after a pause.

    `work` begins from what is outside of it: what it held when it was cut off is gone.
    """

    def __init__(self, name: str, work: Callable[[], None], restart_seconds: float | None = None) -> None:
        """It pauses for `restart_seconds` before it begins again, RESTART_SECONDS without."""
        self._work = work
        self._restart_seconds = RESTART_SECONDS if restart_seconds is None else restart_seconds
        self._ending = threading.Event()
        self._started = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._started = True
        self._thread.start()

    def end(self) -> None:
        """The work is about to return: an exception ends the thread from now on."""
        self._ending.set()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread to end; False when it still runs, True also when it never started."""
        if not self._started:
            return True
        self._thread.join(max(0.0, timeout_seconds))
        return not self._thread.is_alive()

    @property
    def dead(self) -> bool:
        """Whether the thread has ended although nobody ended it."""
        return self._started and not self._ending.is_set() and not self._thread.is_alive()

    def _run(self) -> None:
        done = False
        while not done:
            try:
                done = self._attempt() or self._ending.wait(self._restart_seconds)
            except BaseException:  # noqa: BLE001, S112 - where memory is short, handling a failure and waiting fail too
                continue

    def _attempt(self) -> bool:
        """Whether the work returned."""
        try:
            self._work()
        except BaseException:  # noqa: BLE001 - a thread that ends by anything at all would leave nobody to do its work
            if not self._ending.is_set():
                log_failure(log, "thread %s failed and restarts", self._thread.name)
            return False
        return True
