"""A Snapshot and what earlier polls saw become a View: all that is derived, in the one order in which it can be."""

from dataclasses import replace

import numpy as np

from monitor.analysis.derive.alert_problems import with_firing_alerts
from monitor.analysis.derive.broker_load import derive_load, request_rates
from monitor.analysis.derive.growth import derive_growth
from monitor.analysis.derive.health import derive_problems, lasting
from monitor.analysis.derive.judged.subjects import judge_rows
from monitor.analysis.derive.judged.whole import judge_cluster, judge_kmon
from monitor.analysis.derive.lag import derive_lag
from monitor.analysis.derive.left import derive_left, set_aside
from monitor.analysis.derive.partitions import derive_partitions
from monitor.analysis.derive.quorum import derive_quorum
from monitor.analysis.derive.rates import derive_rates
from monitor.analysis.derive.rollup import total_brokers, total_cluster, total_group_topics, total_groups, total_topics
from monitor.analysis.derive.status import derive_statuses
from monitor.analysis.derive.times import derive_times
from monitor.analysis.derive.verdict import judge
from monitor.analysis.diagnosis import diagnose
from monitor.analysis.earlier_polls.past import Past, remember
from monitor.analysis.events.log import derive_activity
from monitor.model.cluster_tables import RecordTimes
from monitor.model.events import NO_CHANGES, Changes
from monitor.model.lag import Lag
from monitor.model.limits import Limits
from monitor.model.reasons import ReasonCodes
from monitor.model.silences import Silence
from monitor.model.snapshot import Snapshot
from monitor.model.view import AlertRow, RuleRow, View


def make_view(
    snapshot: Snapshot,
    *,
    alerts: tuple[AlertRow, ...] = (),
    last_good: View | None = None,
    record_times: RecordTimes | None = None,
    changes: Changes = NO_CHANGES,
    limits: Limits | None = None,
    state_trouble: str | None = None,
) -> View:
    """The View of a snapshot by itself, with nothing remembered of earlier polls but `last_good` and `changes`."""
    lag, reasons = derive_lag(snapshot)
    past = remember(Past(), snapshot, lag, 0.0)
    times = record_times or RecordTimes.empty()
    _, view = derive_view(
        past,
        snapshot,
        lag,
        reasons,
        times,
        last_good=last_good,
        changes=changes,
        limits=limits,
        state_trouble=state_trouble,
    )
    return with_alerts(view, alerts) if alerts else view


def derive_view(
    past: Past,
    snapshot: Snapshot,
    lag: Lag,
    reasons: ReasonCodes,
    record_times: RecordTimes,
    *,
    last_good: View | None,
    changes: Changes,
    limits: Limits | None,
    state_trouble: str | None = None,
) -> tuple[Past, View]:
    """What is remembered after a poll, and all that is derived from it: the same input gives the same View.

    `past` has the poll in it (`remember`); `lag` and `reasons` are what derive_lag gave for it, `changes` is what the
    log of events tells. `last_good` is the View before. `limits` are those of the settings, and
    `state_trouble` is why the state of alerts is not kept: see View.
    """
    reasons = ReasonCodes(reasons)
    rates = derive_rates(past)
    times = derive_times(snapshot, lag, past, rates, reasons, record_times=record_times)
    marks, statuses = derive_statuses(past.marks, snapshot, lag, times, rates)
    leaving, left, left_rows = derive_left(past.leaving, snapshot, lag, times, statuses, consumed=rates[1])
    times, statuses = set_aside(left_rows, times, statuses, left, lag)
    lag = replace(lag, lost=statuses.lost)
    counted = lag.taken(np.flatnonzero(~left_rows)) if len(left) else lag
    kept = last_good.shown if last_good is not None and snapshot.errors else None
    growing, growth = derive_growth((past.growing, past.growing_topics), snapshot, lag, statuses, rates)
    groups = total_groups(snapshot, lag, statuses, times, growth.groups)
    health = derive_partitions(snapshot)
    brokers, counters = total_brokers(snapshot, health), past.broker_counters
    view = View(
        snapshot=snapshot,
        lag=lag,
        record_times=record_times,
        lag_times=times,
        lag_statuses=statuses,
        partition_rates=rates[0],
        consume_rates=rates[1],
        group_lags=groups,
        group_topic_lags=total_group_topics(lag, statuses, times, growth.group_topics),
        topic_totals=total_topics(snapshot, counted, health),
        broker_totals=brokers,
        broker_load=derive_load(snapshot, brokers.broker, counters, reasons),
        request_rates=request_rates(snapshot.broker_requests, counters),
        deprecated_rates=request_rates(snapshot.deprecated_requests, counters),
        partition_health=health,
        quorum_lags=derive_quorum(snapshot),
        transaction_ages=past.transaction_ages,
        totals=total_cluster(snapshot, groups, health),
        reason_values=tuple(reasons),
        group_activity=derive_activity(snapshot, changes),
        events=changes.events,
        event_counts=changes.counts,
        state_trouble=state_trouble,
        watched_since=changes.watched_since,
        limits=limits or Limits(),
        left=left,
        last_good=kept if kept is not None and kept.up else None,
    )
    view = replace(view, judged=judge_rows(view, last_good))
    view = replace(view, problems=derive_problems(view, last_good), diagnoses=diagnose(view))
    view = replace(view, lasting=lasting(view, last_good))
    past = replace(past, marks=marks, leaving=leaving, growing=growing[0], growing_topics=growing[1])
    view = replace(view, verdict=judge(view))
    whole = replace(view.judged, cluster=judge_cluster(view, last_good), kmon=judge_kmon(view, last_good))
    return past, replace(view, judged=whole)


def with_alerts(
    view: View, alerts: tuple[AlertRow, ...], silences: tuple[Silence, ...] = (), rules: tuple[RuleRow, ...] = ()
) -> View:
    """The View of a poll with the alerts that `rules` gave on it: those that fire are problems as others are.

    `silences` are those of all clusters.
    """
    shown = replace(view, alerts=alerts, silences=silences, rules=rules)
    shown = replace(shown, problems=with_firing_alerts(shown))
    return replace(shown, verdict=judge(shown))
