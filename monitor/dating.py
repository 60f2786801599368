"""When records were written that no earlier poll has seen come: found by asking the leaders for offsets by timestamp.

An answer to a timestamp T is the first record whose own timestamp is not before T. A few answers enclose the record
that a group reads next, without reading any: that takes Describe only.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.client.apis import LIST_OFFSETS
from monitor.client.client import Ask, Client
from monitor.client.wire import Answer
from monitor.decode.cursor import MalformedAnswerError
from monitor.decode.list_offsets import decode_list_offsets, encode_list_offsets
from monitor.snapshot import NO_LEADER

TOLERANCE = 0.01
"""A record is dated well enough when half the width of what encloses it is this share of its age."""
RECORDS_A_POLL = 2000
ROUNDS_A_POLL = 24
KEPT_ANSWERS = 32
"""Answers remembered of a partition: a group that moves on is enclosed by what was asked before."""

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


@dataclass
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
    unordered: bool = False

    def upper(self, *, dense: bool) -> float:
        """The latest that the record can be. One that was compacted away gives its place to the next."""
        return self.cut if dense else max(self.cut, self.high)


@dataclass
class _Answers:
    """What a partition has answered: (time asked, offset, timestamp), the newest last; no record is offset None."""

    answers: list[tuple[int, int | None, int]] = field(default_factory=list)

    def add(self, asked: int, offset: int | None, timestamp: int) -> None:
        self.answers.append((asked, offset, timestamp))
        del self.answers[:-KEPT_ANSWERS]

    def bracket(self, offset: int) -> Bracket:
        """What all answers together say of the first record at or after `offset`."""
        found = Bracket()
        for asked, first, timestamp in self.answers:
            if first is None:
                found.cut = min(found.cut, asked)
            elif first == offset or (asked == 0 and first > offset):
                return Bracket(low=timestamp, high=timestamp, cut=timestamp, exact=True)
            elif first < offset:
                if timestamp > found.low:
                    found.low, found.low_offset = timestamp, first
            else:
                if timestamp < found.high:
                    found.high, found.beyond = timestamp, first
                found.cut = min(found.cut, asked)
        found.unordered = found.low > found.upper(dense=False)
        return found


class Dater:
    """Dates records of one cluster, and remembers what helps with the next ones."""

    def __init__(self) -> None:
        self._known: dict[Key, _Answers] = {}
        self.asked = 0
        """Partitions asked for a timestamp in the last call."""

    def date(self, client: Client, wanted: Sequence[Wanted], now: float, deadline: float) -> list[Bracket]:
        """What encloses each wanted record; the first ones are asked first. `now` is unix seconds.

        Ends at `deadline`, a time of the monotonic clock. The bracket of a record of which nothing was learnt is open.
        """
        now_ms = now * 1000
        self._known = {each.key: self._known.get(each.key) or _Answers() for each in wanted}
        open_ = list(range(min(len(wanted), RECORDS_A_POLL)))
        self.asked = 0
        silent: set[int] = set()
        for turn in range(ROUNDS_A_POLL):
            asks: dict[Key, tuple[Wanted, int]] = {}
            left = []
            for place in open_:
                each = wanted[place]
                bracket = self._known[each.key].bracket(each.offset)
                if each.leader in silent or each.leader == NO_LEADER or _enough(bracket, now_ms):
                    continue
                left.append(place)
                if each.key not in asks:
                    asks[each.key] = (each, _next_time(bracket, each, now_ms, turn))
            open_ = left
            if not asks or time.monotonic() >= deadline:
                break
            silent |= self._ask(client, asks, deadline)
        return [self._known[each.key].bracket(each.offset) for each in wanted]

    def _ask(self, client: Client, asks: dict[Key, tuple[Wanted, int]], deadline: float) -> set[int]:
        """One round; the answer is the leaders that had none."""
        by_leader: dict[int, list[tuple[Key, int]]] = {}
        for key, (each, asked) in sorted(asks.items(), key=lambda item: (item[0][0], item[0][2])):
            by_leader.setdefault(each.leader, []).append((key, asked))
        self.asked += len(asks)
        questions = [Ask(node, LIST_OFFSETS, _body(rows)) for node, rows in by_leader.items()]
        silent = set()
        for (node, rows), reply in zip(by_leader.items(), client.ask(questions, deadline), strict=True):
            if not isinstance(reply, Answer) or not self._take(reply, dict(rows)):
                silent.add(node)
        return silent

    def _take(self, answer: Answer, asked: dict[Key, int]) -> bool:
        try:
            found = decode_list_offsets(answer.body, answer.version)
        except MalformedAnswerError:
            return False
        keys = {(topic, partition): key for key in asked for topic, _, partition in (key,)}
        rows = zip(
            found.topic.tolist(),
            found.partition.tolist(),
            found.offset.tolist(),
            found.error.tolist(),
            found.timestamp.tolist(),
            strict=True,
        )
        good = False
        for topic, partition, offset, error, timestamp in rows:
            key = keys.get((found.topics[topic], partition))
            if key is None or error:
                continue
            good = True
            none = np.isnan(offset)
            self._known[key].add(asked[key], None if none else int(offset), timestamp)
        return good


def _body(rows: list[tuple[Key, int]]) -> "_Body":
    return _Body(rows)


@dataclass(frozen=True)
class _Body:
    rows: list[tuple[Key, int]]

    def __call__(self, version: int) -> bytes:
        topics: list[tuple[str, np.ndarray]] = []
        times: list[np.ndarray] = []
        for name, part in _by_topic(self.rows):
            topics.append((name, np.array([key[2] for key, _ in part], np.int32)))
            times.append(np.array([asked for _, asked in part], np.int64))
        return encode_list_offsets(topics, times, version)


def _by_topic(rows: list[tuple[Key, int]]) -> Iterator[tuple[str, list[tuple[Key, int]]]]:
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place][0][0] != rows[start][0][0]:
            yield rows[start][0][0], rows[start:place]
            start = place


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
