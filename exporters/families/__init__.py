"""Every metric family kmon exports, declared once: its name, meaning, what it reads of a View, labels, unit and type.

docs/metrics.md is this table for people; a test holds the two together.
"""

from exporters.families.alerts import ALERTING_FAMILIES, CLUSTER_ALERT_FAMILIES
from exporters.families.broker_metrics import BROKER_METRICS_FAMILIES
from exporters.families.brokers import BROKER_FAMILIES
from exporters.families.cluster import CLUSTER_TOTALS, CLUSTER_UP, QUORUM_FAMILIES
from exporters.families.groups import GROUP_FAMILIES
from exporters.families.kmon import AGE_FAMILIES, BUDGET_FAMILIES, KMON_FAMILIES, PROCESS_FAMILIES
from exporters.families.topics import PARTITION_FAMILIES, TOPIC_FAMILIES
from exporters.families.transactions import TRANSACTION_FAMILIES

CLUSTER_FAMILIES = (
    *CLUSTER_TOTALS,
    *QUORUM_FAMILIES,
    *BROKER_FAMILIES,
    *BROKER_METRICS_FAMILIES,
    *TOPIC_FAMILIES,
    *PARTITION_FAMILIES,
    *GROUP_FAMILIES,
    *TRANSACTION_FAMILIES,
    *CLUSTER_ALERT_FAMILIES,
    *KMON_FAMILIES,
)
"""Families of a cluster: their first label is `cluster`."""

FAMILIES = (*PROCESS_FAMILIES, *ALERTING_FAMILIES, *CLUSTER_FAMILIES, *BUDGET_FAMILIES, *AGE_FAMILIES)

__all__ = [
    "AGE_FAMILIES",
    "ALERTING_FAMILIES",
    "BUDGET_FAMILIES",
    "CLUSTER_FAMILIES",
    "CLUSTER_UP",
    "FAMILIES",
    "PROCESS_FAMILIES",
]
