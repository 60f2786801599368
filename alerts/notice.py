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
class Delivered:
    """Every notice arrived."""


@dataclass(frozen=True)
class Retry:
    """They did not arrive, and the same notices may later: the other side is away or busy."""

    reason: str


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
