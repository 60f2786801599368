"""The newest events of a cluster, how many of each kind there were, and what is remembered to see the next ones."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from monitor.analysis.events.brokers import Brokers, see_brokers
from monitor.analysis.events.commits import Commits, see_commits
from monitor.analysis.events.configs import Configs, see_configs
from monitor.analysis.events.groups import Groups, see_groups
from monitor.analysis.events.left import Left, left_rows, see_left
from monitor.analysis.events.partitions import Partitions, see_partitions
from monitor.analysis.events.statuses import Statuses, see_statuses
from monitor.analysis.events.topics import Topics, see_topics
from monitor.model.conditions import GroupActivity
from monitor.model.events import NO_CHANGES, Changes, Event, Events
from monitor.model.lag import Lag
from monitor.model.snapshot import Snapshot
from monitor.model.time_scale import lasting
from monitor.model.view import View

KEPT = 1000
"""How many events are remembered."""
STORM_SECONDS = lasting(600.0)
"""Rebalances are counted over so long."""


class EventLog(NamedTuple):
    """What is remembered of each kind of subject, of the newest `events`, newest first, and of rebalances lately.

    `rebalances` are unix time, group id and how many. `changes` is what there is to show since the last snapshot.
    """

    brokers: Brokers | None = None
    topics: Topics | None = None
    partitions: Partitions | None = None
    configs: Configs | None = None
    groups: Groups | None = None
    commits: Commits | None = None
    events: tuple[Event, ...] = ()
    rebalances: tuple[tuple[float, str, int], ...] = ()
    statuses: Statuses | None = None
    left: Left | None = None
    changes: Changes = NO_CHANGES


def log_events(log: EventLog, snapshot: Snapshot, lag: Lag) -> EventLog:
    """The log with what a snapshot shows to have changed. Those without an answer are not for here."""
    brokers, by_broker = see_brokers(log.brokers, snapshot)
    topics, by_topic = see_topics(log.topics, snapshot)
    partitions, by_partition = see_partitions(log.partitions, snapshot)
    configs, by_config = see_configs(log.configs, snapshot)
    groups, by_group, rebalanced = see_groups(log.groups, snapshot)
    if (left := left_rows(log.left, snapshot, lag)).any():
        lag = replace(lag, lost=np.where(left, 0.0, lag.lost))  # what a group does not read it cannot lose
    commits, by_commit = see_commits(log.commits, snapshot, lag)
    found = (*by_broker, *by_topic, *by_config, *by_partition, *by_group, *by_commit)
    rebalances = (
        *(each for each in log.rebalances if each[0] > snapshot.time - STORM_SECONDS),
        *((snapshot.time, name, number) for name, number in rebalanced.items()),
    )
    recent: dict[str, int] = {}
    for _, name, number in rebalances:
        recent[name] = recent.get(name, 0) + number
    since = snapshot.time if log.changes.watched_since is None else log.changes.watched_since
    changes = log.changes._replace(rebalances=recent, watched_seconds=snapshot.time - since, watched_since=since)
    seen = log._replace(
        brokers=brokers,
        topics=topics,
        partitions=partitions,
        configs=configs,
        groups=groups,
        commits=commits,
        rebalances=rebalances,
        changes=changes,
    )
    return _with_events(seen, found)


def log_statuses(log: EventLog, view: View) -> EventLog:
    """The log with what the View of the same snapshot tells: the statuses of groups, and the topics that they left."""
    statuses, by_status = see_statuses(log.statuses, view)
    left, by_topic = see_left(log.left, view)
    return _with_events(log._replace(statuses=statuses, left=left), (*by_status, *by_topic))


def _with_events(log: EventLog, found: Sequence[Event]) -> EventLog:
    if not found:
        return log
    events = (*found, *log.events)[:KEPT]
    counts = dict(log.changes.counts)
    for event in found:
        counts[event.kind] += event.count
    return log._replace(events=events, changes=log.changes._replace(events=Events.of(events), counts=counts))


def derive_activity(snapshot: Snapshot, changes: Changes) -> GroupActivity:
    """The activity of every group, from what the event log counted."""
    if not changes.watched_seconds:
        return GroupActivity(rebalances=np.full(len(snapshot.groups), np.nan))
    return GroupActivity(
        rebalances=np.array([changes.rebalances.get(name, 0) for name in snapshot.groups.group], np.float64)
    )
