"""The cluster as a whole: one row of numbers, each unknown while what it counts is incomplete."""

from collections.abc import Callable
from functools import partial

import numpy as np

from monitor.analysis.derive.completeness import answered, lists_groups, lists_topics
from monitor.analysis.derive.judged.whole import cluster_why, failing_collectors, kmon_why, missing_capabilities
from monitor.model.judgements import JudgedCluster, JudgedKmon
from monitor.model.snapshot import Snapshot
from monitor.model.table import Floats, objects
from monitor.model.view import View
from monitor.subjects.column import Column, Subject
from monitor.subjects.kinds import COUNT, FLAG, NUMBER, RECORDS, SECONDS, Kind
from monitor.subjects.tables import Path, cluster, get, judged, numbers, one, sentences, texts


def _count(_: View) -> int:
    return 1


def _total(name: str, meaning: str, path: Path, known: Callable[[Snapshot], bool], kind: Kind = COUNT) -> Column:
    """A number of the whole cluster, unknown unless it is `known` that nothing is missing in it."""
    return one(name, kind, meaning, lambda view: get(path, view) if known(view.snapshot) else None)


def _reached(snapshot: Snapshot) -> bool:
    """Whether any broker responded; else what is counted is 0 because nothing is there to count."""
    return not snapshot.errors


def _voters(view: View) -> int | None:
    quorum = view.snapshot.quorum
    return int(np.count_nonzero(quorum.voter)) if len(quorum) else None


def _leaders(view: View) -> int | None:
    quorum = view.snapshot.quorum
    return int(np.count_nonzero(quorum.leader)) if len(quorum) else None


def _margin(view: View) -> int | None:
    """How many of the voters that are caught up the quorum can lose; without a leader nobody knows who is."""
    quorum = view.snapshot.quorum
    if not len(quorum) or not quorum.leader.any():
        return None
    healthy = np.count_nonzero(quorum.voter & (view.judged.quorum.words != "behind"))
    return int(healthy) - int(np.count_nonzero(quorum.voter)) // 2 - 1


_lists_brokers, _counts_groups = partial(answered, collector="cluster"), partial(answered, collector="groups")

TOTALS = (
    _total("brokers", "brokers in metadata", "totals.brokers", _lists_brokers),
    _total("fenced", "registered brokers that are fenced; unknown before Kafka 4.0", "totals.fenced", _reached),
    _total("topics", "topics in metadata", "totals.topics", lists_topics),
    _total("partitions", "partitions in metadata", "totals.partitions", lists_topics),
    _total("offline", "partitions without a leader", "totals.offline", lists_topics),
    _total(
        "under_replicated",
        "partitions with out-of-sync replicas, except those that a reassignment is adding",
        "totals.under_replicated",
        lists_topics,
    ),
    _total(
        "under_min_isr",
        "partitions of monitored topics with fewer in-sync replicas than min.insync.replicas; unknown while the "
        "configs of any such topic are unknown",
        "totals.under_min_isr",
        lists_topics,
    ),
    _total("groups", "groups of every type", "totals.groups", lists_groups),
    _total("groups_behind", "groups with a status from behind to losing", "totals.groups_behind", lists_groups),
    _total("groups_lost", "groups that have lost records", "totals.groups_lost", lists_groups),
    _total("groups_unknown", "groups with an unknown part of their lag", "totals.groups_unknown", lists_groups),
    one("lag", RECORDS, "lag of all groups; unknown while the lag on any partition is unknown", "totals.lag"),
    _total(
        "lag_at_least",
        "lag of all groups on the partitions whose lag is known",
        "totals.lag_at_least",
        _reached,
        RECORDS,
    ),
)
"""What is counted over all brokers, topics and groups."""


CLUSTER = Subject(
    "cluster",
    "the cluster as a whole",
    ("cluster",),
    _count,
    (
        cluster(_count),
        texts("cluster_id", "the cluster id", lambda view: objects([view.snapshot.cluster_id])),
        one("up", FLAG, "1 when at least one broker responded to the last poll, else 0", "up"),
        *TOTALS,
        _total("hidden_topics", "topics excluded by settings", "snapshot.hidden_topics", _lists_brokers),
        _total(
            "hidden_groups",
            "groups excluded by settings, or empty for longer than the settings allow",
            "snapshot.hidden_groups",
            _counts_groups,
        ),
        one(
            "notices",
            COUNT,
            "notes on what the last poll omitted, e.g. a limit that was reached; /api/v1/clusters lists them",
            lambda view: len(view.snapshot.notices),
        ),
        one("quorum_epoch", NUMBER, "epoch of the metadata quorum's leader", "snapshot.quorum_epoch"),
        one("quorum_voters", COUNT, "voters of the metadata quorum", _voters),
        one("quorum_leaders", COUNT, "leaders of the metadata quorum: 1, or 0 while there is none", _leaders),
        one(
            "quorum_silent",
            FLAG,
            "1 while brokers that respond get no answer from an active controller, else 0; unknown until two do not",
            lambda view: view.snapshot.quorum_silent,
        ),
        one(
            "quorum_margin",
            NUMBER,
            "voters that the metadata quorum can lose: caught-up voters - majority; negative: it has no majority",
            _margin,
        ),
        *judged("judged.cluster", JudgedCluster),
        sentences("why", "the verdict in words", _count, cluster_why),
    ),
    judged="cluster",
)


def _state_kept(view: View) -> Floats:
    return np.array([np.nan if view.state_trouble is None else view.state_trouble == ""])


KMON = Subject(
    "kmon",
    "cluster, with what kmon itself sees of it",
    ("cluster",),
    _count,
    (
        cluster(_count),
        *judged("judged.kmon", JudgedKmon),
        sentences("why", "reason for the status", _count, kmon_why),
        one(
            "data_age_seconds",
            SECONDS,
            "age of the last successful poll when this poll began; unknown before the first",
            lambda view: view.time - view.shown.time if view.shown.up else None,
        ),
        one("interval_seconds", SECONDS, "configured time between polls", "snapshot.interval_seconds"),
        one(
            "overruns",
            COUNT,
            "polls skipped because the previous poll took longer than the interval",
            "snapshot.overruns",
        ),
        one("failing_collectors", COUNT, "collectors that failed when they ran last", failing_collectors),
        one(
            "missing_capabilities",
            COUNT,
            "permissions and APIs that kmon cannot use on the cluster, without those that settings switch off",
            missing_capabilities,
        ),
        numbers(
            "state_kept",
            FLAG,
            "1 while the state of alerts is kept over a restart, 0 while it is only in memory; unknown where it is not"
            " to be kept",
            _state_kept,
            otherwise="this kmon is not to keep it: kmon tui, or alerts.keep_state is false",
        ),
        sentences("state_why", "why the state of alerts is not kept", _count, lambda view, _: view.state_trouble or ""),
    ),
    judged="kmon",
)
