"""The View: a Snapshot with everything derived from it, a plain value that every face reads.

monitor.analysis.view makes it, once a poll.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from monitor.model.broker_metrics import BrokerLoad, RequestRates
from monitor.model.cluster_tables import RecordTimes
from monitor.model.conditions import GroupActivity, PartitionHealth, QuorumLags, TransactionAges
from monitor.model.diagnoses import Diagnoses
from monitor.model.events import NO_CHANGES, Events
from monitor.model.judgements import Judgements
from monitor.model.lag import ConsumeRates, Lag, LagStatuses, LagTimes, PartitionRates
from monitor.model.left import LeftTopics
from monitor.model.limits import Limits
from monitor.model.owners import Owners
from monitor.model.problems import Lasting, Problems, Verdict
from monitor.model.reasons import Reason
from monitor.model.silences import Silence, Silencing
from monitor.model.slos import Freshness
from monitor.model.snapshot import Outcome, Snapshot
from monitor.model.totals import BrokerTotals, ClusterTotals, GroupLags, GroupTopicLags, TopicTotals


@dataclass(frozen=True)
class AlertRow:
    """An alert as the faces show it, put into the View by the wiring.

    `labels` identify it; `active_since` and `firing_since` are unix seconds, the latter None while it is pending. One
    that is `observed` is on probation: it is shown, never sent, and reports no problem. One that is `inhibited_by` an
    alert of another rule, which explains it, is shown and not sent. `silenced_by` are ids of silences that match it,
    and `acknowledged_by` is who acknowledged it: kmon's own receivers are not sent that it fires.
    """

    rule: str
    state: str
    severity: str
    labels: tuple[tuple[str, str], ...]
    summary: str
    value: float | None
    active_since: float
    firing_since: float | None = None
    observed: bool = False
    inhibited_by: str = ""
    silenced_by: tuple[str, ...] = ()
    acknowledged_by: str = ""

    @property
    def marks(self) -> tuple[str, ...]:
        """Why kmon's own receivers are not sent that it fires, in words; empty where they are."""
        return (
            *(("silenced",) if self.silenced_by else ()),
            *((f"acknowledged by {self.acknowledged_by}",) if self.acknowledged_by else ()),
            *((f"inhibited by {self.inhibited_by}",) if self.inhibited_by else ()),
            *(("on probation",) if self.observed else ()),
        )

    def muted_by(self, silencing: Silencing) -> "AlertRow":
        """The alert with what mutes it now: that may have changed since its View was made."""
        known = silencing.acknowledged(self.labels)
        by = "" if known is None else known.created_by
        return replace(self, silenced_by=silencing.silenced_by(self.labels), acknowledged_by=by)


@dataclass(frozen=True)
class RuleRow:
    """An alert rule in effect, put into the View by the wiring, and how many of its alerts are firing and pending.

    `on` is the subject that it is over, and `condition` its filter as it is written. `mode` is `send`, or `observe` for
    one on probation. `source` is where it is declared: FILE:LINE:COLUMN, or in words.
    """

    rule: str
    on: str
    condition: str
    for_seconds: float
    severity: str
    mode: str
    source: str
    firing: int = 0
    pending: int = 0

    @property
    def state(self) -> str:
        """That of its most serious alert: firing, pending, or inactive without any."""
        return "firing" if self.firing else "pending" if self.pending else "inactive"


@dataclass(frozen=True)
class View:
    """Everything a face may show of one cluster at one poll.

    `reason_values[code]` is what the code of every reason column here and in the snapshot stands for, and
    `reasons[code]` its text. `last_good` is the newest View that answered, and only set while `up` is False: a face
    then shows that one, with its age.
    """

    snapshot: Snapshot
    lag: Lag
    record_times: RecordTimes
    lag_times: LagTimes
    lag_statuses: LagStatuses
    partition_rates: PartitionRates
    consume_rates: ConsumeRates
    group_lags: GroupLags
    group_topic_lags: GroupTopicLags
    topic_totals: TopicTotals
    broker_totals: BrokerTotals
    broker_load: BrokerLoad
    request_rates: RequestRates
    deprecated_rates: RequestRates
    """Of `broker_requests` and `deprecated_requests`."""
    partition_health: PartitionHealth
    quorum_lags: QuorumLags
    transaction_ages: TransactionAges
    totals: ClusterTotals
    reason_values: tuple[Reason, ...]
    group_activity: GroupActivity
    limits: Limits = Limits()
    """The limits by which it is judged."""
    owners: Owners = Owners()
    """Who is responsible for each group and topic."""
    freshness: Freshness = field(default_factory=Freshness.empty)
    """How well each group keeps its objective; empty where the View was made without any."""
    judged: Judgements = field(default_factory=Judgements)
    """Status, level and since of every row of every subject."""
    left: LeftTopics = field(default_factory=LeftTopics.empty)
    """Topics that groups have left, with what shows it; their rows of lag have the status left."""
    problems: Problems = field(default_factory=Problems.empty)
    lasting: tuple[Lasting, ...] = ()
    """The problems, and those that an incomplete poll lacks."""
    diagnoses: Diagnoses = field(default_factory=Diagnoses.empty)
    events: Events = field(default_factory=Events.empty)
    event_counts: Mapping[str, int] = field(default_factory=lambda: NO_CHANGES.counts)
    """How many events of each kind there were since kmon began to poll the cluster."""
    alerts: tuple[AlertRow, ...] = ()
    silences: tuple[Silence, ...] = ()
    rules: tuple[RuleRow, ...] = ()
    state_trouble: str | None = None
    """Why the state of alerts is not kept over a restart, in words; empty while it is, None where it is not to be."""
    watched_since: float | None = None
    """Unix time of the first poll of the cluster that was answered; None where that is not known."""
    verdict: Verdict = Verdict("ok", ())
    """How the cluster stands, in words."""
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
        return not self.snapshot.errors

    @property
    def shown(self) -> "View":
        """The View whose tables a face shows: this one, or the last good one while the cluster is unreachable."""
        return self if self.up or self.last_good is None else self.last_good

    @property
    def complete(self) -> bool:
        """Whether every collector got every answer."""
        return self.up and all(each.success for each in self.snapshot.outcomes)

    def outcome(self, collector: str) -> Outcome | None:
        return next((each for each in self.snapshot.outcomes if each.collector == collector), None)

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        return tuple(map(str, self.reason_values))

    @cached_property
    def group_rows(self) -> dict[str, int]:
        """Row of each group id."""
        return {str(name): row for row, name in enumerate(self.snapshot.groups.group)}

    @cached_property
    def topic_rows(self) -> dict[str, int]:
        """Row of each topic name."""
        return {str(name): row for row, name in enumerate(self.snapshot.topics.topic)}
