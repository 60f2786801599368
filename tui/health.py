"""The cluster in a few lines: quorum, partitions, brokers, transactions, and what is unknown or excluded."""

from collections.abc import Iterable
from functools import partial

import numpy as np

from monitor.analysis.derive.completeness import lists_topics, unasked
from monitor.analysis.derive.judged.brokers import fullest_disks, fullest_levels
from monitor.model.levels import ABOVE_ZERO, ODD
from monitor.model.snapshot import KNOWN
from monitor.model.table import Floats
from monitor.model.text import age, percent, plural, records_of, visible
from monitor.model.view import View
from monitor.subjects.shown import UNREPORTED
from tui.format import count
from tui.widgets.facts import joined, titled
from tui.widgets.lines import Line, Part

MISSING_NAMED = 1
"""Capabilities that are named with their reason; the rest is counted."""


def why_missing(view: View, *names: str) -> str:
    """Why a table that these collectors fill, or that depends on these capabilities, has nothing; one visible line."""
    return visible(unasked(view.snapshot, *names) or UNREPORTED)


def health_lines(view: View, *, human: bool) -> list[Line]:
    """A line for each section that has any clause."""
    sections = (
        ("Quorum", quorum_clauses(view, human=human)),
        ("Partitions", partition_clauses(view)),
        ("Brokers", broker_clauses(view)),
        ("Transactions", transaction_clauses(view)),
        ("Not available", missing_clauses(view)),
        ("Excluded", excluded_clauses(view)),
    )
    told = ((title, list(clauses)) for title, clauses in sections)
    return [titled(title, joined(clauses)) for title, clauses in told if clauses]


def quorum_clauses(view: View, *, human: bool) -> Iterable[Part]:
    """The quorum's leader, its voters and observers, and the one that is furthest behind."""
    quorum, lags = view.snapshot.quorum, view.quorum_lags
    if not len(quorum):
        return
    leaders = quorum.node[quorum.leader]
    epoch = "" if view.snapshot.quorum_epoch is None else f", epoch {view.snapshot.quorum_epoch}"
    yield Part(f"leader {leaders[0]}{epoch}") if len(leaders) else Part("no leader", ABOVE_ZERO["offline"])
    observers = f" and {plural(int((~quorum.voter).sum()), 'observer')}" if not quorum.voter.all() else ""
    yield Part(f"{plural(int(quorum.voter.sum()), 'voter')}{observers}")
    if np.isnan(lags.lag).all():
        yield Part("lag unknown", "unknown")
        return
    worst = int(np.nanargmax(lags.lag))
    if lags.lag[worst] > 0:
        since = age(float(lags.behind_seconds[worst]))
        far = records_of(float(lags.lag[worst]), partial(count, human=human), "")
        yield Part(f"node {quorum.node[worst]} is {far} and {since} behind")
    else:
        yield Part("all caught up")


def partition_clauses(view: View) -> Iterable[Part]:
    """Partitions that are short of replicas in sync, led by another than they should be, or on the move."""
    health, snapshot = view.partition_health, view.snapshot
    watched = snapshot.topics.watched[snapshot.partitions.topic]
    whole = lists_topics(snapshot)
    yield from _min_isr("under min ISR", health.under_min_isr[watched], ABOVE_ZERO["under_min_isr"], whole=whole)
    yield from _min_isr("at min ISR", health.at_min_isr[watched], ABOVE_ZERO["at_min_isr"], whole=whole)
    least = "" if whole else "≥ "
    elsewhere = int((~health.preferred & ~health.offline).sum())
    if elsewhere:
        yield Part(f"{least}{elsewhere:,} not led by the preferred leader")
    moving = int(health.reassigning.sum())
    if moving:
        done = health.reassigned[health.reassigning]
        copied = f", {percent(float(np.nanmin(done)))} copied at least" if not np.isnan(done).all() else ""
        yield Part(f"{least}{moving:,} being reassigned{copied}", "accent")
    unknown = int(np.isnan(health.under_min_isr[watched]).sum())
    if unknown:
        configs = snapshot.topic_configs
        told = configs.reason[snapshot.topics.watched] if len(configs) else configs.reason
        why = visible(view.reasons[told[told != KNOWN][0]]) if (told != KNOWN).any() else ""
        why = why or why_missing(view, "configs", "topic_configs", "describe_topic_configs")
        yield Part(f"min ISR of {plural(unknown, 'partition')} unknown ({why})", "unknown")


def _min_isr(words: str, flags: Floats, kind: str, *, whole: bool) -> Iterable[Part]:
    number = int(np.nansum(flags))
    if number:
        yield Part(f"{'≥ ' if np.isnan(flags).any() or not whole else ''}{number:,} {words}", kind)


def broker_clauses(view: View) -> Iterable[Part]:
    """Brokers that are fenced, disks that are broken or full, and versions and configs that differ."""
    snapshot, ids = view.snapshot, view.broker_totals.broker
    fenced = snapshot.brokers.broker[snapshot.brokers.fenced == 1]
    if len(fenced):
        yield Part(f"{_few(fenced.tolist())} fenced", view.judged.brokers.worst("fenced"))
    gone = ids[~view.broker_totals.described]
    if len(gone):
        yield Part(f"{_few(gone.tolist())} gone", view.judged.brokers.worst("gone"))
    broken = snapshot.log_dirs.broker[snapshot.log_dirs.reason != KNOWN]
    if len(broken):
        yield Part(f"unreadable log dir on {_few(np.unique(broken).tolist())}", view.judged.log_dirs.worst("offline"))
    fullest = fullest_disks(view)
    if not np.isnan(fullest).all():
        worst = int(np.nanargmax(fullest))
        share, level = float(fullest[worst]), str(fullest_levels(view)[worst])
        yield Part(f"fullest disk {percent(share)} on {ids[worst]}", "" if level == "ok" else level)
    elif len(ids):
        yield Part(f"disks unknown ({why_missing(view, 'log_dirs', 'describe_cluster')})", "unknown")
    versions = sorted({str(each) for each in snapshot.brokers.version if each is not None})
    if len(versions) > 1:
        yield Part(f"Kafka {', '.join(map(visible, versions))}", ODD)
    digests = {each for each in snapshot.broker_configs.digest if each is not None}
    if len(digests) > 1:
        yield Part("configs differ", ODD)


def _few(nodes: list[int]) -> str:
    shown = ", ".join(map(str, nodes[:5]))
    return f"{shown} and {len(nodes) - 5:,} more" if len(nodes) > 5 else shown


def transaction_clauses(view: View) -> Iterable[Part]:
    """How many transactions are open, and the oldest."""
    transactions, ages = view.snapshot.transactions, view.transaction_ages.age_seconds
    if not len(transactions):
        return
    yield Part(f"{len(transactions):,} open")
    if not np.isnan(ages).all():
        oldest = int(np.nanargmax(ages))
        level = str(view.judged.transactions.levels[oldest])
        name = visible(transactions.transactional_id[oldest], 40)
        yield Part(f"oldest {name} for {age(float(ages[oldest]))}", "" if level == "ok" else level)
    held = int(np.nansum(view.partition_health.unstable > 0))
    if held:
        yield Part(f"{plural(held, 'partition')} held back")


def missing_clauses(view: View) -> Iterable[Part]:
    """The capabilities that are missing or unknown, the first with its reason."""
    table = view.snapshot.capabilities
    missing = np.flatnonzero((table.available != 1) & ~table.switched_off).tolist()
    for row in missing[:MISSING_NAMED]:
        yield Part(f"{visible(table.capability[row])}: {visible(table.why[row])}", "unknown")
    more = len(missing) - MISSING_NAMED
    if more > 0:
        yield Part(f"{more} more: 6, tab", "dim")


def excluded_clauses(view: View) -> Iterable[Part]:
    """What settings and limits exclude."""
    snapshot = view.snapshot
    hidden = ((snapshot.hidden_topics, "topic"), (snapshot.hidden_groups, "group"))
    words = [plural(number, noun) for number, noun in hidden if number]
    if words:
        yield Part(f"{' and '.join(words)} by settings")
    for notice in snapshot.notices:
        yield Part(visible(notice))
