"""What a notifier is given and what it answers: the seam between when to send, which it never decides, and how."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from alerts.samples import Labels


@dataclass(frozen=True)
class Notice:
    """An alert to be told: firing, or resolved. Times are unix seconds.

    `ends_at` is when it was resolved; of a firing alert, when whoever is told may take it for resolved, for want of
    further notices. `again` when this has been told before. `url` is a page about it, empty where there is none.
    """

    resolved: bool
    labels: Labels
    annotations: Labels
    starts_at: float
    ends_at: float
    again: bool = False
    url: str = ""


@dataclass(frozen=True)
class GroupNotice:
    """One notification about a group of alerts.

    `labels` are those that the group has in common by its grouping. `notices` are what fires and what has been resolved
    since the last notification; those that are news are in `changed`, by their labels. `sequence` is the number of the
    notification within the group, from 1.
    """

    labels: Labels
    notices: tuple[Notice, ...]
    changed: frozenset[Labels]
    reason: str
    sequence: int = 1

    @property
    def resolved(self) -> bool:
        """Whether nothing fires any more."""
        return all(notice.resolved for notice in self.notices)

    @property
    def news(self) -> tuple[Notice, ...]:
        return tuple(notice for notice in self.notices if notice.labels in self.changed)


@dataclass(frozen=True)
class Delivered:
    """Every notice arrived."""


@dataclass(frozen=True)
class Retry:
    """They did not arrive, and the same notices may later: the other side is away or busy.

    `after_seconds` is how long the other side asks to wait.
    """

    reason: str
    after_seconds: float = 0.0


@dataclass(frozen=True)
class GiveUp:
    """They did not arrive and never will as they are: the other side refuses them."""

    reason: str


Outcome = Delivered | Retry | GiveUp


def timestamp(unix: float) -> str:
    """Unix seconds as RFC 3339 in UTC with milliseconds, as Alertmanager reads them."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Notifier(Protocol):
    """Tells one receiver. It knows nothing of queues, repetition and time."""

    def notify(self, notices: Sequence[Notice]) -> Outcome:
        """Tell them all in one go, in order. May block; called by one thread at a time."""
        ...


class GroupNotifier(Protocol):
    """Tells one receiver of a group of alerts at a time."""

    def notify(self, group: GroupNotice) -> Outcome:
        """Tell it in one go. May block; called by one thread at a time."""
        ...
