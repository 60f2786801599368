"""When records were written that no earlier poll has seen come: found by asking the leaders for offsets by timestamp.

An answer to a timestamp T is the first record whose own timestamp is not before T. A few answers enclose the record
that a group reads next, without reading any: that takes Describe only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
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

    def learn(self, offset: int, answer: "_Heard") -> "Bracket":
        """The bracket of the first record at or after `offset`, narrowed by a response."""
        asked, first, timestamp = answer
        if self.exact:
            return self
        if first is None:
            return replace(self, cut=min(self.cut, asked))
        if first == offset or (asked == 0 and first > offset):
            return replace(self, low=timestamp, high=timestamp, cut=timestamp, exact=True)
        if first < offset:
            return replace(self, low=timestamp, low_offset=first) if timestamp > self.low else self
        cut = min(self.cut, asked)
        if timestamp < self.high:
            return replace(self, high=timestamp, beyond=first, cut=cut)
        return replace(self, cut=cut)


class _Heard(NamedTuple):
    """An answer of a partition: the time asked, the first record not before it (None for none) and its timestamp."""

    asked: int
    first: int | None
    timestamp: int


_Requests = dict[tuple[int, int], dict[Key, int]]
"""The time asked of each partition, by number and leader of the request: Kafka takes a partition once a request."""


class _Search:
    """The records of one call that are not dated well enough yet."""

    def __init__(self, wanted: Sequence[Wanted], brackets: Sequence[Bracket], now_ms: float) -> None:
        self.brackets = list(brackets)
        """What encloses each wanted record, as far as it is known."""
        self._wanted, self._now_ms = wanted, now_ms
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
            and not _enough(self.brackets[place], self._now_ms)
        ]
        return bool(self._open)

    def requests(self, most: int) -> _Requests:
        """What to ask next of the first `most` records that are open."""
        requests: _Requests = {}
        times: dict[Key, list[int]] = {}
        for place in self._open[:most]:
            wanted = self._wanted[place]
            asked = times.setdefault(wanted.key, [])
            if len(asked) < TIMES_A_ROUND:
                time = _next_time(self.brackets[place], wanted, self._now_ms, self._turns[place])
                self._turns[place] += 1
                if time not in asked:
                    requests.setdefault((len(asked), wanted.leader), {})[wanted.key] = time
                    asked.append(time)
        return requests

    def learn(self, requests: _Requests, heard: Mapping[Key, list[_Heard]], silent: set[int]) -> None:
        """Take in a round. Leaders that had no answer, and partitions that had none, are not asked again."""
        self._silent |= silent
        self._failed |= {key for rows in requests.values() for key in rows} - heard.keys()
        for key, answers in heard.items():
            for place in self._by_key[key]:
                for answer in answers:
                    self.brackets[place] = self.brackets[place].learn(self._wanted[place].offset, answer)


@dataclass(frozen=True)
class Dates:
    """What is remembered of records that were dated, because it helps with the next ones.

    `asked`, `requests`, `rounds` and `seconds` are of the last poll: timestamps asked for, in how many requests, in how
    many rounds of them, and how long that took.
    """

    heard: Mapping[Key, tuple[_Heard, ...]] = field(default_factory=dict)
    brackets: Mapping[tuple[Key, int], Bracket] = field(default_factory=dict)
    asked: int = 0
    requests: int = 0
    rounds: int = 0
    seconds: float = 0.0


def date_records(
    client: Client, before: Dates, wanted: Sequence[Wanted], now: float, *, until: float, clock: Callable[[], float]
) -> tuple[Dates, list[Bracket]]:
    """What is to be remembered, and what encloses each wanted record; the first ones are asked first.

    `now` is unix seconds, `clock` the monotonic one, and `until` a time of that at which it ends. The bracket of a
    record stays open if no response narrowed it.
    """
    first = clock()
    heard = {each.key: before.heard.get(each.key, ())[-KEPT_ANSWERS:] for each in wanted}
    search = _Search(wanted, [_known(before, each, heard[each.key]) for each in wanted], now * 1000)
    asked = requests = rounds = 0
    pace = SECONDS_A_TIME
    while search.open():
        began = clock()
        # A round that outlasts the deadline would cost its answers, and good connections.
        most = min(RECORDS_A_ROUND, (until - began) / (2 * pace))
        if most < 1:
            break
        batch = search.requests(int(most))
        answers, silent = _ask(client, batch, until)
        heard.update({key: heard[key] + tuple(more) for key, more in answers.items()})
        search.learn(batch, answers, silent)
        times = sum(map(len, batch.values()))
        asked, requests, rounds = asked + times, requests + len(batch), rounds + 1
        if times >= PACED_BY:
            pace = (clock() - began) / times
    brackets = {(each.key, each.offset): found for each, found in zip(wanted, search.brackets, strict=True)}
    return Dates(heard, brackets, asked, requests, rounds, clock() - first), search.brackets


def _known(before: Dates, wanted: Wanted, heard: Sequence[_Heard]) -> Bracket:
    """What is known of a record so far."""
    known = before.brackets.get((wanted.key, wanted.offset))
    if known is None:
        known = Bracket()
        for answer in heard:
            known = known.learn(wanted.offset, answer)
    return known


def _ask(client: Client, requests: _Requests, deadline: float) -> tuple[dict[Key, list[_Heard]], set[int]]:
    """What was heard, and the leaders that had no answer."""
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
    """The request for the times of `rows`."""

    rows: dict[Key, int]

    def __call__(self, version: int) -> bytes:
        topics: list[tuple[str, Ints]] = []
        times: list[Ints] = []
        for name, keys in groupby(sorted(self.rows, key=itemgetter(0, 2)), itemgetter(0)):
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
