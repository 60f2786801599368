"""A Snapshot and what earlier polls saw become a View: all that is derived, in the one order in which it can be."""

from dataclasses import replace

from monitor.analysis.derive.growth import derive_growth
from monitor.analysis.derive.health import derive_problems
from monitor.analysis.derive.judged.subjects import judge_rows
from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.derive.partitions import derive_partitions
from monitor.analysis.derive.quorum import derive_quorum
from monitor.analysis.derive.rates import derive_rates
from monitor.analysis.derive.rollup import total_brokers, total_cluster, total_group_topics, total_groups, total_topics
from monitor.analysis.derive.status import derive_statuses
from monitor.analysis.derive.times import derive_times
from monitor.analysis.derive.transactions import derive_transactions
from monitor.analysis.derive.verdict import judge
from monitor.analysis.diagnosis import diagnose
from monitor.analysis.earlier_polls.past import Past
from monitor.analysis.events.activity import derive_activity
from monitor.model.events import NO_CHANGES, Changes
from monitor.model.lag import Lag
from monitor.model.limits import Limits
from monitor.model.snapshot import Snapshot
from monitor.model.view import AlertRow, View


def make_view(
    snapshot: Snapshot,
    *,
    alerts: tuple[AlertRow, ...] = (),
    last_good: View | None = None,
    past: Past | None = None,
    lag: tuple[Lag, tuple[str, ...]] | None = None,
    changes: Changes = NO_CHANGES,
    limits: Limits | None = None,
) -> View:
    """Derive everything from a snapshot: the same snapshots give the same View.

    `lag` is what derive_lag gave for it, where that was called. `last_good` is the View before it. `past` knows the
    snapshots before and, unless this one has an error, it as well.
    `changes` is what the EventLog tells that was shown the same snapshots as `past`.
    `limits` are those of the settings.
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
        limits=limits or Limits(),
        last_good=kept if kept is not None and kept.up else None,
    )
    view = replace(view, judged=judge_rows(view, last_good))
    view = replace(view, problems=derive_problems(view, last_good), diagnoses=diagnose(view))
    return replace(view, verdict=judge(view))


def with_alerts(view: View, alerts: tuple[AlertRow, ...]) -> View:
    """The View with the alerts that were evaluated on it, which its verdict counts."""
    shown = replace(view, alerts=alerts)
    return replace(shown, verdict=judge(shown))
