"""Rows of what there is once a cluster: totals, quorum, transactions, reassignments, capabilities, alerts."""

from typing import Any

import numpy as np

from exporters.rows.plain import Number, Row, flags, grouped, node, number, numbers, places, reason, rows_of
from monitor.derive.completeness import answered, lists_groups, lists_topics
from monitor.derive.partitions import partition_rows
from monitor.model.view import View

OF_TOPICS = ("topics", "partitions", "offline", "under_replicated", "under_min_isr")
OF_GROUPS = ("groups", "groups_behind", "groups_lost", "groups_unknown")
NO_ROWS = np.empty(0, np.intp)


def known_totals(view: View) -> dict[str, Number]:
    """The totals of the cluster by name; None for those that are not known in full."""
    snapshot = view.snapshot
    complete = {
        "brokers": answered(snapshot, "cluster"),
        **dict.fromkeys(OF_TOPICS, lists_topics(snapshot)),
        **dict.fromkeys(OF_GROUPS, lists_groups(snapshot)),
    }
    return {
        name: number(value) if value is not None and complete.get(name, True) else None
        for name, value in vars(view.totals).items()
    }


def cluster_row(view: View) -> Row:
    """The verdict on the newest View; identity, totals and collectors of the View that is shown."""
    shown = view.shown
    snapshot = shown.snapshot
    return {
        "verdict": {
            "level": view.verdict.level,
            "sentence": view.verdict.sentence,
            "clauses": [each._asdict() for each in view.verdict.clauses],
        },
        "cluster_id": snapshot.cluster_id,
        "controller": node(snapshot.controller),
        "totals": known_totals(shown),
        "features": dict(zip(snapshot.features.feature, snapshot.features.level.tolist(), strict=True)),
        "hidden_topics": snapshot.hidden_topics if answered(snapshot, "cluster") else None,
        "hidden_groups": snapshot.hidden_groups if answered(snapshot, "groups") else None,
        "overruns": view.snapshot.overruns,
        "collectors": [dict(vars(each)) for each in snapshot.outcomes],
    }


def capability_rows(view: View) -> list[Row]:
    """What kmon can ask of the cluster; None where it could not be found out, and `reason` says why it is not there."""
    capabilities = view.snapshot.capabilities
    return rows_of(
        {
            "capability": capabilities.capability,
            "available": flags(capabilities.available),
            "reason": [why or None for why in capabilities.why],
        }
    )


def why_missing(view: View, collector: str) -> str | None:
    """Why a collector's tables may be empty: its capability is not there, or it got no answer."""
    names = view.snapshot.capabilities.capability.tolist()
    if collector in names and (why := view.snapshot.capabilities.why[names.index(collector)]):
        return str(why)
    outcome = view.outcome(collector)
    return outcome.error or None if outcome is not None else None


def quorum_row(view: View) -> Row:
    """The metadata quorum; `reason` is why there is nothing to say of it."""
    quorum, lags = view.snapshot.quorum, view.quorum_lags
    rows = range(len(quorum))
    leaders = quorum.node[quorum.leader].tolist()
    return {
        "leader": leaders[0] if leaders else None,
        "epoch": view.snapshot.quorum_epoch,
        "reason": None if len(quorum) else why_missing(view, "quorum"),
        "quorum": rows_of(
            {
                "node": quorum.node.tolist(),
                "role": ["voter" if voter else "observer" for voter in quorum.voter],
                "leader": quorum.leader.tolist(),
                "log_end_offset": numbers(quorum.log_end_offset, rows),
                "lag": numbers(lags.lag, rows),
                "behind_seconds": numbers(lags.behind_seconds, rows),
                "fetch_age_seconds": numbers(lags.fetch_age_seconds, rows),
            }
        ),
    }


def transaction_rows(view: View) -> list[Row]:
    """Transactions under way, the oldest first, those of unknown age last; `started` is unix seconds."""
    transactions, written = view.snapshot.transactions, view.snapshot.transaction_partitions
    rows = np.argsort(-view.transaction_ages.age_seconds, kind="stable")
    partitions = grouped(written.transaction)
    return rows_of(
        {
            "transactional_id": transactions.transactional_id[rows],
            "producer_id": numbers(transactions.producer_id, rows),
            "state": transactions.state[rows],
            "coordinator": [node(each) for each in transactions.coordinator[rows].tolist()],
            "started": numbers(transactions.started, rows),
            "age_seconds": numbers(view.transaction_ages.age_seconds, rows),
            "timeout_seconds": numbers(transactions.timeout_seconds, rows),
            "partitions": [places(view, written, partitions.get(int(row), NO_ROWS)) for row in rows],
            "reason": [reason(view, code) for code in transactions.reason[rows]],
        }
    )


def producer_rows(view: View) -> list[Row]:
    """Producers that partitions remember, where asking for them is switched on; `last_timestamp` is unix seconds."""
    producers = view.snapshot.producers
    rows = np.arange(len(producers))
    columns = {
        "producer_id": numbers(producers.producer_id, rows),
        "producer_epoch": numbers(producers.producer_epoch, rows),
        "last_timestamp": numbers(producers.last_timestamp, rows),
        "transaction_start_offset": numbers(producers.transaction_start_offset, rows),
    }
    return [{**place, **row} for place, row in zip(places(view, producers, rows), rows_of(columns), strict=True)]


def reassignment_rows(view: View) -> list[Row]:
    """Partitions that are being reassigned; `reassigned_ratio` is the least share of bytes of a replica being added."""
    moving = view.snapshot.reassignments
    rows = np.arange(len(moving))
    partitions = partition_rows(view.snapshot, moving.topic, moving.partition)
    ratio = np.full(len(moving), np.nan)
    ratio[partitions >= 0] = view.partition_health.reassigned[partitions[partitions >= 0]]
    columns: dict[str, list[Any]] = {
        "replicas": [moving.replicas.row(row) for row in range(len(moving))],
        "adding": [moving.adding.row(row) for row in range(len(moving))],
        "removing": [moving.removing.row(row) for row in range(len(moving))],
        "reassigned_ratio": numbers(ratio, rows),
    }
    return [{**place, **row} for place, row in zip(places(view, moving, rows), rows_of(columns), strict=True)]


def alert_rows(view: View) -> list[Row]:
    """Alerts as the newest View has them, whether or not its cluster answered."""
    return [{**vars(each), "labels": dict(each.labels)} for each in view.alerts]
