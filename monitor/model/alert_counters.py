"""How alerting fares, counted since kmon started: what its metrics are made from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counters:
    """What became of the notices for one receiver.

    `sent` arrived, `failed` were refused for good, `dropped` fell out of a full queue, `queued` wait now. `retries`
    counts attempts that have to be made again. `last_error` is empty once an attempt succeeds. `last_sent_at` is unix
    seconds of the newest attempt that succeeded, 0 before the first.
    """

    receiver: str
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    retries: int = 0
    queued: int = 0
    last_error: str = ""
    last_sent_at: float = 0.0


@dataclass(frozen=True)
class AlertCounters:
    """Evaluations of a rule on a View, those that failed, and what became of the notices.

    `unkept` counts the attempts to write the state of alerts to its file that failed.
    """

    evaluations: int
    failures: int
    receivers: tuple[Counters, ...]
    unkept: int = 0
