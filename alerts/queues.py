"""What waits for a receiver, in order: notices for an Alertmanager, notifications about groups for all others."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

from alerts.grouping import REPEAT, Grouping, step
from alerts.message import title
from alerts.mutes import Mutes
from alerts.notice import Notice
from alerts.outbox import Box, Kept
from alerts.samples import Labels

Key = tuple[Labels, float, bool]
"""What tells one notice from another: the alert, when it began to fire, and whether it is resolved."""

UNCONFIRMED_SECONDS = 900.0
"""How long an alert of an earlier run is taken to fire though no rule says so: its rule may need that long to know."""


@dataclass(frozen=True)
class Batch:
    """What is sent in one go: what the notifier is given, how many notifications it is, and what it came from.

    `about` is what a log line says of it when it is given up, empty where it will be sent again.
    """

    message: Any
    size: int
    entries: tuple[Any, ...]
    about: str = ""


class Queue(Protocol):
    """Not for more than one thread at once. `now` is the monotonic clock, `unix` the time of day."""

    def put(self, notices: Iterable[Notice], valid_seconds: float, now: float, unix: float) -> int:
        """Add what was noticed, in order; how many of the oldest were dropped for it."""
        ...

    def head(self, now: float, unix: float, *, at_once: bool) -> Batch | None:
        """The oldest that is due, which stays queued; `at_once` when it is time to end."""
        ...

    def remove(self, batch: Batch) -> None:
        """It was delivered, or never will be."""
        ...

    @property
    def due_at(self) -> float:
        """When something may be due although nothing was added."""
        ...

    def keep(self, now: float, unix: float) -> Callable[[], object] | None:
        """Have the queue written to the file as it is; what waits for that, None where nothing is kept.

        It is called without any lock.
        """
        ...

    def __len__(self) -> int: ...


class NoticeQueue:
    """Single notices, at most `batch` in one go.

    A notice that is sent again takes the place of the one that still waits, so a receiver that was away for hours gets
    each once, in order, as it stands now. A firing one is good for `valid_seconds` from when it is sent.
    """

    due_at = math.inf

    def __init__(self, batch: int, capacity: int) -> None:
        self._batch, self._capacity = batch, capacity
        self._entries: dict[Key, tuple[Notice, float]] = {}

    def put(self, notices: Iterable[Notice], valid_seconds: float, now: float, unix: float) -> int:
        for notice in notices:
            self._entries[notice.labels, notice.starts_at, notice.resolved] = (notice, valid_seconds)
        return _drop(self._entries, self._capacity)

    def head(self, now: float, unix: float, *, at_once: bool) -> Batch | None:
        entries = tuple(islice(self._entries.items(), self._batch))
        if not entries:
            return None
        notices = [
            notice if notice.resolved else replace(notice, ends_at=unix + valid) for _, (notice, valid) in entries
        ]
        return Batch(notices, len(notices), entries)

    def remove(self, batch: Batch) -> None:
        for key, entry in batch.entries:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def keep(self, now: float, unix: float) -> Callable[[], object] | None:
        return None  # an Alertmanager is sent everything again

    def __len__(self) -> int:
        return len(self._entries)


class NewsQueue(NoticeQueue):
    """Single notices, each sent once. One that `is_muted` is sent when it no longer is, if its alert still fires."""

    def __init__(self, batch: int, capacity: int, is_muted: Callable[[Notice], bool] = lambda _: False) -> None:
        super().__init__(batch, capacity)
        self._is_muted = is_muted
        self._muted: set[Labels] = set()

    def put(self, notices: Iterable[Notice], valid_seconds: float, now: float, unix: float) -> int:
        return super().put([each for each in notices if self._is_news(each)], valid_seconds, now, unix)

    def _is_news(self, notice: Notice) -> bool:
        if notice.resolved and notice.labels in self._muted:
            self._muted.discard(notice.labels)
            return False
        if notice.labels in self._muted or not notice.again:
            if self._is_muted(notice):
                self._muted.add(notice.labels)
                return False
            self._muted.discard(notice.labels)
            return True
        return False


class GroupQueue:
    """Notifications about groups, one in one go; see `alerts.grouping`.

    A notification is kept as it was when it became due, so a receiver that was away gets everything, in order. Only a
    repetition is left out while another notification about its group still waits.
    """

    def __init__(
        self,
        grouping: Grouping,
        capacity: int,
        is_quiet: Callable[[str, float], bool] = lambda _severity, _unix: False,
        mutes: Mutes | None = None,
        *,
        box: Box | None = None,
        now: float = 0.0,
        unix: float = 0.0,
    ) -> None:
        """With a `box`, it begins with what an earlier run left there, at this time."""
        self._grouping, self._capacity, self._is_quiet, self._box = grouping, capacity, is_quiet, box
        self._mutes = mutes or Mutes()
        kept = Kept() if box is None else box.load(now, unix)
        self._groups = kept.groups
        self._waiting = dict(kept.waiting)
        self._lasting = box is not None and box.lasting
        self._number, self._dropped = max(self._waiting, default=0), 0
        self._changed = False
        self._unconfirmed = {
            labels: now + UNCONFIRMED_SECONDS
            for group in self._groups.values()
            for labels, notice in group.notices.items()
            if not notice.resolved
        }
        self.due_at = now if self._groups else math.inf

    def put(self, notices: Iterable[Notice], valid_seconds: float, now: float, unix: float) -> int:
        self._step(notices, now, unix)
        dropped, self._dropped = self._dropped, 0
        return dropped

    def head(self, now: float, unix: float, *, at_once: bool) -> Batch | None:
        if at_once or now >= self.due_at:
            self._step((), now, unix, at_once=at_once)
        for number, each in self._waiting.items():
            return Batch(each, 1, (number,), title(each))
        return None

    def remove(self, batch: Batch) -> None:
        self._changed = True
        for number in batch.entries:
            self._waiting.pop(number, None)

    def keep(self, now: float, unix: float) -> Callable[[], object] | None:
        if self._box is None:
            return None
        if self._changed:
            self._changed = False
            self._box.offer(self._groups, self._waiting, now, unix)
        return self._box.flush

    def __len__(self) -> int:
        return len(self._waiting)

    def _step(self, notices: Iterable[Notice], now: float, unix: float, *, at_once: bool = False) -> None:
        def held_back(notice: Notice) -> bool:
            severity = dict(notice.labels).get("severity", "")
            return self._is_quiet(severity, unix) or self._mutes.is_silenced(notice)

        self._changed = True
        notices = list(notices)
        notices += self._expired(notices, now, unix)
        self._groups, due, due_at = step(
            self._groups,
            notices,
            now,
            self._grouping,
            held_back,
            acknowledged=self._mutes.is_acknowledged,
            at_once=at_once,
            kept=self._lasting,
        )
        self.due_at = min(due_at, *self._unconfirmed.values(), math.inf)
        for each in due:
            if each.reason == REPEAT and any(other.labels == each.labels for other in self._waiting.values()):
                continue
            self._number += 1
            self._waiting[self._number] = each
        self._dropped += _drop(self._waiting, self._capacity)

    def _expired(self, notices: Iterable[Notice], now: float, unix: float) -> list[Notice]:
        """The alerts of an earlier run that this one has not seen for too long, as resolved."""
        for notice in notices:
            self._unconfirmed.pop(notice.labels, None)
        over = [labels for labels, until in self._unconfirmed.items() if until <= now]
        for labels in over:
            del self._unconfirmed[labels]
        return [
            replace(notice, resolved=True, again=False, ends_at=unix)
            for group in (self._groups.values() if over else ())
            for labels, notice in group.notices.items()
            if labels in over and not notice.resolved
        ]


def _drop(entries: dict[Any, Any], capacity: int) -> int:
    """Remove the oldest that are too many; how many they are."""
    excess = max(0, len(entries) - capacity)
    for key in list(islice(entries, excess)):
        del entries[key]
    return excess
