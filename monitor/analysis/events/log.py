"""The newest events of a cluster, how many of each kind there were, and what is remembered to see the next ones."""

from collections import deque
from typing import NamedTuple

from monitor.analysis.events.brokers import Brokers, see_brokers
from monitor.analysis.events.commits import Commits, see_commits
from monitor.analysis.events.configs import Configs, see_configs
from monitor.analysis.events.groups import Groups, see_groups
from monitor.analysis.events.partitions import Partitions, see_partitions
from monitor.analysis.events.topics import Topics, see_topics
from monitor.model.events import NO_CHANGES, Changes, Event, events_table
from monitor.model.lag import Lag
from monitor.model.snapshot import Snapshot

KEPT = 1000
"""How many events are remembered."""
STORM_SECONDS = 600.0
"""Rebalances are counted over so long."""


class _Memory(NamedTuple):
    brokers: Brokers | None = None
    topics: Topics | None = None
    partitions: Partitions | None = None
    configs: Configs | None = None
    groups: Groups | None = None
    commits: Commits | None = None


class EventLog:
    """Is shown the snapshots that were answered, one after the other."""

    def __init__(self) -> None:
        self._memory = _Memory()
        self._first: float | None = None
        self._events: deque[Event] = deque(maxlen=KEPT)
        self._counts = dict(NO_CHANGES.counts)
        self._rebalances: deque[tuple[float, str, int]] = deque()
        self.changes = NO_CHANGES
        """What there is to show since the last snapshot."""

    def add(self, snapshot: Snapshot, lag: Lag) -> None:
        """Compare a snapshot with what is remembered, and remember it. Those without an answer are not for here."""
        old = self._memory
        by_broker, brokers = see_brokers(old.brokers, snapshot)
        by_topic, topics = see_topics(old.topics, snapshot)
        by_partition, partitions = see_partitions(old.partitions, snapshot)
        by_config, configs = see_configs(old.configs, snapshot)
        by_group, rebalances, groups = see_groups(old.groups, snapshot)
        by_commit, commits = see_commits(old.commits, snapshot, lag)
        self._memory = _Memory(brokers, topics, partitions, configs, groups, commits)
        found = [*by_broker, *by_topic, *by_config, *by_partition, *by_group, *by_commit]
        for event in found:
            self._counts[event.kind] += event.count
        self._events.extendleft(reversed(found))
        self._first = snapshot.time if self._first is None else self._first
        self._rebalances.extend((snapshot.time, name, number) for name, number in rebalances.items())
        while self._rebalances and self._rebalances[0][0] <= snapshot.time - STORM_SECONDS:
            self._rebalances.popleft()
        recent: dict[str, int] = {}
        for _, name, number in self._rebalances:
            recent[name] = recent.get(name, 0) + number
        events = events_table(self._events) if found else self.changes.events
        self.changes = Changes(events, dict(self._counts), recent, snapshot.time - self._first, self._first)
