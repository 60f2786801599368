"""The loop of polls: one cluster, polled every interval on a thread that lasts."""

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from monitor.model.text import plural
from monitor.model.view import View
from monitor.poll.identity import ClusterName
from monitor.poll.poller import KeptCounters, Poller
from monitor.poll.source import Memory
from monitor.poll.worker import Worker, log_failure
from monitor.settings.model import ClusterSettings

log = logging.getLogger(__name__)

PATIENCE_INTERVALS = 3
PATIENCE_SECONDS = 60.0
PATIENCE_POLLS = 3
"""Polls have stopped when the next is late by all of these: so many intervals, so many seconds, and so many times the
longest poll so far. A poll that is slow is no reason to end the process."""


SOONEST_SECONDS = 1.0
"""A poll that somebody asks for begins this long after the one before at the earliest: a key that is held down must not
bring more requests to the brokers than polls every second do."""

FRESH_AFTER = 3
"""Polls that fail in a row before the next is made with a fresh Poller: what it remembers may be what fails."""


class PollLoop:
    """Polls a cluster every interval on a thread of its own and shows each View to `memory`.

    `enrich` may add to a View before it is shown. Polls never overlap: one that is late is skipped, not caught up on.
    One that is asked for is made at once, and the next an interval after it.
    Nothing but a stop ends it: a poll that fails is logged, and FRESH_AFTER of them in a row, or what is worse, make it
    begin anew with new connections. What earlier polls saw is forgotten then, but for what is `kept`.
    """

    def __init__(
        self,
        settings: ClusterSettings,
        memory: Memory,
        enrich: Callable[[View], View] = lambda view: view,
        name: ClusterName | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        kept: KeptCounters | None = None,
        state_trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`monotonic` is the clock by which polls are found to have stopped; `kept` and `state_trouble`: see Poller."""
        self._settings = settings
        self._name = name or ClusterName(settings.name, settings.title)
        self._memory = memory
        self._enrich = enrich
        self._monotonic = monotonic
        self._make = partial(Poller, settings, kept=kept, state_trouble=state_trouble)
        self._stop = threading.Event()
        self._poller: Poller | None = None
        self._worker = Worker(f"poll-{settings.title}", self._run, min(settings.interval_seconds, 10.0))
        self._ended: float | None = None
        self._longest = 0.0
        self._failures, self._error = 0, ""

    def start(self) -> None:
        """Begin to poll. Raises SettingsError when a file that the settings name cannot be used."""
        self._poller = self._make(name=self._name)
        self._ended = self._monotonic()
        self._worker.start()

    def stop(self) -> None:
        """End within a few seconds; a poll that is still under way after one of them is cut off and not shown."""
        self._stop.set()
        self._memory.poll_now()  # it may be waiting for that
        self._worker.end()
        ended, poller = self._worker.join(1), self._poller
        if not ended and poller:
            poller.close()
        self._worker.join(3)

    def trouble(self) -> str:
        """Why nothing new is shown any more, in words: the thread is dead, or no poll has ended for too long.

        Empty while polls end, whatever they found.
        """
        if self._worker.dead:
            return f"{self._name}: the poll thread is dead"
        ended = self._ended
        if ended is None:
            return ""
        interval, seconds = self._settings.interval_seconds, self._monotonic() - ended
        # The next poll begins an interval later at most, and its deadline is another.
        late = seconds - 2 * interval
        if late <= max(PATIENCE_INTERVALS * interval, PATIENCE_SECONDS, PATIENCE_POLLS * self._longest):
            return ""
        why = f": {plural(self._failures, 'poll')} failed, the last by {self._error}" if self._failures else ""
        return f"{self._name}: no poll has completed for {seconds:,.0f} s (interval {interval:g} s){why}"

    def _run(self) -> None:
        """Poll until stopped. Raises what a failed poll does not cover: the worker begins it again."""
        try:
            poller = self._poller = self._poller or self._make(name=self._name)
        except Exception as error:
            self._fail(error)
            raise
        try:
            self._polls(poller)
        finally:
            self._poller = None
            with suppress(Exception):  # what is closed may be what failed
                poller.close()

    def _polls(self, poller: Poller) -> None:
        interval = self._settings.interval_seconds
        due = time.monotonic()
        while not self._stop.is_set():
            began = time.monotonic()
            self._poll(poller)
            now = time.monotonic()
            turns = max(1, math.ceil((now - due) / interval))
            poller.overruns += turns - 1
            due += interval * turns
            if self._memory.wait_for_wish(max(0.0, due - now)) and not self._stop.is_set():
                self._stop.wait(max(0.0, min(due, began + SOONEST_SECONDS) - time.monotonic()))
                due = time.monotonic()

    def _poll(self, poller: Poller) -> None:
        """One poll, shown; one that fails is logged. Raises where no poll of this Poller can succeed any more."""
        began = self._monotonic()
        try:
            view = poller.poll()
            if self._stop.is_set():
                return
            self._memory.show(self._enrich(view))
        except Exception as error:
            if self._stop.is_set():
                return
            self._fail(error)
            if poller.crashed or self._failures % FRESH_AFTER == 0:
                raise
            log_failure(log, "the poll of cluster %s failed", self._name)
        else:
            self._ended = self._monotonic()
            self._longest = max(self._longest, self._ended - began)
            self._failures = 0
        finally:
            self._name = poller.name

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        self._error = f"{type(error).__name__}: {error}".removesuffix(": ")


def stop_all(loops: Sequence[PollLoop]) -> None:
    """Stop polls side by side, so that several that hang take no longer than one."""
    threads = [threading.Thread(target=loop.stop) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
