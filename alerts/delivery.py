"""Gets notifications to one receiver: its own queue, thread and back-off, so that none waits for another."""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from alerts.notice import Delivered, GiveUp, GroupNotifier, Notice, Notifier, Outcome, Retry
from alerts.queues import Batch, NewsQueue, NoticeQueue, Queue
from monitor.model.alert_counters import Counters
from monitor.model.text import visible
from monitor.poll.log_pace import Pace
from monitor.poll.worker import Worker, log_failure

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 3_600.0
"""A receiver that asks for a longer wait is asked again after this."""


@dataclass(frozen=True)
class Policy:
    """How notices reach a receiver.

    `again`: whether it is told again of what it was told before. `batch`: the most notices in one go. `capacity`: the
    most that wait; then the oldest are dropped. A Retry waits `first_retry_seconds`, doubled each time up to
    `last_retry_seconds`, each shortened at random by up to a half, or for as long as the receiver asks if that is more.
    """

    again: bool = True
    batch: int = 256
    capacity: int = 10_000
    first_retry_seconds: float = 0.5
    last_retry_seconds: float = 30.0


def retry_seconds(policy: Policy, attempt: int, chance: float) -> float:
    """The wait after the `attempt`-th failure in a row, the first is 1; `chance` is from 0 to 1."""
    doubled = policy.first_retry_seconds * 2.0 ** min(attempt - 1, 30)
    return min(policy.last_retry_seconds, doubled) * (1 - chance / 2)


class Receiver:
    """A notifier with its queue and thread. `offer` never blocks; `close` then `join` end it.

    Without `start` nothing is delivered but by `turn`.
    """

    def __init__(
        self,
        name: str,
        notifier: Notifier | GroupNotifier,
        policy: Policy = Policy(),
        monotonic: Callable[[], float] = time.monotonic,
        *,
        queue: Queue | None = None,
        wants: Callable[[Notice], bool] = lambda _: True,
        wall: Callable[[], float] = time.time,
        start: bool = True,
    ) -> None:
        """`queue` is for what a GroupNotifier is given, `wants` whether the receiver gets a notice."""
        self.name = name
        self._pace, self._monotonic, self._wall = Pace(), monotonic, wall
        self._notifier = notifier
        self._policy = policy
        plain = NoticeQueue if policy.again else NewsQueue
        self._queue = plain(policy.batch, policy.capacity) if queue is None else queue
        self._wants = wants
        self._counters = Counters(name)
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._failures = 0
        self._not_before = -math.inf
        self._news = 0
        self._worker = Worker(f"alerts to {name}", self._run)
        if start:
            self.start()

    def start(self) -> None:
        """Begin to deliver, on a thread of its own."""
        self._worker.start()

    def offer(self, notices: Iterable[Notice], valid_seconds: float = 0.0) -> None:
        """Queue notices in order. One that is firing is good for `valid_seconds` from when it is sent."""
        wanted = [each for each in notices if self._wants(each)]
        with self._changed:
            if wanted:
                now, unix = self._monotonic(), self._wall()
                self._count(dropped=self._queue.put(wanted, valid_seconds, now, unix))
                self._queue.keep(now, unix)
                self._wake()

    @property
    def counters(self) -> Counters:
        with self._changed:
            return replace(self._counters, queued=len(self._queue))

    def close(self, within_seconds: float) -> None:
        """Send what waits, but for no longer than this; returns at once."""
        with self._changed:
            self._deadline = time.monotonic() + within_seconds
            self._not_before = -math.inf
            self._wake()
        self._worker.end()

    def trouble(self) -> str:
        """Why nothing is delivered any more whatever the receiver responds; empty while the thread lives."""
        return f"alerts to {self.name}: the thread that delivers them is dead" if self._worker.dead else ""

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread to end; False when it is still held up in the notifier, which ends with the process."""
        return self._worker.join(timeout_seconds)

    def turn(self) -> float | None:
        """Send what is due, in one go; how long to wait before the next turn, None when it is time to end."""
        with self._changed:
            now, unix = self._monotonic(), self._wall()
            ending = self._deadline is not None
            late = self._deadline is not None and time.monotonic() >= self._deadline
            batch = None if late else self._queue.head(now, unix, at_once=ending)
            written = self._queue.keep(now, unix)
            due_at, not_before = self._queue.due_at, self._not_before
        if written is not None:
            written()  # or cannot be: then it is sent all the same
        if batch is None:
            return None if ending else max(0.0, due_at - now)
        if now < not_before:
            return not_before - now
        outcome = self._attempt(batch)
        self._settle(batch, outcome)
        if not isinstance(outcome, Retry):
            return 0.0
        now = self._monotonic()
        with self._changed:
            return max(0.0, self._not_before - now)

    def _run(self) -> None:
        while True:
            seen = self._news
            wait = self.turn()
            if wait is None:
                return
            if wait > 0:
                self._pause(wait, seen)

    def _attempt(self, batch: Batch) -> Outcome:
        try:
            return self._notifier.notify(batch.message)
        except Exception as error:  # noqa: BLE001 - a notifier's own fault costs its notices only
            log_failure(log, "the notifier of %s failed", self.name)
            return GiveUp(f"{type(error).__name__}: {error}")

    def _settle(self, batch: Batch, outcome: Outcome) -> None:
        error = "" if isinstance(outcome, Delivered) else visible(outcome.reason, 300)
        with self._changed:
            if isinstance(outcome, Retry):
                self._count(retries=1)
                self._failures += 1
                delay = retry_seconds(self._policy, self._failures, random.random())  # noqa: S311 - jitter, no secret
                if self._deadline is None:
                    delay = max(delay, min(outcome.after_seconds, LONGEST_WAIT_SECONDS))
                self._not_before = self._monotonic() + delay
            else:
                self._failures, self._not_before = 0, -math.inf
                self._queue.remove(batch)
                self._count(**{"sent" if isinstance(outcome, Delivered) else "failed": batch.size})
            self._counters = replace(self._counters, last_error=error)
            if not error:
                self._counters = replace(self._counters, last_sent_at=time.time())
        if isinstance(outcome, GiveUp) and batch.about:
            # It is lost, which is worth a line each time.
            log.error("alerts to %s: %s; given up: %s", self.name, error, batch.about)
            self._pace.line(error, self._monotonic(), error.partition(":")[0])
        elif error:
            if line := self._pace.line(error, self._monotonic(), error.partition(":")[0]):
                log.warning("alerts to %s: %s", self.name, line)
        elif self._pace.over():
            log.info("alerts to %s are delivered again", self.name)

    def _wake(self) -> None:
        self._news += 1
        self._changed.notify_all()

    def _pause(self, seconds: float, seen: int) -> None:
        """Wait until something has been offered, or it is time to end, since `seen`, for no longer than this."""
        with self._changed:
            if self._deadline is not None:
                seconds = min(seconds, max(0.0, self._deadline - time.monotonic()))
            self._changed.wait_for(lambda: self._news != seen, None if math.isinf(seconds) else seconds)

    def _count(self, **more: int) -> None:
        self._counters = replace(
            self._counters, **{name: getattr(self._counters, name) + n for name, n in more.items()}
        )
