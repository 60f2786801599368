"""Metrics of a cluster as a whole: its totals, features, what kmon may ask of it, and its metadata quorum."""

from collections.abc import Callable
from operator import attrgetter

import numpy as np

from exporters import sources
from exporters.family import Family, Label
from exporters.totals import known_totals
from monitor.analysis.derive.completeness import answered
from monitor.model.table import Floats, objects
from monitor.model.view import View


def total(name: str) -> Callable[[View], float]:
    """A total of the cluster, unknown unless its collector got every answer."""
    return lambda view: np.nan if (value := known_totals(view)[name]) is None else float(value)


def left_out(count: str, collector: str) -> Callable[[View], float]:
    """A count of what the settings leave out, unknown unless the collector that counts it got every answer."""
    return lambda view: float(attrgetter(count)(view)) if answered(view.snapshot, collector) else np.nan


def cluster_named(view: View) -> float:
    return np.nan if view.snapshot.cluster_id is None else 1.0


def quorum_epoch(view: View) -> float:
    return np.nan if view.snapshot.quorum_epoch is None else float(view.snapshot.quorum_epoch)


def voters(view: View) -> float:
    return float(np.count_nonzero(view.snapshot.quorum.voter)) if len(view.snapshot.quorum) else np.nan


def roles(view: View) -> object:
    return objects("voter" if voter else "observer" for voter in view.snapshot.quorum.voter.tolist())


def quorum_leader(view: View) -> Floats:
    leader = view.snapshot.quorum.leader
    return leader.astype(np.float64) if leader.any() else np.full(len(leader), np.nan)


NODE = (Label("broker", "snapshot.quorum.node"), Label("role", roles))
"""A node of the quorum: brokers and controllers have their ids from one space, so one label names both."""
METADATA = (sources.METADATA,)
QUORUM = (sources.DESCRIBE_QUORUM,)

CLUSTER_TOTALS = (
    Family("kmon_cluster_up", "1 when at least one broker responded to the last poll, else 0", "up", always=True),
    Family(
        "kmon_cluster_info",
        "Always 1. Label: the cluster id",
        cluster_named,
        (Label("cluster_id", lambda view: objects([view.snapshot.cluster_id])),),
        sources=METADATA,
    ),
    Family("kmon_cluster_brokers", "Brokers in metadata", total("brokers"), sources=METADATA),
    Family(
        "kmon_cluster_fenced_brokers",
        "Registered brokers that are fenced; absent before Kafka 4.0",
        total("fenced"),
        sources=(sources.DESCRIBE_CLUSTER,),
    ),
    Family("kmon_cluster_topics", "Topics in metadata", total("topics"), sources=METADATA),
    Family("kmon_cluster_partitions", "Partitions in metadata", total("partitions"), sources=METADATA),
    Family("kmon_cluster_offline_partitions", "Partitions without a leader", total("offline"), sources=METADATA),
    Family(
        "kmon_cluster_under_replicated_partitions",
        "Partitions with out-of-sync replicas, except those that a reassignment is adding",
        total("under_replicated"),
        sources=METADATA,
    ),
    Family(
        "kmon_cluster_under_min_isr_partitions",
        "Partitions of monitored topics with fewer in-sync replicas than min.insync.replicas; absent while the configs "
        "of any such topic are unknown",
        total("under_min_isr"),
        sources=(*METADATA, sources.TOPIC_CONFIGS),
    ),
    Family("kmon_cluster_groups", "Groups of every type", total("groups"), sources=(sources.LIST_GROUPS,)),
    Family(
        "kmon_cluster_lag",
        "Lag of all groups; absent while the lag on any partition is unknown",
        total("lag"),
        unit="records",
        sources=(sources.LIST_GROUPS, *sources.LAG),
    ),
    Family(
        "kmon_cluster_lag_at_least",
        "Lag of all groups on the partitions whose lag is known. Use this one for alerts",
        "totals.lag_at_least",
        unit="records",
        sources=(sources.LIST_GROUPS, *sources.LAG),
    ),
    Family(
        "kmon_cluster_feature_level",
        "Finalized level of a feature, such as metadata.version",
        "snapshot.features.level",
        (Label("feature", "snapshot.features.feature"),),
        sources=(sources.API_VERSIONS,),
    ),
    Family(
        "kmon_cluster_hidden_topics",
        "Topics excluded by settings",
        left_out("snapshot.hidden_topics", "cluster"),
        sources=METADATA,
    ),
    Family(
        "kmon_cluster_hidden_groups",
        "Groups excluded by settings, or empty for longer than the settings allow",
        left_out("snapshot.hidden_groups", "groups"),
        sources=(sources.LIST_GROUPS,),
    ),
    Family(
        "kmon_cluster_notices",
        "Notes on what the last poll omitted, e.g. a limit that was reached; /api/v1/clusters lists them",
        lambda view: len(view.snapshot.notices),
    ),
    Family(
        "kmon_capability",
        "1 when kmon can use this capability, 0 when a permission or an API is missing; absent while unknown",
        "snapshot.capabilities.available",
        (Label("name", "snapshot.capabilities.capability"),),
    ),
)

QUORUM_FAMILIES = (
    Family(
        "kmon_quorum_leader",
        "1 for the leader of the metadata quorum (the active controller), else 0",
        quorum_leader,
        NODE,
        sources=QUORUM,
    ),
    Family("kmon_quorum_epoch", "Epoch of the metadata quorum's leader", quorum_epoch, sources=QUORUM),
    Family("kmon_quorum_voters", "Voters of the metadata quorum", voters, sources=QUORUM),
    Family(
        "kmon_quorum_lag",
        "Records of the metadata log that the node has not fetched from the quorum's leader yet",
        "quorum_lags.lag",
        NODE,
        unit="records",
        sources=QUORUM,
    ),
    Family(
        "kmon_quorum_behind_seconds",
        "Time since the node was last caught up with the quorum's leader; 0 for the leader",
        "quorum_lags.behind_seconds",
        NODE,
        unit="seconds",
        whole=False,
        sources=QUORUM,
    ),
)
