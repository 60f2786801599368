"""Asking: the collectors of one poll in their steps, each timed and isolated, and how each of them fared."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from monitor.collect.collectors.base import Collector, Reply, Step
from monitor.collect.draft import Draft
from monitor.kafka.client.client import Ask, Batch, Client
from monitor.kafka.client.wire import Answer
from monitor.model.reasons import Kind, Reason
from monitor.model.snapshot import Outcome
from monitor.poll.worker import log_failure

log = logging.getLogger(__name__)

REQUESTS_A_BROKER, REQUESTS_BESIDE = 9, 4
"""What a poll may ask before slow collectors wait for the next: so much of each broker, and beside that."""


@dataclass
class Turn:
    """One collector's part of one poll; `seconds` holds the waiting and the `reading`.

    `ran` is False while it gives out what an earlier poll had collected, or was not given its turn.
    """

    collector: Collector
    asks: list[Ask] = field(default_factory=list)
    batch: Batch | None = None
    seconds: float = 0.0
    reading: float = 0.0
    answered: bool = False
    ran: bool = False
    missing: list[Reason] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """How many requests it has, where those of one API to one broker are as one: they may be one a group."""
        return len({(ask.node, ask.api) for ask in self.asks})


class Asking:
    """The questions of one poll, whose answers go into `draft`; `clock` is the monotonic one."""

    def __init__(
        self, client: Client, collectors: Sequence[Collector], draft: Draft, clock: Callable[[], float]
    ) -> None:
        self._client, self._draft, self._clock = client, draft, clock
        self.turns = [Turn(collector) for collector in collectors]
        self._asked = 0
        self.commits_asked_at = self.ends_asked_at = clock()
        """Monotonic time of these requests, or of the beginning while they are not sent."""

    def run(self) -> None:
        """Take all turns in order. The replies of a step are decoded while the next step's questions are under way."""
        discover, starts, commits, ends = (
            [turn for turn in self.turns if turn.collector.step is step] for step in Step
        )
        if not self._client.nodes:  # the first poll: who could be asked for groups is not known before metadata
            self._begin(discover[:1])
            self._finish(discover[:1])
            discover = discover[1:]
        self._begin(discover)
        self._finish(discover)
        if self._draft.errors:
            return
        self._begin(starts)
        self._finish(starts)
        self.commits_asked_at = self._clock()
        self._begin(commits)
        replies = [self._wait(turn) for turn in commits]
        self.ends_asked_at = self._clock()
        self._begin(ends)
        for turn, each in zip(commits, replies, strict=True):
            self._read(turn, each)
        self._finish(ends)

    def _begin(self, turns: Sequence[Turn]) -> None:
        limit = REQUESTS_A_BROKER * len(self._draft.brokers) + REQUESTS_BESIDE
        for turn in turns:
            began = self._clock()
            try:
                turn.asks = turn.collector.ask(self._client, self._draft)
                # Slow collectors that fall due together take turns, so that no poll is a heavy one.
                if self._asked + turn.weight > limit and turn.collector.postpone():
                    turn.asks = []
            except Exception as error:  # noqa: BLE001 - isolation is the point
                self._broken(turn, error)
            else:
                self._asked += turn.weight
                turn.batch = self._client.start(turn.asks, self._draft.deadline)
            turn.seconds += self._clock() - began

    def _wait(self, turn: Turn) -> list[Reply]:
        began = self._clock()
        replies = turn.batch.wait() if turn.batch else []
        turn.seconds += self._clock() - began
        return replies

    def _finish(self, turns: Sequence[Turn]) -> None:
        for turn in turns:
            self._read(turn, self._wait(turn))
            if self._draft.errors:
                return

    def _read(self, turn: Turn, replies: list[Reply]) -> None:
        if turn.batch is None:
            return
        began = self._clock()
        turn.answered = any(isinstance(reply, Answer) for reply in replies)
        try:
            turn.missing += turn.collector.read(self._client, self._draft, turn.asks, replies)
            turn.ran = not turn.collector.kept
        except Exception as error:  # noqa: BLE001 - isolation is the point
            self._broken(turn, error)
        turn.reading = self._clock() - began
        turn.seconds += turn.reading

    def _broken(self, turn: Turn, error: Exception) -> None:
        """A collector's own fault costs its own rows, and is reported like any other.

        Raises it where the client is closed or its I/O thread has ended: that says nothing of the cluster.
        """
        if self._client.closed or self._client.crashed:
            raise error
        log_failure(log, "collector %s of cluster %s failed", turn.collector.name, self._draft.cluster)
        detail = f"{type(error).__name__}: {error}"
        reason = Reason(Kind.BROKEN_COLLECTOR, api=turn.collector.name, detail=detail)
        turn.answered, turn.ran = False, True
        turn.missing.append(reason)
        turn.collector.fail(self._draft, reason)


class Collected(NamedTuple):
    """The collectors that have run, and the unix time of the newest answer of each."""

    ran: frozenset[str] = frozenset()
    at: Mapping[str, float] = {}


def outcomes(
    before: Collected, turns: Sequence[Turn], errors: tuple[Reason, ...], now: float
) -> tuple[Collected, tuple[Outcome, ...]]:
    """What is to be remembered, and how each collector fared by unix time `now`; `errors` are why nobody was asked."""
    ran, at = set(before.ran), dict(before.at)
    found = []
    for turn in turns:
        name, missing = turn.collector.name, tuple(dict.fromkeys(turn.missing or errors))
        if turn.ran:
            ran.add(name)
        if turn.answered or not (missing or turn.collector.kept):
            at[name] = now
        seconds = turn.seconds if turn.ran else None
        has_run = turn.ran or (name in ran and not errors)
        found.append(Outcome(name, seconds, at.get(name), missing, has_run))
    return Collected(frozenset(ran), at), tuple(found)
