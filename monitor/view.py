"""The View: a Snapshot with everything derived from it, made once a poll and read by every face."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from monitor.derive.growth import derive_growth
from monitor.derive.health import Problems, derive_problems
from monitor.derive.lag import Lag, derive_lag
from monitor.derive.partitions import PartitionHealth, derive_partitions
from monitor.derive.quorum import QuorumLags, derive_quorum
from monitor.derive.rates import (
    ConsumeRates,
    GroupRates,
    PartitionRates,
    TopicRates,
    derive_rates,
    total_group_rates,
    total_topic_rates,
)
from monitor.derive.rollup import (
    BrokerTotals,
    ClusterTotals,
    GroupLags,
    GroupTopicLags,
    TopicTotals,
    total_brokers,
    total_cluster,
    total_group_topics,
    total_groups,
    total_topics,
)
from monitor.derive.status import LagStatuses, derive_statuses
from monitor.derive.times import LagTimes, derive_times
from monitor.derive.transactions import TransactionAges, derive_transactions
from monitor.derive.verdict import Verdict, judge
from monitor.diagnosis import diagnose
from monitor.diagnosis.diagnosis import Diagnoses
from monitor.events.activity import GroupActivity, derive_activity
from monitor.events.event import Events
from monitor.events.log import NO_CHANGES, Changes
from monitor.frames import frame
from monitor.past.past import Past
from monitor.snapshot import Outcome, Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AlertRow:
    """An alert as the faces show it, put into the View by the wiring.

    `labels` identify it; `active_since` and `firing_since` are unix seconds, the latter None while it is pending.
    """

    rule: str
    state: str
    severity: str
    labels: tuple[tuple[str, str], ...]
    summary: str
    value: float | None
    active_since: float
    firing_since: float | None = None


@dataclass(frozen=True)
class View:
    """Everything a face may show of one cluster at one poll.

    `reasons[code]` is the text of every reason column here and in the snapshot. `last_good` is the newest View that
    answered, and only set while `up` is False: a face then shows that one, with its age.
    """

    snapshot: Snapshot
    lag: Lag
    lag_times: LagTimes
    lag_statuses: LagStatuses
    partition_rates: PartitionRates
    consume_rates: ConsumeRates
    group_lags: GroupLags
    group_topic_lags: GroupTopicLags
    topic_totals: TopicTotals
    broker_totals: BrokerTotals
    partition_health: PartitionHealth
    quorum_lags: QuorumLags
    transaction_ages: TransactionAges
    totals: ClusterTotals
    reasons: tuple[str, ...]
    group_activity: GroupActivity
    problems: Problems = field(default_factory=Problems.empty)
    diagnoses: Diagnoses = field(default_factory=Diagnoses.empty)
    events: Events = field(default_factory=Events.empty)
    event_counts: Mapping[str, int] = field(default_factory=lambda: NO_CHANGES.counts)
    """How many events of each kind there were since kmon began to poll the cluster."""
    alerts: tuple[AlertRow, ...] = ()
    watched_since: float | None = None
    """Unix time of the first poll of the cluster that was answered; None where that is not known."""
    last_good: "View | None" = field(default=None, repr=False)

    @property
    def cluster(self) -> str:
        return self.snapshot.cluster

    @property
    def time(self) -> float:
        """Unix seconds when the poll began."""
        return self.snapshot.time

    @property
    def up(self) -> bool:
        """Whether any of the cluster answered this poll."""
        return not self.snapshot.error

    @property
    def shown(self) -> "View":
        """The View whose tables a face shows: this one, or the last good one while the cluster is unreachable."""
        return self if self.up or self.last_good is None else self.last_good

    @property
    def complete(self) -> bool:
        """Whether every collector got every answer."""
        return self.up and all(each.success for each in self.snapshot.outcomes)

    @cached_property
    def verdict(self) -> Verdict:
        """How the cluster stands, in words."""
        return judge(self)

    @cached_property
    def group_rates(self) -> GroupRates:
        """Rates of each group over every window."""
        return total_group_rates(self)

    @cached_property
    def topic_rates(self) -> TopicRates:
        """Rates of each topic over every window."""
        return total_topic_rates(self)

    def outcome(self, collector: str) -> Outcome | None:
        return next((each for each in self.snapshot.outcomes if each.collector == collector), None)

    def frame(self, name: str) -> "pd.DataFrame":
        """A table of the View or its Snapshot for a notebook: `view.frame("lag")` (see monitor.frames.frame)."""
        return frame(self, name)

    @cached_property
    def group_rows(self) -> dict[str, int]:
        """Row of each group id."""
        return {str(name): row for row, name in enumerate(self.snapshot.groups.group)}

    @cached_property
    def topic_rows(self) -> dict[str, int]:
        """Row of each topic name."""
        return {str(name): row for row, name in enumerate(self.snapshot.topics.topic)}


def make_view(
    snapshot: Snapshot,
    *,
    alerts: tuple[AlertRow, ...] = (),
    last_good: View | None = None,
    past: Past | None = None,
    lag: tuple[Lag, tuple[str, ...]] | None = None,
    changes: Changes = NO_CHANGES,
) -> View:
    """Derive everything from a snapshot: the same snapshots give the same View.

    `lag` is what derive_lag gave for it, where that was called. `last_good` is the View before it. `past` knows the
    snapshots before and, unless this one has an error, it as well.
    `changes` is what the EventLog tells that was shown the same snapshots as `past`.
    """
    rows, texts = lag or derive_lag(snapshot)
    reasons = list(texts)
    known = None if snapshot.error else past
    rates = derive_rates(known, len(snapshot.partitions), len(rows))
    times = derive_times(snapshot, rows, known, rates, reasons)
    statuses = derive_statuses(snapshot, rows, times, rates, known)
    rows = replace(rows, lost=statuses.lost)
    kept = last_good.shown if last_good is not None and snapshot.error else None
    growth = derive_growth(snapshot, rows, statuses, rates, known)
    groups = total_groups(snapshot, rows, statuses, times, growth.groups)
    health = derive_partitions(snapshot)
    view = View(
        snapshot=snapshot,
        lag=rows,
        lag_times=times,
        lag_statuses=statuses,
        partition_rates=rates[0],
        consume_rates=rates[1],
        group_lags=groups,
        group_topic_lags=total_group_topics(rows, statuses, times, growth.group_topics),
        topic_totals=total_topics(snapshot, rows, health),
        broker_totals=total_brokers(snapshot, health),
        partition_health=health,
        quorum_lags=derive_quorum(snapshot),
        transaction_ages=derive_transactions(snapshot, known.transactions.most if known else None),
        totals=total_cluster(snapshot, groups, health),
        reasons=tuple(reasons),
        group_activity=derive_activity(snapshot, changes),
        events=changes.events,
        event_counts=changes.counts,
        alerts=alerts,
        watched_since=changes.watched_since,
        last_good=kept if kept is not None and kept.up else None,
    )
    return replace(view, problems=derive_problems(view, last_good), diagnoses=diagnose(view))
