"""What kmon asks of Kafka, counted by API and broker: requests, errors, time and bytes."""

import threading
from bisect import bisect_left
from collections import defaultdict

from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind
from monitor.model.snapshot import NO_LEADER, REQUEST_SECONDS, Requests


class Tally:
    """Counts since it was made. `count` runs on the I/O thread, `table` on any."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], list[float]] = defaultdict(lambda: [0, 0, 0.0, 0])
        """By API and broker; in the order of the columns of `Requests`."""
        self._durations: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0] * (len(REQUEST_SECONDS) + 1))
        self._lock = threading.Lock()

    def count(self, reply: Answer | Fault, api: str) -> None:
        """A question has its reply, which for one that could not be sent is a Fault too.

        All numbers are counted here, of the same requests, so that errors are never more than requests. A question for
        an API that the broker does not serve is not counted: nothing is sent, and that is not an error. A duration is
        that of a response or of the wait for one: how soon a connection was refused does not tell how fast a broker is.
        """
        if isinstance(reply, Fault) and reply.kind is Kind.UNSUPPORTED:
            return
        size = 0 if isinstance(reply, Fault) else len(reply.body)
        numbers = (1, isinstance(reply, Fault), reply.seconds, size)
        node = reply.node if isinstance(reply.node, int) else NO_LEADER
        with self._lock:
            before = self._counts[api, node]
            self._counts[api, node] = [old + new for old, new in zip(before, numbers, strict=True)]
            durations = self._durations[api, node]
            if isinstance(reply, Answer) or reply.kind is Kind.TIMEOUT:
                durations[bisect_left(REQUEST_SECONDS, reply.seconds)] += 1

    def table(self) -> Requests:
        """The counts so far, by API and broker."""
        with self._lock:
            return Requests.of_rows(
                (*key, *numbers, self._durations[key]) for key, numbers in sorted(self._counts.items())
            )
