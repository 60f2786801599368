"""The collectors, in the order in which they ask. A new one is a file, a line in COLLECTORS, a test and a doc line."""

from monitor.collectors.base import Collector
from monitor.collectors.brokers import BrokerCollector
from monitor.collectors.cluster import ClusterCollector
from monitor.collectors.commits import CommitCollector
from monitor.collectors.configs import ConfigCollector
from monitor.collectors.eligible_replicas import EligibleReplicaCollector
from monitor.collectors.end_offsets import EndOffsetCollector
from monitor.collectors.group_members import GroupMemberCollector
from monitor.collectors.groups import GroupCollector
from monitor.collectors.log_dirs import LogDirCollector
from monitor.collectors.permissions import PermissionCollector
from monitor.collectors.producers import ProducerCollector
from monitor.collectors.quorum import QuorumCollector
from monitor.collectors.reassignments import ReassignmentCollector
from monitor.collectors.share_offsets import ShareOffsetCollector
from monitor.collectors.stable_offsets import StableOffsetCollector
from monitor.collectors.start_offsets import StartOffsetCollector
from monitor.collectors.tiered_offsets import TieredOffsetCollector
from monitor.collectors.transactions import TransactionCollector

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
)
"""Every collector; within one step they ask at the same time."""

LAG_COLLECTORS = COLLECTORS[: COLLECTORS.index(PermissionCollector) + 1]
"""Those that lag takes, for commands that ask once; permissions tell whether anything of it is hidden."""
