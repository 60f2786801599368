"""What waits for a receiver, in order: notices for an Alertmanager, notifications about groups for all others."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

from alerts.grouping import REPEAT, Grouping, Groups, step
from alerts.notice import GroupNotice, Notice
from alerts.samples import Labels

Key = tuple[Labels, float, bool]
"""What tells one notice from another: the alert, when it began to fire, and whether it is resolved."""


@dataclass(frozen=True)
class Batch:
    """What is sent in one go: what the notifier is given, how many notifications it is, and what it came from."""

    message: Any
    size: int
    entries: tuple[Any, ...]


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

    def __len__(self) -> int:
        return len(self._entries)


class GroupQueue:
    """Notifications about groups, one in one go; see `alerts.grouping`.

    A notification is kept as it was when it became due, so a receiver that was away gets everything, in order. Only a
    repetition is left out while another notification about its group still waits.
    """

    def __init__(
        self, grouping: Grouping, capacity: int, is_quiet: Callable[[str, float], bool] = lambda _severity, _unix: False
    ) -> None:
        self._grouping, self._capacity, self._is_quiet = grouping, capacity, is_quiet
        self._groups: Groups = {}
        self._waiting: dict[int, GroupNotice] = {}
        self._number = self._dropped = 0
        self.due_at = math.inf

    def put(self, notices: Iterable[Notice], valid_seconds: float, now: float, unix: float) -> int:
        self._step(notices, now, unix)
        dropped, self._dropped = self._dropped, 0
        return dropped

    def head(self, now: float, unix: float, *, at_once: bool) -> Batch | None:
        if at_once or now >= self.due_at:
            self._step((), now, unix, at_once=at_once)
        for number, each in self._waiting.items():
            return Batch(each, 1, (number,))
        return None

    def remove(self, batch: Batch) -> None:
        for number in batch.entries:
            self._waiting.pop(number, None)

    def __len__(self) -> int:
        return len(self._waiting)

    def _step(self, notices: Iterable[Notice], now: float, unix: float, *, at_once: bool = False) -> None:
        def held_back(notice: Notice) -> bool:
            return self._is_quiet(dict(notice.labels).get("severity", ""), unix)

        self._groups, due, self.due_at = step(self._groups, notices, now, self._grouping, held_back, at_once=at_once)
        for each in due:
            if each.reason == REPEAT and any(other.labels == each.labels for other in self._waiting.values()):
                continue
            self._number += 1
            self._waiting[self._number] = each
        self._dropped += _drop(self._waiting, self._capacity)


def _drop(entries: dict[Any, Any], capacity: int) -> int:
    """Remove the oldest that are too many; how many they are."""
    excess = max(0, len(entries) - capacity)
    for key in list(islice(entries, excess)):
        del entries[key]
    return excess
