"""What a collector is: it asks in one of the steps of a poll, and reads the replies into the draft of a Snapshot."""

import math
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import ClassVar

import numpy as np

from monitor.collect.draft import Draft
from monitor.collect.requests import Permission, Request
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.faults import Fault
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.model.reasons import NO_REASON, Kind, Reason
from monitor.model.snapshot import Topics

Reply = Answer | Fault


class Step(IntEnum):
    """When a collector asks. All replies of a step are there before the next step asks.

    Log starts come before committed offsets: lost records then may be understated by what was deleted in between, and
    who commits before records are deleted has lost none. Committed offsets come before end offsets: lag then may be
    overstated by what was produced in between, and is never negative.
    """

    DISCOVER = 0
    STARTS = 1
    COMMITS = 2
    ENDS = 3


class Collector:
    """Asks one thing of Kafka. Keeps from poll to poll only what saves work: encoded requests and decoded answers.

    The class declares what it asks. Capabilities, the checks of `kmon doctor` and docs/collectors.md are read from it.
    """

    name: ClassVar[str]
    step: ClassVar[Step]
    provides: ClassVar[str]
    """What of the cluster is known by it, in words."""
    fills: ClassVar[tuple[str, ...]]
    """The tables of the Snapshot whose rows or columns it fills; that of the capabilities goes without saying."""
    sends: ClassVar[tuple[Request, ...]]
    beside: ClassVar[str] = ""
    """What it requests of others than Kafka, in words."""
    without: ClassVar[str]
    """What is unknown or hidden without it."""
    every_seconds: ClassVar[float] = 0.0
    """How often it asks, unless `Choice.every` has its name; 0 for each poll."""
    often: ClassVar[str] = "each poll"
    """How often in words; {every:g} stands for `every_seconds`."""
    probes: ClassVar[tuple[Permission, ...]] = ()
    """The permissions that it finds out about; its requests need none."""
    opt_in: ClassVar[bool] = False
    """Whether the settings have to switch it on."""
    kept = False
    """Whether the last `read` gave out what an earlier poll had collected, or nothing as it is switched off."""

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        """The questions of this poll. Brokers in `draft.failed` are not worth one."""
        raise NotImplementedError

    def postpone(self) -> bool:
        """Leave the questions just asked for to the next poll, if they can wait; whether they do."""
        return False

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        """Put what the replies say into the draft; the answer is what is missing and why, empty when nothing is."""
        raise NotImplementedError

    def fail(self, draft: Draft, reason: Reason) -> None:
        """Put into the draft that nothing is known, because `read` could not make sense of the replies."""
        draft.capabilities.update(dict.fromkeys(self.capabilities(), (math.nan, reason)))

    @classmethod
    def capabilities(cls) -> tuple[str, ...]:
        """The names in `Capabilities` that it sets."""
        served = tuple(each.capability for each in cls.sends if each.capability)
        return tuple(each.capability for each in cls.probes) or served

    def every(self, draft: Draft) -> float:
        """Seconds from one time that it asks to the next, as the settings say."""
        return draft.choice.every.get(self.name, self.every_seconds)


def trouble_of(
    draft: Draft, reply: Reply, take: Callable[[Answer], object], kind: Kind = Kind.PROTOCOL, *, noted: bool = True
) -> Reason:
    """Have `take` read an answer; why there is none or it could not be read, NO_REASON where it was.

    `kind` is OTHER where `take` may raise a MalformedAnswerError with the broker's own error. Without `noted` a fault
    is not held against the broker, which may wait for another.
    """
    if isinstance(reply, Fault):
        return draft.note(reply) if noted else reply
    try:
        take(reply)
    except MalformedAnswerError as error:
        return Reason(kind, reply.node, detail=str(error))
    return NO_REASON


def why_unasked(draft: Draft, asks: Sequence[Ask]) -> dict[int, Reason]:
    """Why brokers were not asked, by node id: they had failed before in this poll."""
    asked = {ask.node for ask in asks}
    return {node: draft.failed[node] for node in sorted(draft.nodes - asked) if node in draft.failed}


def same_topics(before: Topics, now: Topics) -> bool:
    """Whether rows of one table are rows of the other: each change of a leader makes a new table of the same topics."""
    return before is now or (
        np.array_equal(before.topic, now.topic)
        and np.array_equal(before.topic_id, now.topic_id)
        and np.array_equal(before.partitions, now.partitions)
        and np.array_equal(before.watched, now.watched)
    )


POSTPONED_POLLS = 5
"""How many polls in a row may leave a slow collector's questions to the next one."""

RETRY_SECONDS = (0.0, 5.0, 10.0, 20.0, 30.0)
"""How soon a slow collector asks again that had no answer from some broker: in the next poll, and then less often."""


class SlowCollector(Collector):
    """Asks every `every_seconds`, or as the settings say, and gives out in between what it has.

    A subclass says what to ask (`questions`), keeps what was answered (`take`), and puts that into the draft of every
    poll (`put`).
    """

    often = "{every:g} s"

    def __init__(self) -> None:
        self._due = -math.inf
        self._retries = 0
        self._up: set[int] = set()
        self._asked_up: set[int] = set()
        self._missing: list[Reason] = []
        self._asking = False
        self._postponed = 0
        self._capabilities: dict[str, tuple[float, Reason]] = {}
        """What the last turn said of its capabilities; later polls say the same."""

    def ask(self, client: Client, draft: Draft) -> list[Ask]:
        # A broker that did not respond when this was asked last, or was not there, is asked as soon as it is back.
        self._asked_up = set(draft.up)
        self._asking = draft.started >= self._due or not self._asked_up <= self._up
        return self.questions(client, draft) if self._asking else []

    def read(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        self.kept = not self._asking
        if self._asking:
            self._postponed = 0
            self._missing = self.take(client, draft, asks, replies)
            every = self.every(draft)
            silent = any(isinstance(each, Fault) and each.kind is not Kind.UNSUPPORTED for each in replies)
            self._due = draft.started + (min(every, RETRY_SECONDS[self._retries]) if silent else every)
            self._retries = min(self._retries + 1, len(RETRY_SECONDS) - 1) if silent else 0
            self._up = self._asked_up
            mine = draft.capabilities.keys() & self.capabilities()
            self._capabilities |= {name: draft.capabilities[name] for name in mine}
        draft.capabilities |= self._capabilities
        self.put(draft)
        return self._missing

    def postpone(self) -> bool:
        if not self._asking or self._due == -math.inf or self._postponed == POSTPONED_POLLS:
            return False
        self._postponed += 1
        self._asking = False
        return True

    def questions(self, client: Client, draft: Draft) -> list[Ask]:
        """What to ask now; as `ask`."""
        raise NotImplementedError

    def take(self, client: Client, draft: Draft, asks: Sequence[Ask], replies: Sequence[Reply]) -> list[Reason]:
        """Keep what the replies say, and what earlier ones said of brokers that did not answer; as `read`."""
        raise NotImplementedError

    def put(self, draft: Draft) -> None:
        """Put what is kept into a draft. Its topics may be others than when it was asked."""
        raise NotImplementedError
