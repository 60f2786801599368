"""What one View says about a rule, on lag or built in: where its condition is true, false, gone or unknown.

Nothing here knows of time; alerts/state.py turns these answers into pending, firing and resolved.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from alerts.samples import Details, Labels, Sample, Samples
from alerts.subject_rules import SubjectRule, subject_samples
from alerts.subject_rules import covers as covers_row
from monitor.analysis.derive.rollup import lag_by_group
from monitor.model.lag import Lag
from monitor.model.snapshot import KNOWN
from monitor.model.status import LEFT
from monitor.model.table import Flags, Floats, Ints, matching
from monitor.model.text import moment
from monitor.model.totals import LagTotals
from monitor.model.view import View
from monitor.settings.alerts import UNREACHABLE, WATCHDOG, RuleSettings, UnreachableSettings, WatchdogSettings

ClusterRule = UnreachableSettings | WatchdogSettings
"""A rule on whole clusters: its name is a key of CONDITIONS."""

AnyRule = RuleSettings | ClusterRule | SubjectRule


def is_observed(rule: AnyRule) -> bool:
    """Whether the alerts of a rule are shown and never sent."""
    return isinstance(rule, SubjectRule) and rule.observe


def covers(rule: AnyRule, labels: Labels) -> bool:
    """Whether these are the labels of a sample that the rule could have, now or at another time."""
    names = dict(labels)
    if isinstance(rule, SubjectRule):
        return covers_row(rule, labels)
    if not isinstance(rule, RuleSettings):
        return list(names) == ["cluster"]
    if tuple(names) != LABELS[rule.over] or not names.get("partition", "0").isdecimal():
        return False
    return all(pattern.matches(names[name]) for name, pattern in rule.patterns.items() if name in names)


def samples(rule: AnyRule, view: View, watched: Iterable[Labels] = ()) -> Samples:
    """Where the rule's condition is true in the View, and what became of each of `watched`, labels of older samples.

    Whatever the View cannot say is unknown: all of it while the cluster is unreachable, what is absent while groups
    could not all be listed, and lag that is not known, unless what is known of it is above the threshold already.
    A built-in alert is never unknown.
    """
    if isinstance(rule, SubjectRule):
        return subject_samples(rule, view, watched)
    if not isinstance(rule, RuleSettings):
        return _cluster_samples(rule, view, watched)
    if not view.up:
        return Samples(reason=view.snapshot.error)
    rows = OVER[rule.over](rule, view)
    above = rows.at_least > rule.lag_above  # NaN, of which nothing is known, is not above
    false, gone, unknown = set(), set(), {}
    for labels in watched:
        row = rows.find(labels)
        if row is None:
            reason = rows.why_absent(labels)
            if reason is None:
                gone.add(labels)
            else:
                unknown[labels] = reason
        elif math.isnan(rows.lag[row]):
            unknown[labels] = rows.reason(row)
        else:
            false.add(labels)
    true = tuple(rows.sample(int(row)) for row in np.flatnonzero(above & rows.matching))
    for sample in true:
        false.discard(sample.labels)
        unknown.pop(sample.labels, None)
    return Samples(true, frozenset(false), frozenset(gone), unknown)


@dataclass(frozen=True)
class Rows:
    """A table of a View as a rule sees it: `lag`, its known part `at_least`, and which rows are `matching`.

    `reasons` are the codes of why lag is unknown. `find` gives the row with some labels, None where there is none, and
    `sample` a row as a sample.
    """

    view: View
    lag: Floats
    at_least: Floats
    matching: Flags
    reasons: Ints
    find: Callable[[Labels], int | None]
    sample: Callable[[int], Sample]

    def reason(self, row: int) -> str:
        """Why the lag of a row is unknown."""
        return self.view.reasons[int(self.reasons[row])]

    def why_absent(self, labels: Labels) -> str | None:
        """Why it is unknown whether what these labels name is still there, None when it is known to be gone."""
        row = self.view.group_rows.get(dict(labels)["group"])
        if row is None:
            return _unlisted(self.view)
        code = self.view.snapshot.groups.unread[row]
        return None if code == KNOWN else self.view.reasons[code]


def group_rows(rule: RuleSettings, view: View) -> Rows:
    """One row per group, in the order of the View's groups, over the partitions of matching topics."""
    table: Lag = view.lag
    totals: LagTotals = view.group_lags
    if rule.topic:
        rows = matching(rule.patterns["topic"], view.snapshot.topics.topic)[table.topic]
        table = table.taken(np.flatnonzero(rows & (view.lag_statuses.status != LEFT)))
        totals = lag_by_group(view.snapshot, table)

    def find(labels: Labels) -> int | None:
        row = view.group_rows.get(dict(labels)["group"])
        # A group that is known to read no such partition any more has nothing left to alert on.
        return None if row is None or (not totals.partitions[row] and not math.isnan(totals.lag[row])) else row

    def sample(row: int) -> Sample:
        details = replace(
            _details(view, row, table, int(totals.worst[row])),
            partitions=int(totals.partitions[row]),
            unknown_partitions=int(totals.unknown_partitions[row]),
            unknown_reason=view.reasons[int(totals.reason[row])],
        )
        labels = (("cluster", view.cluster), ("group", str(view.snapshot.groups.group[row])))
        return Sample(labels, float(totals.lag_at_least[row]), bool(np.isnan(totals.lag[row])), details)

    groups = matching(rule.patterns.get("group"), view.snapshot.groups.group)
    return Rows(view, totals.lag, totals.lag_at_least, groups, totals.reason, find, sample)


def partition_rows(rule: RuleSettings, view: View) -> Rows:
    """One row per group and partition, in the order of the View's lag."""
    table, snapshot = view.lag, view.snapshot

    def find(labels: Labels) -> int | None:
        names = dict(labels)
        group, topic = view.group_rows.get(names["group"]), view.topic_rows.get(names["topic"])
        if group is None or topic is None:
            return None
        rows = table.of_group(group)
        mine = slice(rows.start, rows.stop)
        same = (table.topic[mine] == topic) & (table.partition[mine] == int(names["partition"]))
        return rows[int(np.argmax(same))] if same.any() else None

    def sample(row: int) -> Sample:
        labels = (
            ("cluster", view.cluster),
            ("group", str(snapshot.groups.group[table.group[row]])),
            ("topic", str(snapshot.topics.topic[table.topic[row]])),
            ("partition", str(table.partition[row])),
        )
        return Sample(labels, float(table.lag[row]), False, _details(view, int(table.group[row]), table, row))

    groups = matching(rule.patterns.get("group"), snapshot.groups.group)
    topics = matching(rule.patterns.get("topic"), snapshot.topics.topic)
    # Of a topic that a group has left, no rule counts anything.
    lag = np.where(view.lag_statuses.status == LEFT, 0.0, table.lag)
    return Rows(view, lag, lag, groups[table.group] & topics[table.topic], table.reason, find, sample)


LABELS: Mapping[str, tuple[str, ...]] = {
    "group": ("cluster", "group"),
    "partition": ("cluster", "group", "topic", "partition"),
}
"""Names of the labels of a sample, by what the rule looks at."""

OVER: Mapping[str, Callable[[RuleSettings, View], Rows]] = {"group": group_rows, "partition": partition_rows}
"""What a rule can look at, by the word in `RuleSettings.over`."""


def _unlisted(view: View) -> str | None:
    """Why a group that is not in the View may still be there, None when every group was listed."""
    outcome = view.outcome("groups")
    if outcome is None:
        return "groups were not listed"
    return outcome.error or None


def _details(view: View, group: int, table: Lag, worst: int) -> Details:
    """The details of a row of `groups` by the one partition in row `worst` of `table`, -1 where there is none."""
    groups, members = view.snapshot.groups, view.snapshot.members
    there = worst >= 0
    member = int(table.member[worst]) if there else -1
    return Details(
        partitions=1,
        unknown_partitions=0,
        unknown_reason="",
        worst_topic=str(view.snapshot.topics.topic[table.topic[worst]]) if there else None,
        worst_partition=int(table.partition[worst]) if there else -1,
        worst_lag=float(table.lag[worst]) if there else math.nan,
        client_id=members.client_id[member] if member >= 0 else None,
        host=members.host[member] if member >= 0 else None,
        state=groups.state[group],
        members=float(groups.members[group]),
    )


# -------------------------------------------------------------------- built-in alerts, on a whole cluster


@dataclass(frozen=True)
class Condition:
    """When an alert on a cluster is true, why in words, and its texts: `{cluster}` is the cluster's visible name."""

    true: Callable[[View], bool]
    why: Callable[[View], str]
    fires: str
    over: str
    description: str


def _unreachable(view: View) -> str:
    last = f"last successful poll {moment(view.shown.time)}" if view.shown.up else "no poll has succeeded yet"
    return f"{last}; {view.snapshot.error}"


CONDITIONS: Mapping[str, Condition] = {
    UNREACHABLE: Condition(
        lambda view: not view.up,
        _unreachable,
        "cluster {cluster} is unreachable",
        "cluster {cluster} is reachable again",
        "kmon cannot poll the cluster: no broker responds. Lag and other alerts of the cluster are unknown.",
    ),
    WATCHDOG: Condition(
        lambda _: True,
        lambda _: "",
        "kmon polls cluster {cluster} and sends alerts",
        "kmon has stopped sending the watchdog of cluster {cluster}",
        "This alert always fires. When it is missing, kmon or its connection to the receiver is down.",
    ),
}
"""The alerts there are, by name."""


def _cluster_samples(rule: ClusterRule, view: View, watched: Iterable[Labels]) -> Samples:
    condition = CONDITIONS[rule.name]
    if not condition.true(view):
        return Samples(false=frozenset(watched))
    sample = Sample((("cluster", view.cluster),), 1.0, why=condition.why(view))
    # The cluster was called otherwise before it responded for the first time.
    return Samples((sample,), gone=frozenset(watched) - {sample.labels})
