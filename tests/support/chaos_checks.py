"""Whether a View says anything false. Each check is given a View and the Truth, and names what is not so.

Unknown is never false; that something is unknown which could be known is for other tests.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from chaos_truth import Span, Truth, total

from kmon.commands.lag_rows import lag_rows, missing_of
from monitor.analysis.derive.completeness import answered
from monitor.model.events import KINDS
from monitor.model.snapshot import NO_LEADER
from monitor.model.status import STATUSES
from monitor.model.view import View
from monitor.subjects.cluster import CLUSTER

INTERNAL = "__consumer_offsets"

Check = Callable[[View, Truth], Iterable[str]]

HAPPENS = frozenset(
    {
        "broker_gone",
        "broker_back",
        "broker_restarted",
        "controller_changed",
        "leader_moved",
        "isr_shrunk",
        "isr_grown",
        "coordinator_changed",
    }
)
"""The kinds of events that broken brokers bring about. All others are of things that the test does not do."""

INVENTED_STATUSES = frozenset({"rewound", "losing", "lost"})
"""No commit is set back, and no record is deleted."""

POSSIBLE_DIAGNOSES = frozenset(
    {"empty_group", "broker_at_fault", "hot_partition", "consumers_slowed", "producers_sped_up"}
    # of a group without consumers that commits slowly, or nothing
    | {"no_consumers", "no_commits", "reads_too_slowly", "catching_up", "not_watched"}
)


def _wrong(what: str, said: object, truth: Span | None) -> Iterator[str]:
    """Said unless the number is unknown (None or NaN) or within what is so."""
    known = isinstance(said, (int, float)) and not math.isnan(said)
    if known and (truth is None or not truth.holds(float(said))):  # type: ignore[arg-type]  # known to be a number
        yield f"{what} is {said}, not {truth}"


def offsets(view: View, truth: Truth) -> Iterator[str]:
    """Log start, end and last stable offset of every partition."""
    snapshot = view.snapshot
    for row, (topic, number) in enumerate(
        zip(snapshot.topics.topic[snapshot.partitions.topic], snapshot.partitions.partition.tolist(), strict=True)
    ):
        if (topic, number) in truth.ends:
            end, place = truth.ends[topic, number], f"{topic}-{number}"
            yield from _wrong(f"end offset of {place}", float(snapshot.offsets.end_offset[row]), end)
            yield from _wrong(f"stable offset of {place}", float(snapshot.offsets.stable_offset[row]), end)
            yield from _wrong(f"start offset of {place}", float(snapshot.offsets.start_offset[row]), Span(0, 0))


def lag(view: View, truth: Truth) -> Iterator[str]:
    """Commit and lag of every group on every partition."""
    for row in lag_rows(view):
        group, place = str(row["group"]), (str(row["topic"]), row["partition"])
        if row["topic"] is None or group not in truth.commits:
            continue
        where = f"{group} on {row['topic']}-{row['partition']}"
        if place not in truth.commits[group]:
            yield f"{where}: it has no commit there"
            continue
        partition = (str(row["topic"]), int(str(row["partition"])))
        yield from _wrong(f"commit of {where}", row["committed_offset"], truth.commits[group][partition])
        yield from _wrong(f"lag of {where}", row["lag"], truth.lag(group, partition))
        yield from _wrong(f"records lost by {where}", row["lost"], Span(0, 0))


def groups_that_there_are(view: View, truth: Truth) -> Iterator[str]:
    """A group that is missing makes all that counts groups unknown; of one that is listed no partition is missing."""
    listed = set(view.snapshot.groups.group.tolist())
    if invented := listed - truth.commits.keys():
        yield f"groups that there are not: {sorted(invented)}"
    rows = {(str(row["group"]), row["topic"], row["partition"]) for row in lag_rows(view)}
    missing = truth.commits.keys() - listed
    partial = {
        group
        for group in truth.commits.keys() & listed
        if not math.isnan(view.group_lags.lag[view.group_rows[group]])
        and any((group, *place) not in rows for place in truth.commits[group])
    }
    if partial:
        yield f"a total over partitions that are missing: {sorted(partial)}"
    if missing and view.up:
        totals = CLUSTER.plain(view)[0]
        said = [name for name in ("groups", "groups_behind", "groups_lost", "lag") if totals[name] is not None]
        said += ["complete"] if view.complete else []
        if said:
            yield f"{len(missing)} of {len(truth.commits)} groups are missing and yet there is {', '.join(said)}"


def totals_of_lag(view: View, truth: Truth) -> Iterator[str]:
    """Totals of groups, topics and the cluster, and what they are at least."""
    for group, row in view.group_rows.items():
        if group in truth.commits:
            span = truth.lag_of(group)
            yield from _wrong(f"lag of {group}", float(view.group_lags.lag[row]), span)
            yield from _at_least(f"lag of {group}", float(view.group_lags.lag_at_least[row]), span)
    for topic, row in view.topic_rows.items():
        mine = [(group, place) for group, places in truth.commits.items() for place in places if place[0] == topic]
        if topic in truth.topics and topic != INTERNAL:
            span = total(truth.lag(*each) for each in mine)
            yield from _wrong(f"lag on {topic}", float(view.topic_totals.lag[row]), span)
            yield from _at_least(f"lag on {topic}", float(view.topic_totals.lag_at_least[row]), span)
            records = total(end for (name, _), end in truth.ends.items() if name == topic)
            yield from _wrong(f"records of {topic}", float(view.topic_totals.records[row]), records)
    if view.up:
        whole = total(map(truth.lag_of, truth.commits))
        yield from _wrong("lag of the cluster", CLUSTER.plain(view)[0]["lag"], whole)
        yield from _at_least("lag of the cluster", view.totals.lag_at_least, whole)


def _at_least(what: str, said: float, truth: Span) -> Iterator[str]:
    if said > truth.high:
        yield f"{what} is at least {said:,.0f}, not {truth}"


def counts(view: View, truth: Truth) -> Iterator[str]:
    """How many brokers, topics, partitions and groups there are, and how many of them are in trouble."""
    if not view.up:
        return
    totals = CLUSTER.plain(view)[0]
    # A new controller fences each broker whose heartbeat hangs at the old one, and Metadata names no fenced broker.
    all_fenced = totals["fenced"] == len(truth.brokers)
    away, everything = len(truth.away), truth.partitions
    wanted: Mapping[str, Span] = {
        "brokers": Span(0 if all_fenced else 1, len(truth.brokers) - away),
        "fenced": Span(away, len(truth.brokers)),
        "topics": Span(len(truth.topics), len(truth.topics)),
        "partitions": Span(everything, everything),
        "groups": Span(len(truth.commits), len(truth.commits)),
        "groups_lost": Span(0, 0),
        "offline": Span(truth.leaderless, everything),
        "under_replicated": Span(truth.short, everything),
    }
    for name, span in wanted.items():
        about = f" ({totals['fenced']} of {len(view.snapshot.brokers)} fenced)" if name == "brokers" else ""
        yield from _wrong(f"the number of {name}{about}", totals[name], span)


def topics_that_there_are(view: View, truth: Truth) -> Iterator[str]:
    """Topics and their partitions; a topic that is missing makes the counts of topics unknown (see `counts`)."""
    topics = view.snapshot.topics
    for name, count in zip(topics.topic, topics.partitions.tolist(), strict=True):
        if name not in truth.topics:
            yield f"a topic that there is not: {name}"
        elif count and count != len(truth.topics[name]):
            yield f"{name} has {count} partitions, not {len(truth.topics[name])}"


def leaders(view: View, truth: Truth) -> Iterator[str]:
    """No broker that is away leads a partition, and a partition is led by none but its replicas."""
    if not answered(view.snapshot, "cluster"):
        return
    partitions, names = view.snapshot.partitions, view.snapshot.topics.topic
    for topic, number, leader in zip(
        names[partitions.topic], partitions.partition.tolist(), partitions.leader.tolist(), strict=True
    ):
        replicas = truth.topics.get(str(topic), ())
        if leader == NO_LEADER or number >= len(replicas):
            continue
        if leader in truth.away:
            yield f"{topic}-{number} is led by broker {leader}, which is away"
        elif leader not in replicas[number]:
            yield f"{topic}-{number} is led by broker {leader}, which does not hold it"


def groups_have_no_members(view: View, truth: Truth) -> Iterator[str]:
    """Every group of the test is empty: it commits from outside."""
    for group, row in view.group_rows.items():
        yield from _wrong(f"the number of members of {group}", float(view.snapshot.groups.members[row]), Span(0, 0))
        if view.snapshot.groups.state[row] not in {None, "Empty"}:
            yield f"{group} is {view.snapshot.groups.state[row]}, not Empty"


def statuses(view: View, truth: Truth) -> Iterator[str]:
    """No group is well whose lag is unknown, and none has lost records or was set back."""
    for group, row in view.group_rows.items():
        status = STATUSES[int(view.group_lags.status[row])]
        if status in INVENTED_STATUSES:
            yield f"{group} is {status}"
        if status == "ok" and np.isnan(view.group_lags.lag[row]):
            yield f"{group} is ok, and its lag is unknown"


def events(view: View, truth: Truth) -> Iterator[str]:
    """Only what broken brokers bring about has happened; those of earlier polls were held to it by then."""
    assert set(KINDS) >= HAPPENS
    for kind, time, text in zip(view.events.kind, view.events.time.tolist(), view.events.text, strict=True):
        if time == view.time and kind not in HAPPENS:
            yield f"event {kind}: {text}"


def diagnoses(view: View, truth: Truth) -> Iterator[str]:
    """Nothing is blamed that the test does not do."""
    for pattern, sentence in zip(view.diagnoses.pattern, view.diagnoses.sentence, strict=True):
        if pattern not in POSSIBLE_DIAGNOSES:
            yield f"diagnosis {pattern}: {sentence}"


def verdict(view: View, truth: Truth) -> Iterator[str]:
    """All is not well while a broker is away."""
    if truth.away and view.verdict.level == "ok":
        yield f"all is well with brokers {sorted(truth.away)} away: {view.verdict.sentence}"


def exit_code(view: View, truth: Truth) -> Iterator[str]:
    """`kmon lag` has every row with its lag when it exits with 0."""
    if not view.up:
        return
    rows = lag_rows(view)
    if missing_of(view, rows):
        return
    known = {(str(row["group"]), row["topic"], row["partition"]) for row in rows if row["lag"] is not None}
    wanted = {(group, *place) for group, places in truth.commits.items() for place in places}
    if lacking := wanted - known:
        yield f"kmon lag exits with 0 and lacks {len(lacking)} of {len(wanted)} rows"


CHECKS: tuple[Check, ...] = (
    offsets,
    lag,
    groups_that_there_are,
    totals_of_lag,
    counts,
    topics_that_there_are,
    leaders,
    groups_have_no_members,
    statuses,
    events,
    diagnoses,
    verdict,
    exit_code,
)
"""What is checked of each View by itself."""


def falsehoods(view: View, truth: Truth, checks: Iterable[Check] = CHECKS) -> list[str]:
    """Everything that a View says and that is not so, with the name of the check. One that is down shows an older."""
    return [f"{check.__name__}: {said}" for check in checks for said in check(view, truth)]


# -------------------------------------------------------------------- over several Views of one kmon

THRESHOLD = 5_000.0
"""Groups with a greater lag are alerted on."""


@dataclass(frozen=True)
class Seen:
    """What one kmon has said so far: groups it has listed, and the alerts that it fires, by rule and group."""

    groups: frozenset[str] = frozenset()
    firing: frozenset[tuple[str, str]] = field(default_factory=frozenset)


def remember(seen: Seen, view: View) -> Seen:
    """`seen` with a View more."""
    firing = {(each.rule, dict(each.labels)["group"]) for each in view.alerts if each.state == "firing"}
    return Seen(seen.groups | set(view.shown.snapshot.groups.group.tolist()), seen.firing | firing)


def forgotten(seen: Seen, view: View, truth: Truth) -> Iterator[str]:
    """A group that was there has its row for as long as it is not known to be gone."""
    lacking = (seen.groups & truth.commits.keys()) - set(view.shown.snapshot.groups.group.tolist())
    if lacking:
        yield f"forgotten: {len(lacking)} groups that were listed before have no row: {sorted(lacking)[:3]}"


def alerts(seen: Seen, view: View, truth: Truth) -> Iterator[str]:
    """What fires goes on firing while it is true, and nothing fires that is not true."""
    for alert in view.alerts:
        group = dict(alert.labels)["group"]
        if group not in truth.commits or truth.lag_of(group).high <= THRESHOLD:
            yield f"alerts: {alert.rule} is {alert.state} for {group}, whose lag is {truth.lag_of(group)}"
    firing = {(each.rule, dict(each.labels)["group"]) for each in view.alerts if each.state == "firing"}
    for rule, group in sorted(seen.firing - firing):
        if group in truth.commits and truth.lag_of(group).low > THRESHOLD:
            yield f"alerts: {rule} is resolved for {group}, whose lag is {truth.lag_of(group)}"


def resolutions(resolved: Iterable[tuple[str, str, str]], truth: Truth) -> Iterator[str]:
    """Of (rule, group, how) that receivers were told is resolved: what was still true."""
    for rule, group, how in resolved:
        if truth.lag_of(group).low > THRESHOLD:
            yield f"resolutions: {rule} is told to be resolved ({how}) for {group}, whose lag is {truth.lag_of(group)}"
