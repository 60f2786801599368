"""Metrics of a cluster as a whole: its totals, features, what kmon may ask of it, and its metadata quorum."""

import numpy as np

from exporters.family import Family, StateSet
from monitor.collect import requests as sources
from monitor.model.table import Ints
from monitor.model.view import View
from monitor.subjects.brokers import FEATURE, QUORUM
from monitor.subjects.cluster import CLUSTER
from monitor.subjects.requests import CAPABILITY

METADATA = (sources.METADATA,)
DESCRIBE_QUORUM = (sources.DESCRIBE_QUORUM,)
LAG = (sources.LIST_GROUPS, *sources.LAG)
NODE = ("node", "role")
"""A node of the quorum: brokers and controllers have their ids from one space, so one label names both."""


def led(view: View) -> Ints:
    """The nodes of a quorum whose leader is known."""
    leader = view.snapshot.quorum.leader
    return np.arange(len(leader) if leader.any() else 0)


CLUSTER_UP = Family("kmon_cluster_up", CLUSTER, "up", always=True)

CLUSTER_TOTALS = (
    CLUSTER_UP,
    Family(
        "kmon_cluster_info",
        CLUSTER,
        "",
        METADATA,
        "Always 1. Label: the cluster id",
        labels=("cluster_id",),
        where="cluster_id is not unknown",
    ),
    Family("kmon_cluster_brokers", CLUSTER, "brokers", METADATA),
    Family("kmon_cluster_fenced_brokers", CLUSTER, "fenced", (sources.DESCRIBE_CLUSTER,)),
    Family("kmon_cluster_topics", CLUSTER, "topics", METADATA),
    Family("kmon_cluster_partitions", CLUSTER, "partitions", METADATA),
    Family("kmon_cluster_offline_partitions", CLUSTER, "offline", METADATA),
    Family("kmon_cluster_under_replicated_partitions", CLUSTER, "under_replicated", METADATA),
    Family("kmon_cluster_under_min_isr_partitions", CLUSTER, "under_min_isr", (*METADATA, sources.TOPIC_CONFIGS)),
    Family("kmon_cluster_groups", CLUSTER, "groups", (sources.LIST_GROUPS,)),
    Family("kmon_cluster_lag", CLUSTER, "lag", LAG),
    Family("kmon_cluster_lag_at_least", CLUSTER, "lag_at_least", LAG),
    Family("kmon_cluster_feature_level", FEATURE, "level", (sources.API_VERSIONS,)),
    Family("kmon_cluster_hidden_topics", CLUSTER, "hidden_topics", METADATA),
    Family("kmon_cluster_hidden_groups", CLUSTER, "hidden_groups", (sources.LIST_GROUPS,)),
    Family("kmon_cluster_notices", CLUSTER, "notices"),
    Family("kmon_capability", CAPABILITY, "available"),
)

QUORUM_FAMILIES = (
    Family("kmon_quorum_leader", QUORUM, "leader", DESCRIBE_QUORUM, labels=NODE, where=led),
    StateSet(
        "kmon_quorum_status",
        QUORUM,
        "status",
        DESCRIBE_QUORUM,
        "1 for the current status of the node in the metadata quorum, 0 for the others",
        labels=NODE,
    ),
    Family("kmon_quorum_epoch", CLUSTER, "quorum_epoch", DESCRIBE_QUORUM),
    Family("kmon_quorum_silent", CLUSTER, "quorum_silent", DESCRIBE_QUORUM),
    Family("kmon_quorum_voters", CLUSTER, "quorum_voters", DESCRIBE_QUORUM),
    Family("kmon_quorum_leaders", CLUSTER, "quorum_leaders", DESCRIBE_QUORUM),
    Family("kmon_quorum_margin", CLUSTER, "quorum_margin", DESCRIBE_QUORUM),
    Family("kmon_quorum_lag", QUORUM, "lag", DESCRIBE_QUORUM, labels=NODE),
    Family("kmon_quorum_behind_seconds", QUORUM, "behind_seconds", DESCRIBE_QUORUM, labels=NODE),
)
