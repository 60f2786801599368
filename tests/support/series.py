"""A cluster over time: scripted polls to Views, by the steps of a poll and with what they remember."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from views import NOW, Group, Topic, snapshot_of

from monitor.model.cluster_tables import TopicConfigs
from monitor.model.limits import Limits
from monitor.model.slos import Slo
from monitor.model.snapshot import Snapshot
from monitor.model.table import objects
from monitor.model.view import View
from monitor.poll.pipeline import Dating, Remembered, step
from monitor.poll.record_times import Bracket, Dates, Wanted

STARTED = 5_000.0
"""The monotonic clock at the first poll, whose unix time is NOW."""


class Series:
    """Polls of one cluster, one after the other.

    Records that the polls did not see come are dated by `ages`: seconds since the next record of a (topic, partition)
    was written, as ListOffsets by timestamp would tell; without it their age is unknown.
    """

    def __init__(
        self, *, interval: float = 10.0, retention_seconds: float | None = None, slos: tuple[Slo, ...] = ()
    ) -> None:
        self.slos = slos
        self.interval = interval
        self.retention_seconds = retention_seconds
        self.remembered = Remembered()
        self.snapshots: list[Snapshot] = []
        self.now = NOW - interval

    def poll(
        self,
        topics: list[Topic],
        groups: list[Group],
        *,
        after: float | None = None,
        ages: Mapping[tuple[str, int], float] | None = None,
        tables: Mapping[str, Any] | None = None,
        state_trouble: str | None = None,
        **changes: Any,
    ) -> View:
        """The View of a poll `after` seconds after the one before, by default the interval.

        `changes` go to snapshot_of, such as error, failed and offset_reason; `tables` replace those of the Snapshot.
        """
        self.now += self.interval if after is None else after
        snapshot = replace(
            snapshot_of(topics, groups, time=self.now, **changes),
            started=STARTED + self.now - NOW,
            interval_seconds=self.interval,
        )
        if self.retention_seconds is not None:
            snapshot = replace(snapshot, topic_configs=topic_configs(len(snapshot.topics), self.retention_seconds))
        snapshot = replace(snapshot, **(tables or {}))
        self.snapshots.append(snapshot)
        self.remembered, view = step(
            self.remembered,
            snapshot,
            took=0.0,
            date=dated_by(ages or {}),
            limits=Limits(),
            slos=self.slos,
            state_trouble=state_trouble,
        )
        return view


@dataclass
class Poll:
    """One partition, read by one group, at one poll. `end` None: the broker did not answer.

    `commit` is an offset, None for no commit, or a text: why it is unknown. `members` 0 is an empty group. `age` is
    that of the next record where no earlier poll saw it come.
    """

    end: float | None
    commit: float | str | None
    members: int = 1
    start: float = 0
    after: float | None = None
    age: float | None = None
    assigned: bool = True
    topic_id: str = "2CgPoZtBQo2gW6Qn0b3u1A"
    error: str = ""


def watch(
    polls: Iterable[Poll],
    *,
    group_type: str = "classic",
    protocol_type: str | None = None,
    interval: float = 10.0,
    retention_seconds: float | None = None,
    slos: tuple[Slo, ...] = (),
    group: str = "g",
    topic: str = "t",
    beside: tuple[str, ...] = (),
) -> list[View]:
    """The Views of these polls of a topic of one partition and a group; groups `beside` it read all that is there."""
    series = Series(interval=interval, retention_seconds=retention_seconds, slos=slos)

    def poll(each: Poll) -> View:
        others = [Group(name, {(topic, 0): each.end}, [(name, "/10.0.4.1", [(topic, 0)])]) for name in beside]
        return _watch(series, each, group_type, protocol_type, group, topic, others)

    return [poll(each) for each in polls]


def _watch(
    series: Series,
    poll: Poll,
    group_type: str,
    protocol_type: str | None,
    name: str,
    topic: str,
    others: list[Group],
) -> View:
    assigned = [(topic, 0)] if poll.assigned else []
    group = Group(
        name,
        {(topic, 0): poll.commit},
        [(f"reader-{each}", f"/10.0.3.{each}", [] if each else assigned) for each in range(poll.members)],
        group_type=group_type,
        state="Stable" if poll.members else "Empty",
        protocol_type=protocol_type,
    )
    return series.poll(
        [Topic(topic, [(poll.start, poll.end)], topic_id=poll.topic_id)],
        [group, *others],
        after=poll.after,
        ages=None if poll.age is None else {(topic, 0): poll.age},
        error=poll.error,
    )


def topic_configs(topics: int, retention_seconds: float) -> TopicConfigs:
    """The same for so many topics."""
    unknown = np.full(topics, np.nan)
    return TopicConfigs(
        min_insync_replicas=np.ones(topics),
        retention_seconds=np.full(topics, retention_seconds),
        retention_bytes=np.full(topics, np.inf),
        local_retention_seconds=unknown,
        cleanup_policy=objects(["delete"] * topics),
        unclean_election=np.zeros(topics),
        timestamp_type=objects(["CreateTime"] * topics),
        remote_storage=np.zeros(topics),
        digest=objects([None] * topics),
        reason=np.zeros(topics, np.int32),
    )


def dated_by(ages: Mapping[tuple[str, int], float]) -> Dating:
    """Exact times of the records in partitions that `ages` knows."""

    def date(dates: Dates, wanted: Sequence[Wanted], now: float) -> tuple[Dates, list[Bracket]]:
        found = []
        for each in wanted:
            age = ages.get((each.key[0], each.key[2]))
            if age is None:
                found.append(Bracket())
            else:
                written = (now - age) * 1000
                found.append(Bracket(written, each.offset, written, written, exact=True))
        return dates, found

    return date
