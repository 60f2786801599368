"""What shows in a poll that groups have left topics. docs/lag.md has the rules.

In doubt a group has not left: a dead consumer must be reported.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from monitor.analysis.derive.runs import Runs, changes
from monitor.analysis.derive.successors import Successors
from monitor.analysis.earlier_polls.group_lives import Lives
from monitor.analysis.earlier_polls.left_topics import (
    Commits,
    Key,
    MixedTopics,
    Partings,
    Sign,
    TopicOfGroup,
    follow_mixed,
)
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, LagTimes
from monitor.model.left import BECAUSE, IDLE, REPLACED, UNSUBSCRIBED, LeftTopics
from monitor.model.limits import SHARED_SECONDS
from monitor.model.patterns import Pattern, pattern_of
from monitor.model.snapshot import KNOWN, Snapshot
from monitor.model.status import OK
from monitor.model.table import Flags, Ints, pair_key

_Holds = tuple[bool | None, bool | None, bool | None]
"""Whether the sign of each of BECAUSE holds; None while that cannot be seen."""

_NEVER: _Holds = (False, False, False)
_UNSEEN: _Holds = (None, None, None)


class LeavingSigns:
    """The groups and topics of one poll, a pair each, and what is remembered of them."""

    def __init__(
        self,
        snapshot: Snapshot,
        lag: Lag,
        times: LagTimes,
        statuses: LagStatuses,
        *,
        consumed: ConsumeRates,
        lives: Lives,
        before: Partings,
    ) -> None:
        self.snapshot, self.lag, self.times, self.statuses, self.consumed = snapshot, lag, times, statuses, consumed
        self.before, self.lives = before, lives
        new = changes(lag.group) | changes(lag.topic)
        self.runs = Runs(np.cumsum(new, dtype=np.int32) - 1, int(new.sum()))
        self.group, self.topic = lag.group[new], lag.topic[new]
        self.code = pair_key(self.group, self.topic)
        self.assigned: Flags = self.runs.over(np.maximum, lag.member, -1) >= 0
        groups = snapshot.groups
        self._reads = np.zeros(len(groups), bool)
        self._reads[self.group[self.assigned]] = True
        # Who assigns partitions to itself, Kafka Connect, share and streams groups have no subscriptions to go by.
        types, protocol = groups.group_type, groups.protocol_type
        classic = ((types == "classic") | ~types.astype(bool)) & (protocol == "consumer")
        consumers = ((types == "consumer") | classic) & (groups.assignments_reason == KNOWN)
        self.consumers: Flags = np.asarray(consumers, bool)
        self.described: Flags = (groups.reason == KNOWN) & ~np.isnan(groups.members)
        self.empty: Flags = np.asarray(self.described & (groups.state == "Empty") & (groups.members == 0), bool)
        self.stable: Flags = np.asarray(self.described & (groups.state == "Stable") & (groups.members > 0), bool)
        self._subscriptions: dict[int, tuple[list[frozenset[str]], list[Pattern]] | None] = {}
        self._sets: dict[int, frozenset[str]] = {}
        self._kept: dict[int, list[int]] = {}
        self._replaced_by: dict[int, int] = {}
        self._shared: set[TopicOfGroup] = set()

    # ---------------------------------------------------------------- signs

    def found(self, mixed: MixedTopics) -> Iterator[tuple[Key, Sign]]:
        """All signs that hold, and those of what is remembered; `mixed` is what follow_mixed gave."""
        self._shared = {key for key, each in mixed.items() if each.shared}
        remembered = np.zeros(self.runs.count, bool)
        remembered[self._pairs_of(self.before)] = True
        gone = self.empty & ~np.isnan(self.lives.turned)
        may = self.consumers & (self.stable | gone | (self.empty & self._lively))
        for pair in np.flatnonzero(remembered | (~self.assigned & may[self.group])).tolist():
            holds = self._holds(pair)
            if remembered[pair] or True in holds:
                yield from self._signs(pair, holds)

    def _signs(self, pair: int, holds: _Holds) -> Iterator[tuple[Key, Sign]]:
        rows = slice(self.runs.firsts[pair], self.runs.firsts[pair] + self.runs.lengths[pair])
        commits = Commits.of(self.lag.partition[rows], self.lag.committed_offset[rows])
        unread = 0.0 if self.before else self._unread_seconds(rows)
        for because, each in enumerate(holds):
            key = self._key(pair, because)
            if each or key in self.before:
                yield key, Sign(each, commits, self._successor(pair) if because == REPLACED and each else "", unread)

    def _pairs_of(self, keys: Iterable[Key]) -> Ints:
        """The pairs that these keys are of, in order; those that have no rows aside."""
        groups, topics = self._rows
        there = [(groups[key.group], topics[key.topic]) for key in keys if key.group in groups and key.topic in topics]
        rows = np.array(there, np.int64).reshape(-1, 2)
        codes = np.unique(pair_key(rows[:, 0], rows[:, 1]))
        return np.flatnonzero(np.isin(self.code, codes, assume_unique=True)) if len(codes) else np.empty(0, np.int64)

    @cached_property
    def _rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """The row of each group and topic by name."""
        names = self.snapshot.groups.group, self.snapshot.topics.topic
        groups, topics = ({name: row for row, name in enumerate(each.tolist())} for each in names)
        return groups, topics

    def _key(self, pair: int, because: int) -> Key:
        topics, topic = self.snapshot.topics, self.topic[pair]
        return Key(self.snapshot.groups.group[self.group[pair]], topics.topic[topic], topics.topic_id[topic], because)

    def _unread_seconds(self, rows: slice) -> float:
        """For how long at least the oldest record that is not read has waited."""
        least = (self.times.lag_seconds - self.times.lag_seconds_error)[rows]
        return float(np.max(least, initial=0.0, where=~np.isnan(least)))

    def _holds(self, pair: int) -> _Holds:
        group = int(self.group[pair])
        if self.assigned[pair] or not self.consumers[group]:
            return _NEVER
        if not self.described[group]:
            return _UNSEEN
        name, topic = self.snapshot.groups.group[group], self.snapshot.topics.topic[self.topic[pair]]
        shared = not self._shared.isdisjoint(((name, topic), (name, None)))
        if self.stable[group]:
            if shared or self._may_subscribe(group, topic):
                return _NEVER
            # Who has nothing at all to read has not left one topic for others: its topics may be misspelt.
            return True if self._reads[group] else None, None, False
        if not self.empty[group]:
            return None, None, False
        kept = None if not shared and self._reads_others(pair) else False
        idle = not shared and bool(self._waits[pair] and not self._moving[pair] and self._lively[group])
        return kept, idle or kept, self._is_replaced(pair)

    def _may_subscribe(self, group: int, topic: str) -> bool:
        """Whether a member of a stable group subscribes to a topic, or may: one that cannot be decoded may to any."""
        if group not in self._subscriptions:
            self._subscriptions[group] = self._subscribed(group)
        if (known := self._subscriptions[group]) is None:
            return True
        names, patterns = known
        return any(topic in each for each in names) or any(each.matches(topic) for each in patterns)

    def _subscribed(self, group: int) -> tuple[list[frozenset[str]], list[Pattern]] | None:
        members = self.snapshot.members
        mine = members.of_group(group)
        # Members that subscribe to the same mostly have the same object, which is quicker to tell than equal ones.
        names = {id(each): each for each in members.subscribed[mine.start : mine.stop].tolist()}
        patterns = set(members.subscribed_regex[mine.start : mine.stop].tolist()) - {None}
        if None in names.values() or len(mine) != self.snapshot.groups.members[group]:
            return None
        try:
            # Brokers resolve them by RE2 as well, and to whole names.
            return [self._set_of(each) for each in names.values()], [pattern_of(each) for each in patterns]
        except ValueError:
            return None

    def _set_of(self, topics: tuple[str, ...]) -> frozenset[str]:
        if id(topics) not in self._sets:
            self._sets[id(topics)] = frozenset(topics)
        return self._sets[id(topics)]

    def follow_mixed(self, before: MixedTopics | None) -> MixedTopics:
        """The topics to which some members of stable groups subscribe and others do not, or did once."""
        groups, names = self.snapshot.groups.group, self._rows[0] if before else {}
        differ = {row: topics for row, topics in self.snapshot.members.mixed.items() if self.stable[row]}
        mixed = {(groups[row], topic) for row, topics in differ.items() for topic in (topics or (None,))}
        gone = {key for key in before or () if key[0] not in names}
        agreed = {key for key in before or () if key not in gone | mixed and self._agree(names[key[0]], key[1])}
        return follow_mixed(before, self.snapshot.started, mixed=mixed, agreed=gone | agreed, seconds=SHARED_SECONDS)

    def _agree(self, group: int, topic: str | None) -> bool:
        """Whether all members of a group subscribe to a topic, where they do not differ in it."""
        return topic is not None and bool(self.stable[group]) and self._may_subscribe(group, topic)

    # ---------------------------------------------------------------- groups without members

    @cached_property
    def _moving(self) -> Flags:
        """Which pairs were committed on in the last hour."""
        lately = np.fmax(self.consumed.consume_rate_5m, self.consumed.consume_rate_60m)
        return self.runs.over(np.fmax, lately, 0.0) > 0

    @cached_property
    def _waits(self) -> Flags:
        """Which pairs have something to read."""
        return self.runs.over(np.logical_or, self.lag.lag > 0, 0.0) > 0

    @cached_property
    def _lively(self) -> Flags:
        """Which groups commit on a topic, and keep up with it."""
        well = self.runs.over(np.logical_and, self.statuses.status == OK, 0.0) > 0
        lively = np.zeros(len(self.empty), bool)
        lively[self.group[self._moving & well]] = True
        return lively

    def _others(self, pair: int) -> list[int]:
        """The pairs of the group of one that it had not left of its own: with all others, or not at all."""
        group = int(self.group[pair])
        if group not in self._kept:
            first, last = np.searchsorted(self.group, [group, group + 1]).tolist()
            own = (UNSUBSCRIBED, IDLE)
            self._kept[group] = [
                each for each in range(first, last) if not any(self._was_left(each, because) for because in own)
            ]
        return self._kept[group]

    def _reads_others(self, pair: int) -> bool:
        """Whether the group has a topic that it has not left: a group that reads nothing at all is reported."""
        return bool(self._others(pair))

    def _was_left(self, pair: int, because: int) -> bool:
        parting = self.before.get(self._key(pair, because))
        return parting is not None and parting.left

    def _is_replaced(self, pair: int) -> bool | None:
        if self._successor(pair):
            return True
        if not self._was_left(pair, REPLACED):
            return False
        successor = self.before[self._key(pair, REPLACED)].successor
        row = self._rows[0].get(successor, -1)
        return None if row >= 0 and ((self.group == row) & (self.topic == self.topic[pair])).any() else False

    def _successor(self, pair: int) -> str:
        """The group that replaced that of a pair, by name; empty for none."""
        group = int(self.group[pair])
        if group not in self._replaced_by:
            firsts, lengths, others = self.runs.firsts, self.runs.lengths, self._others(pair)
            rows = [np.arange(firsts[each], firsts[each] + lengths[each]) for each in others]
            self._replaced_by[group] = self._successors.of(group, np.concatenate(rows)) if rows else -1
        row = self._replaced_by[group]
        return str(self.snapshot.groups.group[row]) if row >= 0 else ""

    @cached_property
    def _successors(self) -> Successors:
        return Successors(self.snapshot, self.lag, self.lives)

    # ---------------------------------------------------------------- what is left

    def left(self, partings: Partings) -> tuple[LeftTopics, Flags]:
        """The table of the pairs that are left, and which rows of lag are theirs."""
        told = {key for key, parting in partings.items() if parting.left}
        flags = np.zeros(self.runs.count, bool)
        rows = []
        if told:
            clock = self.snapshot.time - self.snapshot.started
            for pair in self._pairs_of(told).tolist():
                keys = (self._key(pair, because) for because in range(len(BECAUSE)))
                if (key := next((each for each in keys if each in told), None)) is not None:
                    parting = partings[key]
                    began = parting.began + clock
                    flags[pair] = True
                    rows.append(
                        (
                            self.group[pair],
                            self.topic[pair],
                            key.because,
                            self._rows[0].get(parting.successor, -1),
                            began if parting.watched else None,
                            began,
                        )
                    )
        return LeftTopics.of_rows(rows), np.asarray(self.runs.spread(flags), bool)
