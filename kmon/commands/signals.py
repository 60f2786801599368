"""Signals as an orderly end: an exception that ends a command, or a call by which a command that waits ends itself."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2")
ENDING = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))
"""What ends a command; Windows does not have all of them."""
HANGUP = getattr(signal, "SIGHUP", None)


class Ended(KeyboardInterrupt):
    """Another signal than Ctrl-C's, `number`, ends the command, and passes like Ctrl-C through what it runs."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """While the context lasts, signals raise in the main thread: KeyboardInterrupt for SIGINT, otherwise Ended."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Ended(signal.Signals(number))

    with _handled(interrupt, [number for number in ENDING if number != signal.SIGINT]):
        yield


@contextmanager
def ending(
    act: Callable[[], object] = lambda: None, *, hangup: Callable[[], object] | None = None
) -> Iterator[threading.Event]:
    """An event that any signal of ENDING sets while the context lasts; a second signal ends the process at once.

    `act` is called by the first, in the main thread, between any two steps of what runs there. A command that gives
    `hangup` does not end by SIGHUP, which calls this instead, unless the terminal that it was started in is closed.
    """
    end = threading.Event()
    terminal = os.isatty(0)

    def stop(number: int, _frame: FrameType | None) -> None:
        if hangup is not None and number == HANGUP and os.isatty(0) == terminal:
            hangup()
        else:
            end.set()
            for each in ENDING:
                signal.signal(each, signal.SIG_DFL)
            act()

    with _handled(stop, ENDING):
        yield end


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None], numbers: Sequence[signal.Signals]) -> Iterator[None]:
    """Handle signals while the context lasts; a SIGHUP that is ignored already, as by nohup, stays so."""
    taken = [each for each in numbers if each != HANGUP or signal.getsignal(each) != signal.SIG_IGN]
    before = {each: signal.signal(each, handler) for each in taken}
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)
