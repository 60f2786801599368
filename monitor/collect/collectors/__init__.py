"""The collectors, in the order in which they ask. A new one is a file, a line in COLLECTORS, a test and a doc line."""

from monitor.collect.collectors.base import Collector
from monitor.collect.collectors.broker_metrics import BrokerMetricsCollector
from monitor.collect.collectors.brokers import BrokerCollector
from monitor.collect.collectors.cluster import ClusterCollector
from monitor.collect.collectors.commits import CommitCollector, ShareOffsetCollector
from monitor.collect.collectors.configs import ConfigCollector
from monitor.collect.collectors.eligible_replicas import EligibleReplicaCollector
from monitor.collect.collectors.group_members import GroupMemberCollector
from monitor.collect.collectors.groups import GroupCollector
from monitor.collect.collectors.leader_offsets import EndOffsetCollector, StableOffsetCollector, StartOffsetCollector
from monitor.collect.collectors.log_dirs import LogDirCollector
from monitor.collect.collectors.permissions import PermissionCollector
from monitor.collect.collectors.producers import ProducerCollector
from monitor.collect.collectors.quorum import QuorumCollector
from monitor.collect.collectors.reassignments import ReassignmentCollector
from monitor.collect.collectors.tiered_offsets import TieredOffsetCollector
from monitor.collect.collectors.transactions import TransactionCollector

COLLECTORS: tuple[type[Collector], ...] = (
    ClusterCollector,
    GroupCollector,
    CommitCollector,
    ShareOffsetCollector,
    StartOffsetCollector,
    EndOffsetCollector,
    StableOffsetCollector,
    GroupMemberCollector,
    PermissionCollector,
    BrokerCollector,  # before those that tell with their capability which Kafka lacks it
    EligibleReplicaCollector,
    TransactionCollector,
    LogDirCollector,
    ConfigCollector,
    ProducerCollector,  # after the ends and stable offsets
    TieredOffsetCollector,  # after the configs
    # Brokers answer in order, and these two not before the controller does: behind them all else would wait.
    ReassignmentCollector,
    QuorumCollector,
    BrokerMetricsCollector,  # last: it takes what has come while the poll waited for the others
)
"""Every collector; within one step they ask at the same time."""

LAG_COLLECTORS = COLLECTORS[: COLLECTORS.index(PermissionCollector) + 1]
"""Those that lag takes, for commands that ask once; permissions tell whether anything of it is hidden."""
