"""Gets notices to one receiver: its own queue, thread, batches, and back-off, so that none waits for another."""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from alerts.notice import Delivered, GiveUp, Notice, Notifier, Outcome, Retry
from alerts.samples import Labels
from monitor.model.alert_counters import Counters
from monitor.model.text import visible
from monitor.poll.log_pace import Pace
from monitor.poll.worker import Worker, log_failure

log = logging.getLogger(__name__)

Key = tuple[Labels, float, bool]
"""What tells one notice from another: the alert, when it began to fire, and whether it is resolved."""

Entry = tuple[Notice, float]
"""A notice that waits, and how many seconds it is good for once it is sent."""


@dataclass(frozen=True)
class Policy:
    """How notices reach a receiver.

    `again`: whether it is told again of what it was told before. `batch`: the most notices in one go. `capacity`: the
    most that wait; then the oldest are dropped. A Retry waits `first_retry_seconds`, doubled each time up to
    `last_retry_seconds`, each shortened at random by up to a half.
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

    A notice that is told again takes the place of the one that still waits, so a receiver that was away for hours is
    told each thing once, in order, as it stands now.
    """

    def __init__(
        self,
        name: str,
        notifier: Notifier,
        policy: Policy = Policy(),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`monotonic` is the clock of what is logged again."""
        self.name = name
        self._pace, self._monotonic = Pace(), monotonic
        self._notifier = notifier
        self._policy = policy
        self._queue: dict[Key, Entry] = {}
        self._counters = Counters(name)
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._worker = Worker(f"alerts to {name}", self._run)
        self._worker.start()

    def offer(self, notices: Iterable[Notice], valid_seconds: float = 0.0) -> None:
        """Queue notices in order. One that is firing is good for `valid_seconds` from when it is sent."""
        with self._changed:
            for notice in notices:
                if notice.again and not self._policy.again:
                    continue
                self._queue[notice.labels, notice.starts_at, notice.resolved] = (notice, valid_seconds)
            excess = len(self._queue) - self._policy.capacity
            if excess > 0:
                for key in list(islice(self._queue, excess)):
                    del self._queue[key]
                self._count(dropped=excess)
            self._changed.notify_all()

    @property
    def counters(self) -> Counters:
        with self._changed:
            return replace(self._counters, queued=len(self._queue))

    def close(self, within_seconds: float) -> None:
        """Send what waits, but for no longer than this; returns at once."""
        with self._changed:
            self._deadline = time.monotonic() + within_seconds
            self._changed.notify_all()
        self._worker.end()

    def trouble(self) -> str:
        """Why nothing is delivered any more whatever the receiver responds; empty while the thread lives."""
        return f"alerts to {self.name}: the thread that delivers them is dead" if self._worker.dead else ""

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread to end; False when it is still held up in the notifier, which ends with the process."""
        return self._worker.join(timeout_seconds)

    def _run(self) -> None:
        attempt = 0
        while batch := self._next_batch():
            outcome = self._attempt(batch)
            self._settle(batch, outcome)
            attempt = attempt + 1 if isinstance(outcome, Retry) else 0
            if attempt:
                self._pause(retry_seconds(self._policy, attempt, random.random()))  # noqa: S311 - jitter, no secret

    def _next_batch(self) -> dict[Key, Entry]:
        """The oldest entries, which stay queued while they are sent; none when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._deadline is not None)
            if self._deadline is not None and time.monotonic() >= self._deadline:
                return {}
            return dict(islice(self._queue.items(), self._policy.batch))

    def _attempt(self, batch: dict[Key, Entry]) -> Outcome:
        now = time.time()
        notices = [
            notice if notice.resolved else replace(notice, ends_at=now + valid) for notice, valid in batch.values()
        ]
        try:
            return self._notifier.notify(notices)
        except Exception as error:  # noqa: BLE001 - a notifier's own fault costs its notices only
            log_failure(log, "the notifier of %s failed", self.name)
            return GiveUp(f"{type(error).__name__}: {error}")

    def _settle(self, batch: dict[Key, Entry], outcome: Outcome) -> None:
        error = "" if isinstance(outcome, Delivered) else visible(outcome.reason, 300)
        with self._changed:
            if isinstance(outcome, Retry):
                self._count(retries=1)
            else:
                for key, entry in batch.items():
                    if self._queue.get(key) is entry:
                        del self._queue[key]
                self._count(**{"sent" if isinstance(outcome, Delivered) else "failed": len(batch)})
            self._counters = replace(self._counters, last_error=error)
            if not error:
                self._counters = replace(self._counters, last_sent_at=time.time())
        if error:
            if line := self._pace.line(error, self._monotonic(), error.partition(":")[0]):
                log.warning("alerts to %s: %s", self.name, line)
        elif self._pace.over():
            log.info("alerts to %s are delivered again", self.name)

    def _pause(self, delay_seconds: float) -> None:
        with self._changed:
            if self._deadline is None:
                self._changed.wait_for(lambda: self._deadline is not None, delay_seconds)
            else:
                self._changed.wait(min(delay_seconds, max(0.0, self._deadline - time.monotonic())))

    def _count(self, **more: int) -> None:
        self._counters = replace(
            self._counters, **{name: getattr(self._counters, name) + n for name, n in more.items()}
        )
