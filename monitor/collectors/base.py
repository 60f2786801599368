"""What a collector is: it asks in one of three steps of a poll, and reads the replies into the draft of a Snapshot."""

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar

from monitor.client.client import Ask, Client
from monitor.client.faults import Fault
from monitor.client.wire import Answer
from monitor.draft import Draft

Reply = Answer | Fault


class Step(IntEnum):
    """When a collector asks. All replies of a step are there before the next step asks.

    Committed offsets come before end offsets: lag then may be overstated by what was produced in between, and is never
    negative.
    """

    DISCOVER = 0
    COMMITS = 1
    ENDS = 2


class Collector:
    """Asks one thing of Kafka. Keeps from poll to poll only what saves work: encoded requests and decoded answers."""

    name: ClassVar[str]
    step: ClassVar[Step]
    kept = False
    """Whether the last `read` gave out what an earlier poll had collected."""

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        """The questions of this poll. Brokers in `draft.failed` are not worth one."""
        raise NotImplementedError

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[str]:
        """Put what the replies say into the draft; the answer is what is missing and why, empty when nothing is."""
        raise NotImplementedError

    def fail(self, draft: Draft, reason: str) -> None:
        """Put into the draft that nothing is known, because `read` could not make sense of the replies."""
