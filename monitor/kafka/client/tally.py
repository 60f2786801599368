"""What kmon asks of Kafka, counted by API and broker: requests, errors, time and bytes."""

import threading
from collections import defaultdict
from dataclasses import astuple, dataclass

from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.snapshot import NO_LEADER, Requests


@dataclass
class _Count:
    """The numbers of a row of `Requests`, in their order."""

    requests: int = 0
    errors: int = 0
    seconds: float = 0.0
    received_bytes: int = 0


class Tally:
    """Counts since it was made. `count` runs on the I/O thread, `table` on any."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], _Count] = defaultdict(_Count)
        self._lock = threading.Lock()

    def count(self, reply: Answer | Fault, api: str) -> None:
        """A question has its reply, which for one that could not be sent is a Fault too.

        All numbers are counted here, of the same requests, so that errors are never more than requests. A question for
        an API that the broker does not serve is not counted: nothing is sent, and that is not an error.
        """
        if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
            return
        with self._lock:
            each = self._counts[api, _row(reply.node)]
            each.requests += 1
            each.seconds += reply.seconds
            if isinstance(reply, Fault):
                each.errors += 1
            else:
                each.received_bytes += len(reply.body)

    def table(self) -> Requests:
        """The counts so far, by API and broker."""
        with self._lock:
            return Requests.of_rows((*key, *astuple(each)) for key, each in sorted(self._counts.items()))


def _row(node: int | str) -> int:
    return node if isinstance(node, int) else NO_LEADER
