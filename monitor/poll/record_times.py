"""When records were written that no earlier poll has seen come: found by asking the leaders for offsets by timestamp.

An answer to a timestamp T is the first record whose own timestamp is not before T. A few answers enclose the record
that a group reads next, without reading any: that takes Describe only.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from monitor.kafka.client.apis import LIST_OFFSETS
from monitor.kafka.client.client import Ask, Client
from monitor.kafka.client.wire import Answer
from monitor.kafka.decode.cursor import MalformedAnswerError
from monitor.kafka.decode.list_offsets import decode_list_offsets, encode_list_offsets
from monitor.model.snapshot import NO_LEADER
from monitor.model.table import Ints

TOLERANCE = 0.01
"""A record is dated well enough when half the width of what encloses it is this share of its age."""
RECORDS_A_POLL = 10_000
RECORDS_A_ROUND = 2000
QUESTIONS_A_POLL = 24
"""How often one record is asked about; what is not dated by then has answers that do not help."""
TIMES_A_ROUND = 8
"""Different times asked of one partition in one round, for groups that stand at different places in it."""
KEPT_ANSWERS = 64
"""Answers remembered of a partition: a group that moves on is enclosed by what was asked before."""
SECONDS_A_TIME = 0.0005
"""How long a time asked for may take, until it is seen. An idle cluster takes a tenth of that."""
PACED_BY = 100
"""A round of at least so many times tells how long one takes."""

Key = tuple[str, str | None, int]
"""Topic, topic id and partition."""


@dataclass(frozen=True)
class Wanted:
    """A record to be dated: the first at or after `offset`. `dense`: no record was compacted away."""

    key: Key
    leader: int
    offset: int
    end_offset: int
    dense: bool


@dataclass(slots=True)
class Bracket:
    """Between which unix milliseconds the timestamp of a record lies; `high` is infinite while nothing tells.

    `cut` is the earliest time asked whose answer was a later record, `beyond` that record's offset.
    """

    low: float = -np.inf
    low_offset: int = -1
    high: float = np.inf
    cut: float = np.inf
    beyond: int = -1
    exact: bool = False

    @property
    def unordered(self) -> bool:
        """Whether answers contradict one another."""
        return self.low > self.upper(dense=False)

    def upper(self, *, dense: bool) -> float:
        """The latest that the record can be. One that was compacted away gives its place to the next."""
        return self.cut if dense else max(self.cut, self.high)

    def learn(self, offset: int, answer: "_Heard") -> None:
        """Take in what an answer says of the first record at or after `offset`."""
        asked, first, timestamp = answer
        if self.exact:
            return
        if first is None:
            self.cut = min(self.cut, asked)
        elif first == offset or (asked == 0 and first > offset):
            self.low = self.high = self.cut = timestamp
            self.exact = True
        elif first < offset:
            if timestamp > self.low:
                self.low, self.low_offset = timestamp, first
        else:
            if timestamp < self.high:
                self.high, self.beyond = timestamp, first
            self.cut = min(self.cut, asked)


class _Heard(NamedTuple):
    """An answer of a partition: the time asked, the first record not before it (None for none) and its timestamp."""

    asked: int
    first: int | None
    timestamp: int


_Questions = dict[Key, dict[int, int]]
"""Times to ask of each partition, each with the leader."""


class _Search:
    """The records of one call that are not dated well enough yet."""

    def __init__(self, wanted: Sequence[Wanted], brackets: Sequence[Bracket], now_ms: float) -> None:
        self._wanted, self._brackets, self._now_ms = wanted, brackets, now_ms
        self._open = [place for place, each in enumerate(brackets) if not _enough(each, now_ms)]
        self._turns = dict.fromkeys(self._open, 0)
        self._by_key: dict[Key, list[int]] = {}
        for place in self._open:
            self._by_key.setdefault(wanted[place].key, []).append(place)
        self._silent: set[int] = {NO_LEADER}
        self._failed: set[Key] = set()

    def open(self) -> bool:
        """Whether there is a record left of which more can be learnt."""
        self._open = [
            place
            for place in self._open
            if self._turns[place] < QUESTIONS_A_POLL
            and self._wanted[place].leader not in self._silent
            and self._wanted[place].key not in self._failed
            and not _enough(self._brackets[place], self._now_ms)
        ]
        return bool(self._open)

    def questions(self, most: int) -> _Questions:
        """What to ask next of the first `most` records that are open."""
        questions: _Questions = {}
        for place in self._open[:most]:
            wanted = self._wanted[place]
            times = questions.setdefault(wanted.key, {})
            if len(times) < TIMES_A_ROUND:
                times[_next_time(self._brackets[place], wanted, self._now_ms, self._turns[place])] = wanted.leader
                self._turns[place] += 1
        return questions

    def learn(self, questions: _Questions, heard: Mapping[Key, list[_Heard]], silent: set[int]) -> None:
        """Take in a round. Leaders that had no answer, and partitions that had none, are not asked again."""
        self._silent |= silent
        self._failed |= questions.keys() - heard.keys()
        for key, answers in heard.items():
            for place in self._by_key[key]:
                for answer in answers:
                    self._brackets[place].learn(self._wanted[place].offset, answer)


class Dater:
    """Dates records of one cluster, and remembers what helps with the next ones."""

    def __init__(self) -> None:
        self._heard: dict[Key, list[_Heard]] = {}
        self._brackets: dict[tuple[Key, int], Bracket] = {}
        self.asked = self.requests = self.rounds = 0
        """Timestamps asked for in the last call, in how many requests, and in how many rounds of them."""

    def date(self, client: Client, wanted: Sequence[Wanted], now: float, deadline: float) -> list[Bracket]:
        """What encloses each wanted record; the first ones are asked first. `now` is unix seconds.

        Ends at `deadline`, a time of the monotonic clock. The bracket of a record of which nothing was learnt is open.
        """
        self.asked = self.requests = self.rounds = 0
        self._heard = {each.key: self._heard.get(each.key, [])[-KEPT_ANSWERS:] for each in wanted}
        self._brackets = {(each.key, each.offset): self._bracket(each) for each in wanted}
        brackets = [self._brackets[each.key, each.offset] for each in wanted]
        search = _Search(wanted, brackets, now * 1000)
        pace = SECONDS_A_TIME
        while search.open():
            began, asked = time.monotonic(), self.asked
            # A round that outlasts the deadline would cost its answers, and good connections.
            most = min(RECORDS_A_ROUND, (deadline - began) / (2 * pace))
            if most < 1:
                break
            questions = search.questions(int(most))
            heard, silent = self._ask(client, questions, deadline)
            for key, answers in heard.items():
                self._heard[key] += answers
            search.learn(questions, heard, silent)
            if self.asked - asked >= PACED_BY:
                pace = (time.monotonic() - began) / (self.asked - asked)
        return brackets

    def _bracket(self, wanted: Wanted) -> Bracket:
        """What is known of a record so far."""
        known = self._brackets.get((wanted.key, wanted.offset))
        if known is None:
            known = Bracket()
            for answer in self._heard[wanted.key]:
                known.learn(wanted.offset, answer)
        return known

    def _ask(self, client: Client, questions: _Questions, deadline: float) -> tuple[dict[Key, list[_Heard]], set[int]]:
        """One round of `questions`, times and leader by key: what was heard, and the leaders that had no answer.

        Kafka takes a partition once a request, so the second time of a partition goes into a second request.
        """
        requests: dict[tuple[int, int], dict[Key, int]] = {}
        for key, times in sorted(questions.items(), key=lambda item: (item[0][0], item[0][2])):
            for number, (asked, leader) in enumerate(times.items()):
                requests.setdefault((number, leader), {})[key] = asked
                self.asked += 1
        self.rounds += 1
        self.requests += len(requests)
        asks = [Ask(leader, LIST_OFFSETS, _Body(rows)) for (_, leader), rows in requests.items()]
        heard: dict[Key, list[_Heard]] = {}
        silent = set()
        for ((_, leader), rows), reply in zip(requests.items(), client.ask(asks, deadline), strict=True):
            if not isinstance(reply, Answer) or not _take(reply, rows, heard):
                silent.add(leader)
        return heard, silent


def _take(answer: Answer, asked: dict[Key, int], heard: dict[Key, list[_Heard]]) -> bool:
    """Put an answer to the times `asked` of keys into `heard`; whether there was anything in it."""
    try:
        found = decode_list_offsets(answer.body, answer.version)
    except MalformedAnswerError:
        return False
    keys = {(key[0], key[2]): key for key in asked}
    columns = (found.topic, found.partition, found.offset, found.error, found.timestamp)
    good = False
    for topic, partition, offset, error, timestamp in zip(*(each.tolist() for each in columns), strict=True):
        key = keys.get((found.topics[topic], partition))
        if key is not None and not error:
            good = True
            heard.setdefault(key, []).append(_Heard(asked[key], None if np.isnan(offset) else int(offset), timestamp))
    return good


@dataclass(frozen=True)
class _Body:
    """The request for the times of `rows`, which stand by topic."""

    rows: dict[Key, int]

    def __call__(self, version: int) -> bytes:
        topics: list[tuple[str, Ints]] = []
        times: list[Ints] = []
        for name, keys in groupby(self.rows, itemgetter(0)):
            part = list(keys)
            topics.append((name, np.array([key[2] for key in part], np.int32)))
            times.append(np.array([self.rows[key] for key in part], np.int64))
        return encode_list_offsets(topics, times, version)


def _enough(bracket: Bracket, now_ms: float) -> bool:
    """Whether a record is dated well enough, or more questions would not help."""
    if bracket.exact or bracket.unordered:
        return True
    upper = min(bracket.cut, now_ms)
    if bracket.low == -np.inf:
        return False
    if upper - bracket.low <= 1:
        return True
    return upper - bracket.low <= 2 * TOLERANCE * max(0.0, now_ms - (upper + bracket.low) / 2)


def _next_time(bracket: Bracket, wanted: Wanted, now_ms: float, turn: int) -> int:
    """The time to ask next: by interpolation between what is known, and every other time by halving."""
    if bracket.low == -np.inf:
        return 0
    low, high = bracket.low, min(bracket.cut, now_ms + 1)
    if turn == 0:
        # A group that moves on slowly is then enclosed at once, and for as long as it stays before this time.
        return int(min(max(low + 1.9 * TOLERANCE * (now_ms - low), low + 1), high))
    beyond = bracket.beyond if bracket.beyond > wanted.offset else wanted.end_offset
    if turn % 2 and beyond > bracket.low_offset:
        share = (wanted.offset - bracket.low_offset) / (beyond - bracket.low_offset)
        guess = low + share * (high - low)
    else:
        # Half of the orders of magnitude of its age while they are many: a record of seconds in a log of weeks.
        oldest, youngest = now_ms - low, max(now_ms - high, 1.0)
        guess = now_ms - np.sqrt(oldest * youngest) if oldest > 4 * youngest else (low + high) / 2
    return int(min(max(np.ceil(guess), low + 1), high - 1 if high - 1 > low else high))
